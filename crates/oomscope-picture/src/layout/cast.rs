//! Which tasks and locks of a cast are drawn, and who can queue where.

use oomscope_model::machine::{
    Gfp, Kind, Line, LockClass, LockId, Machine, MmId, OOM_LOCK, Op, TaskId,
};

/// The tasks that are drawn, top to bottom.
pub fn drawn_tasks(machine: &Machine, kworker: bool) -> Vec<TaskId> {
    let mut tasks: Vec<TaskId> = machine
        .task_ids()
        .filter(|&task| match machine.actor(task).kind {
            Kind::User(_) | Kind::Kthread | Kind::Kswapd => true,
            Kind::Kworker => kworker,
            Kind::OomReaper => false,
        })
        .collect();
    tasks.extend(machine.kernel_task(Kind::OomReaper));
    tasks
}

/// The locks that are drawn, top to bottom: those that two tasks can contend for, and
/// `oom_lock` at the end.
pub fn drawn_locks(machine: &Machine) -> Vec<LockId> {
    let mut locks: Vec<LockId> = (1..machine.locks.len() as u8)
        .map(LockId)
        .filter(|&lock| {
            let queuers = queuers(machine, lock);
            match machine.locks[lock.0 as usize].class {
                // With mlocked memory the protocol between exit_mmap and the reaper is the
                // story, and this lock is where it happens.
                LockClass::MmapSem(mm) => {
                    let info = &machine.mms[mm.0 as usize];
                    let mlocked = info.vmas.iter().any(|vma| vma.locked);
                    queuers >= 2 || mlocked || !info.notifiers.is_empty()
                }
                _ => queuers >= 1,
            }
        })
        .collect();
    locks.push(OOM_LOCK);
    locks
}

/// How many tasks could ever stand in this lock's queue, by their programs and the way
/// they exit.
pub fn queuers(machine: &Machine, lock: LockId) -> usize {
    let class = machine.locks[lock.0 as usize].class;
    machine
        .task_ids()
        .filter(|&task| {
            let actor = machine.actor(task);
            let by_program = actor.program.iter().any(|line| match line.op {
                Op::Lock { lock: wanted, .. } => wanted == lock,
                Op::MapFile { mm, i_mmap, .. } => machine.mmap_sem(mm) == lock || i_mmap == lock,
                Op::Fault { mm, .. }
                | Op::Mmap { mm }
                | Op::Copy { mm }
                | Op::Munmap { mm, .. }
                | Op::WriteSite { mm, .. }
                | Op::Mrelease { mm }
                | Op::RemoteRead { mm, .. } => machine.mmap_sem(mm) == lock,
                Op::GuestAccess { mm } => class == LockClass::NotifierCount(mm),
                _ => false,
            });
            let by_exit = matches!(actor.kind, Kind::User(_))
                && match class {
                    LockClass::MmapSem(mm) => actor.mm == Some(mm),
                    LockClass::PageLock => actor.mm.is_some_and(|mm| has_page(machine, mm, lock)),
                    LockClass::OomLock => true,
                    LockClass::Srcu => actor.mm.is_some_and(|mm| has_notifiers(machine, mm)),
                    _ => actor.mm.is_some_and(|mm| maps_file(machine, mm, lock)),
                };
            let by_reaper = actor.kind == Kind::OomReaper
                && (class == LockClass::OomLock || is_notifiers_lock(machine, lock));
            let by_reclaim = is_reclaims_lock(machine, lock)
                && (actor.kind == Kind::Kswapd || may_reclaim(&actor.program));
            let by_work = actor.kind == Kind::Kworker
                && class == LockClass::OomLock
                && asks_for_kills(machine);
            by_program || by_exit || by_reaper || by_reclaim || by_work
        })
        .count()
}

/// Whether somebody uses sysrq-f, which is a work item for the kworker.
pub(super) fn asks_for_kills(machine: &Machine) -> bool {
    let mut lines = machine.tasks.iter().flat_map(|actor| &actor.program);
    lines.any(|line| line.op == Op::SysrqF)
}

fn has_page(machine: &Machine, mm: MmId, lock: LockId) -> bool {
    machine.mms[mm.0 as usize]
        .vmas
        .iter()
        .any(|vma| vma.page_lock == Some(lock))
}

fn has_notifiers(machine: &Machine, mm: MmId) -> bool {
    !machine.mms[mm.0 as usize].notifiers.is_empty()
}

/// Whether `unlink_file_vma` takes this lock when the address space goes.
fn maps_file(machine: &Machine, mm: MmId, lock: LockId) -> bool {
    let mut vmas = machine.mms[mm.0 as usize].vmas.iter();
    vmas.any(|vma| vma.i_mmap == Some(lock))
}

/// Whether a shrinker, `pageout` or a callback of `oom_notify_list` takes this lock.
fn is_reclaims_lock(machine: &Machine, lock: LockId) -> bool {
    let lists = machine.lrus.iter().map(|lru| lru.lock);
    let callbacks = machine.oom_notifiers.iter().map(|it| it.lock);
    lists.chain(callbacks).any(|wanted| wanted == Some(lock))
}

/// Whether a program asks for memory in a way that lets reclaim take file system locks.
fn may_reclaim(program: &[Line]) -> bool {
    program.iter().any(|line| match line.op {
        Op::Alloc { gfp, .. } | Op::KmemAlloc { gfp, .. } => gfp.has(Gfp::FS),
        op => op.faults().is_some(),
    })
}

/// Whether the reaper may wait for it inside a callback.
fn is_notifiers_lock(machine: &Machine, lock: LockId) -> bool {
    let mut notifiers = machine.mms.iter().flat_map(|mm| &mm.notifiers);
    notifiers.any(|it| it.lock == Some(lock))
}
