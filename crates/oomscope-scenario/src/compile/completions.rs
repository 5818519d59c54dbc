//! Completions of a scenario: who waits for them and who ends them.

use oomscope_model::machine::CompletionId;

use crate::diagnostic::{Notes, did_you_mean};

/// The most completions one machine can hold: one bit each in the state.
pub(crate) const COMPLETIONS_MAX: usize = 16;

/// Who uses a completion, to find waits that nobody ends.
#[derive(Default)]
pub(crate) struct Completions {
    pub(crate) names: Vec<String>,
    /// First `wait_for` of each name, as an offset of the file.
    waited: Vec<Option<usize>>,
    completed: Vec<bool>,
}

impl Completions {
    /// The completion of this name, be it a new one.
    pub(super) fn id(
        &mut self,
        name: &str,
        at: usize,
        notes: &mut Notes<'_>,
    ) -> Option<CompletionId> {
        if let Some(index) = self.names.iter().position(|known| known == name) {
            return Some(CompletionId(index as u8));
        }
        if self.names.len() == COMPLETIONS_MAX {
            notes.error(
                at,
                format!("more than {COMPLETIONS_MAX} names to wait for"),
                None,
            );
            return None;
        }
        self.names.push(String::from(name));
        self.waited.push(None);
        self.completed.push(false);
        Some(CompletionId(self.names.len() as u8 - 1))
    }

    /// A line waits for it.
    pub(super) fn waits_for(&mut self, id: CompletionId, at: usize) {
        self.waited[id.0 as usize].get_or_insert(at);
    }

    /// A line completes it.
    pub(super) fn completes(&mut self, id: CompletionId) {
        self.completed[id.0 as usize] = true;
    }

    /// The completion of this name, for which something outside the programs waits.
    pub(crate) fn waits(
        &mut self,
        name: &str,
        at: usize,
        notes: &mut Notes<'_>,
    ) -> Option<CompletionId> {
        let id = self.id(name, at, notes)?;
        self.waits_for(id, at);
        Some(id)
    }

    /// The completion of this name, which something outside the programs completes.
    pub(crate) fn ends(
        &mut self,
        name: &str,
        at: usize,
        notes: &mut Notes<'_>,
    ) -> Option<CompletionId> {
        let id = self.id(name, at, notes)?;
        self.completes(id);
        Some(id)
    }

    /// Warns of every wait that nobody ends.
    pub(crate) fn check(&self, notes: &mut Notes<'_>) {
        for (index, name) in self.names.iter().enumerate() {
            if let (Some(at), false) = (self.waited[index], self.completed[index]) {
                let others = self.names.iter().enumerate();
                let completed = others.filter(|(other, _)| self.completed[*other]);
                let hint = did_you_mean(name, completed.map(|(_, name)| name.as_str()))
                    .unwrap_or_else(|| format!("add complete {name} to some program"));
                notes.warning(at, format!("nobody completes {name:?}"), Some(hint));
            }
        }
    }
}
