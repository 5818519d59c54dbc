//! `kernel/locking/rwsem-xadd.c`, 3.19 to 5.2: a fair queue of readers and writers.
//!
//! **Models** down_read (R1 to R3), down_read_trylock, down_write (W1 to W5),
//! down_write_killable's way out (K1 to K4), up_read, up_write, rwsem_wake; facts:
//! locks-and-allocation.md 2.1. Readers are *granted* by the waker, writers only *woken*.
//! **Leaves out** optimistic spinning on a running owner (a writer that arrives while the
//! lock is free takes it here too, which is the same steal), downgrade_write.
//! **Atomic because** each is one section under `wait_lock`, or one atomic add whose
//! undo nobody can tell from never having added.

use crate::event::Observer;
use crate::kernel::lock;
use crate::machine::{LockId, Mode};
use crate::state::{Run, State};
use crate::step::Cx;

/// `down_read_trylock` succeeds only with no writer *and an empty queue*: a queued writer
/// makes it fail although only readers hold the lock. `down_write_trylock` needs the lock
/// free (x86).
pub fn can_trylock(state: &State, lock: LockId, mode: Mode) -> bool {
    can_lock(state, lock, mode)
}

/// R1, or W1 and the steal of W3 and W5: a reader needs an empty queue, a writer only a
/// lock that nobody holds.
pub fn can_lock(state: &State, lock: LockId, mode: Mode) -> bool {
    match mode {
        Mode::Read => !has_writer(state, lock) && state.queue_len(lock) == 0,
        Mode::Write => state.holders(lock).next().is_none(),
    }
}

/// W5: an awake writer takes a free lock from any place in the queue. Readers never take:
/// they are granted.
pub fn can_take_from_queue(state: &State, lock: LockId, mode: Mode) -> bool {
    mode == Mode::Write && state.holders(lock).next().is_none()
}

fn has_writer(state: &State, lock: LockId) -> bool {
    state.holders(lock).any(|(_, mode)| mode == Mode::Write)
}

/// Whom [`wake`] may wake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WakeKind {
    Any,
    Readers,
}

/// Wakes the writer at the head, or grants all consecutive readers there.
fn wake<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, kind: WakeKind) {
    match cx.state.queued(lock, 1) {
        None => {}
        Some((task, Mode::Write)) if kind == WakeKind::Any => lock::set_awake(cx, task, true),
        Some((_, Mode::Write)) => {}
        Some((_, Mode::Read)) if has_writer(cx.state, lock) => {}
        Some((_, Mode::Read)) => {
            while let Some((task, Mode::Read)) = cx.state.queued(lock, 1) {
                let Run::Queued { pc, .. } = cx.state.task(task).run else {
                    return;
                };
                cx.state.task_mut(task).run = Run::Idle;
                lock::unlink(cx.state, lock, 1);
                lock::grant(cx, task, lock, Mode::Read, pc);
            }
        }
    }
}

/// R2 and W4: what the new waiter itself wakes.
pub(crate) fn queued<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    let nobody = cx.state.holders(lock).next().is_none();
    match mode {
        Mode::Read if nobody => wake(cx, lock, WakeKind::Any),
        Mode::Read => {}
        Mode::Write => wake(cx, lock, WakeKind::Readers),
    }
}

/// `up_read`: the last reader wakes the head. `up_write`: always.
pub(crate) fn released<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    if mode == Mode::Write || cx.state.holders(lock).next().is_none() {
        wake(cx, lock, WakeKind::Any);
    }
}

/// K3: the killed writer has left; whoever stood behind it gets a chance.
pub(crate) fn writer_left<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    wake(cx, lock, WakeKind::Any);
}
