//! `kernel/rcu/srcutree.c`, and whatever else is a count that somebody waits out.
//!
//! **Models** srcu_read_lock, srcu_read_unlock and synchronize_srcu of the one domain that
//! all mmu notifiers share, and in the same shape a notifier's own count: whoever is
//! inside holds it for reading and never waits; whoever waits for zero stands in the queue,
//! goes on when the last reader leaves, and holds nothing; facts: oom.md 7.1.
//! **Leaves out** that synchronize_srcu waits only for the sections that began before it:
//! the one reader here is the `oom_reaper` thread, which is never in two.
//! **Atomic because** entering and leaving are one increment and one decrement.

use crate::event::{Event, Observer};
use crate::kernel::lock;
use crate::machine::{LockClass, LockId, Machine, Mode};
use crate::state::{Pc, Run, State};
use crate::step::{Cx, Next};

/// The domain of the mmu notifiers, in machines that have any.
pub fn domain(machine: &Machine) -> Option<LockId> {
    let found = machine
        .locks
        .iter()
        .position(|lock| lock.class == LockClass::Srcu);
    found.map(|index| LockId(index as u8))
}

/// Whether nobody is inside, so that a waiter would not wait.
pub fn is_quiet(state: &State, lock: LockId) -> bool {
    state.is_free(lock)
}

/// Enters a section.
pub(crate) fn read_lock<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    if cx.state.task(cx.me).held.mode(lock).is_none() {
        lock::take(cx, lock, Mode::Read);
    }
}

/// Waits until everybody is out; `None` if nobody is inside.
pub(crate) fn synchronize<O: Observer>(cx: &Cx<'_, O>, lock: LockId, pc: Pc) -> Option<Next> {
    (!is_quiet(cx.state, lock)).then_some(Next::Queue(lock, Mode::Write, pc))
}

/// A reader has left: after the last one everybody who waited goes on.
pub(crate) fn released<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    if !is_quiet(cx.state, lock) {
        return;
    }
    while let Some((task, _)) = cx.state.queued(lock, 1) {
        let Run::Queued { pc, .. } = cx.state.task(task).run else {
            return;
        };
        cx.state.close_gap(lock, 1);
        cx.state.task_mut(task).run = Run::Ready(pc);
        cx.emit(Event::WaitedOut { task, lock });
        if pc == Pc::LineDone {
            cx.finish_line_of(task);
        }
    }
}
