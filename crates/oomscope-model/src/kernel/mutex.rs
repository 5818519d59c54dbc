//! `kernel/locking/mutex.c`, up to 4.9: one owner, a FIFO of waiters, no hand-off.
//!
//! **Models** mutex_lock, mutex_lock_killable, mutex_trylock, mutex_unlock, and `PG_locked`
//! with lock_page and unlock_page, whose waiters retry in the same way; facts:
//! locks-and-allocation.md 2.6, 3.4.
//! **Leaves out** spinning on a running owner and the hand-off of 4.10+: they change who
//! wins a race for a free mutex, and all winners are explored.
//! **Atomic because** the slow path works under `wait_lock` and unlocking is one store.

use crate::event::Observer;
use crate::kernel::lock;
use crate::machine::LockId;
use crate::state::State;
use crate::step::Cx;

/// Free means takeable, also past waiters: ownership is never granted in advance.
pub fn can_trylock(state: &State, lock: LockId) -> bool {
    state.is_free(lock)
}

/// Wakes the first waiter, which will try again.
pub(crate) fn released<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    if let Some((task, _)) = cx.state.queued(lock, 1) {
        lock::set_awake(cx, task, true);
    }
}
