//! One door for every lock: `acquire`, `release`, `retry`, and what a queue is.
//!
//! **Models** nothing of its own: it sends rwsems to [`super::rwsem`] and everything that
//! has one owner to [`super::mutex`], and keeps the queue that both use.
//! **Leaves out** lockdep, spinning on a running owner and priority inheritance: they
//! change who gets a lock first, and every order that a queue allows is explored anyway.
//! **Atomic because** the kernel does each of these under the lock's own `wait_lock`.

use crate::event::{Event, Observer};
use crate::kernel::{SiteWait, mutex, rwsem};
use crate::machine::{LockClass, LockId, Machine, Mode, OOM_LOCK, Op, TaskId, Wait};
use crate::state::{Pc, Run, State, TaskFlags};
use crate::step::{Cx, Next};

/// Which set of queue rules a lock follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueRules {
    /// Readers and writers, fair.
    Rwsem,
    /// One owner.
    Mutex,
}

/// The queue rules of a lock.
pub fn rules(machine: &Machine, lock: LockId) -> QueueRules {
    match machine.locks[lock.0 as usize].class {
        LockClass::MmapSem(_) | LockClass::Rwsem => QueueRules::Rwsem,
        LockClass::OomLock | LockClass::InodeMutex | LockClass::Mutex | LockClass::PageLock => {
            QueueRules::Mutex
        }
    }
}

/// Whether the wait this task is in ends with -EINTR when it is killed. Decided by the
/// kind of site and the kernel's axes now, so that a patch switched on wakes sleepers.
pub fn is_killable(machine: &Machine, state: &State, task: TaskId) -> bool {
    let word = state.task(task);
    let Run::Queued { on, pc, .. } = word.run else {
        return false;
    };
    if !matches!(pc, Pc::LineDone | Pc::Release | Pc::AllocTry) {
        return false;
    }
    let kernel = &machine.kernel;
    match machine.line(task, word.line).map(|line| line.op) {
        Some(Op::Lock {
            wait: Wait::Killable,
            ..
        }) => true,
        Some(Op::Lock { .. }) if machine.locks[on.0 as usize].class == LockClass::InodeMutex => {
            kernel.inode_lock == SiteWait::Killable
        }
        Some(Op::Mmap { .. }) => kernel.mmap_writers == SiteWait::Killable,
        _ => false,
    }
}

/// Whether a trylock would succeed now.
pub fn can_trylock(machine: &Machine, state: &State, lock: LockId, mode: Mode) -> bool {
    match rules(machine, lock) {
        QueueRules::Rwsem => rwsem::can_trylock(state, lock, mode),
        QueueRules::Mutex => mutex::can_trylock(state, lock),
    }
}

/// Takes the lock and goes on at `pc`, or queues for it.
pub(crate) fn acquire<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode, pc: Pc) -> Next {
    let granted = match rules(cx.machine, lock) {
        QueueRules::Rwsem => rwsem::can_lock(cx.state, lock, mode),
        QueueRules::Mutex => mutex::can_trylock(cx.state, lock),
    };
    if !granted {
        return Next::Queue(lock, mode, pc);
    }
    take(cx, lock, mode);
    if pc == Pc::LineDone {
        Next::LineDone
    } else {
        Next::Go(pc)
    }
}

/// Writes the hold of a lock that is known to be free for it.
pub(crate) fn take<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode) {
    cx.task_mut().held.set(lock, Some(mode));
    cx.emit(Event::LockTaken {
        task: cx.me,
        lock,
        mode,
    });
}

/// Gives a lock back and lets the queue rules wake whom they wake.
pub(crate) fn release<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    let Some(mode) = cx.state.task(cx.me).held.mode(lock) else {
        return;
    };
    cx.task_mut().held.set(lock, None);
    cx.emit(Event::LockReleased {
        task: cx.me,
        lock,
        mode,
    });
    match rules(cx.machine, lock) {
        QueueRules::Rwsem => rwsem::released(cx, lock, mode),
        QueueRules::Mutex => mutex::released(cx, lock),
    }
    if lock == OOM_LOCK {
        oom_lock_released(cx.state);
    }
}

/// Allocators that napped because `oom_lock` was taken try again.
fn oom_lock_released(state: &mut State) {
    for task in &mut state.tasks[..state.task_count as usize] {
        if task.run == Run::Parked(Pc::AllocOom) {
            task.run = Run::Ready(Pc::AllocTry);
        }
    }
}

/// Puts the current task at the end of the queue, asleep.
pub(crate) fn enqueue<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode, pc: Pc) {
    let rank = cx.state.queue_len(lock) + 1;
    cx.set_run(Run::Queued {
        on: lock,
        mode,
        rank,
        awake: false,
        pc,
    });
    cx.emit(Event::LockQueued {
        task: cx.me,
        lock,
        mode,
        rank,
    });
    if rules(cx.machine, lock) == QueueRules::Rwsem {
        rwsem::queued(cx, lock, mode);
    }
    // A task that was killed before it went to sleep does not sleep killably.
    let killed = cx.state.task(cx.me).flags.has(TaskFlags::SIGKILL);
    if killed && is_killable(cx.machine, cx.state, cx.me) {
        set_awake(cx, cx.me, true);
    }
}

/// A woken waiter looks at the lock again: takes it, leaves because it was killed, or
/// goes back to sleep. A signal that comes when the lock is free still acquires it (T2).
pub(crate) fn retry<O: Observer>(cx: &mut Cx<'_, O>) {
    let Run::Queued {
        on, mode, rank, pc, ..
    } = cx.state.task(cx.me).run
    else {
        return;
    };
    let granted = match rules(cx.machine, on) {
        QueueRules::Rwsem => rwsem::can_take_from_queue(cx.state, on, mode),
        QueueRules::Mutex => mutex::can_trylock(cx.state, on),
    };
    if granted {
        unlink(cx.state, on, rank);
        grant(cx, cx.me, on, mode, pc);
        return;
    }
    let killed = cx.state.task(cx.me).flags.has(TaskFlags::SIGKILL);
    if !(killed && is_killable(cx.machine, cx.state, cx.me)) {
        set_awake(cx, cx.me, false);
        return;
    }
    unlink(cx.state, on, rank);
    cx.set_run(Run::Ready(Pc::Unwind));
    cx.emit(Event::WaiterLeft {
        task: cx.me,
        lock: on,
        rank,
    });
    if rules(cx.machine, on) == QueueRules::Rwsem && mode == Mode::Write {
        rwsem::writer_left(cx, on);
    }
    cx.settle(Next::Failed);
}

/// Hands the lock to a waiter that was unlinked already.
pub(crate) fn grant<O: Observer>(
    cx: &mut Cx<'_, O>,
    task: TaskId,
    lock: LockId,
    mode: Mode,
    pc: Pc,
) {
    cx.state.task_mut(task).held.set(lock, Some(mode));
    cx.state.task_mut(task).run = Run::Ready(pc);
    cx.emit(Event::LockGranted { task, lock, mode });
    if pc == Pc::LineDone {
        cx.finish_line_of(task);
    }
}

/// Closes the gap that the waiter at `place` leaves.
pub(crate) fn unlink(state: &mut State, lock: LockId, place: u8) {
    for task in &mut state.tasks[..state.task_count as usize] {
        if let Run::Queued { on, rank, .. } = &mut task.run
            && *on == lock
            && *rank > place
        {
            *rank -= 1;
        }
    }
}

/// Wakes a waiter, or puts it back to sleep.
pub(crate) fn set_awake<O: Observer>(cx: &mut Cx<'_, O>, task: TaskId, on: bool) {
    let Run::Queued {
        on: lock, awake, ..
    } = &mut cx.state.task_mut(task).run
    else {
        return;
    };
    if *awake == on {
        return;
    }
    *awake = on;
    let lock = *lock;
    cx.emit(if on {
        Event::WaiterWoken { task, lock }
    } else {
        Event::WaiterSlept { task, lock }
    });
}
