//! What a file expects, case by case, against what was found.

use oomscope_explore::LockupKind;
use oomscope_model::machine::Rules;
use oomscope_model::patches::PatchSet;
use oomscope_scenario::builtin::Builtin;
use oomscope_scenario::expect::{self, Expect};
use oomscope_scenario::rules;
use oomscope_scenario::scenario::{self, Scenario};

use crate::found::{Bound, Found};

/// One thing that a file speaks of: a mix of patches under a declared rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// The rules.
    pub rules: Rules,
    /// The mix.
    pub patches: PatchSet,
}

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// As expected.
    Met,
    /// As far as the file's bound, nothing came that it does not expect; the rest is unknown.
    Bounded,
    /// Not as expected: the line of the expectation, if there is one, and why.
    Missed {
        /// Line of the file, from 1.
        line: Option<u32>,
        /// What was expected and what was found, without a full stop.
        sentence: String,
    },
    /// Another bound was reached, or the search was stopped; nothing unexpected until then.
    Unknown,
}

impl Case {
    /// `long oom-reaper,-killable-writers`.
    pub fn words(self, scenario: &Scenario) -> String {
        let rules = rules::word(self.rules);
        let combination = scenario.combination_in_words(self.patches);
        format!("{rules} {combination}")
    }
}

/// Every valid mix of the offered patches, under every rule that an expectation names.
pub fn cases(scenario: &Scenario) -> Vec<Case> {
    let named = |word: &str| {
        let mut expects = scenario.expects.iter();
        expects.any(|expect| rules::word(expect.rules) == word)
    };
    let spoken_of = rules::WORDS.iter().filter(|(word, _)| named(word));
    let combinations = scenario.combinations();
    spoken_of
        .flat_map(|&(_, rules)| {
            let mixes = combinations.iter();
            mixes.map(move |&patches| Case { rules, patches })
        })
        .collect()
}

/// Holds what was found in a case against what the file expects of it.
pub fn judge(scenario: &Scenario, case: Case, found: &Found) -> Verdict {
    let missed = |line, sentence| Verdict::Missed { line, sentence };
    let expects: Vec<&Expect> = scenario
        .expectations_for(case.patches, case.rules)
        .collect();
    let expect = match expects[..] {
        [] => return missed(None, String::from("no [[expect]] speaks of it")),
        [expect] => expect,
        [_, second, ..] => {
            let sentence = String::from("several [[expect]] speak of it");
            return missed(Some(second.line), sentence);
        }
    };
    let line = Some(expect.line);
    let wanted: Vec<&str> = expect.outcomes.iter().map(|it| it.word()).collect();
    let seen: Vec<&str> = found.outcomes().map(|outcome| outcome.word()).collect();
    if found.bound.is_some() {
        let more = seen.iter().find(|outcome| !wanted.contains(outcome));
        return match (more, &scenario.bound) {
            (Some(more), _) => missed(line, format!("{more} is reachable and not expected")),
            (None, Some(bound)) if has_come_to(bound, found) => Verdict::Bounded,
            (None, _) => Verdict::Unknown,
        };
    }
    if scenario.bound.is_some() {
        let states = found.progress.states;
        let sentence = format!("it has only {states} states and needs no bound");
        return missed(line, sentence);
    }
    let mut differences = Vec::new();
    if wanted != seen {
        let (wanted, seen) = (wanted.join(", "), seen.join(", "));
        differences.push(format!("expected {wanted}, found {seen}"));
    }
    let kind = found.kind.map_or("none", |kind| same(kind).word());
    if let Some(expected) = expect.kind
        && expected.word() != kind
    {
        let expected = expected.word();
        differences.push(format!(
            "expected a lockup of kind {expected}, found {kind}"
        ));
    }
    if let Some(kills) = expect.kills_max
        && kills != found.kills_max
    {
        let seen = found.kills_max;
        differences.push(format!("expected at most {kills} kills, found {seen}"));
    }
    match differences.is_empty() {
        true => Verdict::Met,
        false => missed(line, differences.join("; ")),
    }
}

/// Whether it was the file's own bound that ended the search, and none before it.
fn has_come_to(bound: &scenario::Bound, found: &Found) -> bool {
    found.bound == Some(Bound::States) && found.progress.states >= bound.states
}

/// What is wrong with the sibling that a bounded scenario names, if anything.
pub fn sibling_complaint(scenario: &Scenario) -> Option<String> {
    let bound = scenario.bound.as_ref()?;
    let name = &bound.sibling;
    let sibling = Builtin::named(name).and_then(Builtin::scenario);
    match sibling {
        None => Some(format!("there is no sibling {name:?}")),
        Some(sibling) if sibling.bound.is_some() => Some(format!(
            "its sibling {name:?} is not searched to the end either"
        )),
        Some(_) => None,
    }
}

/// The explorer's kind in the words of the file.
fn same(kind: LockupKind) -> expect::LockupKind {
    match kind {
        LockupKind::Livelock => expect::LockupKind::Livelock,
        LockupKind::Deadlock => expect::LockupKind::Deadlock,
        LockupKind::Hang => expect::LockupKind::Hang,
    }
}
