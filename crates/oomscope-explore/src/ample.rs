//! Steps whose place among the others makes no difference: they are taken at once, and
//! nobody looks at the orders in which somebody else goes first.
//!
//! **What is claimed of a step `t` that [`choose`] names in a state `s`.** As long as `t`
//! itself is not taken, whatever the others do:
//!
//! 1. *It stays possible and is named again*: after any step `u` of another task, `t` is
//!    among the steps that could be named. (Once the kernel has panicked nothing runs; a step
//!    named there is only a way to write the state, and no run takes it.)
//! 2. *It commutes*: `u` is possible after `t`, and `t u` and `u t` end in the same state.
//! 3. *Nobody sees it*: it changes nothing that an outcome is made of (finished, kills, the
//!    machine's flags). Whether a task wants a page may change only with a step that the run
//!    never comes back from, for that counts only in what a doomed run ends in.
//!
//! Then `s` and the state after `t` are branching bisimilar, which keeps everything that
//! is said with *there is a way to*: which outcomes can be reached, where the doomed region
//! begins, whether what it ends in wants memory for ever (Gerth, Kuiper, Peled, Penczek 1995;
//! Blom and van de Pol 2002). The steps named in one state commute with each other, so the
//! state in which none is left ([`settle`]) is the same in whichever order they are taken,
//! and every state can be replaced by it. That loop ends, for a named step only ever goes
//! forward, in a program, on the way out, in the reaper's work on one victim: none leads back
//! to a place from which it was named. Nothing is put off for ever.
//!
//! A path through such states leaves out the steps that were taken at once; written out, it
//! may be longer than the shortest schedule.
//!
//! **Which steps.** `exit_mmap` of an address space that nobody else can reach any more. A
//! step of a system call that only moves its own program counter. A lock that no other
//! program comes to. And where nobody else will ever ask for memory, so that no free page is
//! looked at, no round is under way and nobody is killed any more: the way from the signal to
//! `exit_mm`, the last reference on an mm, pages given back, the reaper on its way to its
//! victim, pages taken of which there are enough. `tests/reductions.rs` checks 1 to 3 on
//! states of every scenario and of generated machines.
//!
//! With a number of CPUs declared ([`Machine::cpus`]) nothing is named: who is starved
//! depends on who else is where. Nor where a memory cgroup has a limit of its own, for then
//! somebody may die while there is memory; nor where somebody dumps core or waits for a child
//! of vfork: such tasks wait for each other on the way out.

use oomscope_model::kernel::{
    Bookkeeping, ExitProtocol, Munmap, ShortCut, ShortCutMm, lock, mmu_notifier, oom_kill,
    page_alloc, xfs,
};
use oomscope_model::machine::{
    Kind, Line, LockClass, LockId, Machine, MmId, Mode, OOM_LOCK, Op, TaskId,
};
use oomscope_model::state::{
    ExitMmap, Exiting, MmFlags, Pc, Reap, Run, Site, State, Task, TaskFlags,
};
use oomscope_model::step::step;
use oomscope_model::transition::Transition;

/// What some lines of a program may do.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Ahead {
    /// Goes to the allocator.
    asks: bool,
    /// Bit n: takes or releases lock n.
    locks: u32,
}

impl Ahead {
    fn and(self, other: Ahead) -> Ahead {
        Ahead {
            asks: self.asks || other.asks,
            locks: self.locks | other.locks,
        }
    }
}

/// What can be said about a program once for all.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Program {
    /// For each line: the rest, from the start of its system call on.
    rest: Vec<Ahead>,
    /// For each line: its system call.
    call: Vec<Ahead>,
    /// What comes after `exit`.
    tail: Ahead,
}

/// What can be said about a machine once for all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Static {
    programs: Vec<Program>,
    /// Locks that somebody takes who is on no program line: drivers, shrinkers, callbacks.
    elsewhere: u32,
    /// Bit n: a guest or a device touches address space n.
    guests: u32,
    /// A task without an mm may still become a victim.
    late_marks: bool,
    /// Somebody sends signals, or reaps by system call.
    meddlers: bool,
    /// Reclaim finds something, or a program gives pages back: how many depends on who has
    /// them now.
    gives_and_takes: bool,
    /// Nothing may be named.
    off: bool,
}

impl Static {
    /// Looks at a machine.
    pub fn of(machine: &Machine) -> Static {
        let programs = machine.task_ids().map(|task| Program::of(machine, task));
        let ops = || machine.tasks.iter().flat_map(|actor| &actor.program);
        let lists = machine.lrus.iter().filter_map(|lru| lru.lock);
        let callbacks = machine.oom_notifiers.iter().filter_map(|it| it.lock);
        let drivers = machine.mms.iter().flat_map(|mm| &mm.notifiers);
        let drivers = drivers.flat_map(|it| [it.lock, it.count]).flatten();
        let vmas = machine.mms.iter().flat_map(|mm| &mm.vmas);
        let vmas = vmas.flat_map(|vma| [vma.page_lock, vma.i_mmap]).flatten();
        let elsewhere = lists.chain(callbacks).chain(drivers).chain(vmas);
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
        let entangles =
            |line: &Line| matches!(line.op, Op::CoreDump { .. } | Op::Vfork { .. } | Op::SysrqF);
        let meddles = |op| {
            matches!(
                op,
                Op::Kill { .. } | Op::Signal { .. } | Op::Mrelease { .. }
            )
        };
        Static {
            programs: programs.collect(),
            elsewhere: elsewhere.fold(0, |locks, lock| locks | bit(lock)),
            guests,
            late_marks: kernel.bookkeeping == Bookkeeping::OomMm
                && kernel.short_cut != ShortCut::WillFreeMem
                && kernel.short_cut_mm != ShortCutMm::Needed,
            meddlers: ops().any(|line| meddles(line.op)),
            gives_and_takes: !machine.lrus.is_empty()
                || machine.kernel_task(Kind::Kswapd).is_some()
                || ops().any(|line| matches!(line.op, Op::Free { .. })),
            off: machine.cpus.is_some()
                || !one_mm
                || !machine.memcgs.is_empty()
                || ops().any(entangles),
        }
    }
}

impl Program {
    fn of(machine: &Machine, task: TaskId) -> Program {
        let program = &machine.actor(task).program;
        let over = |from: usize, to: usize| {
            let lines = program.get(from..to).unwrap_or_default();
            let all = lines.iter().map(|line| ahead(machine, line.op));
            all.fold(Ahead::default(), Ahead::and)
        };
        let end = program.len();
        let from = |line: usize| usize::from(machine.call_start(task, line as u8)).min(line);
        // Inside a transaction a killed task goes on without holding a lock.
        let transactions = program
            .iter()
            .any(|line| matches!(line.op, Op::TransStart { .. } | Op::Memalloc { .. }));
        let until = |line: usize| match program.get(line) {
            Some(line) if !transactions => usize::from(line.resume),
            _ => end,
        };
        let exit = program.iter().position(|line| line.op == Op::Exit);
        Program {
            rest: (0..=end).map(|line| over(from(line), end)).collect(),
            call: (0..=end)
                .map(|line| over(from(line), until(line)))
                .collect(),
            tail: over(exit.unwrap_or(end), end),
        }
    }
}

fn bit(lock: LockId) -> u32 {
    1 << lock.0
}

/// What one line may do.
fn ahead(machine: &Machine, op: Op) -> Ahead {
    let sem = |mm| bit(machine.mmap_sem(mm));
    let (asks, locks) = match op {
        Op::Alloc { .. } | Op::KmemAlloc { .. } | Op::TransStart { .. } => (true, 0),
        Op::Fault { mm, .. } | Op::Copy { mm } | Op::RemoteRead { mm, .. } => (true, sem(mm)),
        Op::Lock { lock, .. } | Op::Unlock { lock } | Op::Downgrade { lock } => (false, bit(lock)),
        Op::Mmap { mm }
        | Op::Munmap { mm, .. }
        | Op::WriteSite { mm, .. }
        | Op::Mrelease { mm } => (false, sem(mm)),
        Op::MapFile { mm, i_mmap, .. } => (false, sem(mm) | bit(i_mmap)),
        Op::TransCommit
        | Op::Memalloc { .. }
        | Op::SysrqF
        | Op::Free { .. }
        | Op::Kill { .. }
        | Op::Signal { .. }
        | Op::CoreDump { .. }
        | Op::Vfork { .. }
        | Op::Pause
        | Op::Exit
        | Op::WaitFor { .. }
        | Op::GuestAccess { .. }
        | Op::Complete { .. } => (false, 0),
    };
    Ahead { asks, locks }
}

/// A step that may be taken at once, lowest task first.
pub fn choose(machine: &Machine, fixed: &Static, state: &State) -> Option<Transition> {
    let named = state
        .tasks()
        .find(|&(task, _)| is_indifferent(machine, fixed, state, task));
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
pub fn is_indifferent(machine: &Machine, fixed: &Static, state: &State, task: TaskId) -> bool {
    if fixed.off {
        return false;
    }
    let at = Place {
        machine,
        fixed,
        state,
        task,
    };
    at.is_indifferent()
}

/// A task in a state.
struct Place<'a> {
    machine: &'a Machine,
    fixed: &'a Static,
    state: &'a State,
    task: TaskId,
}

impl Place<'_> {
    fn word(&self) -> &Task {
        self.state.task(self.task)
    }

    fn is_indifferent(&self) -> bool {
        let word = self.word();
        match (word.run, word.mm_job) {
            (Run::Ready(Pc::ExitMmap(at)), Some(mm)) => self.exit_mmap(mm, at),
            (Run::Ready(Pc::Exiting(Exiting::KsmExit)), Some(mm)) => {
                self.passes(self.machine.mmap_sem(mm)) && self.is_private(mm)
            }
            (Run::Ready(Pc::Site(Site::Unlinked)), _) => {
                self.machine.kernel.munmap != Munmap::Downgrades
            }
            // The killer puts victims in front of the one that this step takes.
            (Run::Ready(Pc::Reap(Reap::Next)), _) => {
                self.state.tasks().any(|(_, word)| word.reap_rank != 0) && self.is_calm()
            }
            (Run::Ready(Pc::Reap(Reap::OomLock)), _) => {
                self.passes(OOM_LOCK) && self.has_oom_lock_to_itself()
            }
            (
                Run::Queued {
                    on: OOM_LOCK,
                    awake: true,
                    pc: Pc::Reap(_),
                    ..
                },
                _,
            ) => {
                lock::can_trylock(self.machine, self.state, OOM_LOCK, Mode::Write)
                    && self.state.queue_len(OOM_LOCK) == 1
                    && self.has_oom_lock_to_itself()
            }
            (Run::Ready(Pc::ExitLock), _) => self.exit_mm(),
            (Run::Ready(Pc::Line), _) if self.is_leaving() => self.exit_mm(),
            (Run::Ready(Pc::ExitDropMm), _) => self.drop_mm(),
            (Run::Ready(Pc::Line | Pc::AllocTry), _) => self.line(),
            (
                Run::Queued {
                    on,
                    awake: true,
                    pc: Pc::LineDone,
                    ..
                },
                _,
            ) => {
                lock::is_free(self.state, on)
                    && self.state.queue_len(on) == 1
                    && !self.state.lock_bit(on)
                    && self.is_its_own(on)
                    && !self.is_last_line()
            }
            _ => false,
        }
    }

    /// A line of the program that concerns nobody else: a lock that nobody else comes to, or
    /// pages of which there are enough. No signal can come between.
    fn line(&self) -> bool {
        let word = self.word();
        let Some(line) = self.machine.line(self.task, word.line) else {
            return false;
        };
        let starts = word.run == Run::Ready(Pc::Line);
        let undisturbed = || {
            let kernel = self.machine.process_of(self.task).is_none();
            let inside = !word.holds_nothing() || word.flags.has(TaskFlags::EXITING);
            kernel || inside || !self.fixed.meddlers && self.is_calm()
        };
        let held = |lock| word.held.mode(lock).is_some();
        !self.is_last_line()
            && match line.op {
                Op::Lock { lock, .. } if starts && !held(lock) => {
                    self.passes(lock) && self.is_its_own(lock) && undisturbed()
                }
                Op::Unlock { lock } if starts && held(lock) => {
                    self.state.queue_len(lock) == 0
                        && self.is_its_own(lock)
                        && !self.enters_guest_next()
                }
                Op::Alloc { order, .. } => {
                    let min = self.machine.zone.min + xfs::reserved(self.state);
                    page_alloc::watermark_ok(self.state.free_pages, order, min)
                        && !self.fixed.gives_and_takes
                        && !self.fixed.meddlers
                        && self.is_calm()
                }
                _ => false,
            }
    }

    /// Whether a guest is next, which nobody enters who was killed meanwhile.
    fn enters_guest_next(&self) -> bool {
        let next = self.machine.line(self.task, self.word().line + 1);
        next.is_some_and(|line| matches!(line.op, Op::GuestAccess { .. }))
    }

    /// Whether the program ends with this line: everybody can see that a task has finished.
    fn is_last_line(&self) -> bool {
        let program = &self.machine.actor(self.task).program;
        usize::from(self.word().line) + 1 >= program.len()
    }

    /// Whether this is a lock of programs, and nobody else's program comes to it.
    fn is_its_own(&self, lock: LockId) -> bool {
        let of_programs = match self.machine.locks[usize::from(lock.0)].class {
            LockClass::InodeMutex | LockClass::Mutex | LockClass::Rwsem | LockClass::PageLock => {
                true
            }
            LockClass::OomLock
            | LockClass::MmapSem(_)
            | LockClass::Srcu
            | LockClass::NotifierCount(_) => false,
        };
        of_programs && self.is_left_alone(lock)
    }

    /// Stands in user mode and was killed.
    fn is_leaving(&self) -> bool {
        let word = self.word();
        let line = self.machine.line(self.task, word.line);
        let in_guest = matches!(line.map(|line| line.op), Some(Op::GuestAccess { .. }));
        let killed = word.flags.has(TaskFlags::SIGKILL) && !word.flags.has(TaskFlags::EXITING);
        word.run == Run::Ready(Pc::Line) && killed && word.holds_nothing() && !in_guest
    }

    /// One step of `exit_mmap`. The first one only moves the program counter, and who else
    /// frees pages of this mm frees the same ones; the others are indifferent where nobody
    /// else can reach the address space.
    fn exit_mmap(&self, mm: MmId, at: ExitMmap) -> bool {
        if !self.is_decided(mm) {
            return false;
        }
        let mmap_sem = self.machine.mmap_sem(mm);
        match at {
            ExitMmap::Start => {
                let claims = matches!(
                    self.machine.kernel.exit_mmap,
                    ExitProtocol::UnstableV1 | ExitProtocol::UnstableV2
                );
                !claims && !mmu_notifier::has_notifiers(self.machine, self.state, mm)
            }
            ExitMmap::EmptyWrite
            | ExitMmap::LateEmptyWrite
            | ExitMmap::WriteLock
            | ExitMmap::ReadLock
            | ExitMmap::LateWriteLock => self.passes(mmap_sem) && self.is_private(mm),
            ExitMmap::MunlockClear | ExitMmap::MunlockWalk => self.is_private(mm),
            // With the pages gone it oopses, and everybody sees that.
            ExitMmap::MunlockPtl => {
                let vma = usize::from(self.word().todo);
                self.state.mm(mm).vmas[vma].pages > 0 && self.is_private(mm)
            }
            ExitMmap::Unmap => self.is_calm(),
            ExitMmap::Skip => self.is_private(mm) && self.is_calm(),
            ExitMmap::OomLock
            | ExitMmap::SelfReap
            | ExitMmap::MunlockPage
            | ExitMmap::UnlinkFileVma
            | ExitMmap::FreePgtables => false,
        }
    }

    /// Whether it is settled if this is a victim's mm, which decides what step comes next: it
    /// is one, or nobody without an mm is made a victim any more and its users have none. The
    /// code of 2017 asks the current task, who may be a stranger to this mm and be killed yet.
    fn is_decided(&self, mm: MmId) -> bool {
        match self.machine.kernel.exit_mmap {
            ExitProtocol::SkipAfterUnmap | ExitProtocol::LateWriteLock => {
                let stranger = self.machine.actor(self.task).mm != Some(mm);
                oom_kill::is_oom_victim(self.machine, self.state, self.task)
                    || self.machine.process_of(self.task).is_none()
                    || !stranger && !self.fixed.late_marks
            }
            _ => self.state.mm(mm).flags.has(MmFlags::OOM_VICTIM) || !self.fixed.late_marks,
        }
    }

    /// Whether the task gets this lock now, or has it.
    fn passes(&self, lock: LockId) -> bool {
        self.word().held.mode(lock).is_some()
            || lock::can_trylock(self.machine, self.state, lock, Mode::Write)
    }

    /// Takes `mmap_sem` for reading on the way out: nobody holds it for writing or waits for
    /// it, and nobody else will. Nobody who looks at `PF_EXITING` is left.
    fn exit_mm(&self) -> bool {
        let Some(mm) = self.machine.actor(self.task).mm else {
            return false;
        };
        let mmap_sem = self.machine.mmap_sem(mm);
        self.machine.actor(self.task).robust_list.is_none()
            && lock::can_trylock(self.machine, self.state, mmap_sem, Mode::Read)
            && !self.fixed.meddlers
            && self.is_left_alone(mmap_sem)
            && self.is_calm()
    }

    /// Drops the last reference on an mm, which nobody can pin any more.
    fn drop_mm(&self) -> bool {
        let Some(mm) = self.machine.actor(self.task).mm else {
            return false;
        };
        let mmap_sem = self.machine.mmap_sem(mm);
        self.state.mm(mm).users == 1
            && !self.is_reaped(mm)
            && self.state.queue_len(mmap_sem) == 0
            && !self.fixed.meddlers
            && self.is_left_alone(mmap_sem)
            && self.is_calm()
    }

    /// Whether nobody else can reach this address space any more. It has no users; so no
    /// thread maps or faults in it, and nobody can begin to read it or to mrelease it. The
    /// reaper does not work on it, nobody of it waits for the reaper, and nobody of it will:
    /// only who still has an mm is handed to it. No program takes its `mmap_sem` by name, and
    /// no guest runs in it.
    fn is_private(&self, mm: MmId) -> bool {
        let works_on_it =
            |(other, word): (TaskId, &Task)| other != self.task && word.mm_job == Some(mm);
        self.state.mm(mm).users == 0
            && self.fixed.guests >> mm.0 & 1 == 0
            && !self.is_reaped(mm)
            && !self.state.tasks().any(works_on_it)
            && self.is_left_alone(self.machine.mmap_sem(mm))
    }

    /// Whether a victim with this mm is in the reaper's hands or waits for it.
    fn is_reaped(&self, mm: MmId) -> bool {
        let of_mm = |victim: TaskId| self.machine.actor(victim).mm == Some(mm);
        self.state.tasks().any(|(task, word)| {
            word.reap_rank != 0 && of_mm(task) || word.victim.is_some_and(of_mm)
        })
    }

    /// Whether no line that anybody else will come to takes or releases this lock.
    fn is_left_alone(&self, lock: LockId) -> bool {
        self.fixed.elsewhere & bit(lock) == 0
            && !self
                .others()
                .any(|other| other.future().locks & bit(lock) != 0)
    }

    /// Whether nobody else takes `oom_lock`: only allocators do, and one exit protocol.
    fn has_oom_lock_to_itself(&self) -> bool {
        self.machine.kernel.exit_mmap != ExitProtocol::SelfReapUnderOomLock
            && self.is_left_alone(OOM_LOCK)
            && self.is_calm()
    }

    /// Whether nobody else will ever ask the allocator for anything.
    fn is_calm(&self) -> bool {
        !self.others().any(|other| other.may_ask())
    }

    fn others(&self) -> impl Iterator<Item = Place<'_>> {
        let tasks = self.machine.task_ids().filter(|&task| task != self.task);
        tasks.map(|task| Place { task, ..*self })
    }

    fn may_ask(&self) -> bool {
        match self.machine.actor(self.task).kind {
            Kind::Kworker | Kind::OomReaper => false,
            Kind::Kswapd => self.word().run != Run::Idle,
            Kind::User(_) | Kind::Kthread => {
                page_alloc::wants_page(self.state, self.task) || self.future().asks
            }
        }
    }

    /// What the lines do that this task may come to.
    fn future(&self) -> Ahead {
        let word = self.word();
        let program = &self.fixed.programs[usize::from(self.task.0)];
        let at = |lines: &[Ahead]| lines[usize::from(word.line).min(lines.len() - 1)];
        let exiting = word.flags.has(TaskFlags::EXITING);
        match word.run {
            Run::Exited => Ahead::default(),
            Run::Ready(Pc::ExitLock) => program.tail,
            _ if exiting || self.is_leaving() => program.tail,
            _ if word.flags.has(TaskFlags::SIGKILL) => at(&program.call).and(program.tail),
            _ => at(&program.rest),
        }
    }
}
