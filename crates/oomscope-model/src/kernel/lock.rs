//! One door for every lock: `acquire`, `release`, `retry`, and what a queue is.
//!
//! **Models** nothing of its own: it sends rwsems to the code that this kernel has for
//! them ([`super::rwsem_xadd`], [`super::rwsem_spinlock`], [`super::rwsem`]) everything that
//! has one owner to [`super::mutex`], counts that are waited out to [`super::srcu`], and
//! keeps the queue that all of them use.
//! **Leaves out** lockdep, spinning on a running owner and priority inheritance: they
//! change who gets a lock first, and every order that a queue allows is explored anyway.
//! **Atomic because** the kernel does each of these under the lock's own `wait_lock`.

use crate::event::{Event, Observer};
use crate::kernel::{
    InodeLock, MemcgLock, RwsemCode, SiteWait, SpinlockBail, XaddBail, memcontrol, mutex, rwsem,
    rwsem_spinlock, rwsem_xadd, signal, srcu,
};
use crate::machine::{LockClass, LockId, Machine, Mode, OOM_LOCK, Op, RwsemConfig, TaskId, Wait};
use crate::state::{Exiting, Memcg, Pc, Run, Site, State, TaskFlags, Vmscan};
use crate::step::{Cx, Next};

/// Which set of queue rules a lock follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueRules {
    /// Readers and writers, `rwsem-xadd.c`.
    Xadd,
    /// Readers and writers, `rwsem-spinlock.c`.
    Spinlock,
    /// Readers and writers, `rwsem.c` of 5.3.
    Rewritten,
    /// One owner.
    Mutex,
    /// A count that somebody waits out.
    Srcu,
}

/// The queue rules of a lock in this kernel.
pub fn rules(machine: &Machine, lock: LockId) -> QueueRules {
    let is_rwsem = match machine.locks[lock.0 as usize].class {
        LockClass::MmapSem(_) | LockClass::Rwsem => true,
        LockClass::InodeMutex => machine.kernel.inode_lock_kind == InodeLock::Rwsem,
        LockClass::OomLock | LockClass::Mutex | LockClass::PageLock => false,
        LockClass::Srcu | LockClass::NotifierCount(_) => return QueueRules::Srcu,
    };
    match (machine.kernel.rwsem, machine.rwsem) {
        _ if !is_rwsem => QueueRules::Mutex,
        (RwsemCode::Rewritten, _) => QueueRules::Rewritten,
        (RwsemCode::TwoVariants, RwsemConfig::Xadd) => QueueRules::Xadd,
        (RwsemCode::TwoVariants, RwsemConfig::GenericSpinlock) => QueueRules::Spinlock,
    }
}

/// Whether readers share this lock.
pub fn is_rwsem(machine: &Machine, lock: LockId) -> bool {
    !matches!(rules(machine, lock), QueueRules::Mutex | QueueRules::Srcu)
}

/// Whether a killed waiter of this lock may leave others behind that nobody wakes.
pub(crate) fn may_forget_waiters(machine: &Machine, state: &State, lock: LockId) -> bool {
    match rules(machine, lock) {
        QueueRules::Xadd => machine.kernel.xadd_bail == XaddBail::Forgets || state.lock_bit(lock),
        QueueRules::Spinlock => machine.kernel.spinlock_bail == SpinlockBail::Forgets,
        QueueRules::Rewritten | QueueRules::Srcu => false,
        QueueRules::Mutex => true,
    }
}

/// In which state the waiter sleeps: decided by the kind of site and the kernel's axes now,
/// so that a patch switched on wakes sleepers. Uninterruptible for who does not wait.
pub fn sleep_state(machine: &Machine, state: &State, task: TaskId) -> Wait {
    let word = state.task(task);
    let Run::Queued { on, pc, .. } = word.run else {
        return Wait::Uninterruptible;
    };
    if pc == Pc::AllocLastAttempt {
        return Wait::Killable;
    }
    if pc == Pc::Memcg(Memcg::Scan) {
        return match machine.kernel.memcg_lock {
            MemcgLock::Unkillable => Wait::Uninterruptible,
            MemcgLock::Killable => Wait::Killable,
        };
    }
    let in_call = Pc::Exiting(Exiting::CoreZap) == pc
        || matches!(pc, Pc::LineDone | Pc::Release | Pc::AllocTry | Pc::Site(_));
    if !in_call {
        return Wait::Uninterruptible;
    }
    let kernel = &machine.kernel;
    let site = match machine.line(task, word.line).map(|line| line.op) {
        Some(Op::Lock { lock, wait, .. }) => {
            let is_inode_lock = machine.locks[lock.0 as usize].class == LockClass::InodeMutex;
            return match wait {
                Wait::Uninterruptible if is_inode_lock => sleep_of(kernel.inode_lock),
                wait => wait,
            };
        }
        // Who was killed and has downgraded waits for the rest without a choice.
        Some(Op::MapFile { mm, i_mmap, .. }) if i_mmap == on => {
            match word.held.mode(machine.mmap_sem(mm)) {
                Some(Mode::Write) => kernel.i_mmap,
                _ => SiteWait::Uninterruptible,
            }
        }
        Some(Op::Mmap { .. } | Op::Munmap { .. } | Op::MapFile { .. }) => kernel.mmap_writers,
        // `down_write_killable` came with the other writers.
        Some(Op::CoreDump { .. }) => match kernel.mmap_writers {
            SiteWait::Uninterruptible => SiteWait::Uninterruptible,
            _ => SiteWait::Killable,
        },
        // A vcpu looks for signals before it enters the guest again.
        Some(Op::GuestAccess { .. }) => SiteWait::Killable,
        Some(Op::RemoteRead { .. }) => kernel.remote_readers,
        _ => SiteWait::Uninterruptible,
    };
    sleep_of(site)
}

fn sleep_of(site: SiteWait) -> Wait {
    match site {
        SiteWait::Uninterruptible => Wait::Uninterruptible,
        SiteWait::Killable => Wait::Killable,
        SiteWait::Interruptible | SiteWait::Restarting => Wait::Interruptible,
    }
}

/// Whether the wait this task is in ends when it is killed.
pub fn is_killable(machine: &Machine, state: &State, task: TaskId) -> bool {
    sleep_state(machine, state, task) != Wait::Uninterruptible
}

/// Whether nobody holds the lock.
pub fn is_free(state: &State, lock: LockId) -> bool {
    state.is_free(lock)
}

/// Whether a writer holds the lock.
pub(crate) fn has_writer(state: &State, lock: LockId) -> bool {
    state.has_writer(lock)
}

/// Whether a trylock would succeed now.
pub fn can_trylock(machine: &Machine, state: &State, lock: LockId, mode: Mode) -> bool {
    match rules(machine, lock) {
        QueueRules::Xadd => rwsem_xadd::can_lock(state, lock, mode),
        QueueRules::Spinlock => rwsem_spinlock::can_lock(state, lock, mode),
        QueueRules::Rewritten => rwsem::can_trylock(state, lock, mode),
        QueueRules::Mutex => mutex::can_trylock(state, lock),
        QueueRules::Srcu => mode == Mode::Read || srcu::is_quiet(state, lock),
    }
}

/// Whether who comes for the lock now gets it without queueing.
pub(crate) fn can_lock(machine: &Machine, state: &State, lock: LockId, mode: Mode) -> bool {
    match rules(machine, lock) {
        QueueRules::Rewritten => rwsem::can_lock(machine, state, lock, mode),
        _ => can_trylock(machine, state, lock, mode),
    }
}

/// Takes the lock and goes on at `pc`, or queues for it.
pub(crate) fn acquire<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, mode: Mode, pc: Pc) -> Next {
    let mode = match rules(cx.machine, lock) {
        QueueRules::Mutex => Mode::Write,
        _ => mode,
    };
    if !can_lock(cx.machine, cx.state, lock, mode) {
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
        QueueRules::Xadd => rwsem_xadd::released(cx, lock, mode),
        QueueRules::Spinlock => rwsem_spinlock::released(cx, lock, mode),
        QueueRules::Rewritten => rwsem::released(cx, lock),
        QueueRules::Mutex => mutex::released(cx, lock),
        QueueRules::Srcu => srcu::released(cx, lock),
    }
    if lock == OOM_LOCK {
        oom_lock_released(cx.state);
    }
}

/// `downgrade_write`: the writer becomes a reader and lets readers in.
pub(crate) fn downgrade<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    if cx.state.task(cx.me).held.mode(lock) != Some(Mode::Write) || !is_rwsem(cx.machine, lock) {
        return;
    }
    cx.task_mut().held.set(lock, Some(Mode::Read));
    cx.emit(Event::Downgraded { task: cx.me, lock });
    match rules(cx.machine, lock) {
        QueueRules::Xadd => rwsem_xadd::downgraded(cx, lock),
        QueueRules::Spinlock => rwsem_spinlock::downgraded(cx, lock),
        QueueRules::Rewritten => rwsem::downgraded(cx, lock),
        QueueRules::Mutex | QueueRules::Srcu => {}
    }
}

/// A person switched a patch of the lock's own code: what the old code left in the count
/// is gone, and who it forgot gets a turn.
pub(crate) fn reconsider<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    cx.state.set_lock_bit(lock, false);
    match rules(cx.machine, lock) {
        QueueRules::Xadd => rwsem_xadd::reconsider(cx, lock),
        QueueRules::Spinlock => rwsem_spinlock::reconsider(cx, lock),
        QueueRules::Rewritten => rwsem::reconsider(cx, lock),
        QueueRules::Mutex if is_free(cx.state, lock) => mutex::released(cx, lock),
        QueueRules::Mutex | QueueRules::Srcu => {}
    }
}

/// Allocators and kswapd, who napped because `oom_lock` was taken, try again.
fn oom_lock_released(state: &mut State) {
    for task in state.restless() {
        let again = match state.task(task).run {
            Run::Parked(Pc::AllocOom) => Pc::AllocTry,
            Run::Parked(at @ Pc::Vmscan(Vmscan::Balance)) => at,
            _ => continue,
        };
        state.task_mut(task).run = Run::Ready(again);
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
    match rules(cx.machine, lock) {
        QueueRules::Xadd => rwsem_xadd::queued(cx, lock, mode),
        QueueRules::Rewritten => rwsem::queued(cx, lock, mode),
        QueueRules::Spinlock | QueueRules::Mutex | QueueRules::Srcu => {}
    }
    // A task with a signal pending does not go to sleep.
    signal::wake_if_pending(cx, cx.me);
}

/// A woken waiter looks at the lock again: takes it, leaves because of a signal, or goes
/// back to sleep. A signal that comes when the lock is free still acquires it (T2).
pub(crate) fn retry<O: Observer>(cx: &mut Cx<'_, O>) {
    let Run::Queued {
        on, mode, rank, pc, ..
    } = cx.state.task(cx.me).run
    else {
        return;
    };
    let granted = match rules(cx.machine, on) {
        QueueRules::Xadd => rwsem_xadd::can_take_from_queue(cx.state, on, mode),
        QueueRules::Spinlock => rwsem_spinlock::can_take_from_queue(cx.state, on, mode),
        QueueRules::Rewritten => rwsem::can_take_from_queue(cx.state, on, mode, rank),
        QueueRules::Mutex => mutex::can_trylock(cx.state, on),
        QueueRules::Srcu => false,
    };
    if granted {
        cx.state.close_gap(on, rank);
        if rules(cx.machine, on) == QueueRules::Rewritten {
            rwsem::taken_from_queue(cx, on);
        }
        grant(cx, cx.me, on, mode, pc);
    } else if signal::pending(cx.machine, cx.state, cx.me) {
        leave(cx, on, mode, rank, pc);
    } else {
        if rules(cx.machine, on) == QueueRules::Rewritten {
            rwsem::still_taken(cx, on, mode, rank);
        }
        set_awake(cx, cx.me, false);
    }
}

/// K1 to K4: out of the queue with -EINTR.
fn leave<O: Observer>(cx: &mut Cx<'_, O>, on: LockId, mode: Mode, rank: u8, pc: Pc) {
    let task = cx.me;
    let killed = cx.state.task(task).flags.has(TaskFlags::SIGKILL);
    cx.state.close_gap(on, rank);
    cx.set_run(Run::Ready(Pc::Unwind));
    cx.emit(if killed {
        Event::WaiterLeft {
            task,
            lock: on,
            rank,
        }
    } else {
        Event::WaiterInterrupted {
            task,
            lock: on,
            rank,
        }
    });
    match rules(cx.machine, on) {
        QueueRules::Xadd => rwsem_xadd::waiter_left(cx, on, mode),
        QueueRules::Spinlock => rwsem_spinlock::waiter_left(cx, on, mode),
        QueueRules::Rewritten => rwsem::waiter_left(cx, on, mode, rank),
        QueueRules::Mutex | QueueRules::Srcu => {}
    }
    if pc == Pc::Site(Site::FileUnlock) {
        let next = mmap_lock_downgraded(cx);
        return cx.settle(next);
    }
    if !killed {
        signal::interrupted(cx);
    }
    // A killed allocator does not get oom_lock, and retries (4.8).
    if pc == Pc::AllocLastAttempt {
        return cx.settle(Next::OomLockBusy);
    }
    if pc == Pc::Memcg(Memcg::Scan) {
        let next = memcontrol::left_queue(cx);
        return cx.settle(next);
    }
    cx.settle(Next::Failed);
}

/// The proposal for `i_mmap_rwsem`: a mapping that is half made cannot be given up, but a
/// killed task can stop standing in the reaper's way.
fn mmap_lock_downgraded<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    if let Some(Op::MapFile { mm, .. }) = line.map(|line| line.op) {
        downgrade(cx, cx.machine.mmap_sem(mm));
    }
    Next::Go(Pc::Site(Site::FileLock))
}

/// Grants the lock to the reader at this place of the queue.
pub(crate) fn grant_reader<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId, place: u8) {
    let Some((task, _)) = cx.state.queued(lock, place) else {
        return;
    };
    let Run::Queued { pc, .. } = cx.state.task(task).run else {
        return;
    };
    cx.state.task_mut(task).run = Run::Idle;
    cx.state.close_gap(lock, place);
    grant(cx, task, lock, Mode::Read, pc);
}

/// Grants the lock to all readers at the head, up to the first writer.
pub(crate) fn grant_leading_readers<O: Observer>(cx: &mut Cx<'_, O>, lock: LockId) {
    while let Some((_, Mode::Read)) = cx.state.queued(lock, 1) {
        grant_reader(cx, lock, 1);
    }
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
