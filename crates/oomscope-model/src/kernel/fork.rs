//! `kernel/fork.c`, 3.19 to 6.1: what the last user of an address space does.
//!
//! **Models** __mmput (E8): exit_aio, ksm_exit, khugepaged_exit, then exit_mmap; and
//! mmput_async. Whoever drops the last reference walks this way: a thread of the process, a
//! kernel thread that had adopted the mm, the 4.6 reaper itself, or the kworker it hands
//! the work to; facts: oom.md 6.1, 6.4 a1 and a2.
//! **Leaves out** uprobe_clear_state (waits for nobody), and that ksm_exit takes the lock
//! only while ksmd has work on this mm: a cast says with `ksm = true` that it has.
//! **Atomic because** each step is one wait: for I/O, for `mmap_sem`. What is between them
//! touches only what nobody else can reach once `mm_users` is zero.

use crate::event::{Event, Observer};
use crate::kernel::{exit, lock, mmap, mrelease, oom_reaper, site, sysrq};
use crate::machine::{Kind, MmId, Mode};
use crate::state::{Exiting, MmFlags, Pc, Run};
use crate::step::{Cx, Next};

/// `__mmput`: the current task dropped the last reference on `mm_users`.
pub(crate) fn mmput<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let me = cx.task_mut();
    me.mm_job = Some(mm);
    me.todo = 0;
    if cx.machine.mms[mm.0 as usize].aio.is_some() {
        return Next::Go(Pc::Exiting(Exiting::ExitAio));
    }
    after_aio(cx, mm)
}

fn after_aio<O: Observer>(cx: &Cx<'_, O>, mm: MmId) -> Next {
    if cx.machine.mms[mm.0 as usize].ksm {
        return Next::Go(Pc::Exiting(Exiting::KsmExit));
    }
    Next::Go(Pc::ExitMmap(mmap::FIRST))
}

/// Sleeps until the I/O that the process had submitted is done. No signal ends this.
pub(crate) fn exit_aio<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some(mm) = cx.state.task(cx.me).mm_job else {
        return Next::Idle;
    };
    match cx.machine.mms[mm.0 as usize].aio {
        Some(completion) if cx.state.completed >> completion.0 & 1 == 0 => {
            cx.emit(Event::Waits {
                task: cx.me,
                completion,
            });
            Next::Wait(completion, Pc::Exiting(Exiting::ExitAio))
        }
        _ => after_aio(cx, mm),
    }
}

/// Takes `mmap_sem` for writing and gives it back: whoever walked the mm is out.
pub(crate) fn ksm_exit<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some(mm) = cx.state.task(cx.me).mm_job else {
        return Next::Idle;
    };
    let mmap_sem = cx.machine.mmap_sem(mm);
    if cx.state.task(cx.me).held.mode(mmap_sem).is_none() {
        let pc = Pc::Exiting(Exiting::KsmExit);
        let next = lock::acquire(cx, mmap_sem, Mode::Write, pc);
        if matches!(next, Next::Queue(..)) {
            return next;
        }
    }
    lock::release(cx, mmap_sem);
    Next::Go(Pc::ExitMmap(mmap::FIRST))
}

/// The end of `mmput`: each kind of task goes on with its own business.
pub(crate) fn mmput_over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    match cx.machine.actor(cx.me).kind {
        Kind::User(_) | Kind::Kthread if site::is_remote(cx) => site::remote_over(cx),
        Kind::User(_) | Kind::Kthread if mrelease::is_inside(cx) => Next::LineDone,
        Kind::User(_) | Kind::Kthread => exit::after_mmput(cx),
        Kind::OomReaper => oom_reaper::next_job(cx),
        Kind::Kworker | Kind::Kswapd => sysrq::next_work(cx),
    }
}

/// `mmput_async`: a kworker will run `exit_mmap`.
pub(crate) fn mmput_async<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) {
    cx.set_mm_flag(mm, MmFlags::MMPUT_QUEUED);
    cx.emit(Event::MmputQueued { mm });
    let Some(kworker) = cx.machine.kernel_task(Kind::Kworker) else {
        return;
    };
    if cx.state.task(kworker).run == Run::Idle {
        let me = core::mem::replace(&mut cx.me, kworker);
        let next = next_mmput(cx);
        cx.settle(next);
        cx.me = me;
    }
}

/// The kworker takes the next address space that waits for it.
pub(crate) fn next_mmput<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let queued = cx.state.mms[..cx.state.mm_count as usize]
        .iter()
        .position(|mm| mm.flags.has(MmFlags::MMPUT_QUEUED));
    let Some(index) = queued else {
        return Next::Idle;
    };
    cx.state.mms[index].flags.0 &= !MmFlags::MMPUT_QUEUED;
    mmput(cx, MmId(index as u8))
}
