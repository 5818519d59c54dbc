//! `kernel/locking/rwsem-spinlock.c`, 3.19 to 5.1, `CONFIG_RWSEM_GENERIC_SPINLOCK`: the
//! rwsem of architectures without an atomic add to build one on (sparc32 in the RFC).
//!
//! **Models** __down_read, __down_write_common, their killable forms with bugs B2 and B3,
//! __up_read, __up_write, __downgrade_write, __rwsem_do_wake, __rwsem_wake_one_writer;
//! facts: locks-and-allocation.md 2.2, 2.3.
//! **Leaves out** what the count does after B3 has let two owners in: that the lock no
//! longer excludes is recorded, and the owners go on.
//! **Atomic because** everything happens under `wait_lock`.

use crate::event::{Event, Observer};
use crate::kernel::SpinlockBail;
use crate::kernel::lock::{self, has_writer, is_free};
use crate::machine::{LockId, Mode};
use crate::state::{State, StateFlags};
use crate::step::Cx;

/// A reader needs a count that is not negative and an empty queue; a writer a count of
/// zero, with or without waiters. Trylocks follow the same rules.
pub fn can_lock(state: &State, lock: LockId, mode: Mode) -> bool {
    match mode {
        Mode::Read => !has_writer(state, lock) && state.queue_len(lock) == 0,
        Mode::Write => is_free(state, lock),
    }
}

/// An awake writer takes a free lock from any place in the queue; a reader that was woken
/// without a grant finds none and sleeps again.
pub fn can_take_from_queue(state: &State, lock: LockId, mode: Mode) -> bool {
    mode == Mode::Write && is_free(state, lock)
}

/// `__rwsem_do_wake`: wakes the writer at the head if it may, or grants all consecutive
/// readers there. It does not look at the count.
fn do_wake<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, wake_writer: WakeWriter) {
    match cx.state.queued(lock, 1) {
        None => {}
        Some((task, Mode::Write)) if wake_writer == WakeWriter::Yes => {
            lock::set_awake(cx, task, true);
        }
        Some((_, Mode::Write)) => {}
        Some((_, Mode::Read)) => {
            if has_writer(cx.state, lock) {
                cx.state.flags.0 |= StateFlags::CORRUPT;
                cx.emit(Event::TwoOwners { lock });
            }
            lock::grant_leading_readers(cx, lock);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WakeWriter {
    Yes,
    No,
}

/// `__up_read`: the last reader wakes the head, *whoever that is*, without granting.
/// `__up_write`: wakes the writer at the head or grants the readers there.
pub(crate) fn released<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    match mode {
        Mode::Write => do_wake(cx, lock, WakeWriter::Yes),
        Mode::Read if is_free(cx.state, lock) => {
            if let Some((task, _)) = cx.state.queued(lock, 1) {
                lock::set_awake(cx, task, true);
            }
        }
        Mode::Read => {}
    }
}

/// `__downgrade_write`.
pub(crate) fn downgraded<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    do_wake(cx, lock, WakeWriter::No);
}

/// The killed writer has left. Readers behind it stand at the head now; only a release by
/// a writer would grant them (B2). A killed reader wakes nobody: there is necessarily a
/// writer in front.
pub(crate) fn waiter_left<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    if mode == Mode::Read {
        return;
    }
    match cx.machine.kernel.spinlock_bail {
        SpinlockBail::Forgets => {}
        SpinlockBail::WakesFollowers => do_wake(cx, lock, WakeWriter::Yes),
        SpinlockBail::WakesReadersIfReadHeld if has_writer(cx.state, lock) => {}
        SpinlockBail::WakesReadersIfReadHeld => do_wake(cx, lock, WakeWriter::No),
    }
}

/// A person mended the lock's code: waiters that the old one forgot get their turn.
pub(crate) fn reconsider<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    if cx.machine.kernel.spinlock_bail != SpinlockBail::Forgets && !has_writer(cx.state, lock) {
        do_wake(cx, lock, WakeWriter::Yes);
    }
}
