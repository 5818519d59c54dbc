//! Steps whose place among the others makes no difference: they are taken at once, and
//! nobody looks at the orders in which somebody else goes first.
//!
//! **What is claimed of a step `t` that [`choose`] names in a state `s`.** As long as `t`
//! itself is not taken, whatever the others do:
//!
//! 1. *It stays possible and is named again*: after any step `u` of another task, `t` is
//!    among the steps that could be named (or the kernel has panicked and nothing runs).
//! 2. *It commutes*: `u` is possible after `t`, and `t u` and `u t` end in the same state.
//! 3. *Nobody sees it*: it changes nothing that an outcome is made of (finished, kills, the
//!    machine's flags, whether a task wants a page).
//!
//! Then `s` and the state after `t` are branching bisimilar, which keeps everything that
//! is said with *there is a way to*: which outcomes can be reached, where the doomed region
//! begins, whether what it ends in wants memory for ever (Gerth, Kuiper, Peled, Penczek 1995;
//! Blom and van de Pol 2002). The steps named in one state commute with each other, so the
//! state in which none is left ([`settle`]) is the same in whichever order they are taken,
//! and every state can be replaced by it. That loop ends, for a named step only ever goes
//! forward in `exit_mmap`, in the reaper's work on one victim or in a system call: none
//! leads back to a place from which it was named. Nothing is put off for ever.
//!
//! A path through such states leaves out the steps that were taken at once; written out, it
//! may be longer than the shortest schedule.
//!
//! **Which steps.** Those of the last user of an address space in `exit_mmap`, where nobody
//! else can come any more ([`is_private`]); from where nobody will ever ask for memory again
//! ([`is_sated`]), also those that give pages back, and the reaper's look at its list. And a
//! step of a system call that only moves its own program counter. `tests/reductions.rs`
//! checks 1 to 3 on every state of every scenario and of generated machines.
//!
//! With a number of CPUs declared ([`Machine::cpus`]) nothing is named: who is starved
//! depends on who else is where.

use oomscope_model::kernel::{
    Bookkeeping, ExitProtocol, Munmap, ShortCut, ShortCutMm, lock, mmu_notifier, oom_kill,
    page_alloc,
};
use oomscope_model::machine::{Kind, LockId, Machine, MmId, Mode, Op, TaskId};
use oomscope_model::state::{
    ExitMmap, Exiting, MmFlags, Pc, Reap, Run, Site, State, StateFlags, Task, TaskFlags,
};
use oomscope_model::step::step;
use oomscope_model::transition::Transition;

/// What can be said about a machine once for all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Static {
    /// For each task and line: whether it, or a line after the start of its system call,
    /// asks for memory.
    asks: Vec<Vec<bool>>,
    /// For each task: whether what it does after `exit` asks for memory.
    tail_asks: Vec<bool>,
    /// Bit n: somebody takes lock n by its name.
    named_locks: u32,
    /// Bit n: a guest or a device touches address space n.
    guests: u32,
    /// A task without an mm may still become a victim.
    late_marks: bool,
    /// Nothing may be named.
    off: bool,
}

impl Static {
    /// Looks at a machine.
    pub fn of(machine: &Machine) -> Static {
        let lines = machine
            .task_ids()
            .map(|task| {
                let program = &machine.actor(task).program;
                let asks_from = |line: u8| {
                    program[usize::from(line)..]
                        .iter()
                        .any(|line| asks(line.op))
                };
                (0..=program.len() as u8)
                    .map(|line| asks_from(machine.call_start(task, line).min(line)))
                    .collect()
            })
            .collect();
        let tail_asks = machine
            .tasks
            .iter()
            .map(|actor| {
                let mut tail = actor.program.iter().skip_while(|line| line.op != Op::Exit);
                tail.any(|line| asks(line.op))
            })
            .collect();
        let ops = || machine.tasks.iter().flat_map(|actor| &actor.program);
        let named_locks = ops().fold(0, |locks, line| locks | names(line.op));
        let lists = machine.lrus.iter().filter_map(|lru| lru.lock);
        let callbacks = machine.oom_notifiers.iter().filter_map(|it| it.lock);
        let drivers = machine.mms.iter().flat_map(|mm| &mm.notifiers);
        let drivers = drivers.flat_map(|it| [it.lock, it.count]).flatten();
        let elsewhere = lists.chain(callbacks).chain(drivers);
        let guests = ops().fold(0, |mms, line| match line.op {
            Op::GuestAccess { mm } => mms | 1 << mm.0,
            _ => mms,
        });
        let kernel = &machine.kernel;
        let one_mm = machine.process_ids().all(|process| {
            let leader = oom_kill::process_mm(machine, process);
            let mut threads = machine.threads(process);
            threads.all(|thread| machine.actor(thread).mm == leader)
        });
        Static {
            asks: lines,
            tail_asks,
            named_locks: elsewhere.fold(named_locks, |locks, lock| locks | bit(lock)),
            guests,
            late_marks: kernel.bookkeeping == Bookkeeping::OomMm
                && kernel.short_cut != ShortCut::WillFreeMem
                && kernel.short_cut_mm != ShortCutMm::Needed,
            off: machine.cpus.is_some() || !one_mm,
        }
    }
}

fn bit(lock: LockId) -> u32 {
    1 << lock.0
}

/// Whether a line goes to the allocator.
fn asks(op: Op) -> bool {
    match op {
        Op::Alloc { .. }
        | Op::KmemAlloc { .. }
        | Op::TransStart { .. }
        | Op::Fault { .. }
        | Op::Copy { .. }
        | Op::RemoteRead { .. } => true,
        Op::Lock { .. }
        | Op::Unlock { .. }
        | Op::TransCommit
        | Op::Free { .. }
        | Op::Mmap { .. }
        | Op::Munmap { .. }
        | Op::MapFile { .. }
        | Op::WriteSite { .. }
        | Op::Downgrade { .. }
        | Op::Kill { .. }
        | Op::Signal { .. }
        | Op::Mrelease { .. }
        | Op::CoreDump { .. }
        | Op::Pause
        | Op::Exit
        | Op::WaitFor { .. }
        | Op::GuestAccess { .. }
        | Op::Complete { .. } => false,
    }
}

/// The locks that a line takes by name; `mmap_sem` of the address space it works on is not
/// among them.
fn names(op: Op) -> u32 {
    match op {
        Op::Lock { lock, .. } | Op::Unlock { lock } | Op::Downgrade { lock } => bit(lock),
        Op::MapFile { i_mmap, .. } => bit(i_mmap),
        _ => 0,
    }
}

/// A step that may be taken at once, lowest task first.
pub fn choose(machine: &Machine, fixed: &Static, state: &State) -> Option<Transition> {
    if fixed.off || state.flags.has(StateFlags::PANIC) {
        return None;
    }
    let named = state
        .tasks()
        .find(|&(task, word)| is_indifferent(machine, fixed, state, task, word));
    named.map(|(task, _)| Transition(task))
}

/// Takes steps that may be taken at once until there is none; says each.
pub fn settle(
    machine: &Machine,
    fixed: &Static,
    state: &mut State,
    mut say: impl FnMut(Transition),
) {
    while let Some(transition) = choose(machine, fixed, state) {
        step(machine, state, transition, &mut ());
        say(transition);
    }
}

/// Whether this task's next step commutes with whatever others do before it.
pub fn is_indifferent(
    machine: &Machine,
    fixed: &Static,
    state: &State,
    task: TaskId,
    word: &Task,
) -> bool {
    let Run::Ready(pc) = word.run else {
        return false;
    };
    match (pc, word.mm_job) {
        (Pc::ExitMmap(at), Some(mm)) => exit_mmap(machine, fixed, state, task, mm, at),
        (Pc::Exiting(Exiting::KsmExit), Some(mm)) => {
            is_private(machine, fixed, state, task, mm)
                && passes(machine, state, task, machine.mmap_sem(mm))
        }
        (Pc::Site(Site::Unlinked), _) => machine.kernel.munmap != Munmap::Downgrades,
        // The killer puts victims in front of the one that this step takes.
        (Pc::Reap(Reap::Next), _) => {
            state.tasks().any(|(_, word)| word.reap_rank != 0) && is_sated(machine, fixed, state)
        }
        _ => false,
    }
}

/// One step of `exit_mmap`. The first one only moves the program counter; the others are
/// indifferent where nobody else can reach the address space.
fn exit_mmap(
    machine: &Machine,
    fixed: &Static,
    state: &State,
    task: TaskId,
    mm: MmId,
    at: ExitMmap,
) -> bool {
    if !is_decided(machine, fixed, state, task, mm) {
        return false;
    }
    let mmap_sem = machine.mmap_sem(mm);
    let private = || is_private(machine, fixed, state, task, mm);
    match at {
        ExitMmap::Start => {
            let claims = matches!(
                machine.kernel.exit_mmap,
                ExitProtocol::UnstableV1 | ExitProtocol::UnstableV2
            );
            !claims && !mmu_notifier::has_notifiers(machine, state, mm)
        }
        ExitMmap::EmptyWrite
        | ExitMmap::LateEmptyWrite
        | ExitMmap::WriteLock
        | ExitMmap::ReadLock
        | ExitMmap::LateWriteLock => passes(machine, state, task, mmap_sem) && private(),
        ExitMmap::MunlockClear | ExitMmap::MunlockWalk => private(),
        // With the pages gone it oopses, and everybody sees that.
        ExitMmap::MunlockPtl => {
            let vma = usize::from(state.task(task).todo);
            state.mm(mm).vmas[vma].pages > 0 && private()
        }
        ExitMmap::Unmap | ExitMmap::Skip => private() && is_sated(machine, fixed, state),
        ExitMmap::OomLock
        | ExitMmap::SelfReap
        | ExitMmap::MunlockPage
        | ExitMmap::UnlinkFileVma
        | ExitMmap::FreePgtables => false,
    }
}

/// Whether it is settled if this is a victim's mm, which decides what step comes next: it is
/// one, or nobody without an mm is made a victim any more and its users have none. The code
/// of 2017 asks the current task, who may be a stranger to this mm and be killed yet.
fn is_decided(machine: &Machine, fixed: &Static, state: &State, task: TaskId, mm: MmId) -> bool {
    match machine.kernel.exit_mmap {
        ExitProtocol::SkipAfterUnmap | ExitProtocol::LateWriteLock => {
            let stranger = machine.actor(task).mm != Some(mm);
            oom_kill::is_oom_victim(machine, state, task)
                || machine.process_of(task).is_none()
                || !stranger && !fixed.late_marks
        }
        _ => state.mm(mm).flags.has(MmFlags::OOM_VICTIM) || !fixed.late_marks,
    }
}

/// Whether the task gets this lock now, or has it.
fn passes(machine: &Machine, state: &State, task: TaskId, lock: LockId) -> bool {
    state.task(task).held.mode(lock).is_some()
        || lock::can_trylock(machine, state, lock, Mode::Write)
}

/// Whether nobody else can reach this address space any more. It has no users; so no thread
/// maps or faults in it, and nobody can begin to read it or to mrelease it. The reaper does
/// not work on it, nobody of it waits for the reaper, and nobody of it will: only who still
/// has an mm is handed to it. No program takes its `mmap_sem` by name, and no guest runs in it.
fn is_private(machine: &Machine, fixed: &Static, state: &State, task: TaskId, mm: MmId) -> bool {
    let of_mm = |victim: TaskId| machine.actor(victim).mm == Some(mm);
    let reached = |(other, word): (TaskId, &Task)| {
        let works_on_it = other != task && word.mm_job == Some(mm);
        let is_listed = word.reap_rank != 0 && of_mm(other);
        works_on_it || is_listed || word.victim.is_some_and(of_mm)
    };
    state.mm(mm).users == 0
        && fixed.named_locks & bit(machine.mmap_sem(mm)) == 0
        && fixed.guests >> mm.0 & 1 == 0
        && !state.tasks().any(reached)
}

/// Whether nobody will ever ask the allocator for anything again. Then free pages are not
/// looked at, no round is under way, and nobody calls the killer.
fn is_sated(machine: &Machine, fixed: &Static, state: &State) -> bool {
    !state
        .tasks()
        .any(|(task, word)| may_ask(machine, fixed, state, task, word))
}

fn may_ask(machine: &Machine, fixed: &Static, state: &State, task: TaskId, word: &Task) -> bool {
    match machine.actor(task).kind {
        Kind::Kworker | Kind::OomReaper => return false,
        Kind::Kswapd => return word.run != Run::Idle,
        Kind::User(_) | Kind::Kthread => {}
    }
    if word.run == Run::Exited {
        return false;
    }
    if page_alloc::wants_page(state, task) {
        return true;
    }
    let index = usize::from(task.0);
    let leaves = word.flags.has(TaskFlags::EXITING) || word.run == Run::Ready(Pc::ExitLock);
    if leaves {
        return fixed.tail_asks[index];
    }
    let lines = &fixed.asks[index];
    lines[usize::from(word.line).min(lines.len() - 1)]
}
