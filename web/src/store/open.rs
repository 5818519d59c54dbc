//! Opening scenarios, kernels and links.

use std::rc::Rc;

use oomscope_model::machine::Rules;
use oomscope_model::patches::{PatchSet, Version};
use oomscope_model::transition::Move;
use oomscope_scenario::builtin::Builtin;
use oomscope_scenario::diagnostic::{Diagnostic, Severity};
use oomscope_scenario::link::{Copied, Link, LinkError, Origin, decode};
use oomscope_scenario::parse::parse;
use oomscope_scenario::preset::{Preset, Stop};

use super::{Notice, Store, Track};

/// How far a link may ask to run ahead.
const AHEAD_MAX: usize = 10_000;

impl Store {
    pub(crate) fn open_scenario(&mut self, id: &str) {
        match Builtin::named(id).and_then(Builtin::scenario) {
            Some(scenario) => {
                let track = Track::of_scenario(scenario, Origin::Builtin(id.to_string()));
                self.replace(track, 0);
                self.opened += 1;
            }
            None => self.complain(format!("There is no scenario called {id}")),
        }
    }

    pub(crate) fn open_text(&mut self, text: &str) {
        let parsed = parse(text);
        let worst = parsed.diagnostics.iter().max_by_key(|note| note.severity);
        let notice = worst.map(notice_of);
        match parsed.scenario {
            Some(scenario) => {
                let track = Track::of_scenario(scenario, Origin::Text(text.to_string()));
                self.replace(track, 0);
                self.opened += 1;
                self.touched = true;
                self.notice = notice;
            }
            // What is on the page stays.
            None => self.notice = notice,
        }
    }

    /// All the patches of a release, from the start.
    pub(crate) fn open_kernel(&mut self, version: Version) {
        self.remember();
        let track = Track::new(
            Rc::clone(&self.track.scenario),
            Rc::clone(&self.track.origin),
            version,
            PatchSet::of_version(version),
            self.track.rules,
        );
        let walk = Rc::clone(&self.track.walk);
        self.track = Track { walk, ..track };
        self.cursor = 0;
        self.playing = false;
        self.panel = None;
        self.touched = true;
        self.look();
    }

    /// Opens what an address says, or says loudly why not and leaves everything as it is.
    pub(crate) fn open_hash(&mut self, hash: &str) {
        let hash = hash.trim_start_matches('#');
        if hash.is_empty() {
            return;
        }
        let opened = match decode(hash) {
            Ok(Link::Preset(preset)) => self.open_preset(&preset),
            Ok(Link::Copied(copied)) => {
                self.open_copied(*copied);
                Ok(())
            }
            Err(error) => Err(error),
        };
        match opened {
            Ok(()) => self.touched = false,
            Err(error) => {
                self.playing = false;
                self.notice = Some(bad_link(&error, &self.track.scenario.title));
            }
        }
    }

    fn open_preset(&mut self, preset: &Preset) -> Result<(), LinkError> {
        let scenario = Builtin::named(&preset.scenario).and_then(Builtin::scenario);
        let scenario = scenario.ok_or_else(|| LinkError {
            sentence: format!("there is no scenario {:?}", preset.scenario),
            hint: None,
            recovered: None,
        })?;
        let machine = preset.machine(&scenario)?;
        let version = preset.kernel.unwrap_or(scenario.version);
        let origin = Rc::new(Origin::Builtin(preset.scenario.clone()));
        let mut track = Track::new(
            Rc::new(scenario),
            origin,
            version,
            machine.patches,
            machine.rules,
        );
        if let Some(seed) = preset.seed {
            Rc::make_mut(&mut track.walk).seed = seed;
        }
        self.replace(track, 0);
        match &preset.at {
            None => {}
            Some(Stop::Step(step)) => self.run_to(|store| store.cursor == *step as usize),
            Some(Stop::Marker(id)) => self.run_to(|store| {
                let mut markers = store.track.shown.markers.iter();
                markers.any(|marker| marker.id == *id)
            }),
        }
        Ok(())
    }

    /// Runs ahead until the moment that a link names; says so if it does not come.
    fn run_to(&mut self, found: impl Fn(&Store) -> bool) {
        let mut arrived = found(self);
        for _ in 0..AHEAD_MAX {
            if arrived || !self.advance() {
                break;
            }
            arrived = found(self);
        }
        self.look();
        if !arrived {
            let step = self.cursor;
            self.complain(format!(
                "The moment in this link never comes; this is step {step}"
            ));
        }
    }

    fn open_copied(&mut self, copied: Copied) {
        let Copied { scenario, shared } = copied;
        let version = version_of(shared.patches).unwrap_or(scenario.version);
        let mut track = Track::new(
            Rc::new(scenario),
            Rc::new(shared.origin),
            version,
            shared.patches,
            Rules { ..shared.rules },
        );
        let moves: Vec<Move> = shared.run.moves;
        let whole = moves.iter().all(|&entry| track.push(entry));
        self.replace(track, shared.cursor as usize);
        let seen = oomscope_scenario::digest::seen_digest(&self.here.machine, &self.here.state);
        let trouble = if !whole {
            Some(self.track.len)
        } else if seen != shared.seen {
            Some(self.cursor)
        } else {
            None
        };
        if let Some(step) = trouble {
            self.notice = Some(Notice {
                sentence: format!(
                    "This link was made with another version of oomscope; the run differs at step {step}"
                ),
                place: Some(format!("step {step}")),
                hint: Some("what you see up to there is what this version does".to_string()),
                loud: true,
            });
        }
    }

    /// Puts another scenario on the page.
    fn replace(&mut self, track: Track, cursor: usize) {
        self.track = track;
        self.demand.forget();
        self.cursor = cursor.min(self.track.len);
        self.undo = Rc::default();
        self.playing = false;
        self.selection = None;
        self.panel = None;
        self.notice = None;
        self.touched = false;
        self.look();
    }
}

/// The release that has exactly these patches.
pub(crate) fn version_of(patches: PatchSet) -> Option<Version> {
    let mut versions = oomscope_model::patches::VERSIONS.iter().copied();
    versions.find(|&version| PatchSet::of_version(version) == patches)
}

fn notice_of(note: &Diagnostic) -> Notice {
    Notice {
        sentence: note.sentence.clone(),
        place: Some(format!("line {}, column {}", note.line, note.column)),
        hint: note.hint.clone(),
        loud: note.severity == Severity::Error,
    }
}

fn bad_link(error: &LinkError, title: &str) -> Notice {
    let mut sentence = error.sentence.clone();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut hints = Vec::new();
    hints.extend(error.hint.clone());
    if let Some(id) = &error.recovered {
        hints.push(format!("it seems to be about the scenario {id}"));
    }
    hints.push(format!(
        "what is on this page, {title:?}, is not what the link holds"
    ));
    Notice {
        sentence,
        place: None,
        hint: Some(hints.join("; ")),
        loud: true,
    }
}
