//! Where a task is, in the kernel's own function names, and its program in kernel words.
//!
//! Names are those of 4.6 on x86 (locks-and-allocation.md 9.2): what a hung-task report of
//! that time would show.

mod frames;
mod program;

use oomscope_model::kernel::lock::{QueueRules, rules};
use oomscope_model::kernel::{Reaper, mmu_notifier};
use oomscope_model::machine::{Kind, LockClass, Machine, Mode, Op, TaskId};
use oomscope_model::state::{Exiting, Memcg, Pc, Reap, Run, State, Vmscan};

use crate::wait::trylock_blocker;
use crate::{names, notifiers};
use frames::{
    exit_frame, exiting_frame, memcg_frames, moom_frame, path, site_frame, vmscan_frames,
};
pub use program::{ProgramLine, program_text};
pub(crate) use program::{gfp_name, op_text};
use program::{lock_verb, op_name};

/// The kernel call stack, innermost function first; empty in user mode.
pub fn call_stack(machine: &Machine, state: &State, task: TaskId) -> Vec<String> {
    let mut frames = Vec::new();
    if let Some(frame) = sleeping(machine, state, task) {
        frames.push(frame);
    }
    frames.extend(path(machine, state, task).into_iter().map(String::from));
    frames
}

/// The two functions that say most about where a task is: `mmap → down_write`.
pub fn detail(machine: &Machine, state: &State, task: TaskId) -> String {
    let word = state.task(task);
    match machine.actor(task).kind {
        Kind::OomReaper => return reaper_detail(machine, state, task),
        Kind::Kworker if word.run == Run::Idle => return "no mmput handed over".to_string(),
        Kind::Kswapd if word.run == Run::Idle => return "asleep until woken".to_string(),
        _ => {}
    }
    let inner = |op: &str, at: &str| format!("{op} → {at}");
    let op = names::op(machine, state, task).map(|op| op_name(machine, op));
    match word.run {
        Run::Exited => "do_exit: gone".to_string(),
        Run::Idle => "user mode".to_string(),
        Run::Waits {
            pc: Pc::Exiting(at),
            completion,
        } => inner(exiting_frame(at), names::completion(machine, completion)),
        Run::Waits { completion, .. } => {
            let verb = match names::op(machine, state, task) {
                Some(Op::Vfork { .. }) => "vfork",
                Some(Op::CoreDump { .. }) => "coredump_wait",
                _ => "wait_for",
            };
            inner(verb, names::completion(machine, completion))
        }
        Run::Queued { on, mode, pc, .. } => {
            let verb = lock_verb(machine, on, mode, names::is_killable(machine, state, task));
            match pc {
                Pc::ExitLock | Pc::ExitDropMm => inner("exit_mm", &verb),
                Pc::Exiting(Exiting::Mrelease) => inner("process_mrelease", &verb),
                Pc::Exiting(at) => inner(exiting_frame(at), &verb),
                Pc::ExitMmap(_) => inner("exit_mmap", &verb),
                Pc::AllocLastAttempt => inner("__alloc_pages_may_oom", &verb),
                Pc::Vmscan(at) => inner(vmscan_frames(at)[0], &verb),
                _ => match names::op(machine, state, task) {
                    Some(Op::Lock { .. }) | None => inner(&verb, names::lock_title(machine, on)),
                    Some(_) => inner(&op.unwrap_or_default(), &verb),
                },
            }
        }
        Run::Ready(pc) | Run::Parked(pc) | Run::Asleep { pc, .. } => match pc {
            Pc::AllocTry => inner(&op.unwrap_or_default(), "alloc"),
            Pc::AllocOom => inner(&op.unwrap_or_default(), "reclaim"),
            Pc::AllocLastAttempt => inner("__alloc_pages_may_oom", "last attempt"),
            Pc::AllocScan => inner("out_of_memory", "select_bad_process"),
            Pc::AllocNotify | Pc::AllocNotified => {
                inner("out_of_memory", "blocking_notifier_call_chain")
            }
            Pc::AllocKillNap => inner("out_of_memory", "schedule_timeout"),
            Pc::Unwind => inner(&op.unwrap_or_default(), "-EINTR"),
            Pc::ExitLock => inner("do_exit", "exit_mm"),
            Pc::ExitDropMm => inner("exit_mm", "mmput"),
            Pc::Exiting(Exiting::RobustList) => inner("exit_mm", "exit_robust_list"),
            Pc::Exiting(Exiting::Mrelease) => inner("process_mrelease", "zap"),
            Pc::Exiting(Exiting::CoreZap) => inner("do_coredump", "zap_threads"),
            Pc::Exiting(Exiting::CoreDone) => inner("do_exit", "exit_mm"),
            Pc::Exiting(at) => inner("mmput", exiting_frame(at)),
            Pc::ExitMmap(at) => inner("exit_mmap", exit_frame(at)),
            Pc::Reap(_) => "oom_reap_task".to_string(),
            Pc::Vmscan(at @ (Vmscan::Throttled | Vmscan::ThrottledOnce)) => {
                inner(vmscan_frames(at)[0], "congestion_wait")
            }
            Pc::Vmscan(at) => vmscan_frames(at)[0].to_string(),
            Pc::Site(at) => inner(&op.unwrap_or_default(), site_frame(at)),
            Pc::Kmem(_) => inner("kmem_alloc", "congestion_wait"),
            Pc::Memcg(at) => inner(memcg_frames(at)[1], memcg_frames(at)[0]),
            Pc::Moom(at) => inner("moom_callback", moom_frame(at)),
            _ => op.unwrap_or_else(|| "user mode".to_string()),
        },
    }
}

fn reaper_detail(machine: &Machine, state: &State, task: TaskId) -> String {
    let word = state.task(task);
    if machine.kernel.reaper == Reaper::Absent {
        return "not in this kernel".to_string();
    }
    let victim = word
        .victim
        .map(|victim| names::task(machine, victim))
        .unwrap_or("victim");
    let sem = "trylock mmap_sem";
    if let Some(Pc::Notify(at)) = names::pc(word.run) {
        return notifiers::detail(machine, state, task, at);
    }
    match word.run {
        Run::Asleep { .. } if word.tries > 0 && partly(machine, state, task) => {
            "a part stays".to_string()
        }
        Run::Asleep { .. } if word.tries > 0 => format!("{sem}: failed"),
        Run::Asleep { .. } => "schedule_timeout_idle".to_string(),
        Run::Queued {
            pc: Pc::ExitMmap(_) | Pc::Exiting(_),
            ..
        }
        | Run::Waits { .. } => "mmput: waits".to_string(),
        Run::Queued { .. } => "mutex_lock oom_lock".to_string(),
        Run::Ready(Pc::Reap(Reap::Attempt)) => sem.to_string(),
        Run::Ready(Pc::Reap(Reap::Zap)) => format!("zap {victim}"),
        Run::Ready(Pc::Reap(Reap::GiveUp)) => format!("unable to reap {victim}"),
        Run::Ready(Pc::ExitMmap(_) | Pc::Exiting(_)) => "mmput → exit_mmap".to_string(),
        Run::Ready(_) => "oom_reap_task".to_string(),
        _ => "wait_event: no victim".to_string(),
    }
}

/// Whether the reaper's next try would get `mmap_sem`, so that notifiers are the reason why
/// there is one.
fn partly(machine: &Machine, state: &State, reaper: TaskId) -> bool {
    let victim = state.task(reaper).victim;
    victim
        .and_then(|victim| machine.actor(victim).mm)
        .is_some_and(|mm| {
            mmu_notifier::has_notifiers(machine, state, mm)
                && trylock_blocker(state, machine.mmap_sem(mm)).is_none()
        })
}

/// The frame on top of a sleeper's stack.
fn sleeping(machine: &Machine, state: &State, task: TaskId) -> Option<String> {
    let frame = match state.task(task).run {
        Run::Queued { on, mode, .. } => {
            let killable = names::is_killable(machine, state, task);
            match (rules(machine, on), mode) {
                (QueueRules::Rewritten, Mode::Read) => "rwsem_down_read_slowpath",
                (QueueRules::Rewritten, Mode::Write) => "rwsem_down_write_slowpath",
                (QueueRules::Xadd, Mode::Read) => "rwsem_down_read_failed",
                (QueueRules::Xadd, Mode::Write) if killable => "rwsem_down_write_failed_killable",
                (QueueRules::Xadd, Mode::Write) => "rwsem_down_write_failed",
                (QueueRules::Spinlock, Mode::Read) => "__down_read",
                (QueueRules::Spinlock, Mode::Write) => "__down_write_common",
                _ if machine.locks[on.0 as usize].class == LockClass::PageLock => "__lock_page",
                _ if machine.locks[on.0 as usize].class == LockClass::Srcu => "__synchronize_srcu",
                (QueueRules::Srcu, _) => "tdp_page_fault",
                _ if killable => "__mutex_lock_killable_slowpath",
                _ => "__mutex_lock_slowpath",
            }
        }
        Run::Waits { .. } => "wait_for_completion",
        Run::Asleep {
            pc: Pc::AllocKillNap | Pc::Memcg(Memcg::KillNap) | Pc::Moom(_),
            ..
        } => "schedule_timeout_killable",
        Run::Asleep {
            pc: Pc::Kmem(_), ..
        } => "congestion_wait",
        Run::Asleep {
            pc: Pc::Reap(_) | Pc::Notify(_),
            ..
        } => "schedule_timeout_idle",
        Run::Asleep {
            pc: Pc::Vmscan(Vmscan::Throttled | Vmscan::ThrottledOnce),
            ..
        }
        | Run::Parked(Pc::Vmscan(Vmscan::Throttled)) => "congestion_wait",
        Run::Parked(Pc::Memcg(Memcg::Slept)) => "schedule",
        Run::Asleep { .. } | Run::Parked(Pc::AllocOom | Pc::Vmscan(Vmscan::Balance)) => {
            "schedule_timeout_uninterruptible"
        }
        _ => return None,
    };
    Some(frame.to_string())
}
