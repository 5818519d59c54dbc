//! `kernel/locking/rwsem-xadd.c`, 3.19 to 5.2: a fair queue of readers and writers.
//!
//! **Models** down_read (R1 to R3), down_read_trylock, down_write (W1 to W5),
//! down_write_killable's way out (K1 to K4) with and without bug B1, down_read_killable's,
//! up_read, up_write, downgrade_write, rwsem_wake; facts: locks-and-allocation.md 2.1, 2.2.
//! Readers are *granted* by the waker, writers only *woken*.
//! **Leaves out** optimistic spinning on a running owner (a writer that arrives while the
//! lock is free takes it here too, which is the same steal); that a spinning writer can
//! still steal a lock whose bias B1 leaked, and that the waker of such a lock spins in
//! `__rwsem_do_wake` instead of going on.
//! **Atomic because** each is one section under `wait_lock`, or one atomic add whose
//! undo nobody can tell from never having added.

use crate::event::{Event, Observer};
use crate::kernel::XaddBail;
use crate::kernel::lock::{self, has_writer, is_free};
use crate::machine::{LockId, Mode};
use crate::state::State;
use crate::step::Cx;

/// R1, or W1 and the steal of W3 and W5: a reader needs a count that is not negative, that
/// is no writer *and an empty queue*; a writer only a lock that nobody holds. The read
/// trylock follows the reader's rule: a queued writer makes it fail although only readers
/// hold the lock. The write trylock of x86 follows the writer's.
pub fn can_lock(state: &State, lock: LockId, mode: Mode) -> bool {
    let leaked = state.lock_bit(lock);
    !leaked
        && match mode {
            Mode::Read => !has_writer(state, lock) && state.queue_len(lock) == 0,
            Mode::Write => is_free(state, lock),
        }
}

/// W5: an awake writer takes a free lock from any place in the queue. Readers never take:
/// they are granted.
pub fn can_take_from_queue(state: &State, lock: LockId, mode: Mode) -> bool {
    mode == Mode::Write && is_free(state, lock) && !state.lock_bit(lock)
}

/// Whom [`wake`] may wake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WakeKind {
    Any,
    Readers,
}

/// Wakes the writer at the head, or grants all consecutive readers there. A count that is
/// too low by a leaked bias looks as if a writer had stolen the lock: nobody is granted.
fn wake<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, kind: WakeKind) {
    match cx.state.queued(lock, 1) {
        None => {}
        Some((task, Mode::Write)) if kind == WakeKind::Any => lock::set_awake(cx, task, true),
        Some((_, Mode::Write)) => {}
        Some((_, Mode::Read)) if has_writer(cx.state, lock) || cx.state.lock_bit(lock) => {}
        Some((_, Mode::Read)) => lock::grant_leading_readers(cx, lock),
    }
}

/// R2 and W4: what the new waiter itself wakes.
pub(crate) fn queued<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    match mode {
        Mode::Read if is_free(cx.state, lock) => wake(cx, lock, WakeKind::Any),
        Mode::Read => {}
        Mode::Write => wake(cx, lock, WakeKind::Readers),
    }
}

/// `up_read`: the last reader wakes the head. `up_write`: always.
pub(crate) fn released<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    if mode == Mode::Write || is_free(cx.state, lock) {
        wake(cx, lock, WakeKind::Any);
    }
}

/// `downgrade_write`: the readers at the head join.
pub(crate) fn downgraded<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    wake(cx, lock, WakeKind::Readers);
}

/// K3: the killed writer has left. It drops the waiting bias if it was the last waiter,
/// and whoever stood behind it gets a chance; unless this is the version that forgot both
/// (B1). A killed reader wakes nobody: somebody in front of it will.
pub(crate) fn waiter_left<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    if mode == Mode::Read {
        return;
    }
    match cx.machine.kernel.xadd_bail {
        XaddBail::WakesFollowers => wake(cx, lock, WakeKind::Any),
        XaddBail::Forgets if cx.state.queue_len(lock) == 0 => {
            cx.state.set_lock_bit(lock, true);
            cx.emit(Event::BiasLeaked { lock });
        }
        XaddBail::Forgets => {}
    }
}

/// A person mended the lock's code: waiters that the old one forgot get their turn.
pub(crate) fn reconsider<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    let kind = if is_free(cx.state, lock) {
        WakeKind::Any
    } else {
        WakeKind::Readers
    };
    wake(cx, lock, kind);
}
