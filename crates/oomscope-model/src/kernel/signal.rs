//! `kernel/signal.c`, 3.19 to 6.1.
//!
//! **Models** complete_signal and signal_wake_up_state: for SIGKILL a flag on every thread
//! and a wake of those that sleep killably; for a signal with a handler, such as a timer's
//! SIGALRM, a flag on one thread and a wake if it sleeps interruptibly; and
//! signal_pending_state, which decides when a sleeper gives up; facts:
//! locks-and-allocation.md 1.1 to 1.3.
//! **Leaves out** stopped and traced threads, signals that are blocked or ignored, and what
//! the handler does: it runs the moment the task is in user mode.
//! **Atomic because** all threads are flagged in one section under `siglock`.

use crate::event::{Event, Observer};
use crate::kernel::{SiteWait, lock, vfork, vmscan};
use crate::machine::{Machine, Op, ProcessId, TaskId, Wait};
use crate::state::{Pc, Run, State, TaskFlags};
use crate::step::Cx;

/// Sends SIGKILL to every thread of the process. Nobody dies here: each thread dies when
/// it next returns towards user mode.
pub(crate) fn send_sigkill<O: Observer>(cx: &mut Cx<'_, O>, process: ProcessId) {
    let mut threads = cx.machine.threads(process);
    if threads.all(|task| cx.state.task(task).flags.has(TaskFlags::SIGKILL)) {
        return;
    }
    cx.disturb();
    // Who waits for isolated pages looks at the signal after its sleep (4.6).
    vmscan::look_again(cx.state);
    for task in cx.machine.threads(process) {
        kill_thread(cx, task);
    }
}

/// SIGKILL for one thread: it dies when it next returns towards user mode.
pub(crate) fn kill_thread<O: Observer>(cx: &mut Cx<'_, O>, task: TaskId) {
    if cx.state.task(task).flags.has(TaskFlags::SIGKILL) {
        return;
    }
    cx.set_flag(task, TaskFlags::SIGKILL, true);
    if cx.state.task(task).run == Run::Exited {
        return;
    }
    cx.emit(Event::Signalled { task });
    if cx.state.task(task).run == Run::Idle {
        cx.state.task_mut(task).run = Run::Ready(Pc::ExitLock);
    }
    vfork::interrupt(cx, task);
    wake_if_pending(cx, task);
}

/// A signal arrives whose handler runs in user mode. Who is there already handles it at
/// once; who is in the kernel finds it pending.
pub(crate) fn send_signal<O: Observer>(cx: &mut Cx<'_, O>, task: TaskId) {
    cx.emit(Event::SignalSent { task });
    let word = cx.state.task(task);
    let in_user_mode = match word.run {
        Run::Idle | Run::Exited => true,
        Run::Ready(Pc::Line) => word.holds_nothing(),
        _ => false,
    };
    // A process that dumps core takes no signal but SIGKILL.
    let deaf = word.flags.has(TaskFlags::EXITING) || word.flags.has(TaskFlags::DUMPCORE);
    if in_user_mode || deaf {
        return;
    }
    cx.set_flag(task, TaskFlags::SIGNAL, true);
    wake_if_pending(cx, task);
}

/// `signal_pending_state`: a killable sleep ends with SIGKILL, an interruptible one with
/// any signal.
pub(crate) fn pending(machine: &Machine, state: &State, task: TaskId) -> bool {
    let flags = state.task(task).flags;
    match lock::sleep_state(machine, state, task) {
        Wait::Uninterruptible => false,
        Wait::Killable => flags.has(TaskFlags::SIGKILL),
        Wait::Interruptible => flags.has(TaskFlags::SIGKILL) || flags.has(TaskFlags::SIGNAL),
    }
}

/// Wakes a waiter whose sleep a pending signal ends; others only carry the flag.
pub(crate) fn wake_if_pending<O: Observer>(cx: &mut Cx<'_, O>, task: TaskId) {
    if pending(cx.machine, cx.state, task) {
        lock::set_awake(cx, task, true);
    }
}

/// A wait was interrupted and the system call gives up. What becomes of the error depends
/// on who asked to sleep interruptibly: a driver or a file system knows what -EINTR means;
/// the callers of `mmap`, `munmap` and `brk` were never told (1.3). -ERESTARTNOINTR runs
/// the handler and starts the call again.
pub(crate) fn interrupted<O: Observer>(cx: &mut Cx<'_, O>) {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    let of_mm_call = matches!(
        line.map(|line| line.op),
        Some(Op::Mmap { .. } | Op::Munmap { .. } | Op::MapFile { .. })
    );
    if !of_mm_call {
        return;
    }
    match cx.machine.kernel.mmap_writers {
        SiteWait::Restarting => cx.set_flag(cx.me, TaskFlags::RESTARTS, true),
        _ => cx.set_flag(cx.me, TaskFlags::WRONG_ERRNO, true),
    }
}
