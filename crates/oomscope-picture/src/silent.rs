//! Steps of which no event tells: a function returns, a check finds nothing, and the task stands
//! one line further in the kernel. They are told by what stands there.

use oomscope_model::machine::{Kind, Machine, Op, TaskId};
use oomscope_model::state::{ExitMmap, Exiting, Pc, Reap, Run, State};

use crate::names;
use crate::stack::{detail, op_text};

/// Such a step as a clause, from the state after it.
pub(crate) fn clause(machine: &Machine, state: &State, task: TaskId) -> String {
    let name = names::task(machine, task);
    match state.task(task).run {
        Run::Idle if machine.actor(task).kind == Kind::OomReaper => {
            format!("{name} has no victim left and goes back to sleep")
        }
        Run::Ready(Pc::Line) => through(machine, state, task),
        Run::Ready(Pc::AllocTry) => format!("{name} asks for its page"),
        Run::Ready(Pc::AllocOom) => format!("{name} goes on with direct reclaim"),
        Run::Ready(Pc::Reap(Reap::Zap)) => {
            format!("{name} goes on to the next part of that memory")
        }
        Run::Ready(Pc::ExitLock) => format!("{name} begins to exit"),
        Run::Ready(Pc::Exiting(Exiting::Mrelease)) => {
            format!("{name} begins to reap (process_mrelease)")
        }
        Run::Ready(Pc::ExitMmap(at)) => format!("{name} comes to {} in exit_mmap", exit_step(at)),
        _ => goes_on(machine, state, task),
    }
}

/// At the start of a line: through with the one before.
fn through(machine: &Machine, state: &State, task: TaskId) -> String {
    let name = names::task(machine, task);
    let before = state.task(task).line.checked_sub(1);
    match before
        .and_then(|line| machine.line(task, line))
        .map(|it| it.op)
    {
        Some(Op::WaitFor { completion }) => format!(
            "{name} need not wait for {}, which is complete",
            names::completion(machine, completion)
        ),
        Some(Op::Copy { mm }) if machine.actor(task).mm == Some(mm) => {
            format!("{name} copies what it has in its memory")
        }
        Some(Op::Copy { mm }) => format!(
            "{name} copies what {} has in its memory",
            names::mm(machine, mm)
        ),
        Some(op) => format!("{name} is through with {}", op_text(machine, op)),
        None => goes_on(machine, state, task),
    }
}

fn goes_on(machine: &Machine, state: &State, task: TaskId) -> String {
    let name = names::task(machine, task);
    let at = detail(machine, state, task);
    match at.split_once(" → ") {
        Some((outer, inner)) => format!("{name} comes to {inner} in {outer}"),
        None => format!("{name} goes on: {at}"),
    }
}

/// A step of `exit_mmap`, as one comes to it.
fn exit_step(at: ExitMmap) -> &'static str {
    match at {
        ExitMmap::Start => "mmu_notifier_release",
        ExitMmap::OomLock => "oom_lock, which it takes",
        ExitMmap::SelfReap => "reaping its own memory (__oom_reap_task_mm)",
        ExitMmap::EmptyWrite | ExitMmap::LateEmptyWrite => {
            "the empty pair of down_write and up_write"
        }
        ExitMmap::WriteLock | ExitMmap::LateWriteLock => "down_write of mmap_sem",
        ExitMmap::ReadLock => "down_read of mmap_sem",
        ExitMmap::MunlockClear => "the mlocked VMAs (munlock_vma_pages_range)",
        ExitMmap::MunlockWalk => "the page walk of munlock (follow_page_mask)",
        ExitMmap::MunlockPtl => "the page-table lock (pte_offset_map_lock)",
        ExitMmap::MunlockPage => "the page lock (lock_page)",
        ExitMmap::UnlinkFileVma => "unlink_file_vma",
        ExitMmap::Unmap => "unmap_vmas",
        ExitMmap::Skip => "setting MMF_OOM_SKIP",
        ExitMmap::FreePgtables => "free_pgtables",
    }
}
