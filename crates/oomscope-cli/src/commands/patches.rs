//! `patches`: the table of kernel history.

use clap::{Args, ValueEnum};
use oomscope_model::patches::{Patch, PatchId, PatchKind, PatchSet, Version};
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::parse::parse;
use serde::Serialize;

use crate::choice::{patch_named, version_named};
use crate::failure::{Exit, Outcome};
use crate::screen::{SOFT, STRONG, Screen, WARN, count, folded, paint};

/// List the patches that can be switched, or tell one in detail
///
/// One line a patch: id, first release that has it, title. With the id of a patch all that
/// is known of it: subject, author, commit, what it changes and why, what it needs and
/// excludes, and which scenarios offer it.
#[derive(Args, Debug)]
pub(crate) struct Patches {
    /// Id of one patch, or words that must all be in a patch's id, title, subject or change
    #[arg(value_name = "ID|WORDS")]
    words: Vec<String>,

    /// Only those that were merged, or were not
    #[arg(long, value_name = "KIND")]
    kind: Option<KindWord>,

    /// Only those that this release has, for example 4.9
    #[arg(long, value_name = "VERSION")]
    kernel: Option<String>,

    /// Only those merged after this release
    #[arg(long, value_name = "VERSION")]
    after: Option<String>,

    /// Only those that this scenario offers
    #[arg(long, value_name = "SCENARIO")]
    offered_by: Option<String>,
}

/// Whether a patch was merged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum KindWord {
    /// In mainline
    Merged,
    /// Posted, never merged
    Proposed,
    /// Never posted; for the sake of argument
    Hypothetical,
}

/// One patch, for machines.
#[derive(Serialize)]
struct Entry {
    id: &'static str,
    title: &'static str,
    subject: &'static str,
    author: &'static str,
    /// Where it was checked.
    commit: Option<&'static str>,
    /// `merged`, `proposed` or `hypothetical`.
    kind: &'static str,
    /// First release that has it.
    version: Option<String>,
    change: &'static str,
    why: &'static str,
    source: &'static str,
    requires: &'static [&'static str],
    excludes: &'static [&'static str],
    /// Built-in scenarios that offer it.
    scenarios: Vec<&'static str>,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    format: u8,
    command: &'static str,
    patches: Vec<Entry>,
}

pub(crate) fn patches(wanted: &Patches, screen: &mut Screen) -> Outcome<Exit> {
    let offers = offers();
    if let [id] = wanted.words.as_slice()
        && let Some(patch) = PatchId::named(id)
    {
        let entry = entry(patch, &offers);
        match screen.is_json() {
            true => screen.json(&answer(vec![entry]))?,
            false => details(&entry, screen)?,
        }
        return Ok(Exit::Clean);
    }
    let found: Vec<PatchId> = chosen(wanted)?;
    if let ([], [only]) = (found.as_slice(), wanted.words.as_slice()) {
        // One word that fits nothing was probably meant as an id.
        patch_named(only)?;
    }
    if screen.is_json() {
        let entries = found.iter().map(|&patch| entry(patch, &offers)).collect();
        screen.json(&answer(entries))?;
        return Ok(Exit::Clean);
    }
    for &patch in &found {
        let Patch { id, title, .. } = patch.get();
        let when = paint(SOFT, format!("{:12}", when(patch)));
        screen.line(format!(
            "{}  {when}  {title}",
            paint(STRONG, format!("{id:26}"))
        ))?;
    }
    let number = count(found.len() as u64, "patch").replace("patchs", "patches");
    screen.line(paint(SOFT, number))?;
    Ok(Exit::Clean)
}

/// The patches that pass every filter, in table order.
fn chosen(wanted: &Patches) -> Outcome<Vec<PatchId>> {
    let kernel = wanted.kernel.as_deref().map(version_named).transpose()?;
    let after = wanted.after.as_deref().map(version_named).transpose()?;
    let offered = match &wanted.offered_by {
        Some(name) => {
            let source = crate::input::Source::find(name)?;
            Some(source.parse()?.0.offered)
        }
        None => None,
    };
    let words: Vec<String> = wanted.words.iter().map(|it| it.to_lowercase()).collect();
    let fits = |patch: &PatchId| {
        let Patch {
            id,
            title,
            subject,
            change,
            author,
            kind,
            ..
        } = patch.get();
        let text = [*id, title, subject, change, author]
            .join(" ")
            .to_lowercase();
        let merged = match kind {
            PatchKind::Merged(version) => Some(*version),
            _ => None,
        };
        words.iter().all(|word| text.contains(word))
            && wanted.kind.is_none_or(|wanted| wanted == kind_of(*kind))
            && kernel.is_none_or(|kernel| PatchSet::of_version(kernel).has(*patch))
            && after.is_none_or(|after: Version| merged.is_some_and(|merged| merged > after))
            && offered.as_ref().is_none_or(|list| list.contains(patch))
    };
    Ok(PatchId::all().filter(fits).collect())
}

fn answer(patches: Vec<Entry>) -> Answer {
    Answer {
        format: 1,
        command: "patches",
        patches,
    }
}

/// Which scenario offers which patches.
fn offers() -> Vec<(&'static str, Vec<PatchId>)> {
    let scenarios = BUILTIN.iter();
    scenarios
        .filter_map(|builtin| Some((builtin.id, parse(builtin.text).scenario?.offered)))
        .collect()
}

fn entry(id: PatchId, offers: &[(&'static str, Vec<PatchId>)]) -> Entry {
    let patch = id.get();
    let offering = offers.iter().filter(|(_, offered)| offered.contains(&id));
    Entry {
        id: patch.id,
        title: patch.title,
        subject: patch.subject,
        author: patch.author,
        commit: patch.commit,
        kind: match kind_of(patch.kind) {
            KindWord::Merged => "merged",
            KindWord::Proposed => "proposed",
            KindWord::Hypothetical => "hypothetical",
        },
        version: match patch.kind {
            PatchKind::Merged(version) => Some(version.to_string()),
            _ => None,
        },
        change: patch.change,
        why: patch.why,
        source: patch.source,
        requires: patch.requires,
        excludes: patch.excludes,
        scenarios: offering.map(|(scenario, _)| *scenario).collect(),
    }
}

fn kind_of(kind: PatchKind) -> KindWord {
    match kind {
        PatchKind::Merged(_) => KindWord::Merged,
        PatchKind::Proposed => KindWord::Proposed,
        PatchKind::Hypothetical => KindWord::Hypothetical,
    }
}

fn when(patch: PatchId) -> String {
    match patch.get().kind {
        PatchKind::Merged(version) => version.to_string(),
        PatchKind::Proposed => "proposed".into(),
        PatchKind::Hypothetical => "hypothetical".into(),
    }
}

fn details(entry: &Entry, screen: &mut Screen) -> Outcome<()> {
    screen.line(format!("{}  {}", paint(STRONG, entry.id), entry.title))?;
    let merged = match &entry.version {
        Some(version) => format!("merged in {version}"),
        None => entry.kind.into(),
    };
    let none = |text: &str| text.is_empty();
    let rows = [
        ("subject", entry.subject.to_string()),
        ("author", entry.author.to_string()),
        ("commit", entry.commit.unwrap_or_default().to_string()),
        ("when", merged),
        ("change", entry.change.to_string()),
        ("why", entry.why.to_string()),
        ("needs", entry.requires.join(", ")),
        ("excludes", entry.excludes.join(", ")),
        ("offered by", entry.scenarios.join(", ")),
    ];
    // The source is a section of notes that most people do not have: it is in JSON alone.
    for (word, text) in rows.iter().filter(|(_, text)| !none(text)) {
        let text = folded(text, 12, screen.width());
        screen.line(format!("{}  {text}", paint(SOFT, format!("{word:>10}"))))?;
    }
    if entry.scenarios.is_empty() {
        let text = paint(WARN, "no built-in scenario");
        screen.line(format!("{}  {text}", paint(SOFT, "offered by")))?;
    }
    Ok(())
}
