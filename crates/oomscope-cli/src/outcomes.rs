//! Words and colours for what can happen, and which of it is allowed.

use anstyle::Style;
use clap::Args;
use oomscope_explore::{LockupKind, Outcome as Happening};
use oomscope_judge::{Found, Harm, harm};
use oomscope_model::machine::Machine;
use oomscope_model::transition::{Move, Transition};
use oomscope_scenario::diagnostic::{did_you_mean, list_words};
use oomscope_scenario::run::Run;
use serde::Serialize;

use crate::failure::{Exit, Failure, Outcome};
use crate::screen::{BAD, GOOD, WARN};

/// What may happen without being bad.
#[derive(Args, Clone, Debug)]
pub(crate) struct Allowed {
    /// Outcomes that are not bad, beside ok: `extra-kill,stall`
    #[arg(long, value_name = "OUTCOMES")]
    pub(crate) allow: Option<String>,
}

/// An outcome that is reachable, for machines.
#[derive(Serialize, Clone)]
pub(crate) struct Reachable {
    pub(crate) outcome: &'static str,
    /// Length of a shortest schedule to it.
    pub(crate) steps: usize,
    /// That schedule, as `oomscope run --run` reads it.
    pub(crate) run: String,
    /// What a lockup looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
}

impl Allowed {
    /// The outcomes, `ok` among them.
    pub(crate) fn outcomes(&self) -> Outcome<Vec<Happening>> {
        let list = self.allow.as_deref().unwrap_or_default();
        let words = list.split(',').map(str::trim).filter(|it| !it.is_empty());
        let more: Outcome<Vec<Happening>> = words.map(outcome_named).collect();
        let mut all = more?;
        all.push(Happening::Ok);
        Ok(all)
    }
}

/// The exit code that a search deserves.
pub(crate) fn exit(found: &Found, allowed: &[Happening]) -> Exit {
    Exit::of(found.good(|outcome| allowed.contains(&outcome)))
}

/// The outcome with this word.
pub(crate) fn outcome_named(word: &str) -> Outcome<Happening> {
    let mut all = Happening::ALL.into_iter();
    all.find(|outcome| outcome.word() == word).ok_or_else(|| {
        let words = Happening::ALL.map(Happening::word);
        let hint = did_you_mean(word, words);
        let hint = hint.unwrap_or_else(|| format!("known are {}", list_words(words)));
        Failure::new(format!("unknown outcome {word:?}"), Some(hint))
    })
}

/// How an outcome is coloured.
pub(crate) fn style(outcome: Happening) -> Style {
    match harm(outcome) {
        Harm::None => GOOD,
        Harm::Cost => WARN,
        Harm::Bad => BAD,
    }
}

/// Whether the machine goes on afterwards.
pub(crate) fn is_survivable(outcome: Happening) -> bool {
    harm(outcome) < Harm::Bad
}

/// The word for a kind of lockup.
pub(crate) fn kind_word(kind: LockupKind) -> &'static str {
    match kind {
        LockupKind::Livelock => "livelock",
        LockupKind::Deadlock => "deadlock",
        LockupKind::Hang => "hang",
    }
}

/// What an outcome means, in half a sentence.
pub(crate) fn meaning(outcome: Happening, kind: Option<LockupKind>) -> &'static str {
    match (outcome, kind) {
        (Happening::Ok, _) => "it ends, and at most one process was killed",
        (Happening::ExtraKill, _) => "a second process is killed",
        (Happening::Stall, _) => "long, but finite: the way out needs a task that gets no CPU",
        (Happening::Lockup, Some(LockupKind::Deadlock)) => "no way out: deadlock, all sleep",
        (Happening::Lockup, _) => "no way out: livelock, somebody will want memory for ever",
        (Happening::Oops, _) => "NULL dereference in the kernel",
        (Happening::Corrupt, _) => "memory corruption",
        (Happening::Hang, _) => "no way out, although nobody waits for memory",
        (Happening::WrongErrno, _) => "a system call returns an error its caller does not expect",
        (Happening::Panic, _) => "nothing was left to kill",
    }
}

/// A schedule as the text of a run.
pub(crate) fn run_text(machine: &Machine, schedule: &[Transition]) -> String {
    let moves = schedule.iter().copied().map(Move::Step).collect();
    Run { moves }.print(machine)
}

/// Everything reachable, for machines.
pub(crate) fn reachable(machine: &Machine, found: &Found) -> Vec<Reachable> {
    witnesses(found)
        .map(|(outcome, kind, schedule)| Reachable {
            outcome: outcome.word(),
            steps: schedule.len(),
            run: run_text(machine, schedule),
            kind: kind.map(kind_word),
        })
        .collect()
}

/// Every outcome with a shortest schedule, lockups by their kind: both if both can be reached.
pub(crate) fn witnesses(
    found: &Found,
) -> impl Iterator<Item = (Happening, Option<LockupKind>, &[Transition])> {
    found.witnesses.iter().flat_map(|(outcome, schedule)| {
        let lockup = *outcome == Happening::Lockup;
        let other = found.other_lockup.as_ref().filter(|_| lockup);
        let nearest = (*outcome, found.kind.filter(|_| lockup), schedule.as_slice());
        let other = other.map(|(kind, schedule)| (*outcome, Some(*kind), schedule.as_slice()));
        [Some(nearest), other].into_iter().flatten()
    })
}
