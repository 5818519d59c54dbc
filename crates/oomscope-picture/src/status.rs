//! What a task is doing, in a few words and a shape.

use oomscope_model::kernel::Reaper;
use oomscope_model::kernel::lock::sleep_state;
use oomscope_model::machine::{Kind, Machine, TaskId, Wait};
use oomscope_model::state::{
    ExitMmap, Exiting, Memcg, Moom, Notify, Pc, Reap, Run, State, TaskFlags, Vmscan,
};

use crate::chain::nap_words;
use crate::picture::{Badge, Glyph, Status, Tone};
use crate::wait::needs_page;
use crate::{names, notifiers};

/// The status of one task.
pub fn status(machine: &Machine, state: &State, task: TaskId) -> Status {
    match machine.actor(task).kind {
        Kind::OomReaper => reaper(machine, state, task),
        Kind::User(_) | Kind::Kthread | Kind::Kworker | Kind::Kswapd => {
            worker(machine, state, task)
        }
    }
}

/// The signal that is pending for a task: whether it is SIGKILL, and whether the task sleeps
/// so that it does not matter.
pub(crate) fn signal(machine: &Machine, state: &State, task: TaskId) -> Option<(bool, bool)> {
    let word = state.task(task);
    let fatal = word.flags.has(TaskFlags::SIGKILL);
    if !fatal && !word.flags.has(TaskFlags::SIGNAL) || word.run == Run::Exited {
        return None;
    }
    let ends = match sleep_state(machine, state, task) {
        Wait::Uninterruptible => false,
        Wait::Killable => fatal,
        Wait::Interruptible => true,
    };
    let sleeps = matches!(word.run, Run::Queued { .. } | Run::Waits { .. });
    Some((fatal, sleeps && !ends))
}

/// The marks on a task.
pub fn badges(state: &State, task: TaskId) -> Vec<Badge> {
    let flags = state.task(task).flags;
    [
        (TaskFlags::SIGKILL, Badge::Sigkill),
        (TaskFlags::MEMDIE, Badge::Memdie),
        (TaskFlags::SIGNAL, Badge::Signal),
        (TaskFlags::EXITING, Badge::Exiting),
    ]
    .into_iter()
    .filter_map(|(bit, badge)| flags.has(bit).then_some(badge))
    .collect()
}

fn say(glyph: Glyph, word: impl Into<String>, tone: Tone) -> Status {
    Status {
        glyph,
        word: word.into(),
        tone,
    }
}

fn worker(machine: &Machine, state: &State, task: TaskId) -> Status {
    let word = state.task(task);
    let killed = word.flags.has(TaskFlags::SIGKILL);
    if word.flags.has(TaskFlags::OOPSED) {
        return say(Glyph::Cross, "died in an oops", Tone::Stuck);
    }
    let also_killed = |text: &str| {
        if killed {
            format!("{text}, SIGKILL")
        } else if word.flags.has(TaskFlags::SIGNAL) {
            format!("{text}, signal")
        } else {
            text.to_string()
        }
    };
    if needs_page(machine, state, task) {
        return match word.run {
            Run::Asleep {
                pc: Pc::AllocKillNap | Pc::Memcg(Memcg::KillNap),
                ..
            } => say(Glyph::Clock, "naps with oom_lock", Tone::Wait),
            Run::Parked(Pc::Kmem(_))
            | Run::Asleep {
                pc: Pc::Kmem(_), ..
            } => say(Glyph::Clock, also_killed("asks every 20 ms"), Tone::Wait),
            Run::Ready(Pc::AllocNotify | Pc::AllocNotified) => {
                say(Glyph::Play, "asks drivers for memory", Tone::Signal)
            }
            Run::Ready(Pc::Memcg(Memcg::Scan)) => {
                say(Glyph::Play, "looks for a victim", Tone::Signal)
            }
            Run::Ready(Pc::Memcg(_)) => say(Glyph::Play, also_killed("over its limit"), Tone::Wait),
            Run::Ready(Pc::AllocScan) => say(Glyph::Play, "looks for a victim", Tone::Signal),
            Run::Ready(_) => say(Glyph::Play, also_killed("wants a page"), Tone::Wait),
            Run::Parked(Pc::Vmscan(_)) => say(
                Glyph::Clock,
                also_killed("waits for isolated pages"),
                Tone::Wait,
            ),
            Run::Parked(Pc::Memcg(Memcg::Slept)) => say(
                Glyph::Clock,
                also_killed("waits for the killer"),
                Tone::Wait,
            ),
            Run::Parked(_) if killed => say(Glyph::Play, "no page, SIGKILL", Tone::Wait),
            _ => say(Glyph::Play, "runs, no page", Tone::Wait),
        };
    }
    match word.run {
        Run::Ready(pc) => ready(machine, state, task, pc, killed),
        Run::Queued { awake: true, .. } if killed && names::is_killable(machine, state, task) => {
            say(Glyph::Arrow, "leaves the queue", Tone::Signal)
        }
        Run::Queued { awake: true, .. } => say(Glyph::Play, also_killed("woken"), Tone::Run),
        run if notifiers::retries(machine, run) => {
            say(Glyph::Play, "retries its fault", Tone::Wait)
        }
        Run::Queued { .. } | Run::Waits { .. } => {
            say(Glyph::Square, also_killed("waits"), Tone::Wait)
        }
        Run::Asleep { nap, .. } => say(
            Glyph::Clock,
            format!("sleeps {}", nap_words(nap)),
            Tone::Wait,
        ),
        Run::Idle if matches!(machine.actor(task).kind, Kind::Kworker | Kind::Kswapd) => {
            say(Glyph::Ring, "idle", Tone::Neutral)
        }
        Run::Idle => say(Glyph::Check, "done", Tone::Ok),
        Run::Exited => say(Glyph::Cross, "exited", Tone::Neutral),
        Run::Parked(Pc::Vmscan(Vmscan::Balance)) => {
            say(Glyph::Clock, "waits for oom_lock", Tone::Wait)
        }
        Run::Parked(Pc::Vmscan(_)) => say(
            Glyph::Clock,
            also_killed("waits for isolated pages"),
            Tone::Wait,
        ),
        Run::Parked(_) => say(Glyph::Play, "runs, no page", Tone::Wait),
    }
}

fn ready(machine: &Machine, state: &State, task: TaskId, pc: Pc, killed: bool) -> Status {
    match pc {
        Pc::Unwind => say(Glyph::Arrow, "backs out, -EINTR", Tone::Signal),
        Pc::ExitLock | Pc::ExitDropMm => say(Glyph::Arrow, "exiting", Tone::Signal),
        Pc::ExitMmap(ExitMmap::Unmap) => say(Glyph::Recycle, "frees its memory", Tone::Ok),
        Pc::Exiting(Exiting::Mrelease) => say(Glyph::Recycle, "reaps", Tone::Reaper),
        Pc::Exiting(Exiting::CoreZap) => say(Glyph::Arrow, "dumps core", Tone::Signal),
        Pc::Exiting(Exiting::CoreDone) => say(Glyph::Arrow, "exiting", Tone::Signal),
        Pc::ExitMmap(_) | Pc::Exiting(_) => {
            say(Glyph::Arrow, "tears down its memory", Tone::Signal)
        }
        Pc::Vmscan(_) => say(Glyph::Recycle, "reclaims", Tone::Run),
        Pc::Moom(Moom::KillNap) => say(Glyph::Clock, "naps with oom_lock", Tone::Wait),
        Pc::Moom(_) => say(Glyph::Play, "sysrq-f", Tone::Signal),
        Pc::AllocTry | Pc::AllocOom | Pc::AllocScan | Pc::AllocNotify | Pc::AllocNotified => {
            say(Glyph::Play, "allocates", Tone::Run)
        }
        _ if killed && state.task(task).holds_nothing() => {
            say(Glyph::Arrow, "killed, will exit", Tone::Signal)
        }
        _ if killed => say(Glyph::Play, "runs, SIGKILL", Tone::Signal),
        Pc::Line if state.task(task).flags.has(TaskFlags::DUMPCORE) => {
            say(Glyph::Play, "dumps core", Tone::Run)
        }
        _ if machine.line(task, state.task(task).line).is_none() => {
            say(Glyph::Check, "done", Tone::Ok)
        }
        _ => say(Glyph::Play, "runs", Tone::Run),
    }
}

fn reaper(machine: &Machine, state: &State, task: TaskId) -> Status {
    let word = state.task(task);
    if machine.kernel.reaper == Reaper::Absent {
        return say(Glyph::Ring, "absent", Tone::Neutral);
    }
    let tries = word.tries;
    let count = if tries > 0 {
        format!(", {tries} of 10")
    } else {
        String::new()
    };
    match word.run {
        Run::Asleep { nap, .. } => say(
            Glyph::Clock,
            if tries > 0 {
                format!("sleeps{count}")
            } else {
                format!("sleeps {}", nap_words(nap))
            },
            Tone::Reaper,
        ),
        Run::Queued { .. } => say(Glyph::Square, format!("waits{count}"), Tone::Reaper),
        Run::Waits { .. } => say(Glyph::Square, "waits in exit_aio", Tone::Reaper),
        Run::Ready(Pc::Notify(Notify::Zap)) => say(Glyph::Recycle, "reaps", Tone::Reaper),
        Run::Ready(Pc::Notify(_)) => say(Glyph::Play, "tells notifiers", Tone::Reaper),
        Run::Ready(Pc::Reap(Reap::Zap)) => say(Glyph::Recycle, "reaps", Tone::Reaper),
        Run::Ready(Pc::Reap(Reap::GiveUp)) => say(Glyph::Cross, "gives up", Tone::Reaper),
        Run::Ready(Pc::ExitMmap(_) | Pc::Exiting(_)) => {
            say(Glyph::Arrow, "runs exit_mmap", Tone::Reaper)
        }
        Run::Ready(_) => say(Glyph::Play, format!("runs{count}"), Tone::Reaper),
        Run::Exited => say(Glyph::Cross, "died in an oops", Tone::Stuck),
        Run::Idle | Run::Parked(_) => say(Glyph::Ring, "idle", Tone::Neutral),
    }
}
