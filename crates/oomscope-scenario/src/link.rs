//! Links: the part behind `#`. Two forms that cannot be mistaken for each other.
//!
//! A **preset** is typed by hand: `v1/writer-in-queue?p=killable-writers,-oom-reaper`. A
//! **copied** link is `c1.<length>.<crc>.<payload>`: length is the number of characters
//! of all of it, crc the CRC-32 of the payload in hex, payload base64url and one more
//! letter or digit, so that no program that finds links in text takes its end for
//! punctuation. Whatever is cut or changed in it is refused, never read as something else.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::PatchSet;
use oomscope_model::transition::{Act, Move, Transition};

use crate::builtin::Builtin;
use crate::diagnostic::thousands;
use crate::digest::{cast_digest, crc32, is_cast_digest, seen_digest};
use crate::parse::parse;
use crate::payload::{self, Contents, inflate, unpack};
use crate::preset::Preset;
use crate::replay::{Diverged, Replay};
use crate::rules;
use crate::run::Run;
use crate::scenario::Scenario;

/// The longest link that is looked at, in characters.
const CHARACTERS_MAX: usize = 1 << 20;

/// What a link says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// Typed by hand.
    Preset(Preset),
    /// Made by Share.
    Copied(Box<Copied>),
}

/// A copied link and the scenario it speaks of, which is sound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// The scenario; its patches are those of the file, not those of the link.
    pub scenario: Scenario,
    /// What was shared.
    pub shared: Shared,
}

/// Everything that a copied link carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shared {
    /// Which scenario.
    pub origin: Origin,
    /// Patches that are on at the start of the run.
    pub patches: PatchSet,
    /// The declared rules.
    pub rules: Rules,
    /// The run.
    pub run: Run,
    /// The step that is shown, at most the length of the run.
    pub cursor: u32,
    /// [`seen_digest`] at that step.
    pub seen: u32,
}

/// Where a scenario comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The id of a built-in one.
    Builtin(String),
    /// The whole text.
    Text(String),
}

/// Why a link was not opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkError {
    /// What is wrong, without a full stop.
    pub sentence: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The built-in scenario that the link seems to speak of.
    pub recovered: Option<String>,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl LinkError {
    pub(crate) fn new(sentence: impl Into<String>, hint: Option<String>) -> Self {
        LinkError {
            sentence: sentence.into(),
            hint,
            recovered: None,
        }
    }
}

/// What is left of a run whose model has changed since it was shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// A step is no longer possible; the replay ends before it.
    Diverged(Diverged),
    /// Every step is possible, but at the cursor something else is seen than was shared.
    Differs {
        /// The step.
        at: usize,
    },
}

impl Copied {
    /// The machine at the start of the run.
    pub fn machine(&self) -> Machine {
        let mut machine = self.scenario.machine.clone();
        machine.patches = self.shared.patches;
        machine.kernel = Kernel::of(self.shared.patches);
        machine.rules = self.shared.rules;
        machine
    }

    /// Replays the run, as far as this model can.
    pub fn replay(&self) -> (Replay, Option<Trouble>) {
        let mut replay = Replay::new(self.machine());
        if let Err(diverged) = replay.extend(self.shared.run.moves.iter().copied()) {
            return (replay, Some(Trouble::Diverged(diverged)));
        }
        let at = self.shared.cursor as usize;
        let (machine, state) = replay.at(at);
        let same = seen_digest(&machine, &state) == self.shared.seen;
        (replay, (!same).then_some(Trouble::Differs { at }))
    }
}

impl Shared {
    /// What to share: a replay of a scenario, looked at from one step.
    pub fn of(origin: Origin, replay: &Replay, cursor: usize) -> Shared {
        let cursor = cursor.min(replay.len());
        let start = replay.machine_at(0);
        let (machine, state) = replay.at(cursor);
        Shared {
            origin,
            patches: start.patches,
            rules: start.rules,
            run: Run {
                moves: replay.moves().to_vec(),
            },
            cursor: cursor as u32,
            seen: seen_digest(&machine, &state),
        }
    }
}

/// Writes a copied link, with its `#`.
pub fn encode(shared: &Shared) -> String {
    let origin = match &shared.origin {
        Origin::Text(text) => payload::Origin::Text(text),
        Origin::Builtin(id) => {
            let scenario = Builtin::named(id).and_then(Builtin::scenario);
            let digest = scenario.map_or(0, |scenario| cast_digest(&scenario.machine));
            payload::Origin::Builtin(id, digest)
        }
    };
    let word = rules::word(shared.rules);
    let rules = rules::WORDS
        .iter()
        .position(|(known, _)| *known == word)
        .unwrap_or_default();
    let bytes = payload::pack(Contents {
        origin,
        patches: shared.patches,
        rules: rules as u8,
        run: &shared.run,
        cursor: shared.cursor,
        seen: shared.seen,
    });
    let text = URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
    let crc = crc32(text.as_bytes());
    let rest = format!(".{crc:08x}.{text}{}", last_letter(crc));
    let length = total_length(rest.len());
    format!("#c1.{length}{rest}")
}

/// The length of `c1.` + its own digits + the rest.
fn total_length(rest: usize) -> usize {
    let mut length = rest + 4;
    while length != 3 + length.to_string().len() + rest {
        length = 3 + length.to_string().len() + rest;
    }
    length
}

/// The letter or digit at the end.
fn last_letter(crc: u32) -> char {
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    letters[crc as usize % letters.len()] as char
}

/// Reads a link: the part behind `#`, with it, or with a whole address before it.
///
/// # Errors
/// Every link that is not exactly what a person typed or Share made.
pub fn decode(text: &str) -> Result<Link, LinkError> {
    let text = text.trim();
    let text = text.split_once('#').map_or(text, |(_, fragment)| fragment);
    if text.len() > CHARACTERS_MAX {
        let sentence = format!("this link has {} characters", thousands(text.len()));
        let hint = format!(
            "no link of oomscope is longer than {}",
            thousands(CHARACTERS_MAX)
        );
        return Err(LinkError::new(sentence, Some(hint)));
    }
    if text.is_empty() {
        return Err(LinkError::new("this link is empty", None));
    }
    if let Some(preset) = text.strip_prefix("v1/") {
        return Preset::parse(preset).map(Link::Preset);
    }
    if text.starts_with("c1.") {
        return copied(text).map(|copied| Link::Copied(Box::new(copied)));
    }
    if "c1.".starts_with(text) || "v1/".starts_with(text) {
        let characters = if text.len() == 1 {
            "character"
        } else {
            "characters"
        };
        let sentence = format!(
            "this link is cut: only its first {} {characters} arrived",
            text.len()
        );
        return Err(LinkError::new(sentence, Some(COPY_AGAIN.into())));
    }
    let hint = "a typed link begins with #v1/, a copied one with #c1.";
    Err(LinkError::new(
        "this is not a link that this oomscope can read",
        Some(hint.into()),
    ))
}

const COPY_AGAIN: &str = "ask for it again and copy all of it";

fn copied(text: &str) -> Result<Copied, LinkError> {
    let arrived = text.chars().count();
    let (length, rest) = match text[3..].split_once('.') {
        Some((length, rest)) => (length, rest),
        None => {
            let sentence = format!("this link is cut: only its first {arrived} characters arrived");
            return Err(LinkError::new(sentence, Some(COPY_AGAIN.into())));
        }
    };
    let expected = match length.parse::<usize>() {
        Ok(number) if number.to_string() == length && number <= CHARACTERS_MAX => number,
        _ => return Err(damaged("it does not say how long it is")),
    };
    if arrived < expected {
        return Err(LinkError {
            sentence: format!(
                "this link is cut: {} of {} characters arrived",
                thousands(arrived),
                thousands(expected)
            ),
            hint: Some(COPY_AGAIN.into()),
            recovered: rest.get(9..).and_then(recover),
        });
    }
    if arrived > expected {
        let more = thousands(arrived - expected);
        return Err(LinkError {
            sentence: format!(
                "this link is too long: {more} characters at its end are not part of it"
            ),
            hint: Some(format!(
                "a whole link has {} characters",
                thousands(expected)
            )),
            recovered: rest.get(9..).and_then(recover),
        });
    }
    let (crc, text) = match (rest.get(..8), rest.get(8..9), rest.get(9..)) {
        (Some(crc), Some("."), Some(text)) => (crc, text),
        _ => return Err(damaged("its parts are not where they belong")),
    };
    let found = match text.char_indices().last() {
        Some((at, letter)) if letter == last_letter(crc32(&text.as_bytes()[..at])) => {
            format!("{:08x}", crc32(&text.as_bytes()[..at]))
        }
        _ => String::new(),
    };
    if found != crc {
        return Err(damaged("at least one character of it was changed"));
    }
    let text = &text[..text.len() - 1];
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| damaged("it does not unpack"))?;
    let unpacked = inflate(&bytes).map_err(|(sentence, _)| LinkError::new(sentence, None))?;
    read(&unpacked, payload::implied(&bytes))
}

fn damaged(how: &str) -> LinkError {
    LinkError::new(
        format!("this link is damaged: {how}"),
        Some(COPY_AGAIN.into()),
    )
}

/// The built-in scenario of a link whose payload is cut.
fn recover(text: &str) -> Option<String> {
    let whole = text.len() / 4 * 4;
    let bytes = URL_SAFE_NO_PAD.decode(text.get(..whole)?).ok()?;
    let unpacked = inflate(&bytes).unwrap_or_else(|(_, so_far)| so_far);
    let id = payload::builtin_id(&unpacked)?;
    Builtin::named(id).map(|builtin| builtin.id.into())
}

fn read(unpacked: &[u8], implied: PatchSet) -> Result<Copied, LinkError> {
    let payload = unpack(unpacked).map_err(|sentence| LinkError::new(sentence, None))?;
    let (origin, scenario) = scenario(&payload.origin)?;
    let wrong = |sentence: String| LinkError {
        sentence,
        hint: None,
        recovered: match &origin {
            Origin::Builtin(id) => Some(id.clone()),
            Origin::Text(_) => None,
        },
    };
    let patches = payload.patch_set(implied).map_err(wrong)?;
    patches
        .check()
        .map_err(|mix| wrong(format!("this link mixes patches badly: {mix}")))?;
    let Some((_, rules)) = rules::WORDS.get(payload.rules as usize) else {
        return Err(wrong(
            "this link was made under rules this oomscope does not know".into(),
        ));
    };
    let run = payload.run().map_err(wrong)?;
    let tasks = scenario.machine.tasks.len();
    let strange = run.moves.iter().any(|entry| match entry {
        Move::Step(Transition(task)) | Move::Act(Act::Kill { task }) => task.0 as usize >= tasks,
        Move::Act(Act::Switch { .. } | Act::AddPages { .. }) => false,
    });
    if strange || payload.cursor as usize > run.moves.len() {
        return Err(wrong(
            "this link is damaged: its run does not fit its scenario".into(),
        ));
    }
    let shared = Shared {
        origin,
        patches,
        rules: *rules,
        run,
        cursor: payload.cursor,
        seen: payload.seen,
    };
    Ok(Copied { scenario, shared })
}

fn scenario(origin: &payload::Origin<'_>) -> Result<(Origin, Scenario), LinkError> {
    match *origin {
        payload::Origin::Builtin(id, digest) => {
            let Some(scenario) = Builtin::named(id).and_then(Builtin::scenario) else {
                let sentence = format!("this oomscope has no scenario {id:?}");
                return Err(LinkError::new(sentence, None));
            };
            if !is_cast_digest(&scenario.machine, digest) {
                return Err(LinkError {
                    sentence: format!(
                        "the scenario {id:?} has changed since this link was made, and its steps \
                         would mean something else now"
                    ),
                    hint: Some("open the scenario from its start".into()),
                    recovered: Some(id.into()),
                });
            }
            Ok((Origin::Builtin(id.into()), scenario))
        }
        payload::Origin::Text(text) => {
            let parsed = parse(text);
            match (parsed.has_errors(), parsed.scenario) {
                (false, Some(scenario)) => Ok((Origin::Text(text.into()), scenario)),
                _ => {
                    let first = parsed.diagnostics.first().map(ToString::to_string);
                    let sentence = "the scenario in this link is not one that this oomscope reads";
                    Err(LinkError::new(sentence, first))
                }
            }
        }
    }
}
