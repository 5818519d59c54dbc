//! Why an outcome comes about: its shortest witness next to the nearest good run, and the
//! step at which they part.
//!
//! The two share everything up to the last state from which a good end can still be reached;
//! no good run stays with the witness longer. There the witness takes the step that cannot
//! be made good. Along the good run the same step becomes harmless at some point: *it goes
//! wrong only if this step comes before that one*.

use oomscope_model::machine::TaskId;
use oomscope_model::transition::Transition;

use crate::Outcome;
use crate::explorer::Explorer;
use crate::mark;

/// A witness and the good run nearest to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The shortest witness of the outcome.
    pub witness: Vec<Transition>,
    /// The good run: the same as the witness up to [`Explanation::parts_at`], from there on
    /// the shortest way to a good end.
    pub good: Vec<Transition>,
    /// How many steps they share; the next step of the witness is the wrong one.
    pub parts_at: usize,
    /// Which step of the good run makes the wrong one harmless: after it the same task's
    /// next step does not lead astray any more, or cannot be taken as yet.
    pub harmless_after: Option<usize>,
    /// Once that step is taken the outcome cannot be reached any more at all: it goes wrong
    /// *only* if the wrong step comes before it.
    pub only: bool,
}

impl Explanation {
    /// The task that takes the wrong step.
    pub fn culprit(&self) -> TaskId {
        self.witness[self.parts_at].0
    }
}

impl Explorer {
    /// Explains an outcome by its shortest witness. `None`: it was not found, the exploration
    /// is not done, or there is no good run to hold against it: every run comes to this. A
    /// search with reductions does not know single runs, and explains nothing either.
    pub fn explain(&self, outcome: Outcome) -> Option<Explanation> {
        self.explain_run(outcome, self.witness(outcome)?)
    }

    /// Explains an outcome by a run that has come to it. `None` as for
    /// [`Explorer::explain`], and if it could still end well.
    pub fn explain_run(&self, outcome: Outcome, run: Vec<Transition>) -> Option<Explanation> {
        self.regions.as_ref().filter(|_| self.is_full())?;
        let indices = self.indices(&run)?;
        let can_be_good = self.can_be_good(outcome);
        let parts_at = indices
            .iter()
            .rposition(|&index| can_be_good[index as usize])?;
        let &wrong = run.get(parts_at)?;
        let fork = indices[parts_at];
        let way = self.way(
            fork,
            |index| can_be_good[index as usize],
            |index| self.is_good_end(index, outcome),
        )?;
        let harmless = self.harmless_after(fork, &way, wrong, &can_be_good);
        let mut good = run[..parts_at].to_vec();
        good.extend_from_slice(&way);
        Some(Explanation {
            witness: run,
            good,
            parts_at,
            harmless_after: harmless.map(|(steps, _)| parts_at + steps),
            only: harmless.is_some_and(|(_, index)| !self.can_be_bad(index, outcome)),
        })
    }

    /// The index of every state that a schedule passes, the start first; none if it cannot
    /// be played.
    fn indices(&self, schedule: &[Transition]) -> Option<Vec<u32>> {
        let mut index = 0;
        let mut indices = vec![index];
        for transition in schedule {
            let arrows = self.arrows(index);
            index = arrows.iter().find(|(taken, _)| taken == transition)?.1;
            indices.push(index);
        }
        Some(indices)
    }

    /// Whether a run that ends here ended well, as far as this outcome is concerned.
    fn is_good_end(&self, index: u32, outcome: Outcome) -> bool {
        self.marks[index as usize] & mark::FINISHED != 0 && !self.is_bad(index, outcome)
    }

    /// Whether this state shows the outcome. A run that ends with other faults lacks what a
    /// lockup is made of all the same: it ends.
    fn is_bad(&self, index: u32, outcome: Outcome) -> bool {
        let regions = self.regions.as_ref();
        match outcome {
            Outcome::Lockup | Outcome::Hang => regions.is_some_and(|it| it.is_doomed(index)),
            Outcome::Stall => regions.is_some_and(|it| it.is_stalled(index)),
            outcome => mark::shows(self.marks[index as usize], outcome),
        }
    }

    fn can_be_bad(&self, index: u32, outcome: Outcome) -> bool {
        let ahead = self.closure(&[index]);
        ahead.into_iter().any(|index| self.is_bad(index, outcome))
    }

    /// From which states a good end can be reached. A stall ends as well, and the way out of
    /// it is not a good one: it must not be entered.
    fn can_be_good(&self, outcome: Outcome) -> Vec<bool> {
        let all = 0..self.marks.len() as u32;
        if outcome == Outcome::Stall {
            let bad = |index| self.is_bad(index, outcome) || self.is_bad(index, Outcome::Lockup);
            return all.map(|index| !bad(index)).collect();
        }
        let is_good = |index| u8::from(self.is_good_end(index, outcome));
        let mut bits: Vec<u8> = all.clone().map(is_good).collect();
        self.graph().spread(&mut bits, 1, all);
        bits.into_iter().map(|bits| bits != 0).collect()
    }

    /// Which step of the good way is the first after which the wrong step cannot be taken as
    /// yet, or is not wrong any more; and the state after it.
    fn harmless_after(
        &self,
        fork: u32,
        way: &[Transition],
        wrong: Transition,
        can_be_good: &[bool],
    ) -> Option<(usize, u32)> {
        let mut index = fork;
        for (at, taken) in way.iter().enumerate() {
            let arrows = self.arrows(index);
            let &(_, next) = arrows.iter().find(|(transition, _)| transition == taken)?;
            index = next;
            let after = self.arrows(index);
            let again = after.iter().find(|&&(transition, _)| transition == wrong);
            if again.is_none_or(|&(_, end)| can_be_good[end as usize]) {
                return Some((at, index));
            }
        }
        None
    }
}
