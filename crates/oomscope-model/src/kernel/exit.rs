//! `kernel/exit.c`, 3.19 to 6.1: from the signal to `mmput`.
//!
//! **Models** do_exit and exit_mm (E1 to E10) and the panic when init dies; facts: oom.md
//! 6.1.
//! **Leaves out** clear_child_tid; core dumps are in `coredump.rs`, vfork in `vfork.rs`. What a thread does after exit_mm
//! (E10: exit_files, task work) is what its program says after `exit`.
//! The walk of the robust list faults on memory that is not there, which needs `mmap_sem`
//! for reading: that wait is left to E4, which takes the same lock next.
//! **Atomic because** E2 to E4 touch only the task's own word until the lock; E6, E7 and
//! E9 follow each other without a sleep when the task is not the last user: who looks in
//! between sees a marked task without an mm, which aborts the scan just as the marked task
//! with an mm did. The last user stays marked for all of `exit_mmap`.

use crate::event::{Event, Observer};
use crate::kernel::{CoreDump, coredump, fork, lock, oom_kill, vfork};
use crate::machine::{Kind, Mode, Op, ProcessId};
use crate::state::{Exiting, Pc, Run, StateFlags, TaskFlags};
use crate::step::{Cx, Next};

/// E1 and E2: `PF_EXITING`; then E3, if there is something to do, and E4.
pub(crate) fn exit_mm<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    coredump::finish(cx);
    if cx.machine.kernel.core_dump == CoreDump::BeforeExit
        && let Some(next) = coredump::stand_still(cx)
    {
        return next;
    }
    cx.set_flag(cx.me, TaskFlags::EXITING, true);
    cx.emit(Event::Exiting { task: cx.me });
    // A round of the allocator reads PF_EXITING (the scan of 4.5, C1).
    cx.disturb();
    if cx.machine.actor(cx.me).robust_list.is_some() {
        return Next::Go(Pc::Exiting(Exiting::RobustList));
    }
    lock_mm(cx)
}

/// E3: `exit_robust_list` follows the list in user memory and marks every futex on it as
/// having lost its owner. Where the reaper has been, there is no list: a read of the zapped
/// page finds zeroes, or SIGBUS from 4.14 on, and the walk ends without waking anybody.
pub(crate) fn robust_list<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let actor = cx.machine.actor(cx.me);
    if let (Some(futex), Some(mm)) = (actor.robust_list, actor.mm) {
        let task = cx.me;
        if cx.state.mm(mm).vmas[0].pages > 0 {
            cx.emit(Event::RobustListWalked { task });
            cx.complete(futex);
        } else {
            cx.emit(Event::RobustListLost { task });
        }
    }
    lock_mm(cx)
}

/// The end of E3, and E4: `mmap_sem` for reading, uninterruptibly.
fn lock_mm<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    vfork::complete_vfork_done(cx);
    match cx.machine.actor(cx.me).mm {
        Some(mm) => lock::acquire(cx, cx.machine.mmap_sem(mm), Mode::Read, Pc::ExitDropMm),
        None => Next::Exited,
    }
}

/// The core dump for which the thread stood still is over: up to 5.15 back to E4.
pub(crate) fn dump_over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if cx.state.task(cx.me).flags.has(TaskFlags::EXITING) {
        lock_mm(cx)
    } else {
        exit_mm(cx)
    }
}

/// E5, unless nobody dumps core; E6, E7 and, unless this was the last user, E9. Kernel threads come here too, when they
/// give back an mm that they had adopted; they hold no lock.
pub(crate) fn drop_mm<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some(mm) = cx.machine.actor(cx.me).mm else {
        return Next::Idle;
    };
    if cx.machine.kernel.core_dump == CoreDump::InExitMm
        && let Some(next) = coredump::stand_still(cx)
    {
        return next;
    }
    cx.set_flag(cx.me, TaskFlags::MM_NULL, true);
    lock::release(cx, cx.machine.mmap_sem(mm));
    let users = &mut cx.state.mm_mut(mm).users;
    *users -= 1;
    let users = *users;
    cx.emit(Event::MmDropped {
        task: cx.me,
        mm,
        users,
    });
    cx.disturb();
    if users == 0 {
        return fork::mmput(cx, mm);
    }
    after_mmput(cx)
}

/// E9 and the end.
pub(crate) fn after_mmput<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    match cx.machine.actor(cx.me).kind {
        Kind::User(process) => {
            oom_kill::exit_oom_victim(cx, cx.me);
            match tail(cx) {
                Some(line) => {
                    cx.task_mut().line = line;
                    Next::Go(Pc::Line)
                }
                None => gone(cx, process),
            }
        }
        Kind::Kthread | Kind::Kworker | Kind::OomReaper | Kind::Kswapd => Next::Idle,
    }
}

/// E10: what the thread still does in the kernel, the lines after its `exit`.
fn tail<O: Observer>(cx: &Cx<'_, O>) -> Option<u8> {
    let program = &cx.machine.actor(cx.me).program;
    let exit = program.iter().position(|line| line.op == Op::Exit)?;
    (exit + 1 < program.len()).then_some(exit as u8 + 1)
}

/// The thread is gone, and off the task list: whatever mark it still has goes with it. The
/// global init must not go.
pub(crate) fn gone<O: Observer>(cx: &mut Cx<'_, O>, process: ProcessId) -> Next {
    oom_kill::exit_oom_victim(cx, cx.me);
    let me = cx.me;
    let last = cx
        .machine
        .threads(process)
        .all(|thread| thread == me || cx.state.task(thread).run == Run::Exited);
    if last && cx.machine.process(process).traits.init {
        cx.state.flags.0 |= StateFlags::PANIC;
        cx.emit(Event::InitDied { task: me });
    }
    Next::Exited
}
