//! Who waits for whom, derived from the state, with memory as a participant.
//!
//! A lock has no memory of its own in the model, and neither has the graph: every edge is
//! what a task's own word says at this instant. Memory is what makes an OOM livelock a
//! visible cycle: a task that needs a page waits for memory, and memory waits for those
//! who keep the victim's pages.

use oomscope_model::kernel::memory::is_reapable;
use oomscope_model::kernel::oom_kill::blocks_killer;
use oomscope_model::kernel::page_alloc::reserve_mark;
use oomscope_model::kernel::{ExitProtocol, Reaper, ReaperMm, xfs};
use oomscope_model::kernel::{coredump, mmu_notifier, vfork};
use oomscope_model::machine::{
    CompletionId, Kind, LockId, Machine, MmId, Mode, OOM_LOCK, Op, ProcessId, TaskId,
};
use oomscope_model::state::{Exiting, MmFlags, Pc, Reap, Run, State, TaskFlags, Vmscan};

use crate::names;

/// Who can wait or be waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A task.
    Task(TaskId),
    /// Free memory.
    Memory,
}

/// Why one waits for the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Reclaim finds nothing; the task loops in the allocator.
    NeedsPage,
    /// The victim's pages come back only after this task has let go of the mm.
    Pins {
        /// The victim.
        process: ProcessId,
        /// Its memory.
        mm: MmId,
    },
    /// The reaper is about to free the victim's pages.
    Reaps {
        /// Whose.
        mm: MmId,
    },
    /// The other holds the lock.
    HeldBy(LockId),
    /// The other stands ahead in the lock's queue.
    Behind(LockId),
    /// The other will complete it.
    Completes(CompletionId),
    /// The other would have completed it, and died before it did: nobody will.
    Orphaned(CompletionId),
    /// The reaper's trylock fails because the other holds the lock or is queued for it.
    Trylock(LockId),
    /// The other has isolated the pages that this reclaimer waits for.
    Isolated,
    /// The other holds `oom_lock`, on which this allocator's trylock failed.
    KillerBusy,
}

/// One edge of the wait-for graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct WaitEdge {
    /// Who waits.
    pub from: Party,
    /// For whom.
    pub to: Party,
    /// Why.
    pub why: Why,
}

/// The wait-for graph of this state: tasks in order, then memory.
pub fn wait_edges(machine: &Machine, state: &State) -> Vec<WaitEdge> {
    let mut edges = Vec::new();
    for task in machine.task_ids() {
        edges.extend(waits_of(machine, state, task));
    }
    // Who keeps the victim's pages matters only to those who need some.
    if edges.iter().any(|edge| edge.to == Party::Memory) {
        for process in (0..machine.processes.len() as u8).map(ProcessId) {
            edges.extend(pins_of(machine, state, process));
        }
    }
    edges.sort();
    edges.dedup();
    edges
}

/// Whether a task needs a page that the free list will not give it now.
pub fn needs_page(machine: &Machine, state: &State, task: TaskId) -> bool {
    let free = state.free_pages;
    let zone = &machine.zone;
    // What transactions have reserved raises the marks for ordinary requests.
    let reserved = xfs::reserved(state);
    let refused = free <= zone.min + reserved
        && reserve_mark(machine, state, task).is_none_or(|mark| free <= mark)
        && !xfs::may_dip(machine, state, task);
    match state.task(task).run {
        Run::Parked(Pc::Vmscan(_)) => false,
        Run::Parked(_) => true,
        Run::Ready(Pc::AllocTry | Pc::Kmem(_))
        | Run::Asleep {
            pc: Pc::AllocTry | Pc::AllocKillNap | Pc::Kmem(_),
            ..
        } => refused,
        Run::Ready(Pc::Memcg(_))
        | Run::Asleep {
            pc: Pc::Memcg(_), ..
        } => true,
        Run::Ready(Pc::AllocOom | Pc::AllocScan | Pc::AllocNotify) => free <= zone.high + reserved,
        _ => false,
    }
}

/// The victim that the reaper works on or has on its list, if it is this process.
pub fn reaper_has(machine: &Machine, state: &State, process: ProcessId) -> Option<TaskId> {
    let reaper = machine.kernel_task(Kind::OomReaper)?;
    if machine.kernel.reaper == Reaper::Absent {
        return None;
    }
    let current = state.task(reaper).victim;
    machine
        .threads(process)
        .find(|&thread| current == Some(thread) || state.task(thread).reap_rank > 0)
        .map(|_| reaper)
}

/// Why the reaper's next `down_read_trylock` of this lock would fail: the writer that holds
/// it, or the head of its queue, because any waiter makes it fail.
pub fn trylock_blocker(state: &State, lock: LockId) -> Option<TaskId> {
    let writer = state.holders(lock).find(|(_, mode)| *mode == Mode::Write);
    writer
        .or_else(|| state.queued(lock, 1))
        .map(|(task, _)| task)
}

fn waits_of(machine: &Machine, state: &State, task: TaskId) -> Vec<WaitEdge> {
    let edge = |to: Party, why: Why| WaitEdge {
        from: Party::Task(task),
        to,
        why,
    };
    let mut edges = Vec::new();
    match state.task(task).run {
        Run::Queued { on, mode, rank, .. } => {
            for (holder, held) in state.holders(on) {
                if mode == Mode::Write || held == Mode::Write {
                    edges.push(edge(Party::Task(holder), Why::HeldBy(on)));
                }
            }
            for ahead in (1..rank).filter_map(|place| state.queued(on, place)) {
                // Readers are granted together, so a reader does not wait for a reader.
                if mode == Mode::Write || ahead.1 == Mode::Write {
                    edges.push(edge(Party::Task(ahead.0), Why::Behind(on)));
                }
            }
        }
        Run::Waits { completion, .. } => {
            let others = || machine.task_ids().filter(|&other| other != task);
            let completers = others().filter(|&it| will_complete(machine, state, it, completion));
            edges.extend(completers.map(|it| edge(Party::Task(it), Why::Completes(completion))));
            if edges.is_empty() {
                let dead = others().filter(|&it| died_before(machine, state, it, completion));
                edges.extend(dead.map(|it| edge(Party::Task(it), Why::Orphaned(completion))));
            }
        }
        Run::Ready(Pc::Reap(Reap::Attempt))
        | Run::Asleep {
            pc: Pc::Reap(_), ..
        } => {
            let lock = state
                .task(task)
                .victim
                .and_then(|victim| machine.actor(victim).mm)
                .map(|mm| machine.mmap_sem(mm));
            if let Some(lock) = lock
                && let Some(blocker) = trylock_blocker(state, lock)
            {
                edges.push(edge(Party::Task(blocker), Why::Trylock(lock)));
            }
        }
        Run::Parked(Pc::Vmscan(Vmscan::Throttled))
        | Run::Asleep {
            pc: Pc::Vmscan(Vmscan::Throttled | Vmscan::ThrottledOnce),
            ..
        } => {
            // Only kswapd isolates.
            let kswapd = machine.kernel_task(Kind::Kswapd);
            edges.extend(kswapd.map(|kswapd| edge(Party::Task(kswapd), Why::Isolated)));
        }
        Run::Parked(Pc::AllocOom | Pc::Vmscan(Vmscan::Balance)) => {
            for (holder, _) in state
                .holders(OOM_LOCK)
                .filter(|(holder, _)| *holder != task)
            {
                edges.push(edge(Party::Task(holder), Why::KillerBusy));
            }
        }
        _ => {}
    }
    if needs_page(machine, state, task) {
        edges.push(edge(Party::Memory, Why::NeedsPage));
    }
    edges
}

/// Whether the rest of its program completes it, and it will still run that.
fn will_complete(machine: &Machine, state: &State, task: TaskId, completion: CompletionId) -> bool {
    let word = state.task(task);
    let rest = machine
        .actor(task)
        .program
        .get(word.line as usize..)
        .unwrap_or_default();
    !matches!(word.run, Run::Exited | Run::Idle)
        && !word.flags.has(TaskFlags::EXITING)
        && rest
            .iter()
            .any(|line| line.op == Op::Complete { completion })
        || dies_for(machine, state, task, completion)
        || coredump::will_complete(machine, state, task, completion)
        || vfork::will_complete(machine, state, task, completion)
}

/// Whether its exit will walk a robust list on which somebody waits.
fn dies_for(machine: &Machine, state: &State, task: TaskId, completion: CompletionId) -> bool {
    let word = state.task(task);
    let before = match names::pc(word.run) {
        Some(Pc::Exiting(Exiting::RobustList)) => true,
        _ => word.flags.has(TaskFlags::SIGKILL) && !word.flags.has(TaskFlags::EXITING),
    };
    before && machine.actor(task).robust_list == Some(completion)
}

/// Whether it is dead, and alive it would have completed this, in its program or by the walk of
/// its robust list.
fn died_before(machine: &Machine, state: &State, task: TaskId, completion: CompletionId) -> bool {
    let word = state.task(task);
    let walks = names::pc(word.run) == Some(Pc::Exiting(Exiting::RobustList));
    let dead = word.run == Run::Exited || word.flags.has(TaskFlags::EXITING) && !walks;
    let actor = machine.actor(task);
    let mut ops = actor.program.iter().map(|line| line.op);
    dead && (actor.robust_list == Some(completion)
        || ops.any(|op| op == Op::Complete { completion }))
}

fn pins_of(machine: &Machine, state: &State, process: ProcessId) -> Vec<WaitEdge> {
    let Some(mm) = machine.actor(machine.process(process).leader).mm else {
        return Vec::new();
    };
    let word = state.mm(mm);
    let blocks = blocks_killer(machine, state, process);
    let dying =
        state.is_killed(machine, process) && word.rss() > 0 && !word.flags.has(MmFlags::OOM_SKIP);
    if word.flags.has(MmFlags::GONE) || !(blocks || dying) {
        return Vec::new();
    }
    if let Some(reaper) = reaper_has(machine, state, process)
        && reap_goes_on(machine, state, mm)
    {
        let to = Party::Task(reaper);
        return vec![WaitEdge {
            from: Party::Memory,
            to,
            why: Why::Reaps { mm },
        }];
    }
    let pins = |task: TaskId| {
        let flags = state.task(task).flags;
        let exit_mmap = state.task(task).mm_job == Some(mm)
            && matches!(
                names::pc(state.task(task).run),
                Some(Pc::ExitMmap(_) | Pc::Exiting(Exiting::ExitAio | Exiting::KsmExit))
            );
        let user = machine.actor(task).mm == Some(mm)
            && !flags.has(TaskFlags::MM_NULL)
            && state.task(task).run != Run::Exited;
        let reads = state.task(task).mm_job == Some(mm)
            && flags.has(TaskFlags::PINS_MM)
            && matches!(machine.actor(task).kind, Kind::User(_) | Kind::Kthread);
        exit_mmap || user || reads
    };
    let why = Why::Pins { process, mm };
    let (threads, others): (Vec<TaskId>, Vec<TaskId>) = machine
        .task_ids()
        .filter(|&task| pins(task))
        .partition(|&task| machine.process_of(task) == Some(process));
    // Those who only borrow the mm come last: while a thread is left, it is the thread
    // that everybody waits for.
    let keepers = if threads.is_empty() { others } else { threads };
    keepers
        .into_iter()
        .map(|task| WaitEdge {
            from: Party::Memory,
            to: Party::Task(task),
            why,
        })
        .collect()
}

/// Whether the reaper's next attempt on this mm would find it open and worth it.
fn reap_goes_on(machine: &Machine, state: &State, mm: MmId) -> bool {
    let word = state.mm(mm);
    let lock = machine.mmap_sem(mm);
    let alive = word.users > 0 || machine.kernel.reaper_mm == ReaperMm::PinsCount;
    let claimed = word.flags.has(MmFlags::UNSTABLE)
        && matches!(
            machine.kernel.exit_mmap,
            ExitProtocol::UnstableV1 | ExitProtocol::UnstableV2
        );
    let vmas = 0..machine.mms[mm.0 as usize].vmas.len();
    let prey = vmas
        .into_iter()
        .any(|vma| word.vmas[vma].pages > 0 && is_reapable(machine, state, mm, vma));
    let skipped = mmu_notifier::is_skipped(machine, state, mm);
    alive && !claimed && !skipped && prey && trylock_blocker(state, lock).is_none()
}
