//! Whom the killer chooses: oom_scan_process_thread / oom_evaluate_task and oom_badness.

use super::OomControl;
use super::victim::{live_mm, live_thread, process_mm};
use crate::kernel::{
    Badness, Bookkeeping, Equals, ExitingTask, RootBonus, Vforked, coredump, vfork,
};
use crate::machine::{Machine, MemcgId, ProcessId};
use crate::state::{MmFlags, State, TaskFlags};

/// What the scan of the task list ends with.
pub(super) enum Scan {
    /// This process is a victim that blocks the killer.
    Abort(ProcessId),
    /// Nobody is eligible.
    None,
    /// The highest badness, and how much.
    Chosen(ProcessId, i32),
}

/// The abort rule (4.3) and `oom_badness` (1.1) over the whole task list, or over the
/// processes of one memory cgroup: a victim elsewhere does not keep its killer waiting. Nor
/// does any victim keep sysrq-f waiting, which may well choose the same one again.
pub(super) fn scan(machine: &Machine, state: &State, oc: OomControl) -> Scan {
    let memcg = oc.memcg;
    let mut chosen = None;
    for process in machine.process_ids() {
        if memcg.is_some() && machine.memcg_of(process) != memcg {
            continue;
        }
        if !oc.sysrq && blocks_killer(machine, state, process) {
            return Scan::Abort(process);
        }
        let points = oom_badness(machine, state, process, memcg);
        // On a tie an earlier leader keeps the choice up to 5.2.
        let last = machine.kernel.equals == Equals::Last;
        if let Some(points) = points
            && chosen.is_none_or(|(_, best)| points > best || last && points == best)
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
    if machine.process(process).traits.init {
        return false;
    }
    let threads = || machine.threads(process).map(|thread| state.task(thread));
    let marked = threads().any(|task| task.flags.has(TaskFlags::MEMDIE));
    let mm = process_mm(machine, process);
    let skip = mm.is_some_and(|mm| state.mm(mm).flags.has(MmFlags::OOM_SKIP));
    match machine.kernel.bookkeeping {
        Bookkeeping::KeepMark => {
            let exiting = machine.kernel.exiting == ExitingTask::AbortsScan
                && threads().any(|task| {
                    task.flags.has(TaskFlags::EXITING) && !task.flags.has(TaskFlags::MM_NULL)
                })
                && !coredump::is_group_coredump(machine, state, process);
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

/// Badness in pages, or `None` if the process is not eligible. `oom_score_adj` is measured
/// against all memory, or against the limit of the memory cgroup that is out of it.
pub fn oom_badness(
    machine: &Machine,
    state: &State,
    process: ProcessId,
    memcg: Option<MemcgId>,
) -> Option<i32> {
    let info = machine.process(process);
    let thread = live_thread(machine, state, process)?;
    let mm = live_mm(machine, state, thread)?;
    let unkillable = info.traits.init || is_adj_min(machine, state, process);
    let hidden = machine.kernel.bookkeeping != Bookkeeping::KeepMark
        && state.mm(mm).flags.has(MmFlags::OOM_SKIP);
    let vforked =
        machine.kernel.vforked == Vforked::Skipped && vfork::in_vfork(machine, state, process);
    if unkillable || hidden || vforked {
        return None;
    }
    let mut points = i32::from(state.mm(mm).rss());
    if info.traits.cap_sys_admin && machine.kernel.root_bonus == RootBonus::ThreePercent {
        points -= points * 3 / 100;
    }
    let total = memcg.map_or(machine.zone.total_pages, |memcg| machine.memcg(memcg).limit);
    points += i32::from(info.oom_score_adj) * i32::from(total) / 1000;
    Some(match machine.kernel.badness {
        Badness::AtLeastOne => points.max(1),
        Badness::Signed => points,
    })
}

/// `oom_score_adj` -1000: its own, or what the 4.6 reaper left behind.
pub(super) fn is_adj_min(machine: &Machine, state: &State, process: ProcessId) -> bool {
    let info = machine.process(process);
    info.oom_score_adj == -1000 || state.task(info.leader).flags.has(TaskFlags::ADJ_MIN)
}
