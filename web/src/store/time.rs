//! Moving through the run, and running ahead.

use std::rc::Rc;

use oomscope_model::transition::Move;

use super::tape::Tape;
use super::{Store, Track};

/// The most time that one tick may make up for: after a pause of the browser the machine
/// must not rush.
const CATCH_UP_MILLIS: f64 = 250.0;

/// How far a jump to something that is not known yet runs ahead.
const AHEAD_MAX: usize = 2_000;

/// Steps per second when the system asks for less motion.
const REDUCED_PER_SECOND: f64 = 2.0;

impl Store {
    pub(crate) fn play(&mut self) {
        if self.cursor == self.track.len && !self.can_advance() && self.cursor > 0 {
            self.go(0);
        }
        self.pending = 0.0;
        self.playing = true;
    }

    pub(crate) fn tick(&mut self, millis: f64) {
        if !self.playing {
            return;
        }
        let mut rate = self.speed.per_second();
        if self.reduced_motion {
            rate = rate.min(REDUCED_PER_SECOND);
        }
        self.pending += millis.clamp(0.0, CATCH_UP_MILLIS) * rate / 1000.0;
        let steps = self.pending as usize;
        self.pending -= steps as f64;
        for _ in 0..steps {
            if !self.advance() {
                self.playing = false;
                break;
            }
        }
        if steps > 0 {
            self.look();
        }
    }

    pub(crate) fn forward(&mut self) {
        self.advance();
        self.look();
    }

    pub(crate) fn back(&mut self) {
        self.go(self.cursor.saturating_sub(1));
    }

    /// One step on, along the run or ahead of it. The caller looks afterwards.
    pub(crate) fn advance(&mut self) -> bool {
        if self.cursor == self.track.len {
            let Some(next) = self.next_of_walk() else {
                return false;
            };
            if !self.track.push(next) {
                return false;
            }
        }
        self.cursor += 1;
        self.touched = true;
        true
    }

    /// Whether anything could move at the end of the run.
    pub(crate) fn can_advance(&self) -> bool {
        self.cursor < self.track.len || self.next_of_walk().is_some()
    }

    fn next_of_walk(&self) -> Option<Move> {
        let tape = self.track.tape.borrow();
        let history = tape.replay.moves().get(..self.track.len)?;
        let next = if tape.len() == self.track.len {
            self.track
                .walk
                .next(tape.replay.tip_machine(), tape.replay.tip(), history)
        } else {
            let (machine, state) = tape.replay.at(self.track.len);
            self.track.walk.next(&machine, &state, history)
        };
        next.map(Move::Step)
    }

    /// Runs ahead until `found` says so or nothing moves any more; the cursor ends there.
    fn ahead(&mut self, found: impl Fn(&Store) -> bool) -> bool {
        for _ in 0..AHEAD_MAX {
            if !self.advance() {
                break;
            }
            if found(self) {
                self.look();
                return true;
            }
        }
        self.look();
        false
    }

    pub(crate) fn next_interesting(&mut self) {
        self.ahead(|store| {
            store
                .track
                .shown
                .interesting
                .binary_search(&store.cursor)
                .is_ok()
        });
    }

    pub(crate) fn prev_interesting(&mut self) {
        let known = &self.track.shown.interesting;
        let before = known.partition_point(|&step| step < self.cursor);
        let to = before.checked_sub(1).and_then(|at| known.get(at).copied());
        self.go(to.unwrap_or(0));
    }

    pub(crate) fn next_marker(&mut self) {
        let cursor = self.cursor;
        let later = self.track.shown.markers.iter().map(|marker| marker.step);
        if let Some(step) = later.filter(|&step| step > cursor).min() {
            return self.go(step);
        }
        self.cursor = self.track.len;
        let at_marker = |store: &Store| {
            let mut markers = store.track.shown.markers.iter();
            markers.any(|marker| marker.step == store.cursor)
        };
        if !self.ahead(at_marker) && self.cursor == cursor {
            self.complain("This run has no further named moment");
        }
    }

    pub(crate) fn prev_marker(&mut self) {
        let earlier = self.track.shown.markers.iter().map(|marker| marker.step);
        let to = earlier.filter(|&step| step < self.cursor).max();
        self.go(to.unwrap_or(0));
    }

    pub(crate) fn end(&mut self) {
        if self.cursor < self.track.len {
            self.go(self.track.len);
        } else {
            self.ahead(|_| false);
        }
    }

    pub(crate) fn restart(&mut self, new_seed: bool) {
        self.playing = false;
        if new_seed {
            self.remember();
            let walk = Rc::make_mut(&mut self.track.walk);
            // These constants visit every seed before one comes back.
            walk.seed = walk
                .seed
                .wrapping_mul(0x0019_660D)
                .wrapping_add(0x3C6E_F35F);
            self.cursor = 0;
            self.track.cut(0);
            self.touched = true;
            self.look();
        } else {
            self.go(0);
        }
    }
}

impl Track {
    /// Appends a move to the run; false if the machine refuses it.
    pub(crate) fn push(&mut self, entry: Move) -> bool {
        // Somebody else may have gone on from here: then this run gets a tape of its own.
        let shared_further = self.tape.borrow().len() != self.len;
        if shared_further {
            let own: Tape = self.tape.borrow().up_to(self.len);
            self.tape = Rc::new(std::cell::RefCell::new(own));
        }
        let mut tape = self.tape.borrow_mut();
        let Ok(events) = tape.push(entry) else {
            return false;
        };
        self.len += 1;
        let shown = Rc::make_mut(&mut self.shown);
        let after = (
            tape.replay.tip_machine(),
            tape.replay.tip(),
            events.as_slice(),
        );
        shown.push(&self.scenario, self.len, entry, after);
        if self.known.would_inherit(self.len, entry) {
            Rc::make_mut(&mut self.known).inherit(self.len);
        }
        true
    }

    /// Cuts the run after a step.
    pub(crate) fn cut(&mut self, step: usize) {
        if step < self.len {
            self.len = step;
            Rc::make_mut(&mut self.shown).truncate(step);
            Rc::make_mut(&mut self.known).truncate(step);
        }
    }
}
