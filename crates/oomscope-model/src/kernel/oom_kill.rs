//! `mm/oom_kill.c`, 4.5 to 4.19: who dies, and who may not die because somebody is
//! already dying.
//!
//! **Models** out_of_memory (B3 to B11), oom_scan_process_thread / oom_evaluate_task,
//! oom_badness, oom_kill_process (C1 to C8), task_will_free_mem, mark_oom_victim,
//! exit_oom_victim; facts: oom.md 4.2 to 4.6.
//! **Leaves out** the notifier chain, memcg and mempolicy constraints, panic_on_oom,
//! sysrq-f, child sacrifice, processes that share an mm, and release_task: a process stays
//! on the task list after its last thread exited, as a zombie does until its parent waits.
//! **Atomic because** all of it runs under `oom_lock` and reads flags that only it writes;
//! whoever could tell the middle would have to take `oom_lock` first. The last attempt
//! before the scan is a step of its own under the split window (6.4 d6).

use crate::event::{Event, Observer};
use crate::kernel::{Bookkeeping, ExitingTask, KthreadSharer, ShortCut, oom_reaper, signal};
use crate::machine::{Kind, Machine, MmId, ProcessId, TaskId};
use crate::state::{MmFlags, Run, State, StateFlags, TaskFlags};
use crate::step::Cx;

/// What came of one call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Somebody was chosen.
    Killed,
    /// The caller became a victim itself.
    Progress,
    /// A victim is still on its way out.
    Aborted,
    /// The caller may not kill.
    Vetoed,
    /// Nobody was left.
    Panicked,
}

/// B3 to B11. `nofs`: the caller lacks `__GFP_FS`.
pub(crate) fn out_of_memory<O: Observer>(cx: &mut Cx<'_, O>, nofs: bool) -> Verdict {
    if short_cut(cx) {
        return Verdict::Progress;
    }
    if nofs {
        return Verdict::Vetoed;
    }
    match scan(cx.machine, cx.state) {
        Scan::Abort(victim) => {
            cx.emit(Event::ScanAborted {
                task: cx.me,
                victim,
            });
            Verdict::Aborted
        }
        Scan::None => {
            cx.state.flags.0 |= StateFlags::PANIC;
            cx.emit(Event::Panicked { task: cx.me });
            Verdict::Panicked
        }
        Scan::Chosen(process, points) => {
            oom_kill_process(cx, process, points);
            Verdict::Killed
        }
    }
}

/// B3: a caller that is dying anyway becomes a victim, with a victim's reserves.
fn short_cut<O: Observer>(cx: &mut Cx<'_, O>) -> bool {
    let Some(process) = cx.machine.process_of(cx.me) else {
        return false;
    };
    let Some(mm) = live_mm(cx.machine, cx.state, cx.me) else {
        return false;
    };
    let dying = cx.state.task(cx.me).flags.has(TaskFlags::SIGKILL);
    let reap = match cx.machine.kernel.short_cut {
        ShortCut::FatalSignal if dying => false,
        ShortCut::FatalSignalReaped if dying => !has_unkillable_sharer(cx.machine, cx.state, mm),
        ShortCut::WillFreeMem if will_free_mem(cx.machine, cx.state, process, mm) => true,
        _ => return false,
    };
    mark_oom_victim(cx, cx.me);
    cx.emit(Event::MarkedItself { task: cx.me });
    if reap {
        oom_reaper::wake(cx, cx.me);
    }
    true
}

/// What the scan of the task list ends with.
pub enum Scan {
    /// This process is a victim that blocks the killer.
    Abort(ProcessId),
    /// Nobody is eligible.
    None,
    /// The highest badness, and how much.
    Chosen(ProcessId, u16),
}

/// The abort rule (4.3) and `oom_badness` (1.1) over the whole task list.
pub fn scan(machine: &Machine, state: &State) -> Scan {
    let mut chosen = None;
    for process in (0..machine.processes.len() as u8).map(ProcessId) {
        if blocks_killer(machine, state, process) {
            return Scan::Abort(process);
        }
        let points = oom_badness(machine, state, process);
        // An earlier leader keeps the choice on a tie.
        if let Some(points) = points
            && chosen.is_none_or(|(_, best)| points > best)
        {
            chosen = Some((process, points));
        }
    }
    match chosen {
        Some((process, points)) => Scan::Chosen(process, points),
        None => Scan::None,
    }
}

/// Whether the scan ends at this process: the heart of every livelock.
pub fn blocks_killer(machine: &Machine, state: &State, process: ProcessId) -> bool {
    let threads = || machine.threads(process).map(|thread| state.task(thread));
    let marked = threads().any(|task| task.flags.has(TaskFlags::MEMDIE));
    let mm = process_mm(machine, process);
    let skip = mm.is_some_and(|mm| state.mm(mm).flags.has(MmFlags::OOM_SKIP));
    match machine.kernel.bookkeeping {
        Bookkeeping::KeepMark => {
            let exiting = machine.kernel.exiting == ExitingTask::AbortsScan
                && threads().any(|task| {
                    task.flags.has(TaskFlags::EXITING) && !task.flags.has(TaskFlags::MM_NULL)
                });
            marked || exiting
        }
        Bookkeeping::ClearMark => marked,
        // 4.8 looks for a live thread's mm; without one it cannot see the flag.
        Bookkeeping::FlagSecondFailure => {
            marked && !(skip && live_thread(machine, state, process).is_some())
        }
        Bookkeeping::OomMm => {
            state
                .task(machine.process(process).leader)
                .flags
                .has(TaskFlags::OOM_MM)
                && !skip
        }
    }
}

/// Badness in pages, or `None` if the process is not eligible.
pub fn oom_badness(machine: &Machine, state: &State, process: ProcessId) -> Option<u16> {
    let info = machine.process(process);
    let thread = live_thread(machine, state, process)?;
    let mm = live_mm(machine, state, thread)?;
    let unkillable =
        info.oom_score_adj == -1000 || state.task(info.leader).flags.has(TaskFlags::ADJ_MIN);
    let hidden = machine.kernel.bookkeeping != Bookkeeping::KeepMark
        && state.mm(mm).flags.has(MmFlags::OOM_SKIP);
    if unkillable || hidden {
        return None;
    }
    let adj = i32::from(info.oom_score_adj) * i32::from(machine.zone.total_pages) / 1000;
    let points = i32::from(state.mm(mm).rss()) + adj;
    // Not positive counts as 1 before 5.9.
    Some(points.clamp(1, i32::from(u16::MAX)) as u16)
}

/// C1 to C8.
fn oom_kill_process<O: Observer>(cx: &mut Cx<'_, O>, process: ProcessId, points: u16) {
    let Some(thread) = live_thread(cx.machine, cx.state, process) else {
        return;
    };
    let Some(mm) = live_mm(cx.machine, cx.state, thread) else {
        return;
    };
    let exiting = match cx.machine.kernel.short_cut {
        ShortCut::FatalSignal | ShortCut::FatalSignalReaped => {
            cx.state.task(thread).flags.has(TaskFlags::EXITING)
        }
        ShortCut::WillFreeMem => will_free_mem(cx.machine, cx.state, process, mm),
    };
    if exiting {
        mark_oom_victim(cx, thread);
        cx.emit(Event::MarkedExiting {
            task: cx.me,
            victim: thread,
        });
        let reaped = match cx.machine.kernel.short_cut {
            ShortCut::FatalSignal => false,
            ShortCut::FatalSignalReaped => !has_unkillable_sharer(cx.machine, cx.state, mm),
            ShortCut::WillFreeMem => true,
        };
        if reaped {
            oom_reaper::wake(cx, thread);
        }
        return;
    }
    cx.emit(Event::Killed {
        task: cx.me,
        process,
        thread,
        points,
    });
    signal::send_sigkill(cx, process);
    mark_oom_victim(cx, thread);
    if has_unkillable_sharer(cx.machine, cx.state, mm) {
        match cx.machine.kernel.kthread_sharer {
            KthreadSharer::NotReaped => return,
            KthreadSharer::Hidden => return cx.set_mm_flag(mm, MmFlags::OOM_SKIP),
            KthreadSharer::Reaped => {}
        }
    }
    oom_reaper::wake(cx, thread);
}

/// `mark_oom_victim`: `TIF_MEMDIE` on one thread, from 4.9 on `oom_mm` for its group.
fn mark_oom_victim<O: Observer>(cx: &mut Cx<'_, O>, thread: TaskId) {
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
/// other user of the mm is exiting too.
pub(crate) fn will_free_mem(
    machine: &Machine,
    state: &State,
    process: ProcessId,
    mm: MmId,
) -> bool {
    state.is_killed(machine, process)
        && !state.mm(mm).flags.has(MmFlags::OOM_SKIP)
        && !has_unkillable_sharer(machine, state, mm)
}

/// Whether a kernel thread uses this mm after `use_mm`: it gets no SIGKILL (C7).
fn has_unkillable_sharer(machine: &Machine, state: &State, mm: MmId) -> bool {
    machine.task_ids().any(|task| {
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
