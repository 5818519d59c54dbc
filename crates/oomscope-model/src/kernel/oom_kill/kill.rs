//! oom_kill_process (C1 to C9): the victim, a child in its place, the others of its cgroup, and
//! every process that shares its mm.

use super::OomControl;
use super::select::{is_adj_min, oom_badness};
use super::victim::{
    kthread_user, live_mm, live_thread, mark_oom_victim, shares, users_are_dying, will_free_mem,
};
use crate::event::{Event, Observer};
use crate::kernel::{
    AdjSharer, InitMm, InitSharer, KthreadSharer, OomGroup, Sacrifice, ShortCut, coredump,
    oom_reaper, signal,
};
use crate::machine::{Machine, MemcgId, MmId, ProcessId, TaskId};
use crate::state::{MmFlags, State, TaskFlags};
use crate::step::Cx;

/// C1 to C8, for the thread that was chosen.
pub(super) fn oom_kill_process<O: Observer>(
    cx: &mut Cx<'_, O>,
    oc: OomControl,
    process: ProcessId,
    thread: TaskId,
    points: i32,
) {
    let Some(mm) = live_mm(cx.machine, cx.state, thread) else {
        return;
    };
    let exiting = match cx.machine.kernel.short_cut {
        ShortCut::FatalSignal | ShortCut::FatalSignalReaped => {
            cx.state.task(thread).flags.has(TaskFlags::EXITING)
                && !coredump::is_group_coredump(cx.machine, cx.state, process)
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
            ShortCut::FatalSignalReaped => users_are_dying(cx.machine, cx.state, mm),
            ShortCut::WillFreeMem => true,
        };
        if reaped {
            oom_reaper::wake(cx, thread);
        }
        return;
    }
    let task = cx.me;
    let victim = match sacrificed(cx, oc, process, mm) {
        Some((child, thread, points)) => {
            cx.emit(Event::ChildKilled {
                task,
                parent: process,
                process: child,
                thread,
                points,
                memcg: oc.memcg,
            });
            thread
        }
        None => {
            cx.emit(Event::Killed {
                task,
                process,
                thread,
                points,
                memcg: oc.memcg,
            });
            thread
        }
    };
    kill_victim(cx, victim);
    begin_group(cx, victim);
}

/// C3: the child to kill instead, the worst of those with an mm of their own.
fn sacrificed<O: Observer>(
    cx: &Cx<'_, O>,
    oc: OomControl,
    parent: ProcessId,
    mm: MmId,
) -> Option<(ProcessId, TaskId, i32)> {
    if cx.machine.kernel.sacrifice == Sacrifice::Nobody {
        return None;
    }
    let mut worst = None;
    for child in cx.machine.process_ids() {
        let born = cx.machine.process(child).parent == Some(parent);
        let outside = oc.memcg.is_some() && cx.machine.memcg_of(child) != oc.memcg;
        if !born || outside || shares(cx.machine, cx.state, child, mm) {
            continue;
        }
        let points = oom_badness(cx.machine, cx.state, child, oc.memcg);
        if let (Some(points), Some(thread)) = (points, live_thread(cx.machine, cx.state, child))
            && points > worst.map_or(0, |(_, _, points)| points)
        {
            worst = Some((child, thread, points));
        }
    }
    worst
}

/// C5 to C8, `__oom_kill_process`.
fn kill_victim<O: Observer>(cx: &mut Cx<'_, O>, thread: TaskId) {
    let found = cx.machine.process_of(thread);
    let Some((process, mm)) = found.zip(live_mm(cx.machine, cx.state, thread)) else {
        return;
    };
    signal::send_sigkill(cx, process);
    mark_oom_victim(cx, thread);
    kill_sharers(cx, process, mm);
    if may_reap(cx, thread, mm) {
        oom_reaper::wake(cx, thread);
    }
}

/// C9, `mem_cgroup_get_oom_group`: whether the victim's cgroup dies as a whole, whoever is
/// out of memory. The killer notes whom it chose.
fn begin_group<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId) {
    let process = cx.machine.process_of(victim);
    let memcg = process.and_then(|process| cx.machine.memcg_of(process));
    let Some(memcg) = memcg.filter(|&memcg| cx.machine.memcg(memcg).oom_group) else {
        return;
    };
    if cx.machine.kernel.oom_group == OomGroup::Absent {
        return;
    }
    cx.emit(Event::GroupChosen { task: cx.me, memcg });
    let me = cx.task_mut();
    me.victim = Some(victim);
    me.tries = 0;
}

pub(super) fn chose_group<O: Observer>(cx: &Cx<'_, O>) -> bool {
    cx.state.task(cx.me).victim.is_some()
}

/// C9: kills the next process of the group, the first victim's own included, thread by
/// thread: each of them is marked and handed to the reaper. Says whether there are more.
pub(crate) fn kill_group_member<O: Observer>(
    cx: &mut Cx<'_, O>,
    oom_memcg: Option<MemcgId>,
) -> bool {
    let word = cx.state.task(cx.me);
    let chosen = word.victim.and_then(|victim| cx.machine.process_of(victim));
    let memcg = chosen.and_then(|process| cx.machine.memcg_of(process));
    let from = word.tries;
    let is_next = |cx: &Cx<'_, O>, from: u8| {
        cx.machine.process_ids().find(|&process| {
            process.0 >= from
                && cx.machine.memcg_of(process) == memcg
                && !cx.machine.process(process).traits.init
                && !is_adj_min(cx.machine, cx.state, process)
                && live_thread(cx.machine, cx.state, process).is_some()
        })
    };
    if let Some(process) = is_next(cx, from) {
        let fresh = !cx.state.is_killed(cx.machine, process);
        if let Some(thread) = live_thread(cx.machine, cx.state, process)
            && fresh
        {
            cx.emit(Event::GroupKilled {
                task: cx.me,
                process,
                thread,
                memcg: oom_memcg,
            });
        }
        for thread in cx.machine.threads(process) {
            kill_victim(cx, thread);
        }
        cx.task_mut().tries = process.0 + 1;
    }
    let more = is_next(cx, cx.state.task(cx.me).tries).is_some();
    if !more {
        let me = cx.task_mut();
        me.victim = None;
        me.tries = 0;
    }
    more
}

/// C7: every other process that uses the victim's mm dies with it. Its memory is the
/// victim's, so this is no second choice.
fn kill_sharers<O: Observer>(cx: &mut Cx<'_, O>, victim: ProcessId, mm: MmId) {
    for process in cx.machine.process_ids() {
        if process == victim
            || !shares(cx.machine, cx.state, process, mm)
            || spared(cx.machine, cx.state, process).is_some()
        {
            continue;
        }
        let fresh = !cx.state.is_killed(cx.machine, process);
        if fresh {
            cx.emit(Event::SharerKilled { victim, process });
        }
        signal::send_sigkill(cx, process);
    }
}

/// Why C7 leaves a process alive that shares the victim's mm.
enum Spared {
    /// It is the global init.
    Init,
    /// Its `oom_score_adj` is -1000.
    AdjMin,
}

fn spared(machine: &Machine, state: &State, process: ProcessId) -> Option<Spared> {
    let kernel = &machine.kernel;
    if machine.process(process).traits.init {
        return (kernel.init_sharer == InitSharer::Spared).then_some(Spared::Init);
    }
    let protected = kernel.adj_sharer == AdjSharer::Spared && is_adj_min(machine, state, process);
    protected.then_some(Spared::AdjMin)
}

/// C7 and C8, `can_oom_reap`: whether the reaper may be woken for this mm, or somebody goes
/// on using it. An mm that nobody may ever reap is hidden from the killer where the kernel
/// knows that much (V08).
fn may_reap<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, mm: MmId) -> bool {
    let mut reaped = true;
    for process in cx.machine.process_ids() {
        if !shares(cx.machine, cx.state, process, mm) {
            continue;
        }
        match spared(cx.machine, cx.state, process) {
            None => {}
            Some(_) if Some(process) == cx.machine.process_of(victim) => {}
            Some(Spared::AdjMin) => reaped = false,
            Some(Spared::Init) => {
                reaped = false;
                if cx.machine.kernel.init_mm == InitMm::Hidden {
                    hide(cx, victim, cx.machine.process(process).leader, mm);
                }
            }
        }
    }
    if let Some(kthread) = kthread_user(cx.machine, cx.state, mm) {
        match cx.machine.kernel.kthread_sharer {
            KthreadSharer::NotReaped => reaped = false,
            KthreadSharer::Hidden => {
                reaped = false;
                hide(cx, victim, kthread, mm);
            }
            KthreadSharer::Reaped => {}
        }
    }
    reaped
}

fn hide<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, by: TaskId, mm: MmId) {
    cx.emit(Event::MmHidden { victim, by });
    cx.set_mm_flag(mm, MmFlags::OOM_SKIP);
}
