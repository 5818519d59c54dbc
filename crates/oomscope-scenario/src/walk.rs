//! Chooses the next step of a run that nobody steers: first the scenario's lead, then a
//! seed. The same seed and the same history always choose the same step.

use oomscope_model::machine::{Machine, TASKS_MAX};
use oomscope_model::state::State;
use oomscope_model::step::enabled;
use oomscope_model::transition::{Move, Transition};

use crate::scenario::Scenario;

/// How many moves back a walk looks to see who has waited long.
const MEMORY: usize = 256;

/// A task that could move and has not for so many times the number of rivals goes next.
const PATIENCE: usize = 16;

/// A policy that chooses steps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Walk {
    /// Which of the possible runs.
    pub seed: u32,
    /// How the run begins.
    pub lead: Vec<Transition>,
}

impl Walk {
    /// The walk that a scenario asks for.
    pub fn of(scenario: &Scenario) -> Walk {
        let lead = scenario
            .lead
            .as_ref()
            .map_or(Vec::new(), |lead| lead.steps.clone());
        Walk {
            seed: scenario.seed,
            lead,
        }
    }

    /// The next step after a history, in the state that the history led to. `None` if
    /// nothing can move. Acts in the history do not count; once its steps differ from the
    /// lead, or a step of the lead is not possible, the seed decides for good.
    pub fn next(&self, machine: &Machine, state: &State, history: &[Move]) -> Option<Transition> {
        let possible: Vec<Transition> = enabled(machine, state).collect();
        if let Some(next) = self.lead_next(history)
            && possible.contains(&next)
        {
            return Some(next);
        }
        match possible.as_slice() {
            [] => None,
            [only] => Some(*only),
            _ => Some(self.choose(&possible, history)),
        }
    }

    fn lead_next(&self, history: &[Move]) -> Option<Transition> {
        let mut lead = self.lead.iter();
        for entry in history {
            match entry {
                Move::Act(_) => {}
                Move::Step(made) => {
                    if lead.next()? != made {
                        return None;
                    }
                }
            }
        }
        lead.next().copied()
    }

    fn choose(&self, possible: &[Transition], history: &[Move]) -> Transition {
        let mut ages = [MEMORY; TASKS_MAX];
        let recent = history.iter().rev().take(MEMORY).enumerate();
        for (age, entry) in recent {
            if let Move::Step(Transition(task)) = entry
                && let Some(known) = ages.get_mut(task.0 as usize)
            {
                *known = (*known).min(age);
            }
        }
        let age = |transition: &Transition| ages[transition.0.0 as usize].min(history.len());
        let patience = PATIENCE * possible.len();
        if let Some(starved) = possible
            .iter()
            .copied()
            .filter(|t| age(t) >= patience)
            .max_by_key(age)
        {
            return starved;
        }
        // Who has waited longer is likelier, so that runs mix well.
        let weight = |transition: &Transition| age(transition) as u64 + 2;
        let total: u64 = possible.iter().map(weight).sum();
        let mut ticket = mix(u64::from(self.seed) << 32 ^ history.len() as u64) % total;
        for transition in possible {
            let weight = weight(transition);
            if ticket < weight {
                return *transition;
            }
            ticket -= weight;
        }
        possible[0]
    }
}

/// SplitMix64: a number that looks random from one that does not.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}
