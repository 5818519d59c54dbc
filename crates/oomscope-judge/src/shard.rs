//! One search of a swarm, and whether what it says is true.

use core::ops::ControlFlow;

use oomscope_explore::{Class, Explorer, LockupKind, Outcome, Progress, Swarm};
use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::Transition;

use crate::found::{Found, Limits, advance, bounded, search};

/// What one shard found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shard {
    /// As of a search that a bound ended, unless the whole space was within the limits: then
    /// this is what the ordinary search found in it.
    pub found: Found,
    /// Digests that tell how much two shards saw of the same.
    pub sample: Vec<u64>,
}

/// Searches in the order of this seed and number until a limit is reached.
pub fn shard(
    machine: &Machine,
    limits: Limits,
    seed: u64,
    number: u32,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Shard {
    let mut swarm = Swarm::new(machine, &State::start(machine), seed, number);
    swarm.set_bytes_max(limits.bytes_max);
    let bound = bounded(|slice| swarm.advance(slice), limits, &mut watch);
    let sample = swarm.sample();
    if bound.is_none() {
        drop(swarm);
        let found = search(machine, limits, watch);
        return Shard { found, sample };
    }
    let witness = |outcome| Some((outcome, swarm.witness(outcome)?));
    let witnesses: Vec<_> = swarm.outcomes().into_iter().filter_map(witness).collect();
    let mut lockups = witnesses.iter();
    let lockup = lockups.find(|(outcome, _)| *outcome == Outcome::Lockup);
    let kind = lockup.and_then(|(_, schedule)| behind(machine, schedule, limits)?.1);
    Shard {
        found: Found {
            kind,
            // Of a part of the states the nearer one is enough.
            other_lockup: None,
            kills_max: swarm.kills_max(),
            progress: swarm.progress(),
            witnesses,
            bound,
        },
        sample,
    }
}

/// What became of a schedule that was said to lead to an outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Confirmed {
    /// It does; the kind is that of a lockup.
    Yes(Option<LockupKind>),
    /// It does not, and why, without a full stop.
    No(String),
    /// What lies behind its end is too large to say so.
    Unknown,
}

/// Replays a schedule and looks whether it leads to the outcome: in its last state, or, for
/// what the whole space behind that state decides, by a search from there.
pub fn confirm(
    machine: &Machine,
    outcome: Outcome,
    schedule: &[Transition],
    limits: Limits,
) -> Confirmed {
    let mut state = State::start(machine);
    for (at, &transition) in schedule.iter().enumerate() {
        if !enabled(machine, &state).any(|other| other == transition) {
            let name = &machine.actor(transition.0).name;
            return Confirmed::No(format!("{name} cannot move at step {at}"));
        }
        step(machine, &mut state, transition, &mut ());
    }
    let otherwise = || Confirmed::No(format!("its end does not show {}", outcome.word()));
    if oomscope_explore::outcomes_of(machine, &state).any(|shown| shown == outcome) {
        return Confirmed::Yes(None);
    }
    if !matches!(outcome, Outcome::Stall | Outcome::Lockup | Outcome::Hang) {
        return otherwise();
    }
    let Some((explorer, kind)) = behind(machine, schedule, limits) else {
        return Confirmed::Unknown;
    };
    let doomed = explorer.class(&state) == Some(Class::Doomed);
    match (outcome, kind) {
        (Outcome::Stall, _) if explorer.is_stalled(&state) => Confirmed::Yes(None),
        (Outcome::Hang, Some(LockupKind::Hang)) if doomed => Confirmed::Yes(kind),
        (Outcome::Lockup, Some(LockupKind::Livelock | LockupKind::Deadlock)) if doomed => {
            Confirmed::Yes(kind)
        }
        _ => otherwise(),
    }
}

/// Everything that lies behind the end of a schedule, if that is within the limits, and what
/// a lockup there looks like.
fn behind(
    machine: &Machine,
    schedule: &[Transition],
    limits: Limits,
) -> Option<(Explorer, Option<LockupKind>)> {
    let mut state = State::start(machine);
    for &transition in schedule {
        step(machine, &mut state, transition, &mut ());
    }
    let mut explorer = Explorer::new(machine, &state);
    let bound = advance(&mut explorer, limits, |_| ControlFlow::Continue(()));
    let kind = explorer.lockup_kind(&state);
    bound.is_none().then_some((explorer, kind))
}
