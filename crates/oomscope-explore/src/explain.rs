//! Why an outcome comes about: its shortest witness next to the nearest good run, and the
//! step at which they part.
//!
//! The two share everything up to the last state from which a good end can still be reached;
//! no good run stays with the witness longer. There the witness takes the step that cannot
//! be made good. Along the good run the same step becomes harmless at some point: *it goes
//! wrong only if this step comes before that one*.

use oomscope_model::machine::TaskId;
use oomscope_model::transition::Transition;

use crate::explorer::{Explorer, mark};
use crate::regions::Reverse;
use crate::{Outcome, explorer};

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
}

impl Explanation {
    /// The task that takes the wrong step.
    pub fn culprit(&self) -> TaskId {
        self.witness[self.parts_at].0
    }
}

impl Explorer {
    /// Explains an outcome. `None`: it was not found, the exploration is not done, or there
    /// is no good run to hold against it: every run comes to this. A search with reductions
    /// does not know single runs, and explains nothing either.
    pub fn explain(&self, outcome: Outcome) -> Option<Explanation> {
        self.regions.as_ref().filter(|_| self.is_full())?;
        let witness = self.witness(outcome)?;
        let indices = self.indices(&witness);
        let can_be_good = self.can_be_good(outcome);
        let parts_at = indices
            .iter()
            .rposition(|&index| can_be_good[index as usize])?;
        if parts_at == witness.len() {
            return None;
        }
        let fork = indices[parts_at];
        let way = self.way(
            fork,
            |index| can_be_good[index as usize],
            |index| self.is_good_end(index, outcome),
        )?;
        let wrong = witness[parts_at];
        let harmless = self.harmless_after(fork, &way, wrong, &can_be_good);
        let mut good = witness[..parts_at].to_vec();
        good.extend_from_slice(&way);
        Some(Explanation {
            witness,
            good,
            parts_at,
            harmless_after: harmless.map(|steps| parts_at + steps),
        })
    }

    /// The index of every state that a schedule passes, the start first.
    fn indices(&self, schedule: &[Transition]) -> Vec<u32> {
        let mut index = 0;
        let mut indices = vec![index];
        for transition in schedule {
            let arrows = self.arrows(index);
            let Some(&(_, next)) = arrows.iter().find(|(taken, _)| taken == transition) else {
                break;
            };
            index = next;
            indices.push(index);
        }
        indices
    }

    /// Whether a run that ends here ended well, as far as this outcome is concerned.
    fn is_good_end(&self, index: u32, outcome: Outcome) -> bool {
        let marks = self.marks[index as usize];
        let sought = match outcome {
            // Its end may have other faults; that it ends is what a lockup lacks.
            Outcome::Lockup | Outcome::Hang | Outcome::Stall => false,
            outcome => explorer::shows(marks, outcome),
        };
        marks & mark::FINISHED != 0 && !sought
    }

    fn can_be_good(&self, outcome: Outcome) -> Vec<bool> {
        let ends = (0..self.marks.len() as u32).filter(|&index| self.is_good_end(index, outcome));
        let mut bits = vec![0u8; self.marks.len()];
        Reverse::new(self.marks.len(), &self.offsets, &self.targets).spread(
            &mut bits,
            ends.collect(),
            1,
        );
        bits.into_iter().map(|bits| bits != 0).collect()
    }

    /// Which step of the good way is the first after which the wrong step cannot be taken as
    /// yet, or is not wrong any more.
    fn harmless_after(
        &self,
        fork: u32,
        way: &[Transition],
        wrong: Transition,
        can_be_good: &[bool],
    ) -> Option<usize> {
        let mut index = fork;
        for (at, taken) in way.iter().enumerate() {
            let arrows = self.arrows(index);
            let &(_, next) = arrows.iter().find(|(transition, _)| transition == taken)?;
            index = next;
            let after = self.arrows(index);
            let again = after.iter().find(|&&(transition, _)| transition == wrong);
            if again.is_none_or(|&(_, end)| can_be_good[end as usize]) {
                return Some(at);
            }
        }
        None
    }
}
