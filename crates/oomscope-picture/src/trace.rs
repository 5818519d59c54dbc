//! Lines of the tracepoints of subsystem `oom` (oom.md 8), for those who would have had them
//! on: they tell what the log is silent about, every failed trylock above all.

use oomscope_model::event::Event;
use oomscope_model::kernel::ReapDelay;
use oomscope_model::machine::{Kind, LockClass, Machine, TaskId};
use oomscope_model::patches::Version;
use oomscope_model::state::{MmFlags, State};

use crate::clock::stamp;
use crate::dmesg::{LogKind, LogLine, log_lines};

/// First release that has them.
pub const TRACEPOINTS_SINCE: Version = Version(4, 14);

/// What one event leaves in the trace buffer, as `perf trace -e 'oom:*'` would name it;
/// `state` is the state after the step, `t_usec` the time from [`crate::clock`].
pub fn trace_lines(
    machine: &Machine,
    version: Version,
    event: &Event,
    state: &State,
    t_usec: u64,
) -> Vec<LogLine> {
    if version < TRACEPOINTS_SINCE {
        return Vec::new();
    }
    let line = |what: &str, task: TaskId| {
        let pid = machine.actor(task).pid;
        vec![LogLine {
            text: format!("{}oom:{what}: pid={pid}", stamp(t_usec)),
            kind: LogKind::Trace,
        }]
    };
    let at_once = machine.kernel.reap_delay == ReapDelay::None;
    match *event {
        Event::Killed { thread, .. } => line("mark_victim", thread),
        Event::ChildKilled { thread, .. } | Event::GroupKilled { thread, .. } => {
            line("mark_victim", thread)
        }
        Event::MarkedItself { task } => line("mark_victim", task),
        Event::MarkedExiting { victim, .. } => line("mark_victim", victim),
        Event::ReaperQueued { victim } if at_once => line("wake_reaper", victim),
        // With the timer of 5.18 the reaper is woken when it has expired.
        Event::ReaperStarts { victim } if !at_once => line("wake_reaper", victim),
        Event::LockTaken { task, lock, .. } => match state.task(task).victim {
            Some(victim) if reaps(machine, task, lock) => line("start_task_reaping", victim),
            _ => Vec::new(),
        },
        Event::TrylockFailed { task, .. } => match state.task(task).victim {
            Some(victim) => line("skip_task_reaping", victim),
            None => Vec::new(),
        },
        Event::NothingToReap { victim } if is_skipped(machine, state, victim) => {
            line("skip_task_reaping", victim)
        }
        // From 4.19 on the end is traced for a part of the address space, too.
        Event::Reaped { victim, .. } | Event::PartlyReaped { victim, .. } => {
            line("finish_task_reaping", victim)
        }
        _ => Vec::new(),
    }
}

/// What one event leaves in the log, with the lines of its tracepoints where they fall.
pub fn log_with_traces(
    machine: &Machine,
    version: Version,
    event: &Event,
    state: &State,
    t_usec: u64,
) -> Vec<LogLine> {
    let mut lines = log_lines(machine, version, event, state, t_usec);
    let traces = trace_lines(machine, version, event, state, t_usec);
    let at = lines.len() - lines_after_trace(event, &lines);
    lines.splice(at..at, traces);
    lines
}

/// How many lines of the log an event prints after its tracepoint. oom_kill_process() marks
/// the victim, then prints "Killed process"; everything else is traced when it is printed.
fn lines_after_trace(event: &Event, lines: &[LogLine]) -> usize {
    match event {
        Event::Killed { .. } => lines.len().min(1),
        _ => 0,
    }
}

/// Whether this is the reaper's successful trylock.
fn reaps(machine: &Machine, task: TaskId, lock: oomscope_model::machine::LockId) -> bool {
    machine.actor(task).kind == Kind::OomReaper
        && matches!(machine.locks[lock.0 as usize].class, LockClass::MmapSem(_))
}

fn is_skipped(machine: &Machine, state: &State, victim: TaskId) -> bool {
    let mm = machine.actor(victim).mm;
    mm.is_some_and(|mm| state.mm(mm).flags.has(MmFlags::OOM_SKIP))
}
