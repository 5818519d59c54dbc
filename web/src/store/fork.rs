//! Cutting the run: switches, choices, other rules, and taking it back.

use std::rc::Rc;

use oomscope_model::machine::{TaskId, Timing};
use oomscope_model::patches::PatchId;
use oomscope_model::transition::{Act, Move, Transition};

use super::{Store, Track, UNDO_MAX};

impl Store {
    /// Keeps the run as it is, for Undo.
    pub(crate) fn remember(&mut self) {
        let undo = Rc::make_mut(&mut self.undo);
        undo.push((self.track.clone(), self.cursor));
        if undo.len() > UNDO_MAX {
            undo.remove(0);
        }
    }

    pub(crate) fn undo(&mut self) {
        if let Some((track, cursor)) = Rc::make_mut(&mut self.undo).pop() {
            self.track = track;
            self.cursor = cursor;
            self.playing = false;
            self.touched = true;
            self.look();
        }
    }

    /// Flips a patch, and whatever must move with it, as acts of the run.
    pub(crate) fn switch(&mut self, patch: PatchId, on: bool) {
        let changes = self.here.machine.patches.switch(patch, on);
        if changes.is_empty() {
            return;
        }
        self.remember();
        self.track.cut(self.cursor);
        for (patch, on) in changes {
            if !self.track.push(Move::Act(Act::Switch { patch, on })) {
                self.undo();
                self.complain(format!("{} cannot be switched here", patch.get().title));
                return;
            }
            self.cursor += 1;
        }
        self.touched = true;
        self.look();
    }

    /// You are the scheduler.
    pub(crate) fn choose(&mut self, task: TaskId) {
        self.playing = false;
        let next = Move::Step(Transition(task));
        let tape = self.track.tape.borrow();
        let as_recorded =
            self.cursor < self.track.len && tape.replay.moves().get(self.cursor) == Some(&next);
        drop(tape);
        if as_recorded {
            return self.forward();
        }
        if !self.choices().contains(&task) {
            let actor = self.here.machine.tasks.get(task.0 as usize);
            let name = actor.map_or("That task", |actor| actor.name.as_str());
            return self.complain(format!("{name} cannot move now"));
        }
        self.remember();
        self.track.cut(self.cursor);
        if self.track.push(next) {
            self.cursor += 1;
        }
        self.touched = true;
        self.look();
    }

    /// Other rules: the run is replayed under them, as far as they allow.
    pub(crate) fn set_timing(&mut self, timing: Timing) {
        if self.track.rules.timing == timing {
            return;
        }
        self.remember();
        let moves: Vec<Move> = self.moves();
        let mut track = Track::new(
            Rc::clone(&self.track.scenario),
            Rc::clone(&self.track.origin),
            self.track.version,
            self.track.patches,
            oomscope_model::machine::Rules {
                timing,
                ..self.track.rules
            },
        );
        track.walk = Rc::clone(&self.track.walk);
        let whole = moves.iter().all(|&entry| track.push(entry));
        self.track = track;
        self.touched = true;
        self.go(self.cursor);
        if !whole {
            let step = self.track.len;
            self.complain(format!(
                "Under these rules the run is possible up to step {step} only; what came after was cut"
            ));
        }
    }
}
