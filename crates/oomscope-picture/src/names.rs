//! What things are called in pictures and sentences.

use oomscope_model::machine::{
    CompletionId, LockClass, LockId, Machine, MemcgId, MmId, Mode, Op, ProcessId, TaskId,
};
use oomscope_model::state::{Pc, Run, State};

/// A task's `comm`.
pub(crate) fn task(machine: &Machine, task: TaskId) -> &str {
    &machine.actor(task).name
}

/// A process's name.
pub(crate) fn process(machine: &Machine, process: ProcessId) -> &str {
    &machine.process(process).name
}

/// An address space's name.
pub(crate) fn mm(machine: &Machine, mm: MmId) -> &str {
    &machine.mms[mm.0 as usize].name
}

/// A memory cgroup's name.
pub(crate) fn memcg(machine: &Machine, memcg: MemcgId) -> &str {
    &machine.memcg(memcg).name
}

/// A completion's name.
pub(crate) fn completion(machine: &Machine, completion: CompletionId) -> &str {
    &machine.completions[completion.0 as usize]
}

/// A lock's name in a sentence: `mmap_sem` for the only one that is drawn, else the name
/// with its owner.
pub(crate) fn lock(machine: &Machine, lock: LockId) -> String {
    let info = &machine.locks[lock.0 as usize];
    let is_sem =
        |lock: &LockId| matches!(machine.locks[lock.0 as usize].class, LockClass::MmapSem(_));
    if !is_sem(&lock) {
        return info.name.clone();
    }
    let mut drawn = crate::layout::drawn_locks(machine)
        .into_iter()
        .filter(is_sem);
    match (drawn.next(), drawn.next()) {
        (Some(only), None) if only == lock => "mmap_sem".to_string(),
        _ => info.name.clone(),
    }
}

/// A lock's name on its box, without the owner.
pub(crate) fn lock_title(machine: &Machine, lock: LockId) -> &str {
    let info = &machine.locks[lock.0 as usize];
    match info.class {
        LockClass::MmapSem(_) => "mmap_sem",
        _ => &info.name,
    }
}

/// The second line on its box.
pub(crate) fn lock_kind(machine: &Machine, lock: LockId) -> String {
    match machine.locks[lock.0 as usize].class {
        LockClass::OomLock => "mutex, the OOM killer’s".to_string(),
        LockClass::MmapSem(mm) => format!("of {}, rwsem", self::mm(machine, mm)),
        LockClass::InodeMutex if is_rwsem(machine, lock) => "inode lock, rwsem".to_string(),
        LockClass::InodeMutex => "inode lock, mutex".to_string(),
        LockClass::Mutex => "mutex".to_string(),
        LockClass::Rwsem => "rwsem".to_string(),
        LockClass::PageLock => "page lock".to_string(),
        LockClass::Srcu => "of all notifiers".to_string(),
        LockClass::NotifierCount(_) => "invalidations".to_string(),
    }
}

/// `read` or `write`; what has one owner is just `held`.
pub(crate) fn mode(machine: &Machine, lock: LockId, mode: Mode) -> &'static str {
    match mode {
        _ if !is_rwsem(machine, lock) => "held",
        Mode::Read => "read",
        Mode::Write => "write",
    }
}

/// ` for reading`, ` for writing`, or nothing where there is only one way.
pub(crate) fn purpose(machine: &Machine, lock: LockId, mode: Mode) -> &'static str {
    match self::mode(machine, lock, mode) {
        "read" => " for reading",
        "write" => " for writing",
        _ => "",
    }
}

/// `3 MB`, with the page scale of the zone.
pub(crate) fn megabytes(machine: &Machine, pages: u16) -> String {
    format!(
        "{} MB",
        u32::from(pages) * u32::from(machine.zone.mb_per_page)
    )
}

/// What the current line of a task does.
pub(crate) fn op(machine: &Machine, state: &State, task: TaskId) -> Option<Op> {
    machine
        .line(task, state.task(task).line)
        .map(|line| line.op)
}

/// A list of reclaimable pages.
pub(crate) fn list(machine: &Machine, list: u8) -> &str {
    machine
        .lrus
        .get(usize::from(list))
        .map_or("the page cache", |lru| &lru.name)
}

/// Where a task is or will go on.
pub(crate) fn pc(run: Run) -> Option<Pc> {
    match run {
        Run::Ready(pc) | Run::Parked(pc) | Run::Queued { pc, .. } | Run::Asleep { pc, .. } => {
            Some(pc)
        }
        // A program that waits stands at its line; in the kernel's own code it stands there.
        Run::Waits {
            pc: pc @ Pc::Exiting(_),
            ..
        } => Some(pc),
        Run::Waits { .. } | Run::Idle | Run::Exited => None,
    }
}

pub(crate) use oomscope_model::kernel::lock::{is_killable, is_rwsem};
