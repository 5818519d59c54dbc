//! Why it went wrong: a bad schedule beside the nearest good one, what goes on for ever at
//! its end, and what a switch flipped now would change.

use core::ops::ControlFlow;

use oomscope_explore::{Explorer, Outcome, Progress};
use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::patches::PatchId;
use oomscope_model::state::State;
use oomscope_model::step::{act, enabled, step};
use oomscope_model::transition::{Act, Move, Transition};
use oomscope_scenario::walk::Walk;

use crate::found::{Found, Limits, SLICE, advance};

/// How long to look for the way round.
const LAPS_MAX: usize = 20_000;

/// A good schedule that begins as a bad one does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contrast {
    /// So many steps both make alike; the next one decides.
    pub common: usize,
    /// The whole good schedule, to where everything has ended well.
    pub good: Vec<Transition>,
}

/// What a doomed machine does for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lasso {
    /// The way there from the state that was asked about.
    pub stem: Vec<Transition>,
    /// The lap. Empty: nobody can move, and whoever retries changes nothing.
    pub cycle: Vec<Transition>,
    /// Pages that come free in a lap.
    pub freed_pages: u32,
    /// Processes killed in a lap.
    pub kills: u8,
}

/// What flipping one switch now would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flip {
    /// The switch.
    pub patch: PatchId,
    /// To where.
    pub on: bool,
    /// All that has to move with it, in order.
    pub changes: Vec<(PatchId, bool)>,
    /// What is reachable afterwards.
    pub found: Found,
}

/// The states that a schedule goes through, the start first.
pub fn states(machine: &Machine, schedule: &[Transition]) -> Vec<State> {
    let mut state = State::start(machine);
    let mut states = vec![state];
    for &transition in schedule {
        step(machine, &mut state, transition, &mut ());
        states.push(state);
    }
    states
}

/// The good schedule that has the longest beginning in common with a bad one. `None`: there
/// is none within the limits.
pub fn contrast(
    machine: &Machine,
    bad: &[Transition],
    limits: Limits,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Option<Contrast> {
    let states = states(machine, bad);
    for (common, state) in states.iter().enumerate().rev() {
        let mut explorer = Explorer::new(machine, state);
        loop {
            // The first state that ends well is at the end of a shortest way, whatever
            // else is found later.
            let progress = explorer.advance(SLICE);
            if let Some(rest) = explorer.witness(Outcome::Ok) {
                let good = bad[..common].iter().copied().chain(rest).collect();
                return Some(Contrast { common, good });
            }
            if progress.done {
                break;
            }
            if limits.are_spent(progress).is_some() || watch(progress).is_break() {
                return None;
            }
        }
    }
    None
}

/// Follows a doomed state until it comes back to where it was, with everybody who could
/// move having moved. `None` if that takes too long.
pub fn lasso(machine: &Machine, from: &State) -> Option<Lasso> {
    let walk = Walk {
        seed: 1,
        lead: Vec::new(),
    };
    let mut history: Vec<Move> = Vec::new();
    let mut state = *from;
    // Brent's way: compare with one earlier state, and choose a later one ever more rarely.
    let (mut anchor, mut anchor_at, mut patience) = (state, 0, 8);
    while history.len() < LAPS_MAX {
        let Some(next) = walk.next(machine, &state, &history) else {
            return Some(Lasso {
                stem: steps(&history),
                cycle: Vec::new(),
                freed_pages: 0,
                kills: 0,
            });
        };
        step(machine, &mut state, next, &mut ());
        history.push(Move::Step(next));
        if state == anchor {
            let cycle = steps(&history[anchor_at..]);
            if is_fair(machine, &anchor, &cycle) {
                let stem = steps(&history[..anchor_at]);
                return Some(lap(machine, &anchor, stem, cycle));
            }
        }
        if history.len() - anchor_at >= patience {
            (anchor, anchor_at, patience) = (state, history.len(), patience * 2);
        }
    }
    None
}

fn steps(moves: &[Move]) -> Vec<Transition> {
    let steps = moves.iter().filter_map(|entry| match entry {
        Move::Step(transition) => Some(*transition),
        Move::Act(_) => None,
    });
    steps.collect()
}

/// Whether nobody could move in all of the lap without having moved.
fn is_fair(machine: &Machine, from: &State, cycle: &[Transition]) -> bool {
    let mut waiting: Vec<TaskId> = machine.task_ids().collect();
    let mut state = *from;
    for &transition in cycle {
        waiting.retain(|&task| {
            transition.0 != task && enabled(machine, &state).any(|able| able.0 == task)
        });
        step(machine, &mut state, transition, &mut ());
    }
    waiting.is_empty()
}

fn lap(machine: &Machine, from: &State, stem: Vec<Transition>, cycle: Vec<Transition>) -> Lasso {
    let mut state = *from;
    let mut freed_pages = 0;
    let mut kills = 0;
    for &transition in &cycle {
        let before = state;
        step(machine, &mut state, transition, &mut ());
        freed_pages += u32::from(state.free_pages.saturating_sub(before.free_pages));
        kills += state.kills(machine).saturating_sub(before.kills(machine));
    }
    Lasso {
        stem,
        cycle,
        freed_pages,
        kills,
    }
}

/// What each of these switches would do if it were flipped in this state.
pub fn flips(
    machine: &Machine,
    state: &State,
    offered: &[PatchId],
    limits: Limits,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Vec<Flip> {
    let mut flips = Vec::new();
    for &patch in offered {
        let on = !machine.patches.has(patch);
        let changes = machine.patches.switch(patch, on);
        let (mut machine, mut state) = (machine.clone(), *state);
        let done = together(&mut machine, &mut state, &changes);
        if !done {
            continue;
        }
        let mut explorer = Explorer::new(&machine, &state);
        let bound = advance(&mut explorer, limits, &mut watch);
        flips.push(Flip {
            patch,
            on,
            changes,
            found: Found::of(&machine, &state, &explorer, bound),
        });
    }
    flips
}

/// Switches all of them, in an order in which every mix on the way means something.
fn together(machine: &mut Machine, state: &mut State, changes: &[(PatchId, bool)]) -> bool {
    let mut left = changes.to_vec();
    while !left.is_empty() {
        let possible = left.iter().position(|&(patch, on)| {
            let wanted = Act::Switch { patch, on };
            act(machine, state, wanted, &mut ()).is_ok()
        });
        let Some(done) = possible else {
            return false;
        };
        left.remove(done);
    }
    true
}
