//! `mm/oom_kill.c`, 3.19 to 6.1: who dies, and who may not die because somebody is
//! already dying.
//!
//! **Models** out_of_memory (B2 to B11) with check_panic_on_oom and
//! oom_kill_allocating_task, oom_scan_process_thread / oom_evaluate_task, oom_badness,
//! oom_kill_process (C1 to C9) with every other process that shares the victim's mm, with
//! child sacrifice and memory.oom.group,
//! task_will_free_mem, try_oom_reaper, mark_oom_victim, exit_oom_victim; facts: oom.md 1.1,
//! 4.2 to 4.6.
//! **Leaves out** cpusets and memory policies (one node, which everybody may use: the
//! constraint of an allocation that is no cgroup's is CONSTRAINT_NONE, and nobody is
//! ineligible for living elsewhere), oom_task_origin (nobody here runs
//! swapoff or unmerges ksm pages), the message that a victim is already exiting (the scan and
//! C4 are one step here, so whoever was chosen still has its mm),
//! that writing `oom_score_adj` reaches every process with the same mm from 4.8 on (the
//! cast says what each has), and release_task: a process stays on the task list after its
//! last thread exited, as a zombie does until its parent waits. K04, K05 and K07 changed
//! the order of steps inside C1 and C5, which is not visible here.
//! **Atomic because** all of it runs under `oom_lock` and reads flags that only it writes;
//! whoever could tell the middle would have to take `oom_lock` first. The callbacks of
//! `oom_notify_list` (B2) are steps of their own, for they take locks. The last attempt
//! before the scan is a step of its own under the split window (6.4 d6).

mod kill;
mod notify;
mod select;
mod victim;

use crate::event::{Event, Observer};
use crate::kernel::{ShortCut, ShortCutMm, Sysrq, coredump, oom_reaper};
use crate::machine::{MemcgId, PanicOnOom, ProcessId};
use crate::state::{StateFlags, TaskFlags};
use crate::step::Cx;

pub(crate) use kill::kill_group_member;
use kill::{chose_group, oom_kill_process};
pub(crate) use notify::{notify, notify_waited};
use select::{Scan, is_adj_min, scan};
pub use select::{blocks_killer, oom_badness};
pub(crate) use victim::{ReapEnd, adopt_oom_mm, exit_oom_victim, reap_ended, will_free_mem};
pub use victim::{is_oom_victim, live_mm, live_thread, process_mm};
use victim::{mark_oom_victim, users_are_dying};

/// What came of one call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Somebody was chosen.
    Killed,
    /// Somebody whose memory cgroup dies as a group (C9).
    KilledGroup,
    /// The caller was killed because it called (B7).
    KilledCaller,
    /// The caller became a victim itself.
    Progress,
    /// A victim is still on its way out.
    Aborted,
    /// The caller may not kill.
    Vetoed,
    /// Nobody in the memory cgroup may be killed.
    Nobody,
    /// Nobody was left.
    Panicked,
}

/// `struct oom_control`: what ran out of memory.
#[derive(Clone, Copy)]
pub(crate) struct OomControl {
    /// The caller may be marked itself, but kills nobody: it lacks `__GFP_FS`.
    pub(crate) vetoed: bool,
    /// `CONSTRAINT_MEMCG`: the cgroup at its limit; otherwise the machine.
    pub(crate) memcg: Option<MemcgId>,
    /// Order -1: sysrq-f. Who is on the way out already does not end the scan.
    pub(crate) sysrq: bool,
}

impl OomControl {
    /// `CONSTRAINT_NONE`.
    pub(crate) const GLOBAL: OomControl = OomControl {
        vetoed: false,
        memcg: None,
        sysrq: false,
    };
}

/// B3 to B11.
pub(crate) fn out_of_memory<O: Observer>(cx: &mut Cx<'_, O>, oc: OomControl) -> Verdict {
    if short_cut(cx) {
        return Verdict::Progress;
    }
    if oc.vetoed {
        return Verdict::Vetoed;
    }
    if panics(cx, oc) {
        return panic(cx, Event::PanickedOnOom { task: cx.me });
    }
    if oc.memcg.is_none()
        && let Some(process) = allocating_task(cx)
    {
        oom_kill_process(cx, oc, process, cx.me, 0);
        return if chose_group(cx) {
            Verdict::KilledGroup
        } else {
            Verdict::KilledCaller
        };
    }
    match scan(cx.machine, cx.state, oc) {
        Scan::Abort(victim) => {
            cx.emit(Event::ScanAborted {
                task: cx.me,
                victim,
            });
            Verdict::Aborted
        }
        Scan::None if oc.memcg.is_some() => Verdict::Nobody,
        Scan::None if never_panics(cx, oc) => {
            cx.emit(Event::SysrqIgnored { task: cx.me });
            Verdict::Nobody
        }
        Scan::None => panic(cx, Event::Panicked { task: cx.me }),
        Scan::Chosen(process, points) => {
            if let Some(thread) = live_thread(cx.machine, cx.state, process) {
                oom_kill_process(cx, oc, process, thread, points);
            }
            if chose_group(cx) {
                Verdict::KilledGroup
            } else {
                Verdict::Killed
            }
        }
    }
}

/// B6 and B9: whoever asks with sysrq-f does not want to lose the machine.
fn never_panics<O: Observer>(cx: &Cx<'_, O>, oc: OomControl) -> bool {
    oc.sysrq && cx.machine.kernel.sysrq == Sysrq::OrderMinusOne
}

/// B6, `check_panic_on_oom`: 1 is for the whole machine only.
fn panics<O: Observer>(cx: &Cx<'_, O>, oc: OomControl) -> bool {
    if never_panics(cx, oc) {
        return false;
    }
    match cx.machine.sysctl.panic_on_oom {
        PanicOnOom::Never => false,
        PanicOnOom::SystemWide => oc.memcg.is_none(),
        PanicOnOom::Always => true,
    }
}

fn panic<O: Observer>(cx: &mut Cx<'_, O>, event: Event) -> Verdict {
    cx.state.flags.0 |= StateFlags::PANIC;
    cx.emit(event);
    Verdict::Panicked
}

/// B7: under `vm.oom_kill_allocating_task` the caller's own process, if it may be killed.
/// Nobody asks whether a victim is on its way out, nor what the caller's memory is worth.
fn allocating_task<O: Observer>(cx: &Cx<'_, O>) -> Option<ProcessId> {
    let process = cx.machine.process_of(cx.me)?;
    live_mm(cx.machine, cx.state, cx.me)?;
    let eligible = cx.machine.sysctl.oom_kill_allocating_task
        && !cx.machine.process(process).traits.init
        && !is_adj_min(cx.machine, cx.state, process);
    eligible.then_some(process)
}

/// B3: a caller that is dying anyway becomes a victim, with a victim's reserves.
fn short_cut<O: Observer>(cx: &mut Cx<'_, O>) -> bool {
    let Some(process) = cx.machine.process_of(cx.me) else {
        return false;
    };
    let mm = live_mm(cx.machine, cx.state, cx.me);
    if mm.is_none() && cx.machine.kernel.short_cut_mm == ShortCutMm::Needed {
        return false;
    }
    let flags = cx.state.task(cx.me).flags;
    let exiting = flags.has(TaskFlags::EXITING)
        && !coredump::is_group_coredump(cx.machine, cx.state, process);
    let dying = flags.has(TaskFlags::SIGKILL) || exiting;
    let reap = match (cx.machine.kernel.short_cut, mm) {
        (ShortCut::FatalSignal, _) if dying => false,
        (ShortCut::FatalSignalReaped, mm) if dying => {
            mm.is_some_and(|mm| users_are_dying(cx.machine, cx.state, mm))
        }
        (ShortCut::WillFreeMem, Some(mm)) if will_free_mem(cx.machine, cx.state, process, mm) => {
            true
        }
        _ => return false,
    };
    mark_oom_victim(cx, cx.me);
    cx.emit(Event::MarkedItself { task: cx.me });
    if reap {
        oom_reaper::wake(cx, cx.me);
    }
    true
}
