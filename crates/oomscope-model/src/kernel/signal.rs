//! `kernel/signal.c`, 3.19 to 6.1, SIGKILL only.
//!
//! **Models** complete_signal and signal_wake_up_state: a flag on every thread, and a wake
//! of those that sleep killably; facts: locks-and-allocation.md 1.2.
//! **Leaves out** all other signals, stopped and traced threads.
//! **Atomic because** all threads are flagged in one section under `siglock`.

use crate::event::{Event, Observer};
use crate::kernel::{lock, vmscan};
use crate::machine::{ProcessId, TaskId};
use crate::state::{Pc, Run, TaskFlags};
use crate::step::Cx;

/// Sends SIGKILL to every thread of the process. Nobody dies here: each thread dies when
/// it next returns towards user mode.
pub(crate) fn send_sigkill<O: Observer>(cx: &mut Cx<'_, O>, process: ProcessId) {
    cx.disturb();
    // Who waits for isolated pages looks at the signal after its sleep (4.6).
    vmscan::look_again(cx.state);
    for task in cx.machine.threads(process) {
        if cx.state.task(task).flags.has(TaskFlags::SIGKILL) {
            continue;
        }
        cx.set_flag(task, TaskFlags::SIGKILL, true);
        if cx.state.task(task).run == Run::Exited {
            continue;
        }
        cx.emit(Event::Signalled { task });
        if cx.state.task(task).run == Run::Idle {
            cx.state.task_mut(task).run = Run::Ready(Pc::ExitLock);
        }
        wake_if_killable(cx, task);
    }
}

/// Wakes a killed waiter whose sleep is killable; others only carry the flag.
pub(crate) fn wake_if_killable<O: Observer>(cx: &mut Cx<'_, O>, task: TaskId) {
    let killed = cx.state.task(task).flags.has(TaskFlags::SIGKILL);
    if killed && lock::is_killable(cx.machine, cx.state, task) {
        lock::set_awake(cx, task, true);
    }
}
