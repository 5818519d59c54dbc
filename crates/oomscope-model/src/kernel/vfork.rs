//! `kernel/fork.c`, 3.19 to 6.1: `vfork` and its parent.
//!
//! **Models** wait_for_vfork_done, complete_vfork_done in mm_release (E3) and in_vfork; facts:
//! oom.md 1.1, 6.1 E3.
//! **Leaves out** `exec` and its new mm, and that `vfork_done` is on the child's stack: the
//! story begins with the parent asleep.
//! **Atomic because** `vfork_done` is set, tested and cleared under the child's task_lock.

use crate::event::Observer;
use crate::kernel::VforkWait;
use crate::machine::{CompletionId, Kind, Machine, Op, ProcessId, TaskId};
use crate::state::{Pc, Run, State};
use crate::step::Cx;

/// Who waits for this process in `vfork`, and the completion.
fn parent_of(machine: &Machine, child: ProcessId) -> Option<(TaskId, CompletionId)> {
    machine.task_ids().find_map(|task| {
        let line = machine.line(task, 0)?;
        match line.op {
            Op::Vfork {
                process,
                completion,
            } if process == child => Some((task, completion)),
            _ => None,
        }
    })
}

/// `in_vfork`: the process runs in its parent's memory, and the parent, if it is part of the
/// cast, waits for it. A parent that was killed has left, and nobody asks any more.
pub(crate) fn in_vfork(machine: &Machine, state: &State, child: ProcessId) -> bool {
    machine.process(child).traits.in_vfork
        && parent_of(machine, child).is_none_or(|(task, _)| is_inside(machine, state, task))
}

/// Whether the task sleeps in `wait_for_vfork_done`.
fn is_inside(machine: &Machine, state: &State, task: TaskId) -> bool {
    let word = state.task(task);
    let line = machine.line(task, word.line).map(|line| line.op);
    matches!(
        word.run,
        Run::Waits {
            pc: Pc::LineDone,
            ..
        }
    ) && matches!(line, Some(Op::Vfork { .. }))
}

/// E3, the end of `mm_release`: the first thread of a vforked process wakes its parent.
pub(crate) fn complete_vfork_done<O: Observer>(cx: &mut Cx<'_, O>) {
    let Kind::User(process) = cx.machine.actor(cx.me).kind else {
        return;
    };
    let info = cx.machine.process(process);
    if !info.traits.in_vfork || info.leader != cx.me {
        return;
    }
    if let Some((parent, completion)) = parent_of(cx.machine, process)
        && is_inside(cx.machine, cx.state, parent)
    {
        cx.complete(completion);
        // `in_vfork` is read by the scan.
        cx.disturb();
    }
}

/// SIGKILL reaches a parent: it stops waiting where it may.
pub(crate) fn interrupt<O: Observer>(cx: &mut Cx<'_, O>, task: TaskId) {
    if cx.machine.kernel.vfork_wait == VforkWait::Killable && is_inside(cx.machine, cx.state, task)
    {
        cx.state.task_mut(task).run = Run::Ready(Pc::Unwind);
        cx.disturb();
    }
}

/// Whether this task will wake who waits for this completion in `vfork`.
pub fn will_complete(
    machine: &Machine,
    state: &State,
    task: TaskId,
    completion: CompletionId,
) -> bool {
    let Some(process) = machine.process_of(task) else {
        return false;
    };
    machine.process(process).leader == task
        && !state.task(task).flags.has(crate::state::TaskFlags::MM_NULL)
        && parent_of(machine, process).is_some_and(|(_, it)| it == completion)
}
