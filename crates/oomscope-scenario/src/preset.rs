//! Links that people type: `v1/<scenario>?p=killable-writers,-oom-reaper&k=4.9&at=20`.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::{PatchId, PatchSet, Version};

use crate::builtin::{BUILTIN, Builtin};
use crate::diagnostic::{did_you_mean, list_words};
use crate::expect::print_changes;
use crate::link::LinkError;
use crate::parse::{known_versions, near_id, version_named};
use crate::rules;
use crate::scenario::Scenario;

/// A typed link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preset {
    /// Id of a built-in scenario.
    pub scenario: String,
    /// `p`: patches switched on or off before the run.
    pub patches: Vec<(PatchId, bool)>,
    /// `k`: the release whose patches are on, instead of the scenario's.
    pub kernel: Option<Version>,
    /// `s`: the seed.
    pub seed: Option<u32>,
    /// `at`: where to stop.
    pub at: Option<Stop>,
    /// `t`: the declared rules.
    pub rules: Option<Rules>,
}

/// Where a run is to stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// At a step.
    Step(u32),
    /// At a marker, by id.
    Marker(String),
}

const KEYS: [(&str, &str); 5] = [
    ("p", "patches"),
    ("k", "kernel"),
    ("s", "seed"),
    ("at", "step or marker"),
    ("t", "rules"),
];

impl Preset {
    /// Reads what follows `v1/`.
    ///
    /// # Errors
    /// Whatever is not known, with a suggestion.
    pub(crate) fn parse(text: &str) -> Result<Preset, LinkError> {
        let (id, query) = match text.split_once('?') {
            Some((id, query)) => (id, Some(query)),
            None => (text, None),
        };
        let Some(scenario) = Builtin::named(id).and_then(Builtin::scenario) else {
            let hint = near_id(id, BUILTIN.iter().map(|builtin| builtin.id));
            return Err(LinkError::new(
                format!("there is no scenario {id:?}"),
                Some(hint),
            ));
        };
        let mut preset = Preset {
            scenario: id.into(),
            patches: Vec::new(),
            kernel: None,
            seed: None,
            at: None,
            rules: None,
        };
        let read = match query {
            Some(query) => preset.query(query, &scenario),
            None => Ok(()),
        };
        let recovered = |error: LinkError| LinkError {
            recovered: Some(id.into()),
            ..error
        };
        read.and_then(|()| preset.machine(&scenario).map(|_| ()))
            .map_err(recovered)?;
        Ok(preset)
    }

    fn query(&mut self, query: &str, scenario: &Scenario) -> Result<(), LinkError> {
        let mut seen: Vec<&str> = Vec::new();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !KEYS.iter().any(|(known, _)| *known == key) {
                let keys: Vec<String> = KEYS
                    .iter()
                    .map(|(key, what)| format!("{key} ({what})"))
                    .collect();
                let hint = format!("known are {}", list_words(keys.iter().map(String::as_str)));
                let sentence = format!("{key:?} means nothing in a link");
                return Err(LinkError::new(sentence, Some(hint)));
            }
            if seen.contains(&key) {
                return Err(LinkError::new(
                    format!("{key} stands in this link twice"),
                    None,
                ));
            }
            seen.push(key);
            // Some programs escape the commas.
            let value = value.replace("%2C", ",").replace("%2c", ",");
            if value.is_empty() {
                let sentence = format!("this link is cut, or {key} has no value");
                return Err(LinkError::new(sentence, None));
            }
            self.set(key, &value, scenario)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &str, scenario: &Scenario) -> Result<(), LinkError> {
        match key {
            "p" => self.patches = patches(value)?,
            "k" => {
                let version = version_named(value);
                self.kernel = Some(version.ok_or_else(|| {
                    LinkError::new(format!("unknown kernel {value:?}"), Some(known_versions()))
                })?);
            }
            "s" => {
                let seed = value.parse().ok();
                self.seed = Some(seed.ok_or_else(|| {
                    LinkError::new(
                        format!("{value:?} is not a seed from 0 to {}", u32::MAX),
                        None,
                    )
                })?);
            }
            "t" => {
                let word = value.replace(',', "+");
                let names = rules::WORDS.map(|(word, _)| word.replace('+', ","));
                self.rules = Some(rules::named(&word).ok_or_else(|| {
                    let hint = near_id(value, names.iter().map(String::as_str));
                    LinkError::new(format!("unknown rules {value:?}"), Some(hint))
                })?);
            }
            _ => self.at = Some(stop(value, scenario)?),
        }
        Ok(())
    }

    /// The scenario's machine with what the link changes in it.
    ///
    /// # Errors
    /// If the patches mean nothing together; the hint says what to write.
    pub fn machine(&self, scenario: &Scenario) -> Result<Machine, LinkError> {
        let mut machine = scenario.machine.clone();
        let base = self.kernel.map_or(machine.patches, PatchSet::of_version);
        let apply = |set: PatchSet, &(patch, on): &(PatchId, bool)| set.with(patch, on);
        let patches = self.patches.iter().fold(base, apply);
        if let Err(mix) = patches.check() {
            let mut all: Vec<(PatchId, bool)> = Vec::new();
            let mut set = base;
            for &(patch, on) in &self.patches {
                for change in set.switch(patch, on) {
                    set = apply(set, &change);
                    all.retain(|(other, _)| *other != change.0);
                    all.push(change);
                }
            }
            let hint = format!("write p={}", print_changes(&all));
            let fits = set.check().is_ok() && !all.is_empty();
            return Err(LinkError::new(mix.to_string(), fits.then_some(hint)));
        }
        machine.patches = patches;
        machine.kernel = Kernel::of(patches);
        machine.rules = self.rules.unwrap_or(machine.rules);
        Ok(machine)
    }
}

fn patches(value: &str) -> Result<Vec<(PatchId, bool)>, LinkError> {
    let mut changes: Vec<(PatchId, bool)> = Vec::new();
    for item in value.split(',') {
        let (id, on) = item
            .strip_prefix('-')
            .map_or((item, true), |id| (id, false));
        let Some(patch) = PatchId::named(id) else {
            let hint = did_you_mean(id, PatchId::all().map(|patch| patch.get().id));
            let sentence = match id {
                "" => "this link is cut, or p has a comma too many".into(),
                _ => format!("unknown patch {id:?}"),
            };
            return Err(LinkError::new(sentence, hint));
        };
        if changes.iter().any(|&(other, _)| other == patch) {
            return Err(LinkError::new(
                format!("patch {id:?} stands in this link twice"),
                None,
            ));
        }
        changes.push((patch, on));
    }
    Ok(changes)
}

fn stop(value: &str, scenario: &Scenario) -> Result<Stop, LinkError> {
    if let Ok(step) = value.parse() {
        return Ok(Stop::Step(step));
    }
    let mut ids = scenario.markers.iter().map(|marker| marker.id.as_str());
    if ids.clone().any(|id| id == value) {
        return Ok(Stop::Marker(value.into()));
    }
    let sentence = format!("{} has no marker {value:?}", scenario.id);
    let hint = ids
        .next()
        .map(|_| near_id(value, scenario.markers.iter().map(|m| m.id.as_str())));
    Err(LinkError::new(sentence, hint))
}

impl core::fmt::Display for Preset {
    /// The link, with its `#`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "#v1/{}", self.scenario)?;
        let mut pairs = Vec::new();
        if !self.patches.is_empty() {
            pairs.push(format!("p={}", print_changes(&self.patches)));
        }
        pairs.extend(self.kernel.map(|kernel| format!("k={kernel}")));
        pairs.extend(self.seed.map(|seed| format!("s={seed}")));
        match &self.at {
            Some(Stop::Step(step)) => pairs.push(format!("at={step}")),
            Some(Stop::Marker(id)) => pairs.push(format!("at={id}")),
            None => {}
        }
        pairs.extend(
            self.rules
                .map(|rules| format!("t={}", rules::word(rules).replace('+', ","))),
        );
        if pairs.is_empty() {
            Ok(())
        } else {
            write!(f, "?{}", pairs.join("&"))
        }
    }
}
