//! The only door: which tasks can move, one atomic step, and what people do.

mod act;

use crate::event::{Event, Observer};
use crate::kernel::{
    coredump, exit, fork, lock, memcontrol, memory, mmap, mmu_notifier, mrelease, oom_kill,
    oom_reaper, page_alloc, signal, site, sysrq, vmscan, xfs,
};
use crate::machine::{
    CompletionId, Kind, LockId, Machine, MmId, Mode, OOM_LOCK, Op, TaskId, Timing,
};
use crate::state::{
    Exiting, Kmem, Memcg, MmFlags, Nap, Pc, Reap, Run, Site, State, StateFlags, Task, TaskFlags,
    Vmscan, Who,
};
use crate::transition::Transition;
pub use act::{Refused, act, kernel_pages};

/// The transitions the machine can make now, lowest task first. None once it panicked.
pub fn enabled(machine: &Machine, state: &State) -> impl Iterator<Item = Transition> + use<> {
    let timing = machine.rules.timing;
    let now = state.tasks().fold(0, |now, (id, task)| {
        now | u32::from(moves(task, timing)) << id.0
    });
    enabled_if(state, now)
}

/// Whether a task can take its next step whatever the others do, unless the machine panicked.
#[inline]
pub fn moves(task: &Task, timing: Timing) -> bool {
    match task.run {
        Run::Ready(_) | Run::Queued { awake: true, .. } => true,
        Run::Asleep { nap, .. } => timing == Timing::Adversarial || !nap.is_long(),
        _ => false,
    }
}

/// [`enabled`], for who knows already which tasks [`moves`] is true of: bit n for task n.
#[inline]
pub fn enabled_if(state: &State, now: u32) -> impl Iterator<Item = Transition> + use<> {
    let who = match now {
        _ if state.flags.has(StateFlags::PANIC) => 0,
        0 => shortest_sleepers(state),
        _ => now,
    };
    Who(who).map(Transition)
}

/// Long sleeps are held back by whoever can move, and by every shorter sleep.
fn shortest_sleepers(state: &State) -> u32 {
    let mut sleepers = 0;
    let mut shortest = None;
    for (id, task) in state.tasks() {
        if let Run::Asleep { nap, .. } = task.run {
            if shortest.is_none_or(|shortest| nap < shortest) {
                shortest = Some(nap);
                sleepers = 0;
            }
            if shortest == Some(nap) {
                sleepers |= 1 << id.0;
            }
        }
    }
    sleepers
}

/// Makes one transition, in place. Total on what [`enabled`] yields; on anything else it
/// does nothing.
pub fn step<O: Observer>(
    machine: &Machine,
    state: &mut State,
    transition: Transition,
    observer: &mut O,
) {
    let me = transition.0;
    let mut cx = Cx {
        machine,
        state,
        me,
        observer,
    };
    match cx.state.task(me).run {
        Run::Ready(pc) => {
            let next = cx.dispatch(pc);
            cx.settle(next);
        }
        Run::Queued { awake: true, .. } => lock::retry(&mut cx),
        Run::Asleep { nap, pc } => {
            cx.emit(Event::Woke { task: me, nap });
            cx.set_run(Run::Ready(pc));
        }
        _ => {}
    }
    if cfg!(debug_assertions)
        && let Err(broken) = state.clone().check(machine)
    {
        panic!("{broken} after {transition:?}");
    }
}

/// Whether the task of this transition gets no CPU: the declared form of S16 and L6
/// (CVE-2016-10723; locks-and-allocation.md 4.8). On a machine that says how many CPUs it
/// has, an allocator that holds `oom_lock` (the killer, before and after its scan) runs
/// only while fewer than that many other tasks retry in the allocator: direct reclaim that
/// frees nothing is busy work at the same priority. The reaper and an exiting victim are
/// not among those that compete; they wait for the lock.
///
/// The transition stays possible, for the scheduler does come round in the end; what can
/// only go on through such transitions is a stall.
#[inline]
pub fn is_starved(machine: &Machine, state: &State, transition: Transition) -> bool {
    machine
        .cpus
        .is_some_and(|cpus| waits_for_a_cpu(machine, state, transition, cpus))
}

fn waits_for_a_cpu(machine: &Machine, state: &State, transition: Transition, cpus: u8) -> bool {
    let me = transition.0;
    let busy = || {
        machine
            .task_ids()
            .filter(|&other| other != me && page_alloc::burns_cpu(machine, state, other))
    };
    let is_killer =
        state.task(me).held.mode(OOM_LOCK).is_some() && page_alloc::wants_page(state, me);
    is_killer && busy().count() >= usize::from(cpus)
}

/// What one atomic step decides for the task that took it.
pub(crate) enum Next {
    /// Goes on at this place.
    Go(Pc),
    /// Goes to the end of this lock's queue.
    Queue(LockId, Mode, Pc),
    /// Sleeps.
    Nap(Nap, Pc),
    /// The allocator's round changed nothing.
    Fruitless,
    /// Waits until what it tests again and again changes.
    Park(Pc),
    /// Somebody else has `oom_lock`.
    OomLockBusy,
    /// Waits for a completion and goes on at this place.
    Wait(CompletionId, Pc),
    /// The program line is done.
    LineDone,
    /// The program line failed.
    Failed,
    /// A kernel thread has nothing to do.
    Idle,
    /// Gone.
    Exited,
}

/// What a step works on: the machine, the state it changes, who takes the step, and who
/// watches.
pub(crate) struct Cx<'a, O> {
    pub(crate) machine: &'a Machine,
    pub(crate) state: &'a mut State,
    pub(crate) me: TaskId,
    pub(crate) observer: &'a mut O,
}

impl<O: Observer> Cx<'_, O> {
    fn dispatch(&mut self, pc: Pc) -> Next {
        match pc {
            Pc::Line => self.line(),
            Pc::AllocTry => page_alloc::try_freelist(self),
            Pc::AllocOom => page_alloc::may_oom(self),
            Pc::AllocNotify => oom_kill::notify(self),
            Pc::AllocNotified => oom_kill::notify_waited(self),
            Pc::AllocScan => page_alloc::scan(self),
            Pc::AllocLastAttempt => page_alloc::waited_for_oom_lock(self),
            Pc::AllocKillNap => page_alloc::kill_nap_over(self),
            Pc::Release | Pc::LineDone => memory::release(self),
            Pc::Unwind => self.unwind(),
            Pc::ExitLock => exit::exit_mm(self),
            Pc::ExitDropMm => exit::drop_mm(self),
            Pc::Exiting(Exiting::RobustList) => exit::robust_list(self),
            Pc::Exiting(Exiting::ExitAio) => fork::exit_aio(self),
            Pc::Exiting(Exiting::Mrelease) => mrelease::zap(self),
            Pc::Exiting(Exiting::KsmExit) => fork::ksm_exit(self),
            Pc::Exiting(Exiting::CoreZap) => coredump::zap_threads(self),
            Pc::Exiting(Exiting::CoreDone) => exit::dump_over(self),
            Pc::ExitMmap(at) => mmap::exit_mmap(self, at),
            Pc::Reap(at) => oom_reaper::step(self, at),
            Pc::Vmscan(at) => vmscan::step(self, at),
            Pc::Site(at) => site::step(self, at),
            Pc::Kmem(at) => xfs::step(self, at),
            Pc::Memcg(at) => memcontrol::step(self, at),
            Pc::Notify(at) => mmu_notifier::step(self, at),
            Pc::Moom(at) => sysrq::step(self, at),
        }
    }

    /// Starts the current program line, unless the task is in user mode and notices that
    /// it was killed (E1).
    fn line(&mut self) -> Next {
        let task = self.state.task(self.me);
        let line = self.machine.line(self.me, task.line);
        // A vcpu in guest mode notices a signal when it has left the guest.
        let in_guest = matches!(line.map(|line| line.op), Some(Op::GuestAccess { .. }));
        let exiting = task.flags.has(TaskFlags::EXITING);
        let in_user_mode = task.holds_nothing() && !in_guest && !exiting;
        if task.flags.has(TaskFlags::SIGKILL) && in_user_mode {
            return exit::exit_mm(self);
        }
        let Some(line) = line else {
            return Next::Idle;
        };
        match line.op {
            Op::Lock { lock, mode, .. } => lock::acquire(self, lock, mode, Pc::LineDone),
            Op::Unlock { lock } => {
                lock::release(self, lock);
                Next::LineDone
            }
            Op::Alloc { pages, .. } => {
                self.task_mut().todo = pages;
                page_alloc::try_freelist(self)
            }
            Op::KmemAlloc { pages, .. } => {
                self.task_mut().todo = pages;
                page_alloc::try_freelist(self)
            }
            Op::TransStart { pages } => xfs::trans_start(self, pages),
            Op::TransCommit => xfs::trans_commit(self),
            Op::Memalloc { on } => {
                page_alloc::set_memalloc(self, on);
                Next::LineDone
            }
            Op::SysrqF => sysrq::handle_moom(self),
            Op::Free { pages } => {
                self.emit(Event::PagesFreed {
                    task: self.me,
                    pages: u16::from(pages),
                });
                let freed = u16::from(pages).min(kernel_pages(self.machine, self.state));
                memcontrol::uncharge(self, freed);
                self.give_pages(freed);
                Next::LineDone
            }
            Op::Copy { mm } if !memory::is_emptied(self, mm) => Next::LineDone,
            Op::Copy { mm } => {
                self.task_mut().todo = 1;
                lock::acquire(self, self.machine.mmap_sem(mm), Mode::Read, Pc::AllocTry)
            }
            Op::Fault { mm, pages } => {
                self.task_mut().todo = pages;
                lock::acquire(self, self.machine.mmap_sem(mm), Mode::Read, Pc::AllocTry)
            }
            op @ (Op::Mmap { .. }
            | Op::Munmap { .. }
            | Op::MapFile { .. }
            | Op::WriteSite { .. }
            | Op::RemoteRead { .. }) => site::start(self, op),
            Op::Downgrade { lock } => {
                lock::downgrade(self, lock);
                Next::LineDone
            }
            Op::Kill { process } => {
                // Nobody kills init from user space.
                let init = self.machine.process(process).traits.init;
                if !init && !self.state.is_killed(self.machine, process) {
                    signal::send_sigkill(self, process);
                }
                Next::LineDone
            }
            Op::Signal { task } => {
                signal::send_signal(self, task);
                Next::LineDone
            }
            Op::Mrelease { mm } => mrelease::begin(self, mm),
            Op::GuestAccess { mm } => mmu_notifier::guest_access(self, mm),
            Op::CoreDump { .. } => coredump::coredump_wait(self),
            Op::Pause => Next::Idle,
            Op::Exit => exit::exit_mm(self),
            Op::WaitFor { completion } | Op::Vfork { completion, .. } => {
                if self.state.completed >> completion.0 & 1 != 0 {
                    return Next::LineDone;
                }
                self.emit(Event::Waits {
                    task: self.me,
                    completion,
                });
                Next::Wait(completion, Pc::LineDone)
            }
            Op::Complete { completion } => {
                self.complete(completion);
                Next::LineDone
            }
        }
    }

    pub(crate) fn complete(&mut self, completion: CompletionId) {
        self.emit(Event::Completed {
            task: self.me,
            completion,
        });
        self.state.completed |= 1 << completion.0;
        for task in self.machine.task_ids() {
            match self.state.task(task).run {
                Run::Waits { completion: it, pc } if it == completion => match pc {
                    Pc::LineDone => self.finish_line_of(task),
                    pc => self.state.task_mut(task).run = Run::Ready(pc),
                },
                _ => {}
            }
        }
    }

    /// Gives back the last lock it holds; after the last one the system call returns.
    fn unwind(&mut self) -> Next {
        if let Some((lock, _)) = self.state.task(self.me).held.locks().last() {
            lock::release(self, lock);
        }
        if !self.state.task(self.me).held.is_empty() {
            return Next::Go(Pc::Unwind);
        }
        page_alloc::set_memalloc(self, false);
        let flags = self.state.task(self.me).flags;
        if flags.has(TaskFlags::PINS_MM) {
            return Next::Go(Pc::Site(Site::RemotePut));
        }
        self.set_flag(self.me, TaskFlags::RESTARTS, false);
        self.set_flag(self.me, TaskFlags::WRONG_ERRNO, false);
        if !flags.has(TaskFlags::SIGKILL) && flags.has(TaskFlags::RESTARTS) {
            self.emit(Event::Restarted { task: self.me });
            let line = self.state.task(self.me).line;
            self.task_mut().line = self.machine.call_start(self.me, line);
            return self.at_line();
        }
        self.emit(Event::Unwound { task: self.me });
        if !flags.has(TaskFlags::SIGKILL) && flags.has(TaskFlags::WRONG_ERRNO) {
            self.state.flags.0 |= StateFlags::WRONG_ERRNO;
            self.emit(Event::WrongErrno { task: self.me });
        }
        if flags.has(TaskFlags::DUMPCORE) {
            // `dump_emit` failed: the dump is over.
            return Next::Go(Pc::ExitLock);
        }
        let resume = self
            .machine
            .line(self.me, self.state.task(self.me).line)
            .map(|l| l.resume);
        let task = self.task_mut();
        task.line = resume.unwrap_or(task.line);
        self.at_line()
    }

    /// Writes what a step decided into the task that took it.
    pub(crate) fn settle(&mut self, next: Next) {
        match next {
            Next::Go(pc) => self.set_run(Run::Ready(pc)),
            Next::Queue(lock, mode, pc) => lock::enqueue(self, lock, mode, pc),
            Next::Nap(nap, pc) => {
                self.emit(Event::Slept { task: self.me, nap });
                self.set_run(Run::Asleep { nap, pc });
            }
            Next::Fruitless => page_alloc::end_round(self),
            Next::Park(pc) => self.set_run(Run::Parked(pc)),
            Next::OomLockBusy => page_alloc::lost_trylock(self),
            Next::Wait(completion, pc) => self.set_run(Run::Waits { completion, pc }),
            Next::LineDone => self.finish_line_of(self.me),
            Next::Failed => {
                xfs::trans_cancel(self);
                let next = if self.state.task(self.me).held.is_empty() {
                    self.unwind()
                } else {
                    Next::Go(Pc::Unwind)
                };
                self.settle(next);
            }
            Next::Idle => self.set_run(Run::Idle),
            Next::Exited => {
                self.emit(Event::Exited { task: self.me });
                self.set_run(Run::Exited);
            }
        }
    }

    /// Moves a task to its next line, or to the end of its program.
    pub(crate) fn finish_line_of(&mut self, task: TaskId) {
        let me = self.me;
        self.me = task;
        let word = self.task_mut();
        word.line += 1;
        word.todo = 0;
        let next = self.at_line();
        self.settle(next);
        self.me = me;
    }

    /// Where a task stands that has just arrived at its current line.
    fn at_line(&mut self) -> Next {
        if self.state.task(self.me).holds_nothing() {
            // In user mode handlers run.
            self.set_flag(self.me, TaskFlags::SIGNAL, false);
        }
        let task = self.state.task(self.me);
        if let Some(line) = self.machine.line(self.me, task.line) {
            // Nobody enters a guest with a signal pending.
            let guest = matches!(line.op, Op::GuestAccess { .. }) && task.held.is_empty();
            return Next::Go(if guest && task.flags.has(TaskFlags::SIGKILL) {
                Pc::ExitLock
            } else {
                Pc::Line
            });
        }
        self.emit(Event::ProgramEnded { task: self.me });
        let task = self.state.task(self.me);
        match self.machine.actor(self.me).kind {
            Kind::User(process) if task.flags.has(TaskFlags::EXITING) => exit::gone(self, process),
            Kind::User(_)
                if task.flags.has(TaskFlags::SIGKILL) || task.flags.has(TaskFlags::DUMPCORE) =>
            {
                Next::Go(Pc::ExitLock)
            }
            Kind::Kthread
                if self.machine.actor(self.me).mm.is_some()
                    && !task.flags.has(TaskFlags::MM_NULL) =>
            {
                Next::Go(Pc::ExitDropMm)
            }
            _ => Next::Idle,
        }
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.observer.event(event);
    }

    pub(crate) fn task_mut(&mut self) -> &mut crate::state::Task {
        self.state.task_mut(self.me)
    }

    pub(crate) fn set_run(&mut self, run: Run) {
        self.state.task_mut(self.me).run = run;
    }

    pub(crate) fn set_flag(&mut self, task: TaskId, bit: u16, on: bool) {
        let flags = &mut self.state.task_mut(task).flags.0;
        *flags = if on { *flags | bit } else { *flags & !bit };
    }

    /// Sets a bit of an mm and says so where somebody may care.
    pub(crate) fn set_mm_flag(&mut self, mm: MmId, bit: u16) {
        let flags = &mut self.state.mm_mut(mm).flags;
        if flags.has(bit) {
            return;
        }
        flags.0 |= bit;
        match bit {
            MmFlags::OOM_SKIP => self.emit(Event::SkipSet { mm }),
            MmFlags::UNSTABLE => self.emit(Event::UnstableSet { mm }),
            _ => {}
        }
        self.disturb();
    }

    /// Adds free pages: a relevant change.
    pub(crate) fn give_pages(&mut self, pages: u16) {
        if pages > 0 {
            self.state.free_pages += pages;
            self.disturb();
        }
    }

    /// A relevant change happened: a parked allocator goes on, and a round under way no
    /// longer counts as having seen the present.
    ///
    /// Relevant is exactly what a round of the allocator reads: free pages, watermarks, marks and
    /// flags of victims, whose mm is gone, signals, the kernel's axes. Locks other than
    /// `oom_lock` do not enter a round, so taking one is no change here. A pass of kswapd that
    /// frees nothing reads free pages, watermarks and the lists, which is a part of it.
    pub(crate) fn disturb(&mut self) {
        for id in self.state.restless() {
            let task = self.state.task_mut(id);
            match task.run {
                Run::Parked(Pc::Memcg(_)) => task.run = Run::Ready(Pc::Memcg(Memcg::Retry)),
                Run::Parked(Pc::AllocTry | Pc::AllocOom | Pc::Kmem(_))
                | Run::Asleep {
                    pc: Pc::Kmem(Kmem::Lap),
                    ..
                } => task.run = Run::Ready(Pc::AllocTry),
                Run::Parked(at @ Pc::Vmscan(Vmscan::Balance)) => task.run = Run::Ready(at),
                _ => {}
            }
            task.flags.0 &= !TaskFlags::CLEAN_ROUND;
        }
    }
}

/// The reaper's first step after it was woken; also what an idle kworker does.
pub(crate) const REAP_NEXT: Run = Run::Ready(Pc::Reap(Reap::Next));
