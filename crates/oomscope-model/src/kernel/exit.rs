//! `kernel/exit.c`, 4.5 to 4.19: from the signal to `mmput`.
//!
//! **Models** do_exit and exit_mm (E1 to E9); facts: oom.md 6.1.
//! **Leaves out** the robust futex walk, core dumps, exit_files and what comes after it.
//! **Atomic because** E2 to E4 touch only the task's own word until the lock; E6, E7 and
//! E9 follow each other without a sleep when the task is not the last user: who looks in
//! between sees a marked task without an mm, which aborts the scan just as the marked task
//! with an mm did. The last user stays marked for all of `exit_mmap`.

use crate::event::{Event, Observer};
use crate::kernel::{fork, lock, oom_kill};
use crate::machine::{Kind, Mode};
use crate::state::{Pc, TaskFlags};
use crate::step::{Cx, Next};

/// E1 to E4: `PF_EXITING`, then `mmap_sem` for reading, uninterruptibly.
pub(crate) fn exit_mm<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    cx.set_flag(cx.me, TaskFlags::EXITING, true);
    cx.emit(Event::Exiting { task: cx.me });
    // A round of the allocator reads PF_EXITING (the scan of 4.5, C1).
    cx.disturb();
    match cx.machine.actor(cx.me).mm {
        Some(mm) => lock::acquire(cx, cx.machine.mmap_sem(mm), Mode::Read, Pc::ExitDropMm),
        None => Next::Exited,
    }
}

/// E6, E7 and, unless this was the last user, E9. Kernel threads come here too, when they
/// give back an mm that they had adopted; they hold no lock.
pub(crate) fn drop_mm<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some(mm) = cx.machine.actor(cx.me).mm else {
        return Next::Idle;
    };
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
        Kind::User(_) => {
            oom_kill::exit_oom_victim(cx, cx.me);
            Next::Exited
        }
        Kind::Kthread | Kind::Kworker | Kind::OomReaper => Next::Idle,
    }
}
