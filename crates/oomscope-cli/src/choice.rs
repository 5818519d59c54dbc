//! Which machine: a scenario, its patches and the declared rules.

use clap::Args;
use oomscope_model::machine::{KillerWindow, Machine, Rules, Timing};
use oomscope_model::patches::{PatchId, PatchKind, PatchSet, VERSIONS, Version};
use oomscope_scenario::diagnostic::{did_you_mean, list_words};
use oomscope_scenario::link::Link;
use oomscope_scenario::rules;
use oomscope_scenario::scenario::Scenario;
use serde::Serialize;

use crate::failure::{Failure, Outcome};
use crate::input::Input;
use crate::screen::Screen;

/// A scenario and what is different from its file.
#[derive(Args, Clone, Debug)]
pub(crate) struct Choice {
    /// Id of a built-in scenario, a file, `-` for standard input, or a link
    pub(crate) scenario: String,

    /// Patches to switch on, or off with a minus: `killable-writers,-oom-reaper`
    #[arg(short, long, value_name = "LIST", allow_hyphen_values = true)]
    pub(crate) patches: Option<String>,

    /// Start from this release instead of the scenario's own, for example 4.9
    #[arg(short, long, value_name = "VERSION")]
    pub(crate) kernel: Option<String>,
}

/// The declared rules.
#[derive(Args, Clone, Debug)]
pub(crate) struct RulesChoice {
    /// Declared rules: long, adversarial, and each with +split
    ///
    /// `long`: a sleep of 100 ms or more ends only when nobody else can go on.
    /// `adversarial`: every sleep may end at any moment. `+split`: the killer's last
    /// allocation attempt and its scan are two steps.
    #[arg(short, long, value_name = "RULES")]
    pub(crate) rules: Option<String>,
}

/// A machine, ready to run.
pub(crate) struct Setup {
    pub(crate) input: Input,
    pub(crate) machine: Machine,
    /// The release whose log format is shown.
    pub(crate) version: Version,
}

/// What every answer for machines begins with.
#[derive(Serialize, Clone)]
pub(crate) struct About {
    /// Version of the shape.
    pub(crate) format: u8,
    pub(crate) command: &'static str,
    /// Id of the scenario.
    pub(crate) scenario: String,
    pub(crate) title: String,
    /// The release that the patches are counted from.
    pub(crate) kernel: String,
    /// Ids of all patches that are on.
    pub(crate) patches: Vec<&'static str>,
    pub(crate) rules: &'static str,
}

impl Choice {
    /// The machine that was asked for.
    pub(crate) fn setup(&self, rules: &RulesChoice, screen: &Screen) -> Outcome<Setup> {
        let input = Input::load(&self.scenario, screen)?;
        let mut machine = match &input.link {
            None => input.scenario.machine.clone(),
            Some(Link::Copied(copied)) => copied.machine(),
            Some(Link::Preset(preset)) => preset
                .machine(&input.scenario)
                .map_err(|error| Failure::new(error.sentence, error.hint))?,
        };
        let mut version = match &input.link {
            Some(Link::Preset(preset)) => preset.kernel.unwrap_or(input.scenario.version),
            _ => input.scenario.version,
        };
        let mut patches = machine.patches;
        if let Some(word) = &self.kernel {
            version = version_named(word)?;
            patches = PatchSet::of_version(version);
        }
        if let Some(list) = &self.patches {
            patches = changed(patches, &patch_list(list)?)?;
        }
        let rules = match &rules.rules {
            Some(word) => rules_named(word)?,
            None => machine.rules,
        };
        machine = oomscope_judge::machine(
            &Scenario {
                machine,
                ..input.scenario.clone()
            },
            patches,
            rules,
        );
        Ok(Setup {
            input,
            machine,
            version,
        })
    }
}

impl Setup {
    pub(crate) fn scenario(&self) -> &Scenario {
        &self.input.scenario
    }

    pub(crate) fn about(&self, command: &'static str) -> About {
        let scenario = self.scenario();
        About {
            format: 1,
            command,
            scenario: scenario.id.clone(),
            title: scenario.title.clone(),
            kernel: self.version.to_string(),
            patches: ids(self.machine.patches),
            rules: rules::word(self.machine.rules),
        }
    }

    /// `kernel 4.6 with reap-kthread-mm, without oom-reaper`.
    pub(crate) fn kernel_words(&self) -> String {
        kernel_words(self.version, self.machine.patches)
    }
}

/// The ids of a set of patches.
pub(crate) fn ids(patches: PatchSet) -> Vec<&'static str> {
    patches.iter().map(|patch| patch.get().id).collect()
}

/// A set of patches, told as a release and what differs from it.
pub(crate) fn kernel_words(version: Version, patches: PatchSet) -> String {
    let own = PatchSet::of_version(version);
    let more: Vec<&str> = ids(PatchSet(patches.0 & !own.0));
    let less: Vec<&str> = ids(PatchSet(own.0 & !patches.0));
    let mut text = format!("kernel {version}");
    for (word, list) in [("with", more), ("without", less)] {
        if !list.is_empty() {
            text.push_str(&format!(" {word} {}", list_words(list)));
        }
    }
    text
}

/// What these rules say.
pub(crate) fn rules_words(rules: Rules) -> String {
    let timing = match rules.timing {
        Timing::SleepsAreLong => "long sleeps end when nobody else can go on",
        Timing::Adversarial => "every sleep may end at any moment",
    };
    let window = match rules.killer_window {
        KillerWindow::Closed => "",
        KillerWindow::Split => "; the killer can be interrupted before its scan",
    };
    format!("rules {}: {timing}{window}", rules::word(rules))
}

/// The rules with this word.
pub(crate) fn rules_named(word: &str) -> Outcome<Rules> {
    let whole = if word == "split" { "long+split" } else { word };
    rules::named(whole).ok_or_else(|| {
        let words = rules::WORDS.iter().map(|(word, _)| *word);
        let hint = match did_you_mean(word, words.clone()) {
            Some(hint) => hint,
            None => format!("known are {}", list_words(words)),
        };
        Failure::new(format!("unknown rules {word:?}"), Some(hint))
    })
}

/// The release with this number; a third one, as in 4.14.1, is a stable update of it.
pub(crate) fn version_named(word: &str) -> Outcome<Version> {
    let read = release(word.strip_prefix('v').unwrap_or(word));
    if let Some(version) = read.filter(|version| VERSIONS.contains(version)) {
        return Ok(version);
    }
    let hint = read.and_then(nearest).unwrap_or_else(|| {
        let known: Vec<String> = VERSIONS.iter().map(Version::to_string).collect();
        format!("known are {}", list_words(known.iter().map(String::as_str)))
    });
    Err(Failure::new(format!("unknown kernel {word:?}"), Some(hint)))
}

/// Reads `4.14` and `4.14.1`.
fn release(word: &str) -> Option<Version> {
    let numbers: Option<Vec<u8>> = word.split('.').map(|number| number.parse().ok()).collect();
    match numbers?[..] {
        [major, minor] | [major, minor, _] => Some(Version(major, minor)),
        _ => None,
    }
}

/// What to write instead of a release that lies between two of the table; nothing for 4.66,
/// as 4.20 was the last of its line.
fn nearest(wanted: Version) -> Option<String> {
    const LAST: [Version; 3] = [Version(3, 19), Version(4, 20), Version(5, 19)];
    let was_made = |last: &Version| last.0 != wanted.0 || wanted.1 <= last.1;
    if !LAST.iter().all(was_made) {
        return None;
    }
    let below = VERSIONS.iter().rfind(|version| **version < wanted)?;
    let above = VERSIONS.iter().find(|version| **version > wanted)?;
    let is_between = |patch: PatchId| match patch.get().kind {
        PatchKind::Merged(version) => version > *below && version <= wanted,
        _ => false,
    };
    Some(match PatchId::all().any(is_between) {
        true => format!("the nearest in the table are {below} and {above}"),
        false => format!("{below} has the same patches in the table"),
    })
}

/// The patch with this id.
pub(crate) fn patch_named(id: &str) -> Outcome<PatchId> {
    PatchId::named(id).ok_or_else(|| {
        let near = did_you_mean(id, PatchId::all().map(|patch| patch.get().id));
        let hint = near.unwrap_or_else(|| "`oomscope patches` lists them".into());
        Failure::new(format!("unknown patch {id:?}"), Some(hint))
    })
}

/// Reads `a,-b`.
pub(crate) fn patch_list(list: &str) -> Outcome<Vec<(PatchId, bool)>> {
    let items = list
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items
        .map(|item| {
            let off = item.strip_prefix('-');
            let id = off.unwrap_or_else(|| item.strip_prefix('+').unwrap_or(item));
            Ok((patch_named(id)?, off.is_none()))
        })
        .collect()
}

/// A set with these changes, if that means something.
pub(crate) fn changed(base: PatchSet, changes: &[(PatchId, bool)]) -> Outcome<PatchSet> {
    let apply = |set: PatchSet, &(patch, on): &(PatchId, bool)| set.with(patch, on);
    let patches = changes.iter().fold(base, apply);
    let Err(mix) = patches.check() else {
        return Ok(patches);
    };
    let mut all: Vec<(PatchId, bool)> = Vec::new();
    let mut set = base;
    for &(patch, on) in changes {
        for change in set.switch(patch, on) {
            set = apply(set, &change);
            all.retain(|(other, _)| *other != change.0);
            all.push(change);
        }
    }
    let words: Vec<String> = all
        .iter()
        .map(|(patch, on)| format!("{}{}", if *on { "" } else { "-" }, patch.get().id))
        .collect();
    let fits = set.check().is_ok() && !words.is_empty();
    let hint = fits.then(|| format!("write --patches {}", words.join(",")));
    Err(Failure::new(mix, hint))
}
