//! What changes while a machine runs, as one plain value.
//!
//! A lock has no memory of its own: what a task holds and where it stands in a queue are
//! in the task's own word. Owner, queue and the wait-for graph are views, so there is
//! nothing to keep in step, and identical tasks can be made canonical by sorting.

use crate::kernel::coredump;
use crate::machine::{
    CompletionId, Kind, LRUS_MAX, LockId, MEMCGS_MAX, MMS_MAX, Machine, MmId, Mode, Op, ProcessId,
    TASKS_MAX, TaskId, VMAS_MAX,
};
use crate::tracked::Tracked;

mod flags;
mod pc;
mod reads;

pub(crate) use reads::Asking;
use reads::Question;

pub use reads::{Asked, Reads};

pub use flags::{Held, MmFlags, StateFlags, TaskFlags};
pub use pc::{ExitMmap, Exiting, Kmem, Memcg, Moom, Notify, Pc, Reap, Site, Vmscan};

/// How far a task is with its XFS transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Trans {
    /// It has none.
    #[default]
    None,
    /// Has raised the marks and waits until that much is free (B2).
    Reserving,
    /// Between start and commit.
    Open,
    /// Ran out of memory and undoes what it has done (5.3).
    RollingBack,
}

/// Whether a task runs, and if not, what it waits for. Exactly one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Run {
    /// Can take its next step.
    Ready(Pc),
    /// In a lock's queue: asleep, or woken but not yet granted, or killed but not yet
    /// unlinked. A woken or killed waiter is runnable *and* still in the queue.
    Queued {
        /// The lock.
        on: LockId,
        /// For reading or writing.
        mode: Mode,
        /// Place in the queue, 1 is the head.
        rank: u8,
        /// Woken: will look at the lock again.
        awake: bool,
        /// Where it goes on once it holds the lock.
        pc: Pc,
    },
    /// A fruitless allocator round is over and nothing has changed since it began; a
    /// relevant change makes it ready again. With `AllocOom` it lost the trylock on
    /// `oom_lock`, naps a jiffy and also goes on when `oom_lock` is released; so does kswapd,
    /// with `Balance`.
    Parked(Pc),
    /// Sleeps for a time.
    Asleep {
        /// How long.
        nap: Nap,
        /// Where it goes on.
        pc: Pc,
    },
    /// Waits uninterruptibly for a completion.
    Waits {
        /// Which one.
        completion: CompletionId,
        /// Where it goes on; `LineDone` if it is the program that waits.
        pc: Pc,
    },
    /// At the end of its program: in user mode, or an idle kernel thread.
    Idle,
    /// Exited.
    Exited,
}

/// Lengths of sleeps, shortest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Nap {
    /// One jiffy, 1 to 10 ms.
    Jiffy,
    /// HZ/50, 20 ms.
    Hz50,
    /// HZ/10, 100 ms.
    Hz10,
    /// HZ, one second.
    Hz,
    /// 2 HZ.
    Hz2,
    /// 3 HZ: not a sleep of the kernel but work that takes longer than anybody waits, a
    /// declared form (the teardown of a huge mm).
    Hz3,
}

impl Nap {
    /// Whether [`crate::machine::Timing::SleepsAreLong`] holds it back.
    pub fn is_long(self) -> bool {
        self >= Nap::Hz10
    }

    /// Milliseconds at HZ=100, for people.
    pub fn millis(self) -> u32 {
        match self {
            Nap::Jiffy => 10,
            Nap::Hz50 => 20,
            Nap::Hz10 => 100,
            Nap::Hz => 1000,
            Nap::Hz2 => 2000,
            Nap::Hz3 => 3000,
        }
    }
}

/// One task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Task {
    /// Whether and where it runs.
    pub run: Run,
    /// Current line of its program.
    pub line: u8,
    /// What it holds.
    pub held: Held,
    /// Bits.
    pub flags: TaskFlags,
    /// Pages still to allocate in this line; or the VMA it looks at, in `exit_mmap` and
    /// in the reaper.
    pub todo: u8,
    /// Failed tries of the reaper on its current victim, 0..=10; or rounds without progress
    /// of an allocator, `no_progress_loops`, 0..=16 (4.7+).
    pub tries: u8,
    /// The address space that `exit_mmap` or the reaper works on.
    pub mm_job: Option<MmId>,
    /// The reaper's current victim thread.
    pub victim: Option<TaskId>,
    /// The reaper's way through the mmu notifiers of one mm.
    pub notifier: Call,
    /// Place in `oom_reaper_list` if this thread is queued there, 1 is the head; 0 if not.
    pub reap_rank: u8,
    /// Its XFS transaction.
    pub trans: Trans,
    /// Pages of its transaction's reserve that it has not taken yet, 0..=15.
    pub reserve: u8,
    /// Pages that its transaction holds dirty, 0..=15.
    pub dirty: u8,
}

/// How far the reaper is with the mmu notifiers of one mm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Call {
    /// Which notifier it calls, in list order.
    pub at: u8,
    /// A range_start for this VMA has failed.
    pub failed: bool,
    /// A VMA was left out in this try.
    pub partial: bool,
}

/// One VMA.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Vma {
    /// Pages mapped now.
    pub pages: u16,
    /// `VM_LOCKED` is set.
    pub locked: bool,
}

/// One address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mm {
    /// `mm_users`.
    pub users: u8,
    /// Bits.
    pub flags: MmFlags,
    /// VMAs, in the order of [`crate::machine::MmInfo::vmas`].
    pub vmas: [Vma; VMAS_MAX],
}

impl Mm {
    /// Pages mapped now, all VMAs: the rss.
    pub fn rss(&self) -> u16 {
        self.vmas.iter().map(|vma| vma.pages).sum()
    }
}

/// One list of reclaimable pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LruState {
    /// Pages on the list.
    pub pages: u16,
    /// One more is isolated: in the hands of kswapd, and on no list.
    pub isolated: bool,
}

/// Some tasks, lowest first: bit n for task n.
pub(crate) struct Who(pub(crate) u32);

impl Iterator for Who {
    type Item = TaskId;

    #[inline]
    fn next(&mut self) -> Option<TaskId> {
        let lowest = self.0.trailing_zeros() as u8;
        self.0 &= self.0.wrapping_sub(1);
        (lowest < 32).then_some(TaskId(lowest))
    }
}

/// Everything that changes, compared by value; [`State::words`] is its exact packed form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// Tasks; only the first [`State::task_count`] exist.
    pub tasks: Tracked<Task, TASKS_MAX>,
    /// Address spaces; only the first [`State::mm_count`] exist.
    pub mms: Tracked<Mm, MMS_MAX>,
    /// Lists of reclaimable pages; only the first [`State::lru_count`] exist.
    pub lrus: [LruState; LRUS_MAX],
    /// Kernel pages charged to each memory cgroup; the first [`State::memcg_count`] exist.
    /// Its user pages are those that its address spaces map.
    pub kmem: [u16; MEMCGS_MAX],
    /// Free pages.
    pub free_pages: u16,
    /// Bit n: completion n has been completed.
    pub completed: u16,
    /// Machine-wide bits.
    pub flags: StateFlags,
    /// Bit n: the count of lock n holds something that neither holders nor queue explain.
    /// Before 5.3 the waiting bias that bug B1 leaked, from 5.3 on the HANDOFF bit.
    pub lock_bits: u16,
    /// Bit n: callback n of `oom_notify_list` has freed what it had.
    pub notified: u8,
    /// How many tasks there are.
    pub task_count: u8,
    /// How many address spaces there are.
    pub mm_count: u8,
    /// How many lists of reclaimable pages there are.
    pub lru_count: u8,
    /// How many memory cgroups there are.
    pub memcg_count: u8,
    /// What was asked of all tasks together.
    pub(crate) asked: Asking,
}

impl State {
    /// The state in which a machine starts. A task whose program begins with `wait_for`
    /// is already waiting: the story starts with it inside that system call.
    pub fn start(machine: &Machine) -> State {
        let mut state = State {
            tasks: Tracked::all(Task::NONE),
            mms: Tracked::all(Mm::default()),
            lrus: [LruState::default(); LRUS_MAX],
            kmem: [0; MEMCGS_MAX],
            free_pages: machine.zone.free_pages,
            completed: 0,
            notified: 0,
            flags: StateFlags::default(),
            lock_bits: 0,
            task_count: machine.tasks.len() as u8,
            mm_count: machine.mms.len() as u8,
            lru_count: machine.lrus.len() as u8,
            memcg_count: machine.memcgs.len() as u8,
            asked: Asking::default(),
        };
        for (lru, info) in state.lrus.iter_mut().zip(&machine.lrus) {
            lru.pages = info.pages;
        }
        for (mm, info) in state.mms.iter_mut().zip(&machine.mms) {
            for (vma, info) in mm.vmas.iter_mut().zip(&info.vmas) {
                *vma = Vma {
                    pages: if info.backing.is_counted() {
                        info.pages
                    } else {
                        0
                    },
                    locked: info.locked,
                };
            }
        }
        for (task, actor) in state.tasks.iter_mut().zip(&machine.tasks) {
            if let Some(mm) = actor.mm {
                state.mms[mm.0 as usize].users += 1;
            }
            task.run = match actor.kind {
                Kind::OomReaper | Kind::Kworker | Kind::Kswapd => Run::Idle,
                Kind::User(_) | Kind::Kthread if actor.program.is_empty() => Run::Idle,
                Kind::User(_) | Kind::Kthread => match actor.program[0].op {
                    Op::WaitFor { completion } | Op::Vfork { completion, .. } => Run::Waits {
                        completion,
                        pc: Pc::LineDone,
                    },
                    Op::Pause => Run::Idle,
                    _ => Run::Ready(Pc::Line),
                },
            };
        }
        state
    }

    /// One task.
    pub fn task(&self, task: TaskId) -> &Task {
        &self.tasks[task.0 as usize]
    }

    pub(crate) fn task_mut(&mut self, task: TaskId) -> &mut Task {
        &mut self.tasks[task.0 as usize]
    }

    /// One address space.
    pub fn mm(&self, mm: MmId) -> &Mm {
        &self.mms[mm.0 as usize]
    }

    pub(crate) fn mm_mut(&mut self, mm: MmId) -> &mut Mm {
        &mut self.mms[mm.0 as usize]
    }

    /// The tasks that exist, with their ids.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskId, &Task)> {
        self.tasks[..self.task_count as usize]
            .iter()
            .enumerate()
            .map(|(index, task)| (TaskId(index as u8), task))
    }

    /// Who holds a lock and how, lowest task first.
    pub fn holders(&self, lock: LockId) -> impl Iterator<Item = (TaskId, Mode)> {
        self.tasks()
            .filter_map(move |(id, task)| task.held.mode(lock).map(|mode| (id, mode)))
    }

    /// Whether nobody holds a lock. Asked at every turn, so it does without [`State::holders`].
    #[inline]
    pub(crate) fn is_free(&self, lock: LockId) -> bool {
        self.all_held(lock) & Held::ANY << (2 * lock.0) == 0
    }

    /// Whether a writer holds a lock.
    #[inline]
    pub(crate) fn has_writer(&self, lock: LockId) -> bool {
        self.all_held(lock) & Held::WRITE << (2 * lock.0) != 0
    }

    /// Whether somebody else than this task holds a lock.
    pub(crate) fn others_hold(&self, me: TaskId, lock: LockId) -> bool {
        self.asked.note(Question::Holds(lock));
        let tasks = self.every_task().iter().enumerate();
        let mut others = tasks.filter(|&(id, _)| id != usize::from(me.0));
        others.any(|(_, task)| task.held.mode(lock).is_some())
    }

    /// What all tasks together hold, if only this lock matters.
    #[inline]
    fn all_held(&self, lock: LockId) -> u32 {
        self.asked.note(Question::Holds(lock));
        let tasks = self.every_task();
        tasks.iter().fold(0, |all, task| all | task.held.0)
    }

    /// The tasks that exist, for a question that is noted by itself.
    #[inline]
    fn every_task(&self) -> &[Task] {
        &self.tasks.peek()[..usize::from(self.task_count)]
    }

    /// The task at this place of a lock's queue, 1 is the head.
    pub fn queued(&self, lock: LockId, place: u8) -> Option<(TaskId, Mode)> {
        self.asked.note(match place {
            1 => Question::QueueHead(lock),
            _ => Question::Queue(lock),
        });
        for (id, task) in self.every_task().iter().enumerate() {
            match task.run {
                Run::Queued { on, mode, rank, .. } if on == lock && rank == place => {
                    return Some((TaskId(id as u8), mode));
                }
                _ => {}
            }
        }
        None
    }

    /// Moves all who stand in a lock's queue behind this place up by one.
    pub(crate) fn close_gap(&mut self, lock: LockId, place: u8) {
        self.asked.note(Question::Queue(lock));
        let behind = self.who(
            |task| matches!(task.run, Run::Queued { on, rank, .. } if on == lock && rank > place),
        );
        for task in behind {
            if let Run::Queued { rank, .. } = &mut self.tasks.rewrite(task.0 as usize).run {
                *rank -= 1;
            }
        }
    }

    /// Whether the lock's bit in [`State::lock_bits`] is set.
    pub fn lock_bit(&self, lock: LockId) -> bool {
        self.lock_bits >> lock.0 & 1 != 0
    }

    pub(crate) fn set_lock_bit(&mut self, lock: LockId, on: bool) {
        self.lock_bits = self.lock_bits & !(1 << lock.0) | u16::from(on) << lock.0;
    }

    /// How many tasks stand in a lock's queue.
    pub fn queue_len(&self, lock: LockId) -> u8 {
        self.asked.note(Question::QueueLen(lock));
        self.every_task()
            .iter()
            .map(|task| u8::from(matches!(task.run, Run::Queued { on, .. } if on == lock)))
            .sum()
    }

    /// Who stands on `oom_reaper_list`.
    pub(crate) fn listed(&self) -> Who {
        self.asked.note(Question::Listed);
        self.who(|task| task.reap_rank != 0)
    }

    /// The place of a task on `oom_reaper_list`, 1 is the head, 0 if it is not on it.
    pub(crate) fn listed_at(&self, task: TaskId) -> u8 {
        self.asked.note(Question::Listed);
        self.every_task()[task.0 as usize].reap_rank
    }

    /// Which tasks are so that a change in memory or in `oom_lock` has them look again
    /// ([`Task::is_restless`]).
    pub(crate) fn restless(&self) -> Who {
        self.asked.note(Question::Restless);
        self.who(Task::is_restless)
    }

    /// Which tasks have pages of a transaction's reserve left.
    pub(crate) fn reserving(&self) -> Who {
        self.asked.note(Question::Reserving);
        self.who(Task::is_reserving)
    }

    /// The tasks of which something is true now, whatever becomes of them meanwhile.
    #[inline]
    fn who(&self, is: impl Fn(&Task) -> bool) -> Who {
        let tasks = self.every_task().iter().enumerate();
        Who(tasks.fold(0, |who, (id, task)| who | u32::from(is(task)) << id))
    }

    /// What was looked at since this was asked last, by steps or by anybody else.
    pub fn take_reads(&mut self) -> Reads {
        let only = |count: u8, read: u32| u64::from(read) & !(u64::MAX << count);
        let tasks = only(self.task_count, self.tasks.take_read());
        let mms = only(self.mm_count, self.mms.take_read());
        Reads {
            parts: tasks | mms << self.task_count,
            asked: self.asked.take(),
        }
    }

    /// Whether a process has been sent SIGKILL, which reaches all its threads. A core dump
    /// kills all but the one that writes it.
    pub fn is_killed(&self, machine: &Machine, process: ProcessId) -> bool {
        machine
            .threads(process)
            .all(|thread| self.task(thread).flags.has(TaskFlags::SIGKILL))
    }

    /// How many address spaces have lost a process to SIGKILL. All processes that share one
    /// die for the same memory, so they count once, and not at all if it was a core dump that
    /// killed them.
    pub fn kills(&self, machine: &Machine) -> u8 {
        let mut seen = 0u32;
        for process in machine.process_ids() {
            if self.is_killed(machine, process)
                && let Some(mm) = machine.actor(machine.process(process).leader).mm
                && !coredump::took_all(machine, self, mm)
            {
                seen |= 1 << mm.0;
            }
        }
        seen.count_ones() as u8
    }

    /// Every user task exited or at the end of its program, every kernel thread idle, no
    /// memory request pending (architecture: explorer, *Finished*).
    pub fn is_finished(&self) -> bool {
        self.tasks()
            .all(|(_, task)| matches!(task.run, Run::Idle | Run::Exited))
            || self.flags.has(StateFlags::PANIC)
    }
}

impl Task {
    /// Whether it retries in the allocator, or as kswapd for `oom_lock`, and is left out of the
    /// schedule because its rounds change nothing ([`crate::machine::Parking`]).
    #[inline]
    pub fn is_parked(&self) -> bool {
        matches!(self.run, Run::Parked(pc) if pc != Pc::Memcg(Memcg::Slept))
    }

    /// Whether it retries in the allocator, or as kswapd, in a round or between two, in a way
    /// that the next relevant change ends ([`crate::machine::Parking`]).
    #[inline]
    pub fn is_restless(&self) -> bool {
        let waits = matches!(
            self.run,
            Run::Parked(_)
                | Run::Asleep {
                    pc: Pc::Kmem(Kmem::Lap),
                    ..
                }
        );
        waits | self.flags.has(TaskFlags::CLEAN_ROUND)
    }

    /// Puts it at this place of the queue in which it stands, if it stands in one.
    #[inline]
    pub fn put_at(&mut self, place: u8) {
        if let Run::Queued { rank, .. } = &mut self.run {
            *rank = place;
        }
    }

    /// Whether its transaction has pages in reserve that it has not taken yet.
    #[inline]
    pub fn is_reserving(&self) -> bool {
        self.reserve > 0
    }

    /// Whether it is in user mode, if it stands at the start of a line: it holds no lock, is
    /// not inside a transaction, and has not set `PF_MEMALLOC`.
    pub fn holds_nothing(&self) -> bool {
        self.held.is_empty() && self.trans == Trans::None && !self.flags.has(TaskFlags::MEMALLOC)
    }

    pub(crate) const NONE: Task = Task {
        run: Run::Idle,
        line: 0,
        held: Held(0),
        flags: TaskFlags(0),
        todo: 0,
        tries: 0,
        mm_job: None,
        victim: None,
        notifier: Call {
            at: 0,
            failed: false,
            partial: false,
        },
        reap_rank: 0,
        trans: Trans::None,
        reserve: 0,
        dirty: 0,
    };
}
