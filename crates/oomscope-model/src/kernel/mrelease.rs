//! `mm/oom_kill.c`, process_mrelease, 5.15 to 6.1: reaping on a program's behalf.
//!
//! **Models** the checks, the reference, mmap_read_lock, the walk over the VMAs and the
//! mmput at its end; facts: oom.md 5.6, 6.4 e1a. It differs from the reaper in what it may
//! meet: a dying process that is no OOM victim, so that nothing in `exit_mmap` waits for it
//! unless a lock or a reference does.
//! **Leaves out** the flags argument and that the wait for the lock is killable.
//! **Atomic because** the checks run under `task_lock`, which `exit_mm` takes to drop the mm.
//! Between them and the lock the whole of `exit_mmap` may pass; the walk is cut per VMA, as
//! the reaper's is.

use crate::event::{Event, Observer};
use crate::kernel::{Mrelease, VmaList, fork, lock, memory, oom_kill};
use crate::machine::{MmId, Mode, Op, ProcessId};
use crate::state::{Exiting, MmFlags, Pc, StateFlags, TaskFlags};
use crate::step::{Cx, Next};

/// The checks: ENOSYS, ESRCH, EINVAL, or done already; then the reference and the lock.
pub(crate) fn begin<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let era = cx.machine.kernel.mrelease;
    if era == Mrelease::Absent || !is_dying(cx, mm) {
        cx.emit(Event::MreleaseRefused { task: cx.me, mm });
        return Next::LineDone;
    }
    if era == Mrelease::PinsUsers {
        cx.state.mm_mut(mm).users += 1;
        cx.set_flag(cx.me, TaskFlags::PINS_MM, true);
    }
    let me = cx.task_mut();
    me.mm_job = Some(mm);
    me.todo = 0;
    Next::Go(Pc::Exiting(Exiting::Mrelease))
}

/// Whether a thread of the process still has this mm and `task_will_free_mem` holds.
fn is_dying<O: Observer>(cx: &Cx<'_, O>, mm: MmId) -> bool {
    (0..cx.machine.processes.len() as u8)
        .map(ProcessId)
        .filter(|&process| oom_kill::process_mm(cx.machine, process) == Some(mm))
        .any(|process| {
            oom_kill::live_thread(cx.machine, cx.state, process).is_some()
                && oom_kill::will_free_mem(cx.machine, cx.state, process, mm)
        })
}

/// The lock, which may come when `exit_mmap` is over; then one VMA, the first time together
/// with what is tested under the lock.
pub(crate) fn zap<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let word = cx.state.task(cx.me);
    let Some(mm) = word.mm_job else {
        return Next::LineDone;
    };
    let vma = usize::from(word.todo);
    let mmap_sem = cx.machine.mmap_sem(mm);
    if word.held.mode(mmap_sem).is_none() {
        return lock::acquire(cx, mmap_sem, Mode::Read, Pc::Exiting(Exiting::Mrelease));
    }
    let flags = cx.state.mm(mm).flags;
    if flags.has(MmFlags::GONE) {
        return too_late(cx, mm);
    }
    let tests = cx.machine.kernel.mrelease == Mrelease::UnderLock;
    if vma == 0 && tests && flags.has(MmFlags::OOM_SKIP) {
        return end(cx, mm);
    }
    cx.set_mm_flag(mm, MmFlags::UNSTABLE);
    if memory::is_reapable(cx.machine, cx.state, mm, vma) {
        memory::zap(cx, mm, vma);
    } else {
        cx.emit(Event::VmaSkipped { mm, vma: vma as u8 });
    }
    if vma + 1 < cx.machine.mms[mm.0 as usize].vmas.len() {
        cx.task_mut().todo += 1;
        return Next::Go(Pc::Exiting(Exiting::Mrelease));
    }
    end(cx, mm)
}

/// `exit_mmap` was over before the lock came: the list of VMAs is empty, or it is freed
/// memory.
fn too_late<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let skip = cx.state.mm(mm).flags.has(MmFlags::OOM_SKIP);
    let tested = cx.machine.kernel.mrelease == Mrelease::UnderLock && skip;
    if cx.machine.kernel.vma_list == VmaList::Dangling && !tested {
        cx.state.flags.0 |= StateFlags::CORRUPT;
        cx.emit(Event::UsedAfterFree { task: cx.me, mm });
    }
    end(cx, mm)
}

/// Unlocks and drops the reference, if it took one.
fn end<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    lock::release(cx, cx.machine.mmap_sem(mm));
    cx.task_mut().todo = 0;
    if !cx.state.task(cx.me).flags.has(TaskFlags::PINS_MM) {
        cx.task_mut().mm_job = None;
        return Next::LineDone;
    }
    cx.set_flag(cx.me, TaskFlags::PINS_MM, false);
    let users = &mut cx.state.mm_mut(mm).users;
    *users -= 1;
    if *users == 0 {
        return fork::mmput(cx, mm);
    }
    cx.task_mut().mm_job = None;
    Next::LineDone
}

/// Whether the task is in this system call: its mmput ends there, not in its own exit.
pub(crate) fn is_inside<O: Observer>(cx: &Cx<'_, O>) -> bool {
    let word = cx.state.task(cx.me);
    let line = cx.machine.line(cx.me, word.line);
    !word.flags.has(TaskFlags::EXITING)
        && matches!(line.map(|line| line.op), Some(Op::Mrelease { .. }))
}
