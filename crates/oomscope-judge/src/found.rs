//! One exploration, from its first state to the last or to a bound.

use core::ops::ControlFlow;

use oomscope_explore::{Explorer, Full, LockupKind, Outcome, Progress, Reductions};
use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::step::step;
use oomscope_model::transition::Transition;

use crate::smallest::Good;

/// States between two looks at the bounds.
const SLICE: u32 = 4096;

/// When a search is to give up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// After so many states.
    pub states_max: u32,
    /// Before it would hold more memory than this: states and the table that finds them again,
    /// arrows, parents and marks, what is known about steps, each with the room it has for more
    /// and, while it grows, with the old one beside the new one. Small things that grow in
    /// between are counted afterwards: from a megabyte on, a twentieth more is to be allowed for.
    ///
    /// Not counted are the regions while they are found, once every state was seen: mostly 5 to
    /// 13 bytes a state for a moment, at worst 60 a state and 16 a transition; nor what is asked
    /// for afterwards, such as a lasso.
    pub bytes_max: u64,
}

impl Limits {
    /// So many states, and whatever they take.
    pub const fn states(states_max: u32) -> Limits {
        Limits {
            states_max,
            bytes_max: u64::MAX,
        }
    }

    /// Which of them a search has reached.
    pub fn are_spent(self, progress: Progress) -> Option<Bound> {
        if progress.states >= self.states_max {
            Some(Bound::States)
        } else {
            progress.full.map(Bound::from)
        }
    }
}

/// Why a search did not see every state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// [`Limits::states_max`].
    States,
    /// [`Limits::bytes_max`].
    Bytes,
    /// More states or transitions than there are numbers for, four billion.
    Size,
    /// Whoever asked for it told it to stop.
    Stopped,
}

impl From<Full> for Bound {
    fn from(full: Full) -> Bound {
        match full {
            Full::Bytes => Bound::Bytes,
            Full::Size => Bound::Size,
        }
    }
}

/// What one exploration found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Every outcome that is reachable and a shortest schedule to it, in the order of
    /// [`Outcome::ALL`]. If a bound was reached, what is here is true and the rest unknown.
    pub witnesses: Vec<(Outcome, Vec<Transition>)>,
    /// What the nearest lockup looks like.
    pub kind: Option<LockupKind>,
    /// The other kind of lockup, if that can be reached too, and a shortest schedule to it.
    pub other_lockup: Option<(LockupKind, Vec<Transition>)>,
    /// The most processes that any run kills.
    pub kills_max: u8,
    /// How large it was.
    pub progress: Progress,
    /// Which bound ended it; none if every reachable state was seen.
    pub bound: Option<Bound>,
}

/// Explores everything the machine can reach, as far as the limits allow. `watch` sees
/// the progress now and then, and may end the search.
pub fn search(
    machine: &Machine,
    limits: Limits,
    watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Found {
    search_with(machine, Reductions::NONE, limits, watch)
}

/// The same with reductions: the verdict is the same, the numbers are smaller.
pub fn search_with(
    machine: &Machine,
    reductions: Reductions,
    limits: Limits,
    watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Found {
    let start = State::start(machine);
    let mut explorer = Explorer::with_reductions(machine, &start, reductions);
    let bound = advance(&mut explorer, limits, watch);
    Found::of(machine, &start, &explorer, bound)
}

/// Advances an explorer to its end, or to the bound that is named.
pub fn advance(
    explorer: &mut Explorer,
    limits: Limits,
    watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Option<Bound> {
    explorer.set_bytes_max(limits.bytes_max);
    bounded(|slice| explorer.advance(slice), limits, watch)
}

/// Advances any search, which knows its bound of bytes, slice by slice, to its end or to the
/// bound that is named.
pub(crate) fn bounded(
    mut advance: impl FnMut(u32) -> Progress,
    limits: Limits,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Option<Bound> {
    let mut states = 0;
    loop {
        let room = limits.states_max.saturating_sub(states).max(1);
        let progress = advance(SLICE.min(room));
        states = progress.states;
        if progress.done {
            return None;
        }
        if let Some(bound) = limits.are_spent(progress) {
            return Some(bound);
        }
        if watch(progress).is_break() {
            return Some(Bound::Stopped);
        }
    }
}

impl Found {
    /// What an explorer of this machine, from this state on, has found so far.
    pub fn of(
        machine: &Machine,
        start: &State,
        explorer: &Explorer,
        bound: Option<Bound>,
    ) -> Found {
        let witnesses: Vec<(Outcome, Vec<Transition>)> = explorer
            .outcomes()
            .into_iter()
            .filter_map(|outcome| Some((outcome, explorer.witness(outcome)?)))
            .collect();
        let lockup = witnesses
            .iter()
            .find(|(outcome, _)| *outcome == Outcome::Lockup);
        let kind = lockup.and_then(|(_, schedule)| {
            let mut state = start.clone();
            for &transition in schedule {
                step(machine, &mut state, transition, &mut ());
            }
            explorer.lockup_kind(&state)
        });
        let other = match kind {
            Some(LockupKind::Livelock) => Some(LockupKind::Deadlock),
            Some(LockupKind::Deadlock) => Some(LockupKind::Livelock),
            Some(LockupKind::Hang) | None => None,
        };
        Found {
            kind,
            other_lockup: other.and_then(|kind| Some((kind, explorer.lockup_witness(kind)?))),
            kills_max: explorer.kills_max(),
            progress: explorer.progress(),
            witnesses,
            bound,
        }
    }

    /// What is reachable.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        self.witnesses.iter().map(|(outcome, _)| *outcome)
    }

    /// A shortest schedule to an outcome.
    pub fn witness(&self, wanted: Outcome) -> Option<&[Transition]> {
        let found = self
            .witnesses
            .iter()
            .find(|(outcome, _)| *outcome == wanted);
        found.map(|(_, schedule)| schedule.as_slice())
    }

    /// Whether nothing can happen but what may be.
    pub fn good(&self, may_be: impl Fn(Outcome) -> bool) -> Good {
        Good::of(self.outcomes(), self.bound.is_none(), may_be)
    }

    /// Size, outcomes and lengths of the shortest schedules on one line, as the pins have it.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} states, {} transitions",
            self.progress.states, self.progress.transitions
        );
        for (outcome, schedule) in &self.witnesses {
            text.push_str(&format!(", {} {}", outcome.word(), schedule.len()));
        }
        text
    }
}
