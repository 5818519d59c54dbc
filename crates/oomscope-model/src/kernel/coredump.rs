//! `fs/coredump.c`, and what `kernel/exit.c` does for it, 3.19 to 6.1.
//!
//! **Models** coredump_wait and zap_threads, the wait of the other threads for the end of the
//! dump (exit_mm up to 5.15, coredump_task_exit from 5.16 on), the test of dump_interrupted
//! between two pieces of the dump, and coredump_finish; facts: oom.md 4.3, 4.4, 6.1 E5, S23,
//! locks-and-allocation.md 3.1.
//! **Leaves out** where the dump goes and how: that is what the program says after
//! `core_dump`. Pipes, whose writers a SIGKILL wakes; the `mmap_lock` that the snapshot of
//! the VMAs takes for writing from 5.10 on; the freezer.
//! **Atomic because** zap_threads runs under `siglock`, up to 5.15 with `mmap_sem` held for
//! writing; who looks at `core_state` in exit_mm holds `mmap_sem` for reading.

use crate::event::{Event, Observer};
use crate::kernel::{CoreDump, lock, signal};
use crate::machine::{CompletionId, Kind, Machine, MmId, Mode, Op, ProcessId, TaskId};
use crate::state::{Exiting, Pc, Run, State, TaskFlags};
use crate::step::{Cx, Next};

/// What the threads of one dump wait for.
#[derive(Clone, Copy)]
struct CoreState {
    /// The dumper waits until every other thread stands still (`core_state->startup`).
    startup: CompletionId,
    /// They wait for the end of the dump.
    finish: CompletionId,
}

fn core_state(machine: &Machine, dumper: TaskId) -> Option<CoreState> {
    let program = &machine.actor(dumper).program;
    program.iter().find_map(|line| match line.op {
        Op::CoreDump { startup, finish } => Some(CoreState { startup, finish }),
        _ => None,
    })
}

/// Whether this task dumps core and is not done yet.
fn is_dumper(machine: &Machine, state: &State, task: TaskId) -> bool {
    state.task(task).flags.has(TaskFlags::DUMPCORE)
        && core_state(machine, task).is_some_and(|core| state.completed >> core.finish.0 & 1 == 0)
}

/// The thread of this process that is dumping core now.
pub(crate) fn dumper_of(machine: &Machine, state: &State, process: ProcessId) -> Option<TaskId> {
    let mut threads = machine.threads(process);
    threads.find(|&thread| is_dumper(machine, state, thread))
}

/// `SIGNAL_GROUP_COREDUMP`: the process dumps core, and no SIGKILL has come since, which
/// makes it a `SIGNAL_GROUP_EXIT` like any other.
pub(crate) fn is_group_coredump(machine: &Machine, state: &State, process: ProcessId) -> bool {
    dumper_of(machine, state, process)
        .is_some_and(|dumper| !state.task(dumper).flags.has(TaskFlags::SIGKILL))
}

/// Whether a dump, and no kill since, took everybody who uses this mm (up to 5.15).
pub(crate) fn took_all(machine: &Machine, state: &State, mm: MmId) -> bool {
    machine.kernel.core_dump == CoreDump::InExitMm
        && machine.task_ids().any(|task| {
            let flags = state.task(task).flags;
            let died = flags.has(TaskFlags::DUMPCORE) && !flags.has(TaskFlags::SIGKILL);
            died && machine.actor(task).mm == Some(mm)
        })
}

/// Whether a dump takes this thread in: up to 5.15 everybody who uses the mm, from 5.16 on
/// the threads of the process that dumps.
fn takes_in(machine: &Machine, dumper: TaskId, thread: TaskId) -> bool {
    let (from, to) = (machine.actor(dumper), machine.actor(thread));
    let in_reach = match machine.kernel.core_dump {
        CoreDump::InExitMm => from.mm == to.mm,
        CoreDump::BeforeExit => from.kind == to.kind,
    };
    dumper != thread && matches!(to.kind, Kind::User(_)) && in_reach
}

/// Whether the dumper still waits for this thread to stand still.
fn is_awaited(machine: &Machine, state: &State, dumper: TaskId, thread: TaskId) -> bool {
    let word = state.task(thread);
    let past = match machine.kernel.core_dump {
        CoreDump::InExitMm => word.flags.has(TaskFlags::MM_NULL),
        CoreDump::BeforeExit => word.flags.has(TaskFlags::EXITING),
    };
    let stands = matches!(
        word.run,
        Run::Exited
            | Run::Waits {
                pc: Pc::Exiting(Exiting::CoreDone),
                ..
            }
    );
    takes_in(machine, dumper, thread) && !past && !stands
}

/// Whether `task` is on its way to complete this completion for a core dump: the dumper with
/// its end, another thread by standing still.
pub fn will_complete(
    machine: &Machine,
    state: &State,
    task: TaskId,
    completion: CompletionId,
) -> bool {
    machine.task_ids().any(|dumper| {
        let Some(core) = core_state(machine, dumper).filter(|_| is_dumper(machine, state, dumper))
        else {
            return false;
        };
        core.finish == completion && dumper == task
            || core.startup == completion && is_awaited(machine, state, dumper, task)
    })
}

/// A signal that dumps core reaches the task: `coredump_wait`. Up to 5.15 `mmap_sem` for
/// writing keeps everybody from leaving the mm meanwhile; the wait for it is killable from
/// 4.7 on, with the other writers.
pub(crate) fn coredump_wait<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let mm = cx.machine.actor(cx.me).mm;
    match (cx.machine.kernel.core_dump, mm) {
        (CoreDump::InExitMm, Some(mm)) => {
            let pc = Pc::Exiting(Exiting::CoreZap);
            lock::acquire(cx, cx.machine.mmap_sem(mm), Mode::Write, pc)
        }
        _ => zap_threads(cx),
    }
}

/// `zap_threads`: every other thread gets SIGKILL and will stand still on its way out; the
/// dumper waits for the last of them. From here on it has `PF_DUMPCORE`. Who was killed
/// before it came here just exits.
pub(crate) fn zap_threads<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let me = cx.me;
    let killed = cx.state.task(me).flags.has(TaskFlags::SIGKILL);
    let core = core_state(cx.machine, me).filter(|_| !killed);
    if core.is_some() {
        cx.set_flag(me, TaskFlags::DUMPCORE, true);
        cx.emit(Event::CoreDumpStarts { task: me });
        cx.disturb();
        for thread in cx.machine.task_ids() {
            if is_awaited(cx.machine, cx.state, me, thread) {
                signal::kill_thread(cx, thread);
            }
        }
    }
    if let Some(mm) = cx.machine.actor(me).mm {
        lock::release(cx, cx.machine.mmap_sem(mm));
    }
    match core {
        Some(core) if !all_stand_still(cx.machine, cx.state, me) => {
            cx.emit(Event::Waits {
                task: me,
                completion: core.startup,
            });
            Next::Wait(core.startup, Pc::LineDone)
        }
        _ => Next::LineDone,
    }
}

fn all_stand_still(machine: &Machine, state: &State, dumper: TaskId) -> bool {
    let mut tasks = machine.task_ids();
    !tasks.any(|thread| is_awaited(machine, state, dumper, thread))
}

/// E5: a dump is under way that takes this thread in. It says that it stands still, and sleeps
/// uninterruptibly until the dump is over. Up to 5.15 it has come here with `PF_EXITING` and
/// its mm, and holds `mmap_sem` for reading until it sleeps.
pub(crate) fn stand_still<O: Observer>(cx: &mut Cx<'_, O>) -> Option<Next> {
    let me = cx.me;
    let dumper = cx.machine.task_ids().find(|&dumper| {
        takes_in(cx.machine, dumper, me) && is_dumper(cx.machine, cx.state, dumper)
    })?;
    let core = core_state(cx.machine, dumper)?;
    if let Some(mm) = cx.machine.actor(me).mm {
        lock::release(cx, cx.machine.mmap_sem(mm));
    }
    cx.emit(Event::Waits {
        task: me,
        completion: core.finish,
    });
    let pc = Pc::Exiting(Exiting::CoreDone);
    cx.set_run(Run::Waits {
        completion: core.finish,
        pc,
    });
    start_up(cx, dumper, core);
    Some(Next::Wait(core.finish, pc))
}

fn start_up<O: Observer>(cx: &mut Cx<'_, O>, dumper: TaskId, core: CoreState) {
    if all_stand_still(cx.machine, cx.state, dumper)
        && cx.state.completed >> core.startup.0 & 1 == 0
    {
        cx.complete(core.startup);
    }
}

/// The dump is over, well or ill: `coredump_finish`, and the dumper exits with the others.
pub(crate) fn finish<O: Observer>(cx: &mut Cx<'_, O>) {
    if !is_dumper(cx.machine, cx.state, cx.me) {
        return;
    }
    if let Some(core) = core_state(cx.machine, cx.me) {
        cx.complete(core.finish);
        cx.disturb();
    }
}

/// After a switch another set of threads may count: those that are waited for may all stand
/// still now.
pub(crate) fn reconsider<O: Observer>(cx: &mut Cx<'_, O>) {
    for dumper in cx.machine.task_ids() {
        if is_dumper(cx.machine, cx.state, dumper)
            && let Some(core) = core_state(cx.machine, dumper)
        {
            start_up(cx, dumper, core);
        }
    }
}
