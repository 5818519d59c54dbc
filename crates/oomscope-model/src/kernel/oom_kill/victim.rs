//! What it means to be a victim: mark_oom_victim, exit_oom_victim, task_will_free_mem, and whose
//! mm is whose.

use crate::event::{Event, Observer};
use crate::kernel::{Bookkeeping, CoreDump, ShortCut, coredump};
use crate::machine::{Kind, Machine, MmId, ProcessId, TaskId};
use crate::state::{MmFlags, Run, State, TaskFlags};
use crate::step::Cx;

/// `mark_oom_victim`: `TIF_MEMDIE` on one thread, from 4.9 on `oom_mm` for its group.
pub(super) fn mark_oom_victim<O: Observer>(cx: &mut Cx<'_, O>, thread: TaskId) {
    // `test_and_set_tsk_thread_flag`: who is marked already is not marked again.
    if cx.state.task(thread).flags.has(TaskFlags::MEMDIE) {
        return;
    }
    cx.set_flag(thread, TaskFlags::MEMDIE, true);
    if let Some(process) = cx.machine.process_of(thread)
        && cx.machine.kernel.bookkeeping == Bookkeeping::OomMm
    {
        set_oom_mm(cx, process);
    }
    cx.disturb();
}

fn set_oom_mm<O: Observer>(cx: &mut Cx<'_, O>, process: ProcessId) {
    let leader = cx.machine.process(process).leader;
    cx.set_flag(leader, TaskFlags::OOM_MM, true);
    if let Some(mm) = process_mm(cx.machine, process) {
        cx.set_mm_flag(mm, MmFlags::OOM_VICTIM);
    }
}

/// `exit_oom_victim`: clears the mark of one thread.
pub(crate) fn exit_oom_victim<O: Observer>(cx: &mut Cx<'_, O>, thread: TaskId) {
    if cx.state.task(thread).flags.has(TaskFlags::MEMDIE) {
        cx.set_flag(thread, TaskFlags::MEMDIE, false);
        cx.emit(Event::MarkCleared { task: thread });
        cx.disturb();
    }
}

/// What the reaper leaves behind (oom.md 5.2): `reaped` says whether it freed something,
/// found nothing to do, or gave up.
pub(crate) fn reap_ended<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, end: ReapEnd) {
    let Some(mm) = cx.machine.actor(victim).mm else {
        return;
    };
    match cx.machine.kernel.bookkeeping {
        Bookkeeping::KeepMark => {
            if end == ReapEnd::Reaped {
                if let Some(process) = cx.machine.process_of(victim) {
                    let leader = cx.machine.process(process).leader;
                    cx.set_flag(leader, TaskFlags::ADJ_MIN, true);
                }
                exit_oom_victim(cx, victim);
            }
        }
        Bookkeeping::ClearMark | Bookkeeping::FlagSecondFailure => {
            let second = cx.state.mm(mm).flags.has(MmFlags::NOT_REAPABLE);
            let flags_failure = cx.machine.kernel.bookkeeping == Bookkeeping::FlagSecondFailure;
            match end {
                ReapEnd::Reaped => cx.set_mm_flag(mm, MmFlags::OOM_SKIP),
                ReapEnd::GaveUp if flags_failure && second => {
                    cx.set_mm_flag(mm, MmFlags::OOM_SKIP);
                }
                ReapEnd::GaveUp if flags_failure => cx.set_mm_flag(mm, MmFlags::NOT_REAPABLE),
                ReapEnd::GaveUp | ReapEnd::NothingToDo => {}
            }
            exit_oom_victim(cx, victim);
        }
        Bookkeeping::OomMm => cx.set_mm_flag(mm, MmFlags::OOM_SKIP),
    }
}

/// How the reaper's work on one victim ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReapEnd {
    /// It zapped what its filter lets it.
    Reaped,
    /// There was no mm any more.
    NothingToDo,
    /// Ten tries failed.
    GaveUp,
}

/// A person switched `oom_mm` on: victims that exist already get theirs.
pub(crate) fn adopt_oom_mm<O: Observer>(cx: &mut Cx<'_, O>) {
    for process in (0..cx.machine.processes.len() as u8).map(ProcessId) {
        let mut threads = cx.machine.threads(process);
        if threads.any(|thread| cx.state.task(thread).flags.has(TaskFlags::MEMDIE)) {
            set_oom_mm(cx, process);
        }
    }
}

/// Whether the task's group is a victim whose `oom_mm` is set (4.9+).
pub fn is_oom_victim(machine: &Machine, state: &State, task: TaskId) -> bool {
    machine.process_of(task).is_some_and(|process| {
        state
            .task(machine.process(process).leader)
            .flags
            .has(TaskFlags::OOM_MM)
    })
}

/// `task_will_free_mem` (4.8+): the group is exiting, the mm can still be freed, and every
/// other user of the mm is exiting too (V07).
pub(crate) fn will_free_mem(
    machine: &Machine,
    state: &State,
    process: ProcessId,
    mm: MmId,
) -> bool {
    is_dying(machine, state, process)
        && !state.mm(mm).flags.has(MmFlags::OOM_SKIP)
        && users_are_dying(machine, state, mm)
}

/// Whether the whole group is on its way out: it was killed, or its only thread exits. 4.7
/// takes a core dump for an exit; later a SIGKILL makes it one, up to 5.15.
fn is_dying(machine: &Machine, state: &State, process: ProcessId) -> bool {
    if let Some(dumper) = coredump::dumper_of(machine, state, process) {
        let killed = state.task(dumper).flags.has(TaskFlags::SIGKILL);
        return match (machine.kernel.short_cut, machine.kernel.core_dump) {
            (ShortCut::FatalSignal | ShortCut::FatalSignalReaped, _) => true,
            (ShortCut::WillFreeMem, CoreDump::InExitMm) => killed,
            (ShortCut::WillFreeMem, CoreDump::BeforeExit) => false,
        };
    }
    let info = machine.process(process);
    let exits = info.threads == 1 && state.task(info.leader).flags.has(TaskFlags::EXITING);
    let mut threads = machine.threads(process);
    let has_dumped = threads.any(|thread| state.task(thread).flags.has(TaskFlags::DUMPCORE));
    exits || has_dumped || state.is_killed(machine, process)
}

/// Whether everybody who uses this mm is on the way out. A kernel thread that adopted it
/// with `use_mm` never is.
pub(super) fn users_are_dying(machine: &Machine, state: &State, mm: MmId) -> bool {
    kthread_user(machine, state, mm).is_none()
        && machine.process_ids().all(|process| {
            !shares(machine, state, process, mm) || is_dying(machine, state, process)
        })
}

/// `process_shares_mm`: a thread of the process still has this mm.
pub(super) fn shares(machine: &Machine, state: &State, process: ProcessId, mm: MmId) -> bool {
    process_mm(machine, process) == Some(mm) && live_thread(machine, state, process).is_some()
}

/// A kernel thread that uses this mm after `use_mm`: it gets no SIGKILL (C7).
pub(super) fn kthread_user(machine: &Machine, state: &State, mm: MmId) -> Option<TaskId> {
    machine.task_ids().find(|&task| {
        machine.actor(task).kind == Kind::Kthread
            && machine.actor(task).mm == Some(mm)
            && !state.task(task).flags.has(TaskFlags::MM_NULL)
    })
}

/// `find_lock_task_mm`: the first thread of the group that still has its mm.
pub fn live_thread(machine: &Machine, state: &State, process: ProcessId) -> Option<TaskId> {
    machine
        .threads(process)
        .find(|&thread| live_mm(machine, state, thread).is_some())
}

/// `task->mm`, `None` once the task has dropped it.
pub fn live_mm(machine: &Machine, state: &State, task: TaskId) -> Option<MmId> {
    let word = state.task(task);
    if word.flags.has(TaskFlags::MM_NULL) || word.run == Run::Exited {
        return None;
    }
    machine.actor(task).mm
}

/// The mm that the process started with.
pub fn process_mm(machine: &Machine, process: ProcessId) -> Option<MmId> {
    machine.actor(machine.process(process).leader).mm
}
