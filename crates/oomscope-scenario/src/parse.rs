//! Scenario text to a [`Scenario`] and diagnostics.

use oomscope_model::patches::{PatchId, PatchSet, VERSIONS, Version};
use oomscope_model::transition::Move;
use toml::de::DeTable;

use crate::cast::{Cast, cast};
use crate::diagnostic::{Diagnostic, Notes, Severity, did_you_mean, list_words};
use crate::envelope::{Reader, Word, content_start};
use crate::keys::{EXPECT, LEAD, MARKER, SOURCE, TOP};
use crate::run::Run;
use crate::scenario::{Bound, Lead, Marker, OFFERED_MAX, Scenario, Source, TEXT_MAX, Topic};
use crate::{condition, expect};

/// What a text says, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The scenario, if its machine and its switches are sound. What else is wrong was left out
    /// of it.
    pub scenario: Option<Scenario>,
    /// Everything that is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether anything was left out.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|note| note.severity == Severity::Error)
    }
}

/// Reads a scenario file.
pub fn parse(text: &str) -> Parsed {
    if text.len() > TEXT_MAX {
        let mut notes = Notes::new("");
        let sentence = format!("the text has {} bytes; {TEXT_MAX} is the most", text.len());
        notes.error(0, sentence, None);
        return Parsed {
            scenario: None,
            diagnostics: notes.into_list(),
        };
    }
    let mut notes = Notes::new(text);
    notes.reading_machine(true);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        notes.error(at, error.message().replace('\n', ", "), None);
    }
    let top = Reader::new(root.get_ref(), 0, &TOP, &mut notes);
    let scenario = read(&top, &mut notes);
    Parsed {
        scenario,
        diagnostics: notes.into_list(),
    }
}

fn read(top: &Reader<'_>, notes: &mut Notes<'_>) -> Option<Scenario> {
    match top.number("format", i64::MIN..=i64::MAX, notes) {
        Some(1) => {}
        Some(other) => {
            let hint = Some("this version reads format = 1".into());
            notes.error(0, format!("format {other} is not known"), hint);
            return None;
        }
        None => notes.error(0, "the file does not say format = 1", None),
    }
    let version = version(top, notes);
    let patches = patches(top, version, notes);
    let cast = cast(top, patches, notes);
    // Without one of its switches it would be another machine that is searched.
    let offered = offered(top, notes);
    // From here on an error costs a marker or an expectation, not the machine.
    notes.reading_machine(false);
    let id = top.needed("id", notes);
    if let Some(id) = &id {
        check_id(id, notes);
    }
    let title = top.needed("title", notes);
    let sources = sources(top, notes);
    let story = top
        .text("story", notes)
        .map_or(String::new(), |story| story.text.into());
    let seed = top
        .number("seed", 0..=u32::MAX.into(), notes)
        .map_or(1, |seed| seed as u32);
    let mut expects = Vec::new();
    for reader in top.tables("expect", &EXPECT, notes) {
        expects.extend(expect::read(&reader, &offered, notes));
    }
    let Cast { machine, programs } = cast?;
    let mut scenario = Scenario {
        id: id.map_or("untitled".into(), |id| id.text.into()),
        title: title.map_or("Untitled".into(), |title| title.text.into()),
        story,
        topic: top.text("topic", notes).and_then(|word| {
            let topics = Topic::ALL.map(|(word, topic, _)| (word, topic));
            word.one_of("topic", &topics, notes)
        }),
        bound: bound(top, notes),
        hypothetical: top.flag("hypothetical", notes),
        sources,
        version,
        offered,
        machine,
        programs,
        expects,
        markers: Vec::new(),
        lead: None,
        seed,
        text: notes.text().into(),
    };
    if !notes.machine_is_sound() {
        return None;
    }
    scenario.markers = markers(top, &scenario, notes);
    scenario.lead = lead(top, &scenario, notes);
    expect::check_coverage(&scenario, notes);
    Some(scenario)
}

/// `bound` and `sibling` come together.
fn bound(top: &Reader<'_>, notes: &mut Notes<'_>) -> Option<Bound> {
    let states = top.number("bound", 1000..=4_000_000, notes);
    let sibling = top.text("sibling", notes);
    match (states, sibling) {
        (Some(states), Some(sibling)) => Some(Bound {
            states: states as u32,
            sibling: sibling.text.into(),
        }),
        (None, Some(sibling)) => {
            notes.error(sibling.at(), "a sibling without a bound", None);
            None
        }
        (Some(_), None) => {
            let hint = "name the smaller scenario that is searched to the end: sibling = \"…\"";
            notes.error(0, "a bound without a sibling", Some(hint.into()));
            None
        }
        (None, None) => None,
    }
}

fn version(top: &Reader<'_>, notes: &mut Notes<'_>) -> Version {
    let newest = VERSIONS.last().copied().unwrap_or(Version(4, 6));
    let Some(word) = top.needed("kernel", notes) else {
        return newest;
    };
    if let Some(version) = version_named(word.text) {
        return version;
    }
    notes.error(
        word.at(),
        format!("unknown kernel {:?}", word.text),
        Some(known_versions()),
    );
    newest
}

/// The release with this name, if the patch table knows it.
pub fn version_named(text: &str) -> Option<Version> {
    VERSIONS
        .iter()
        .copied()
        .find(|version| version.to_string() == text)
}

/// `known are 4.5, 4.6 and 4.7`.
pub(crate) fn known_versions() -> String {
    let versions: Vec<String> = VERSIONS.iter().map(Version::to_string).collect();
    format!(
        "known are {}",
        list_words(versions.iter().map(String::as_str))
    )
}

fn patches(top: &Reader<'_>, version: Version, notes: &mut Notes<'_>) -> PatchSet {
    let mut patches = PatchSet::of_version(version);
    let Some(word) = top.text("patches", notes) else {
        return patches;
    };
    for (patch, on) in expect::changes(&word, None, notes) {
        if patches.has(patch) == on {
            let state = if on { "on" } else { "off" };
            let sentence = format!("{} is {state} in {version} anyway", patch.get().id);
            notes.warning(word.at(), sentence, None);
        }
        patches = patches.with(patch, on);
    }
    if let Err(mix) = patches.check() {
        notes.error(word.at(), mix.to_string(), None);
    }
    patches
}

fn offered(top: &Reader<'_>, notes: &mut Notes<'_>) -> Vec<PatchId> {
    let mut offered = Vec::new();
    for word in top.list("offers", notes) {
        let Some(patch) = expect::patch(word.text, word.at(), notes) else {
            continue;
        };
        if offered.contains(&patch) {
            notes.error(
                word.at(),
                format!("patch {:?} is offered twice", word.text),
                None,
            );
        } else if offered.len() == OFFERED_MAX {
            notes.error(
                word.at(),
                format!("at most {OFFERED_MAX} patches can be offered"),
                None,
            );
        } else {
            offered.push(patch);
        }
    }
    offered
}

fn sources(top: &Reader<'_>, notes: &mut Notes<'_>) -> Vec<Source> {
    let mut sources = Vec::new();
    for reader in top.tables("source", &SOURCE, notes) {
        let Some(label) = reader.needed("label", notes) else {
            continue;
        };
        let reference = reader.text("ref", notes).map_or("", |word| word.text);
        sources.push(Source {
            label: label.text.into(),
            url_or_ref: reference.into(),
        });
    }
    sources
}

fn markers(top: &Reader<'_>, scenario: &Scenario, notes: &mut Notes<'_>) -> Vec<Marker> {
    let mut markers: Vec<Marker> = Vec::new();
    for reader in top.tables("marker", &MARKER, notes) {
        let id = reader.text("id", notes);
        let say = reader.text("say", notes);
        let title = reader.needed("title", notes);
        let when = reader.needed("when", notes);
        let (Some(title), Some(when)) = (title, when) else {
            continue;
        };
        if let Some(id) = &id {
            check_id(id, notes);
        }
        let (id, at) = id.map_or((slug(title.text), title.at()), |id| {
            (id.text.into(), id.at())
        });
        if id.is_empty() {
            notes.error(at, "this title makes no id", Some("add id = \"…\"".into()));
            continue;
        }
        if markers.iter().any(|marker| marker.id == id) {
            notes.error(at, format!("there are two markers {id:?}"), None);
            continue;
        }
        match condition::parse(&scenario.machine, when.text) {
            Ok(condition) => markers.push(Marker {
                id,
                title: title.text.into(),
                when: condition,
                say: say.map(|word| word.text.into()),
            }),
            Err((offset, sentence, hint)) => {
                notes.error(
                    content_start(notes.text(), &when.span) + offset,
                    sentence,
                    hint,
                );
            }
        }
    }
    markers
}

/// `the writer queues` → `the-writer-queues`.
pub(crate) fn slug(title: &str) -> String {
    let words: Vec<String> = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

fn lead(top: &Reader<'_>, scenario: &Scenario, notes: &mut Notes<'_>) -> Option<Lead> {
    let word = top.table("lead", &LEAD, notes)?.needed("schedule", notes)?;
    let start = content_start(notes.text(), &word.span);
    match Run::parse(&scenario.machine, word.text) {
        Ok(run) => {
            let mut steps = Vec::new();
            for entry in run.moves {
                match entry {
                    Move::Step(transition) => steps.push(transition),
                    Move::Act(_) => {
                        notes.error(start, "a lead is made of steps of tasks only", None);
                        return None;
                    }
                }
            }
            Some(Lead { steps })
        }
        Err(wrong) => {
            let before = word
                .text
                .chars()
                .take(wrong.column.saturating_sub(1) as usize);
            let offset: usize = before.map(char::len_utf8).sum();
            notes.error(start + offset, wrong.sentence, wrong.hint);
            None
        }
    }
}

fn check_id(word: &Word<'_>, notes: &mut Notes<'_>) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let hint = slug(word.text);
    if word.text.is_empty() || !word.text.chars().all(fits) || hint != word.text {
        let hint = (!hint.is_empty()).then(|| format!("write {hint:?}"));
        let sentence = format!("{:?} cannot be an id", word.text);
        notes.error(word.at(), sentence, hint);
    } else if word.text.len() > 40 {
        notes.error(word.at(), "an id has at most 40 characters", None);
    }
}

/// More ids than these are no help to anybody in a list.
const LISTED_MAX: usize = 24;

/// Suggests a scenario or marker id.
pub(crate) fn near_id<'a>(written: &str, ids: impl Iterator<Item = &'a str> + Clone) -> String {
    did_you_mean(written, ids.clone()).unwrap_or_else(|| match ids.clone().count() {
        0..=LISTED_MAX => format!("known are {}", list_words(ids)),
        many => format!("none of the {many} there are has a name like it"),
    })
}
