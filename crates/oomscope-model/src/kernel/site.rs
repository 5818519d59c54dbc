//! Where user space and kernel threads take `mmap_sem`: `mm/mmap.c`, `mm/khugepaged.c`,
//! `fs/userfaultfd.c`, `fs/proc/base.c`, 4.5 to 6.1.
//!
//! **Models** munmap with the downgrade of 4.20, vma_link and unlink_file_vma under
//! `mmap_sem` (L7), collapse_huge_page and userfaultfd_register as writers that no signal
//! ends, access_remote_vm for readers of `/proc/PID/mem`, `environ` and `cmdline` with the
//! reference on `mm_users` that they hold meanwhile; facts: locks-and-allocation.md 3.2,
//! 3.3, L2, L7.
//! **Leaves out** what these calls do besides: huge pages, the events of userfaultfd, the
//! copying. khugepaged allocates its huge page before it takes the lock.
//! **Atomic because** each step ends where another task can tell: at a lock, at a
//! downgrade, where pages come back.

use crate::event::{Event, Observer};
use crate::kernel::{Munmap, fork, lock, memory};
use crate::machine::{MmId, Mode, Op};
use crate::state::{Pc, Site, TaskFlags};
use crate::step::{Cx, Next};

/// Starts a call of this kind.
pub(crate) fn start<O: Observer>(cx: &mut Cx<'_, O>, op: Op) -> Next {
    match op {
        Op::Munmap { mm, .. }
        | Op::MapFile {
            mm, unmap: true, ..
        } => write_lock(cx, mm, Pc::Site(Site::Unlinked)),
        Op::MapFile { mm, .. } => write_lock(cx, mm, Pc::Site(Site::FileLock)),
        Op::Mmap { mm } | Op::WriteSite { mm, .. } => write_lock(cx, mm, Pc::Release),
        Op::RemoteRead { mm, pages } => remote_read(cx, mm, pages),
        _ => Next::LineDone,
    }
}

fn write_lock<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, pc: Pc) -> Next {
    lock::acquire(cx, cx.machine.mmap_sem(mm), Mode::Write, pc)
}

/// One further step of it.
pub(crate) fn step<O: Observer>(cx: &mut Cx<'_, O>, at: Site) -> Next {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    match (at, line.map(|line| line.op)) {
        (Site::Unlinked, Some(op @ (Op::Munmap { mm, .. } | Op::MapFile { mm, .. }))) => {
            if cx.machine.kernel.munmap == Munmap::Downgrades {
                lock::downgrade(cx, cx.machine.mmap_sem(mm));
            }
            Next::Go(Pc::Site(match op {
                Op::Munmap { .. } => Site::Zap,
                _ => Site::FileLock,
            }))
        }
        (Site::Zap, Some(Op::Munmap { mm, pages })) => zap(cx, mm, u16::from(pages)),
        (Site::FileLock, Some(Op::MapFile { i_mmap, .. })) => {
            lock::acquire(cx, i_mmap, Mode::Write, Pc::Site(Site::FileUnlock))
        }
        (Site::FileUnlock, Some(Op::MapFile { i_mmap, .. })) => {
            lock::release(cx, i_mmap);
            Next::Go(Pc::Release)
        }
        (Site::RemotePut, Some(Op::RemoteRead { mm, .. })) => remote_put(cx, mm),
        _ => Next::LineDone,
    }
}

/// `unmap_region`: pages come back, then `mmap_sem`.
fn zap<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, pages: u16) -> Next {
    let vma = &mut cx.state.mm_mut(mm).vmas[0];
    let pages = pages.min(vma.pages);
    vma.pages -= pages;
    cx.emit(Event::VmaUnmapped {
        task: cx.me,
        mm,
        pages,
    });
    cx.give_pages(pages);
    memory::release(cx)
}

/// `get_task_mm`, then `mmap_sem` for reading. An address space without users is not read.
fn remote_read<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, pages: u8) -> Next {
    if cx.state.mm(mm).users == 0 {
        return Next::LineDone;
    }
    cx.state.mm_mut(mm).users += 1;
    cx.set_flag(cx.me, TaskFlags::PINS_MM, true);
    cx.emit(Event::MmPinned { task: cx.me, mm });
    let me = cx.task_mut();
    me.mm_job = Some(mm);
    me.todo = pages;
    lock::acquire(cx, cx.machine.mmap_sem(mm), Mode::Read, Pc::AllocTry)
}

/// `mmput`: if everybody else has left meanwhile, it is the reader who tears down.
fn remote_put<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    cx.set_flag(cx.me, TaskFlags::PINS_MM, false);
    let users = &mut cx.state.mm_mut(mm).users;
    *users -= 1;
    let last = *users == 0;
    cx.emit(Event::MmPut { task: cx.me, mm });
    if last {
        return fork::mmput(cx, mm);
    }
    remote_over(cx)
}

/// Whether the task is inside a read of somebody else's address space.
pub(crate) fn is_remote<O: Observer>(cx: &Cx<'_, O>) -> bool {
    let word = cx.state.task(cx.me);
    let line = cx.machine.line(cx.me, word.line);
    let gone = word.flags.has(TaskFlags::EXITING) || word.flags.has(TaskFlags::MM_NULL);
    !gone && matches!(line.map(|line| line.op), Some(Op::RemoteRead { .. }))
}

/// The read is over. A read that failed has given back every lock by now, and then so has
/// the system call that it was part of.
pub(crate) fn remote_over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let word = *cx.state.task(cx.me);
    let resume = cx.machine.line(cx.me, word.line).map(|line| line.resume);
    let task = cx.task_mut();
    task.mm_job = None;
    if word.held.is_empty() {
        task.line = resume.unwrap_or(word.line + 1) - 1;
    }
    Next::LineDone
}
