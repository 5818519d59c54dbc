//! What the worker has found out about the steps of this run.

use std::collections::BTreeMap;
use std::rc::Rc;

use oomscope_explore::Class;
use oomscope_model::patches::PatchId;
use oomscope_model::transition::Move;

use super::why::Pair;
use crate::protocol::{Effect, Survey};

/// By step. It is true of the run up to that step, whatever comes after.
#[derive(Clone, Default)]
pub(crate) struct Known {
    classes: Vec<Option<Class>>,
    surveys: BTreeMap<usize, Surveyed>,
    flips: BTreeMap<usize, BTreeMap<PatchId, Effect>>,
}

/// What can become of a step, and what decides that; the inner nothing is an answer too.
#[derive(Clone)]
struct Surveyed {
    survey: Survey,
    why: Option<Option<Rc<Pair>>>,
}

/// The digit of the protocol.
pub(crate) fn class_of(digit: u8) -> Option<Class> {
    match digit {
        0 => Some(Class::Free),
        1 => Some(Class::AtRisk),
        2 => Some(Class::Doomed),
        _ => None,
    }
}

impl Known {
    pub(crate) fn class(&self, step: usize) -> Option<Class> {
        self.classes.get(step).copied().flatten()
    }

    pub(crate) fn survey(&self, step: usize) -> Option<&Survey> {
        self.surveys.get(&step).map(|known| &known.survey)
    }

    pub(crate) fn flip(&self, step: usize, patch: PatchId) -> Option<&Effect> {
        self.flips.get(&step)?.get(&patch)
    }

    pub(crate) fn set_class(&mut self, step: usize, class: Option<Class>) {
        if self.classes.len() <= step {
            self.classes.resize(step + 1, None);
        }
        if let (Some(place), Some(_)) = (self.classes.get_mut(step), class) {
            *place = class;
        }
    }

    pub(crate) fn set_survey(&mut self, step: usize, survey: Survey) {
        self.set_class(step, class_of(survey.class));
        self.surveys.insert(step, Surveyed { survey, why: None });
    }

    pub(crate) fn set_flip(&mut self, step: usize, patch: PatchId, effect: Effect) {
        self.flips.entry(step).or_default().insert(patch, effect);
    }

    /// Which step decides.
    pub(crate) fn why(&self, step: usize) -> Option<Option<&Rc<Pair>>> {
        let known = self.surveys.get(&step)?;
        known.why.as_ref().map(Option::as_ref)
    }

    pub(crate) fn set_why(&mut self, step: usize, why: Option<Rc<Pair>>) {
        if let Some(known) = self.surveys.get_mut(&step) {
            known.why = Some(why);
        }
    }

    /// Whether a step that the machine makes by itself leaves the class as it is: nothing
    /// leads out of a doomed state, and nothing bad is reachable from a free one.
    pub(crate) fn would_inherit(&self, step: usize, entry: Move) -> bool {
        let settled = matches!(
            step.checked_sub(1).and_then(|before| self.class(before)),
            Some(Class::Free | Class::Doomed)
        );
        settled && matches!(entry, Move::Step(_))
    }

    pub(crate) fn inherit(&mut self, step: usize) {
        let before = step.checked_sub(1).and_then(|before| self.class(before));
        self.set_class(step, before);
    }

    pub(crate) fn truncate(&mut self, step: usize) {
        self.classes.truncate(step + 1);
        self.surveys.split_off(&(step + 1));
        self.flips.split_off(&(step + 1));
    }

    /// The first of the doomed steps that lead without a gap to this one.
    pub(crate) fn no_return(&self, step: usize) -> Option<usize> {
        let doomed = |step: &usize| self.class(*step) == Some(Class::Doomed);
        (0..=step).rev().take_while(doomed).last()
    }

    /// Every step of the run that is doomed while the one before it was not.
    pub(crate) fn doors(&self, len: usize) -> Vec<usize> {
        let doomed = |step: usize| self.class(step) == Some(Class::Doomed);
        let end = self.classes.len().min(len + 1);
        (0..end)
            .filter(|&step| doomed(step) && (step == 0 || !doomed(step - 1)))
            .collect()
    }

    /// The last doomed step up to this one.
    pub(crate) fn last_doomed(&self, step: usize) -> Option<usize> {
        (0..=step)
            .rev()
            .find(|&step| self.class(step) == Some(Class::Doomed))
    }
}
