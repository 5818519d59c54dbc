//! `mm/mmap.c`, exit_mmap, 4.5 to 6.1, with the protocols that were proposed.
//!
//! **Models** the M-steps of oom.md 6.2 in the order of each protocol of 6.3, and
//! munlock_vma_pages_range as far as CVE-2018-1000200 needs it (S07).
//! M1 is in [`super::mmu_notifier`].
//! **Leaves out** `->close` and fput of mapped files, and huge pages other than in M2. That the teardown of a huge mm takes seconds is no
//! interleaving: a machine declares it ([`crate::machine::MmInfo::teardown`]), and the task
//! works that long before M4 frees.
//! **Atomic because** M4 frees under page-table locks that no modelled reader sees half
//! way; M2 is cut where S07 needs it: clear `VM_LOCKED`, read the pmd, take its lock, lock
//! the page. M5 to M7 are one step: only a reaper inside the mm could tell, and that is
//! the corruption reported below.

use crate::event::{Event, Observer};
use crate::kernel::{ExitProtocol, Mlocked, fork, lock, memory, mmu_notifier, oom_kill};
use crate::machine::{MmId, Mode, OOM_LOCK, TaskId};
use crate::state::{ExitMmap, Exiting, MmFlags, Pc, Reap, Run, StateFlags, Task, TaskFlags};
use crate::step::{Cx, Next};

/// Where `exit_mmap` starts.
pub(crate) const FIRST: ExitMmap = ExitMmap::Start;

/// The steps of a protocol that are not common to all, in order.
fn has_step(protocol: ExitProtocol, at: ExitMmap) -> bool {
    use ExitMmap as X;
    use ExitProtocol as P;
    match at {
        X::OomLock => protocol == P::SelfReapUnderOomLock,
        X::SelfReap => matches!(
            protocol,
            P::SelfReapUnderOomLock | P::SelfReap | P::WriteLockTeardown
        ),
        X::EmptyWrite => matches!(
            protocol,
            P::UnstableV1 | P::UnstableV2 | P::SelfReapUnderOomLock | P::SelfReap
        ),
        X::WriteLock => matches!(protocol, P::WriteLock | P::WriteLockTeardown),
        X::ReadLock => protocol == P::ReadLockUnmap,
        X::Skip => matches!(
            protocol,
            P::SkipAfterUnmap | P::SkipAfterUnmapByMm | P::ReadLockUnmap
        ),
        X::LateEmptyWrite => matches!(protocol, P::SkipAfterUnmap | P::SkipAfterUnmapByMm),
        X::LateWriteLock => matches!(protocol, P::LateWriteLock | P::ReadLockUnmap),
        _ => true,
    }
}

/// Whether a step is only for victims. 4.14 and 6.1 set `MMF_OOM_SKIP` on every mm, and
/// from 5.17 on every mm is locked.
fn is_for_victims(protocol: ExitProtocol, at: ExitMmap) -> bool {
    use ExitMmap as X;
    match at {
        X::OomLock | X::SelfReap | X::EmptyWrite | X::LateEmptyWrite => true,
        X::WriteLock => protocol == ExitProtocol::WriteLock,
        X::LateWriteLock => protocol == ExitProtocol::LateWriteLock,
        X::Skip => protocol == ExitProtocol::SkipAfterUnmapByMm,
        _ => false,
    }
}

/// How `exit_mmap` decides that a victim's mm is being torn down: the 2017 code asked the
/// current task, everything later asks the mm (4837fe37adff).
fn is_victim<O: Observer>(cx: &Cx<'_, O>, mm: MmId) -> bool {
    match cx.machine.kernel.exit_mmap {
        ExitProtocol::SkipAfterUnmap | ExitProtocol::LateWriteLock => {
            oom_kill::is_oom_victim(cx.machine, cx.state, cx.me)
        }
        _ => cx.state.mm(mm).flags.has(MmFlags::OOM_VICTIM),
    }
}

/// One step of `exit_mmap` on the address space in `mm_job`.
pub(crate) fn exit_mmap<O: Observer>(cx: &mut Cx<'_, O>, at: ExitMmap) -> Next {
    let Some(mm) = cx.state.task(cx.me).mm_job else {
        return Next::Idle;
    };
    let mmap_sem = cx.machine.mmap_sem(mm);
    match at {
        ExitMmap::Start => {
            if !cx.state.mm(mm).flags.has(MmFlags::NOTIFIERS_GONE) {
                cx.emit(Event::ExitMmapStarts { task: cx.me, mm });
            }
            if let Some(wait) = mmu_notifier::release(cx, mm, Pc::ExitMmap(at)) {
                return wait;
            }
            let claims = matches!(
                cx.machine.kernel.exit_mmap,
                ExitProtocol::UnstableV1 | ExitProtocol::UnstableV2
            );
            if claims && is_victim(cx, mm) {
                cx.set_mm_flag(mm, MmFlags::UNSTABLE);
            }
            after(cx, mm, at)
        }
        ExitMmap::OomLock => {
            lock::acquire(cx, OOM_LOCK, Mode::Write, Pc::ExitMmap(ExitMmap::SelfReap))
        }
        ExitMmap::SelfReap => {
            for vma in 0..cx.machine.mms[mm.0 as usize].vmas.len() {
                if memory::is_reapable(cx.machine, cx.state, mm, vma) {
                    memory::zap(cx, mm, vma);
                }
            }
            lock::release(cx, OOM_LOCK);
            cx.set_mm_flag(mm, MmFlags::OOM_SKIP);
            after(cx, mm, at)
        }
        ExitMmap::EmptyWrite | ExitMmap::LateEmptyWrite => pass_through(cx, mm, mmap_sem, at),
        ExitMmap::WriteLock | ExitMmap::ReadLock | ExitMmap::LateWriteLock => {
            if cx.state.task(cx.me).held.mode(mmap_sem).is_some() {
                return after(cx, mm, at);
            }
            let mode = match at {
                ExitMmap::ReadLock => Mode::Read,
                _ => Mode::Write,
            };
            lock::acquire(cx, mmap_sem, mode, Pc::ExitMmap(at))
        }
        ExitMmap::MunlockClear
        | ExitMmap::MunlockWalk
        | ExitMmap::MunlockPtl
        | ExitMmap::MunlockPage => munlock(cx, mm, at),
        ExitMmap::Unmap => {
            let pages = cx.state.mm(mm).rss();
            for vma in &mut cx.state.mm_mut(mm).vmas {
                vma.pages = 0;
            }
            cx.emit(Event::Unmapped {
                task: cx.me,
                mm,
                pages,
            });
            cx.give_pages(pages);
            after(cx, mm, at)
        }
        ExitMmap::Skip => {
            // 6.1 gives the read lock back first; a reaper in between finds nothing left.
            lock::release(cx, mmap_sem);
            cx.set_mm_flag(mm, MmFlags::OOM_SKIP);
            after(cx, mm, at)
        }
        ExitMmap::UnlinkFileVma => {
            let vma = usize::from(cx.state.task(cx.me).todo);
            match cx.machine.mms[mm.0 as usize].vmas[vma].i_mmap {
                Some(i_mmap) => pass_through(cx, mm, i_mmap, at),
                None => next_file_vma(cx, mm, vma + 1),
            }
        }
        ExitMmap::FreePgtables => free_pgtables(cx, mm),
    }
}

/// Takes a lock and gives it back: whoever was inside is out.
fn pass_through<O: Observer>(
    cx: &mut Cx<'_, O>,
    mm: MmId,
    lock_id: crate::machine::LockId,
    at: ExitMmap,
) -> Next {
    if cx.state.task(cx.me).held.mode(lock_id).is_none() {
        let next = lock::acquire(cx, lock_id, Mode::Write, Pc::ExitMmap(at));
        if matches!(next, Next::Queue(..)) {
            return next;
        }
    }
    lock::release(cx, lock_id);
    match at {
        ExitMmap::MunlockPage => next_locked_vma(cx, mm),
        ExitMmap::UnlinkFileVma => {
            let vma = usize::from(cx.state.task(cx.me).todo);
            next_file_vma(cx, mm, vma + 1)
        }
        _ => after(cx, mm, at),
    }
}

/// X.M2 on the VMA in `todo`.
fn munlock<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, at: ExitMmap) -> Next {
    let index = cx.state.task(cx.me).todo;
    let vma = usize::from(index);
    let task = cx.me;
    match at {
        ExitMmap::MunlockClear => {
            cx.state.mm_mut(mm).vmas[vma].locked = false;
            cx.emit(Event::Munlocking {
                task,
                mm,
                vma: index,
            });
            Next::Go(Pc::ExitMmap(ExitMmap::MunlockWalk))
        }
        ExitMmap::MunlockWalk => {
            if cx.state.mm(mm).vmas[vma].pages == 0 {
                cx.emit(Event::PmdNone {
                    task,
                    mm,
                    vma: index,
                });
                return next_locked_vma(cx, mm);
            }
            cx.emit(Event::PmdRead {
                task,
                mm,
                vma: index,
            });
            Next::Go(Pc::ExitMmap(ExitMmap::MunlockPtl))
        }
        ExitMmap::MunlockPtl => {
            if cx.state.mm(mm).vmas[vma].pages == 0 {
                return oops(cx, mm);
            }
            cx.emit(Event::PtlTaken {
                task,
                mm,
                vma: index,
            });
            match cx.machine.mms[mm.0 as usize].vmas[vma].page_lock {
                Some(_) => Next::Go(Pc::ExitMmap(ExitMmap::MunlockPage)),
                None => next_locked_vma(cx, mm),
            }
        }
        _ => match cx.machine.mms[mm.0 as usize].vmas[vma].page_lock {
            Some(page) => pass_through(cx, mm, page, ExitMmap::MunlockPage),
            None => next_locked_vma(cx, mm),
        },
    }
}

/// The pmd that was read is gone. The task dies where it stands and holds nothing.
fn oops<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    cx.state.flags.0 |= StateFlags::OOPS;
    cx.set_flag(cx.me, TaskFlags::OOPSED, true);
    cx.emit(Event::Oopsed { task: cx.me, mm });
    cx.task_mut().mm_job = None;
    cx.disturb();
    Next::Exited
}

fn next_locked_vma<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let vmas = cx.state.mm(mm).vmas;
    match vmas.iter().position(|vma| vma.locked) {
        Some(vma) => {
            cx.task_mut().todo = vma as u8;
            Next::Go(Pc::ExitMmap(ExitMmap::MunlockClear))
        }
        None => {
            cx.task_mut().todo = 0;
            after(cx, mm, ExitMmap::MunlockPage)
        }
    }
}

/// X.M5: the next VMA, from this one on, whose file has a list of its mappers to leave.
fn next_file_vma<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, from: usize) -> Next {
    let vmas = &cx.machine.mms[mm.0 as usize].vmas;
    let found = (from..vmas.len()).find(|&vma| vmas[vma].i_mmap.is_some());
    cx.task_mut().todo = found.unwrap_or_default() as u8;
    Next::Go(Pc::ExitMmap(match found {
        Some(_) => ExitMmap::UnlinkFileVma,
        None => ExitMmap::FreePgtables,
    }))
}

/// The next step of the protocol after `at`, skipping what is not for this mm.
fn after<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, at: ExitMmap) -> Next {
    use ExitMmap as X;
    const ORDER: [ExitMmap; 12] = [
        X::OomLock,
        X::SelfReap,
        X::EmptyWrite,
        X::WriteLock,
        X::ReadLock,
        X::MunlockClear,
        X::Unmap,
        X::Skip,
        X::LateEmptyWrite,
        X::LateWriteLock,
        X::UnlinkFileVma,
        X::FreePgtables,
    ];
    let protocol = cx.machine.kernel.exit_mmap;
    for step in ORDER.into_iter().filter(|&step| step > at) {
        if !has_step(protocol, step) || is_for_victims(protocol, step) && !is_victim(cx, mm) {
            continue;
        }
        if step == X::MunlockClear {
            let pass = cx.machine.kernel.mlocked == Mlocked::Munlocked;
            if pass && cx.state.mm(mm).vmas.iter().any(|vma| vma.locked) {
                return next_locked_vma(cx, mm);
            }
            continue;
        }
        if step == X::UnlinkFileVma {
            return next_file_vma(cx, mm, 0);
        }
        if step == X::Unmap
            && let Some(nap) = cx.machine.mms[mm.0 as usize].teardown
        {
            return Next::Nap(nap, Pc::ExitMmap(step));
        }
        return Next::Go(Pc::ExitMmap(step));
    }
    Next::Go(Pc::ExitMmap(X::FreePgtables))
}

/// X.M5 to X.M7 and the end of `__mmput`.
fn free_pgtables<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let mmap_sem = cx.machine.mmap_sem(mm);
    let is_inside = |(id, task): (TaskId, &Task)| {
        let walks = matches!(
            task.run,
            Run::Ready(Pc::Reap(Reap::Zap) | Pc::Exiting(Exiting::Mrelease) | Pc::Notify(_))
                | Run::Queued {
                    pc: Pc::Notify(_),
                    ..
                }
        );
        let inside = walks && task.held.mode(mmap_sem).is_some();
        id != cx.me && inside && task.mm_job == Some(mm)
    };
    // Mostly nobody is, and then nobody need be looked at.
    if cx.state.others_hold(cx.me, mmap_sem) && cx.state.tasks().any(is_inside) {
        cx.state.flags.0 |= StateFlags::CORRUPT;
        cx.emit(Event::Corrupted { mm });
    }
    cx.set_mm_flag(mm, MmFlags::GONE);
    lock::release(cx, mmap_sem);
    let skips = match cx.machine.kernel.exit_mmap {
        ExitProtocol::Plain => false,
        ExitProtocol::SkipAtEnd => true,
        ExitProtocol::UnstableV1
        | ExitProtocol::UnstableV2
        | ExitProtocol::LateWriteLock
        | ExitProtocol::WriteLock => is_victim(cx, mm),
        ExitProtocol::SkipAfterUnmap
        | ExitProtocol::SkipAfterUnmapByMm
        | ExitProtocol::SelfReapUnderOomLock
        | ExitProtocol::SelfReap
        | ExitProtocol::WriteLockTeardown
        | ExitProtocol::ReadLockUnmap => false,
    };
    if skips {
        cx.set_mm_flag(mm, MmFlags::OOM_SKIP);
    }
    cx.emit(Event::MmGone { task: cx.me, mm });
    cx.task_mut().mm_job = None;
    fork::mmput_over(cx)
}
