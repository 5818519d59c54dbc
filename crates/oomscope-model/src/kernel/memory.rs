//! `mm/memory.c` and the fault path around it, 4.5 to 4.19.
//!
//! **Models** handle_mm_fault for anonymous pages with `mmap_sem` held for reading, the
//! fault that copy_from_user takes where the reaper has been (a fresh page of zeroes),
//! check_stable_address_space, and zap_page_range as the reaper and `exit_mmap` use it.
//! **Leaves out** the drop of `mmap_sem` for page locks (no fault here waits for one),
//! huge pages, swap. A fault that gets SIGBUS gives its page back at once; the kernel maps
//! it first for kernel threads (4.9), which no verdict can tell, the mm being doomed.
//! **Atomic because** the page goes from the free list into the page table under the
//! task's own locks; the release of `mmap_sem` after the last page commutes with
//! everything others do before it.

use crate::event::{Event, Observer, Right};
use crate::kernel::{Mlocked, Unstable, lock, memcontrol, page_alloc, xfs};
use crate::machine::{Backing, Kind, Machine, MmId, Op};
use crate::state::{MmFlags, Pc, Site, State, StateFlags};
use crate::step::{Cx, Next};

/// The request got its page: maps it if it was a fault, and ends the line with its lock
/// after the last one.
pub(crate) fn got_page<O: Observer>(cx: &mut Cx<'_, O>, right: Right) -> Next {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    if let Some(Op::TransStart { .. }) = line.map(|line| line.op) {
        return xfs::begin(cx);
    }
    let fault = line.and_then(|line| line.op.faults()).map(|(mm, _)| mm);
    if let Some(mm) = fault
        && is_refused(cx, mm)
    {
        cx.emit(Event::FaultRefused { task: cx.me, mm });
        cx.task_mut().todo = 0;
        return release(cx);
    }
    if let Some(next) = memcontrol::try_charge(cx) {
        return next;
    }
    take_page(cx, right)
}

/// Takes the page off the free list, for what the line wants it for.
pub(crate) fn take_page<O: Observer>(cx: &mut Cx<'_, O>, right: Right) -> Next {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    let fault = line.and_then(|line| line.op.faults()).map(|(mm, _)| mm);
    let order = page_alloc::request(cx.machine, cx.state, cx.me).order;
    cx.state.free_pages -= 1 << order;
    // Where something is reclaimable, less free memory can be what ends the retries (4.5).
    // Who retries at the limit of a memory cgroup takes a free page first, every time: with
    // none left it asks the killer of the whole machine.
    if !cx.machine.lrus.is_empty() || !cx.machine.memcgs.is_empty() {
        cx.disturb();
    }
    cx.emit(Event::PageTaken { task: cx.me, right });
    if let Some(mm) = fault {
        cx.state.mm_mut(mm).vmas[0].pages += 1;
        cx.emit(Event::PageMapped { task: cx.me, mm });
        if matches!(line.map(|line| line.op), Some(Op::Copy { .. })) {
            cx.state.flags.0 |= StateFlags::CORRUPT;
            cx.emit(Event::ZeroesCopied { task: cx.me, mm });
        }
    }
    let kmem = matches!(line.map(|line| line.op), Some(Op::KmemAlloc { .. }));
    if kmem {
        xfs::book(cx, right);
    }
    let task = cx.task_mut();
    task.todo = task.todo.saturating_sub(1);
    if task.todo > 0 {
        return Next::Go(Pc::AllocTry);
    }
    if kmem {
        return xfs::finish(cx);
    }
    release(cx)
}

/// The request came back NULL: the system call gives up and gives back what it holds,
/// unless its caller is `kmem_alloc`.
pub(crate) fn got_null<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    match line.map(|line| line.op) {
        Some(Op::KmemAlloc { gfp, fail, .. }) => xfs::null(cx, gfp, fail),
        _ => Next::Failed,
    }
}

/// Whether the first VMA had memory and has none any more, although its mm is in use: only
/// the reaper does that.
pub(crate) fn is_emptied<O: Observer>(cx: &Cx<'_, O>, mm: MmId) -> bool {
    let had_some = cx.machine.mms[mm.0 as usize].vmas[0].pages > 0;
    had_some && cx.state.mm(mm).vmas[0].pages == 0
}

/// Whether a fault on this mm gets SIGBUS because the reaper has been there (oom.md 5.5).
fn is_refused<O: Observer>(cx: &Cx<'_, O>, mm: MmId) -> bool {
    cx.state.mm(mm).flags.has(MmFlags::UNSTABLE)
        && match cx.machine.kernel.unstable {
            Unstable::Ignored => false,
            Unstable::KthreadSigbus => cx.machine.actor(cx.me).kind == Kind::Kthread,
            Unstable::Sigbus => true,
        }
}

/// Ends a line that works under `mmap_sem`.
pub(crate) fn release<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    match line.map(|line| line.op) {
        Some(
            Op::Fault { mm, .. }
            | Op::Copy { mm }
            | Op::Mmap { mm }
            | Op::Munmap { mm, .. }
            | Op::MapFile { mm, .. }
            | Op::WriteSite { mm, .. },
        ) => lock::release(cx, cx.machine.mmap_sem(mm)),
        Some(Op::RemoteRead { mm, .. }) => {
            lock::release(cx, cx.machine.mmap_sem(mm));
            return Next::Go(Pc::Site(Site::RemotePut));
        }
        _ => {}
    }
    Next::LineDone
}

/// Whether the reaper's filter lets it take this VMA now (oom.md 5.4).
pub fn is_reapable(machine: &Machine, state: &State, mm: MmId, vma: usize) -> bool {
    let private = match machine.mms[mm.0 as usize].vmas[vma].backing {
        Backing::Anon | Backing::File => true,
        Backing::Shared | Backing::Hugetlb | Backing::Pfnmap => false,
    };
    let spared = machine.kernel.mlocked == Mlocked::Munlocked && state.mm(mm).vmas[vma].locked;
    private && !spared
}

/// Frees the pages of one VMA.
pub(crate) fn zap<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, vma: usize) {
    let pages = core::mem::take(&mut cx.state.mm_mut(mm).vmas[vma].pages);
    cx.emit(Event::VmaZapped {
        task: cx.me,
        mm,
        vma: vma as u8,
        pages,
    });
    cx.give_pages(pages);
}
