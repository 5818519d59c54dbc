//! `kernel/locking/rwsem.c`, 5.3 to 6.1: one implementation for all architectures.
//!
//! **Models** down_read, down_read_trylock, down_write, their killable forms, up_read,
//! up_write, downgrade_write, rwsem_mark_wake with its phase-fair wake of all readers, the
//! HANDOFF bit, and lock stealing by readers (5.11+); facts: locks-and-allocation.md 2.4.
//! **Leaves out** spinning on a running owner; the 4 ms that a woken head must have waited
//! before it asks for the hand-off (in these stories it has); the limit of 256 readers a
//! wake (no cast has so many tasks); RT tasks. Whether a killed head hands on (B4, fixed in
//! 5.16 and 5.19) matters only if a steal comes between a release and its wake, and that is
//! one step here, as it is in the documents: nobody who could have the lock is ever left
//! asleep, and a test holds what can happen with the fix and without it against each other
//! (`rwsem_bail.rs` in the explorer's tests).
//!
//! No scenario shows a stealing reader (5.11) alone: it stands before a waiting writer, just
//! as if that writer had come to the lock a little later, and nothing orders the two. What
//! tells them apart is a SIGKILL that hits the writer in the queue before the reader comes,
//! as a killed task does not begin another line here; in the kernel it may be on its way to
//! `down_write` already.
//!
//! **Atomic because** the queue changes under `wait_lock` and the count in one atomic
//! operation.

use crate::event::{Event, Observer};
use crate::kernel::lock::{self, has_writer, is_free};
use crate::kernel::{ReaderBail, ReaderSteal};
use crate::machine::{LockId, Machine, Mode};
use crate::state::State;
use crate::step::Cx;

/// The fast path and both trylocks: nobody in the way *and nobody waiting*.
pub fn can_trylock(state: &State, lock: LockId, mode: Mode) -> bool {
    let in_the_way = match mode {
        Mode::Read => has_writer(state, lock),
        Mode::Write => !is_free(state, lock),
    };
    !in_the_way && state.queue_len(lock) == 0 && !state.lock_bit(lock)
}

/// A writer that spins steals a free lock past its waiters unless the head has asked for
/// the hand-off; from 5.11 on a reader does so too, but never joins other readers past a
/// waiter.
pub fn can_lock(machine: &Machine, state: &State, lock: LockId, mode: Mode) -> bool {
    let steals = mode == Mode::Write || machine.kernel.reader_steal == ReaderSteal::FreeLock;
    can_trylock(state, lock, mode) || steals && is_free(state, lock) && !state.lock_bit(lock)
}

/// An awake writer takes a free lock from any place in the queue; after a hand-off only
/// the head does.
pub fn can_take_from_queue(state: &State, lock: LockId, mode: Mode, rank: u8) -> bool {
    mode == Mode::Write && is_free(state, lock) && (rank == 1 || !state.lock_bit(lock))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WakeKind {
    Any,
    Readers,
}

/// `rwsem_mark_wake`: wakes the writer at the head; or, if a reader stands there, grants
/// *all* readers of the queue, past the writers between them. That also ends a hand-off.
fn wake<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, kind: WakeKind) {
    match cx.state.queued(lock, 1) {
        None => {}
        Some((task, Mode::Write)) if kind == WakeKind::Any => lock::set_awake(cx, task, true),
        Some((_, Mode::Write)) => {}
        Some((_, Mode::Read)) if has_writer(cx.state, lock) => {}
        Some((_, Mode::Read)) => {
            let mut place = 1;
            while let Some((_, mode)) = cx.state.queued(lock, place) {
                match mode {
                    Mode::Read => lock::grant_reader(cx, lock, place),
                    Mode::Write => place += 1,
                }
            }
            cx.state.set_lock_bit(lock, false);
        }
    }
}

/// What the new waiter itself wakes.
pub(crate) fn queued<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    let first = cx.state.queue_len(lock) == 1;
    match mode {
        Mode::Write if first => {}
        _ if is_free(cx.state, lock) => wake(cx, lock, WakeKind::Any),
        Mode::Write => wake(cx, lock, WakeKind::Readers),
        Mode::Read => {}
    }
}

/// The head was woken, finds the lock taken again, and asks for the hand-off: from now on
/// nobody steals.
pub(crate) fn still_taken<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode, rank: u8) {
    if mode == Mode::Write && rank == 1 && !cx.state.lock_bit(lock) {
        cx.state.set_lock_bit(lock, true);
        cx.emit(Event::HandoffSet { task: cx.me, lock });
    }
}

/// A writer that has taken the lock from the queue ends the hand-off.
pub(crate) fn taken_from_queue<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    cx.state.set_lock_bit(lock, false);
}

/// `up_read` of the last reader and `up_write`.
pub(crate) fn released<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    if is_free(cx.state, lock) {
        wake(cx, lock, WakeKind::Any);
    }
}

/// `downgrade_write`: readers join if one stands at the head.
pub(crate) fn downgraded<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    wake(cx, lock, WakeKind::Readers);
}

/// `out_nolock`: the killed waiter has left. A head takes its hand-off along, or leaves it to
/// the next one; a writer wakes who is behind it, and so does a head that was a reader (B4).
pub(crate) fn waiter_left<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode, rank: u8) {
    let hands_on = cx.machine.kernel.reader_bail == ReaderBail::WakesNext;
    if rank == 1 && !hands_on || cx.state.queue_len(lock) == 0 {
        cx.state.set_lock_bit(lock, false);
    }
    if mode == Mode::Write || hands_on && rank == 1 {
        wake(cx, lock, WakeKind::Any);
    }
}

/// A person changed the lock's code: waiters that the old one forgot get their turn.
pub(crate) fn reconsider<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    wake(cx, lock, WakeKind::Any);
}
