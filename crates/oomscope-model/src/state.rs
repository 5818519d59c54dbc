//! What changes while a machine runs, as one plain value.
//!
//! A lock has no memory of its own: what a task holds and where it stands in a queue are
//! in the task's own word. Owner, queue and the wait-for graph are views, so there is
//! nothing to keep in step, and identical tasks can be made canonical by sorting.

use crate::kernel::coredump;
use crate::machine::{
    CompletionId, Kind, LOCKS_MAX, LRUS_MAX, LockId, MEMCGS_MAX, MMS_MAX, Machine, MmId, Mode, Op,
    ProcessId, TASKS_MAX, TaskId, VMAS_MAX,
};
use crate::tracked::Tracked;

/// The steps of a state machine: a list to look a code up in, and the code of a step. A step
/// that is not in the list does not compile, nor does one out of declaration order.
macro_rules! all_steps {
    ($name:ident { $($step:ident),+ $(,)? }) => {
        impl $name {
            /// All steps, in declaration order.
            pub(crate) const ALL: &[$name] = &[$($name::$step),+];

            /// The place in `ALL`.
            pub(crate) const fn code(self) -> u8 {
                match self {
                    $($name::$step => $name::$step as u8,)+
                }
            }
        }

        const _: () = {
            let mut at = 0;
            while at < $name::ALL.len() {
                assert!($name::ALL[at].code() as usize == at);
                at += 1;
            }
        };
    };
}

/// Where a task is inside modelled code, by kernel function. The doc of each variant
/// names its numbered step in the fact sheets (`P`, `M`: locks-and-allocation.md 4.3;
/// `T`: oom.md 5.3; `E`: oom.md 6.1; `X.`: exit_mmap, oom.md 6.2) and why it is a
/// step of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pc {
    /// At the start of the current program line; in user mode if it holds nothing.
    Line,
    /// Holds what the line locked and is about to allocate its next page (P0 to P9).
    AllocTry,
    /// Reclaim made no progress: takes `oom_lock` if it is free (P10, M1 to M6).
    AllocOom,
    /// Holds `oom_lock` and calls the next callback of `oom_notify_list` (B2), whose number is
    /// in [`Task::tries`]: it may need a lock that somebody else has.
    AllocNotify,
    /// That callback waited for its lock and has it.
    AllocNotified,
    /// Holds `oom_lock`, its last attempt failed, the scan comes next. Only under
    /// [`crate::machine::KillerWindow::Split`].
    AllocScan,
    /// Waited for `oom_lock`, and makes the last attempt once it has it. Only where
    /// allocators wait for it (never merged).
    AllocLastAttempt,
    /// Killed somebody and sleeps one jiffy with `oom_lock` held (B10, up to 4.18).
    AllocKillNap,
    /// The line has its lock and releases it with this step.
    Release,
    /// Only as the goal of a waiter: once it holds the lock the line is done.
    LineDone,
    /// The line failed: gives back one lock it holds per step, then returns to user mode.
    Unwind,
    /// Notices the signal: `PF_EXITING`, then `mmap_sem` for reading (E2 to E4).
    ExitLock,
    /// Holds `mmap_sem` for reading: `mm = NULL`, release, `mmput` (E6, E7, E9).
    ExitDropMm,
    /// In `do_exit` or `__mmput`, before `exit_mmap`.
    Exiting(Exiting),
    /// In `exit_mmap` of the address space in [`Task::mm_job`].
    ExitMmap(ExitMmap),
    /// In `oom_reap_task`.
    Reap(Reap),
    /// In reclaim.
    Vmscan(Vmscan),
    /// In a system call that takes more than one lock.
    Site(Site),
    /// In `kmem_alloc` of XFS, outside the allocator.
    Kmem(Kmem),
    /// At the limit of a memory cgroup.
    Memcg(Memcg),
    /// In `oom_reap_task`, at the mmu notifiers of [`Task::mm_job`].
    Notify(Notify),
}

/// Where reclaim waits for somebody (locks-and-allocation.md 4.3 P7, 4.6, 5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vmscan {
    /// `congestion_wait` in `too_many_isolated`, tested again afterwards (up to 4.13).
    Throttled,
    /// The same, once (4.14+).
    ThrottledOnce,
    /// A direct reclaimer in the shrinker of this list: waits for its lock or holds it.
    Shrink(u8),
    /// kswapd looks for the next thing to reclaim.
    Balance,
    /// kswapd in `pageout` or the shrinker of this list: waits for its lock or holds it.
    Pageout(u8),
    /// kswapd killed somebody and sleeps a jiffy with `oom_lock` held (Proposal A).
    KillNap,
}

impl Vmscan {
    /// All steps, in the order of their codes.
    pub(crate) const ALL: &[Vmscan] = &[
        Vmscan::Throttled,
        Vmscan::ThrottledOnce,
        Vmscan::Balance,
        Vmscan::KillNap,
        Vmscan::Shrink(0),
        Vmscan::Shrink(1),
        Vmscan::Shrink(2),
        Vmscan::Pageout(0),
        Vmscan::Pageout(1),
        Vmscan::Pageout(2),
    ];

    /// The place in [`Vmscan::ALL`].
    pub(crate) const fn code(self) -> u8 {
        match self {
            Vmscan::Throttled => 0,
            Vmscan::ThrottledOnce => 1,
            Vmscan::Balance => 2,
            Vmscan::KillNap => 3,
            Vmscan::Shrink(list) => 4 + list,
            Vmscan::Pageout(list) => 4 + LRUS_MAX as u8 + list,
        }
    }
}

/// Steps at the limit of a memory cgroup (`mm/memcontrol.c`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memcg {
    /// The charge failed and the cgroup has nothing to reclaim: goes for `oom_lock`. A step
    /// of its own, for between the two a victim can free its memory.
    Oom,
    /// Has `oom_lock` and calls `out_of_memory`.
    Scan,
    /// Has killed a process whose cgroup dies as a group, and kills the next one of it, with
    /// `oom_lock` held (C9); the reaper is at work meanwhile. Its number is in
    /// [`Task::tries`], who was chosen in [`Task::victim`].
    Group,
    /// The same for whoever is out of memory on the machine as a whole.
    GlobalGroup,
    /// The fault failed and has given back its locks: `mem_cgroup_oom_synchronize`.
    FaultEnd,
    /// The fault is taken again.
    Retry,
}

all_steps!(Memcg {
    Oom,
    Scan,
    Group,
    GlobalGroup,
    FaultEnd,
    Retry
});

/// Steps of system calls that do more than lock, work and unlock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Site {
    /// `munmap` has taken the VMAs out and holds `mmap_sem` for writing: downgrades it
    /// where the kernel does (4.20+). A step of its own: a reaper's try fits before it.
    Unlinked,
    /// `munmap` frees the pages; a step of its own for the same reason.
    Zap,
    /// Holds `mmap_sem` and goes for `i_mmap_rwsem`.
    FileLock,
    /// Holds `i_mmap_rwsem` too and gives it back.
    FileUnlock,
    /// Done with the foreign mm: `mmput`.
    RemotePut,
}

all_steps!(Site {
    Unlinked,
    Zap,
    FileLock,
    FileUnlock,
    RemotePut
});

/// Steps of the reaper around one VMA of an mm with mmu notifiers (T4, T7; oom.md 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notify {
    /// Calls range_start of notifier [`Call::at`].
    Start,
    /// That range_start has waited for its lock and now has it.
    StartLocked,
    /// All of them agreed: zaps the VMA.
    Zap,
    /// Calls range_end of notifier [`Call::at`].
    End,
    /// That range_end has waited for its lock and now has it.
    EndLocked,
    /// Has slept a second instead of reaping (4.14).
    Skipped,
}

all_steps!(Notify {
    Start,
    StartLocked,
    Zap,
    End,
    EndLocked,
    Skipped
});

/// Steps on the way out that only some casts have, because they declare what the step is
/// about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exiting {
    /// E3: `exit_robust_list` reads the list of locks from user memory and wakes whoever
    /// waits for one of them.
    RobustList,
    /// E8: `exit_aio` waits, uninterruptibly, until the I/O under way is done.
    ExitAio,
    /// E8: `ksm_exit` and `khugepaged_exit`: `down_write(mmap_sem); up_write(mmap_sem)`,
    /// to wait until the daemon has left the mm.
    KsmExit,
    /// `process_mrelease`: holds the `mmap_sem` of another mm for reading and zaps VMA
    /// [`Task::todo`]. Nobody exits here, except the process it is about.
    Mrelease,
    /// Dumps core and has `mmap_sem` for writing (up to 5.15): stops the other threads.
    CoreZap,
    /// E5: has waited for a core dump to end.
    CoreDone,
}

all_steps!(Exiting {
    RobustList,
    ExitAio,
    KsmExit,
    Mrelease,
    CoreZap,
    CoreDone
});

/// Steps of `exit_mmap`; which of them a kernel has, and in which order, is its exit
/// protocol (oom.md 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum ExitMmap {
    /// X.M1, and sets `MMF_UNSTABLE` where the protocol does (P01, P02).
    Start,
    /// `mutex_lock(oom_lock)` before the exiting task reaps itself (4.17, 4.18).
    OomLock,
    /// Reaps its own memory, gives `oom_lock` back, sets `MMF_OOM_SKIP`.
    SelfReap,
    /// `down_write(mmap_sem); up_write(mmap_sem)`: waits until the reaper is out.
    EmptyWrite,
    /// `down_write(mmap_sem)`, held to the end (P04, 5.17).
    WriteLock,
    /// `mmap_read_lock`, held over unmap (6.1).
    ReadLock,
    /// X.M2: clears `VM_LOCKED` of VMA [`Task::todo`] before it walks it.
    MunlockClear,
    /// X.M2: reads the pmd of that VMA and finds it populated.
    MunlockWalk,
    /// X.M2: takes the page-table lock of the pmd that it read. If the reaper cleared
    /// it in between, this is the NULL dereference of CVE-2018-1000200.
    MunlockPtl,
    /// X.M2: `lock_page` on a page of that VMA; may sleep.
    MunlockPage,
    /// X.M4: `unmap_vmas` frees the memory.
    Unmap,
    /// Sets `MMF_OOM_SKIP` where the protocol has it in the middle (4.14).
    Skip,
    /// `down_write; up_write` between unmap and page tables (4.14).
    LateEmptyWrite,
    /// `down_write` held over the page tables (P03, 6.1).
    LateWriteLock,
    /// X.M5: `unlink_file_vma` of VMA [`Task::todo`] takes its file's `i_mmap_rwsem`.
    UnlinkFileVma,
    /// X.M5 to X.M7: page tables and VMAs are gone.
    FreePgtables,
}

/// Steps of the `oom_reaper` thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reap {
    /// Takes the next victim from its list, or waits for one.
    Next,
    /// T0: `mutex_lock(oom_lock)` (4.7 to 4.18).
    OomLock,
    /// T1 to T6: finds the mm and tries `mmap_sem` for reading.
    Attempt,
    /// T7: looks at VMA [`Task::todo`] and zaps it; after the last one T8 and T9.
    Zap,
    /// After ten failed tries.
    GiveUp,
    /// Q2: the timer of the current victim has expired (5.18+).
    Timer,
}

/// Steps of `kmem_alloc` between two calls of the allocator. As the goal of a sleeper they
/// name the sleep before them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kmem {
    /// X6: `congestion_wait` is over, asks again.
    Again,
    /// A hundred tries found the world as it was: X4 says so.
    Lap,
}

all_steps!(Kmem { Again, Lap });

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

all_steps!(ExitMmap {
    Start,
    OomLock,
    SelfReap,
    EmptyWrite,
    WriteLock,
    ReadLock,
    MunlockClear,
    MunlockWalk,
    MunlockPtl,
    MunlockPage,
    Unmap,
    Skip,
    LateEmptyWrite,
    LateWriteLock,
    UnlinkFileVma,
    FreePgtables
});

all_steps!(Reap {
    Next,
    OomLock,
    Attempt,
    Zap,
    GiveUp,
    Timer
});

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
    /// `oom_lock`, naps a jiffy and also goes on when `oom_lock` is released.
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

/// Bits of one task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TaskFlags(pub u16);

impl TaskFlags {
    /// SIGKILL is pending (`fatal_signal_pending`), or was and the task is exiting.
    pub const SIGKILL: u16 = 1;
    /// `TIF_MEMDIE` on this thread.
    pub const MEMDIE: u16 = 1 << 1;
    /// `PF_EXITING`.
    pub const EXITING: u16 = 1 << 2;
    /// `task->mm` is NULL (E6), or the kernel thread has given its mm back.
    pub const MM_NULL: u16 = 1 << 3;
    /// The allocator round that is under way began after the last relevant change.
    pub const CLEAN_ROUND: u16 = 1 << 4;
    /// On a process's leader: `signal->oom_mm` is set (4.9+).
    pub const OOM_MM: u16 = 1 << 5;
    /// On a process's leader: the 4.6 reaper set `oom_score_adj` to -1000.
    pub const ADJ_MIN: u16 = 1 << 6;
    /// On `oom_reaper`, and in `process_mrelease`: it holds a reference on `mm_users` of the
    /// mm it works on.
    pub const PINS_MM: u16 = 1 << 7;
    /// Died in an oops.
    pub const OOPSED: u16 = 1 << 8;
    /// A signal with a handler is pending.
    pub const SIGNAL: u16 = 1 << 9;
    /// The failed system call starts again once it has unwound (-ERESTARTNOINTR).
    pub const RESTARTS: u16 = 1 << 10;
    /// The failed system call returns an error that its manual page does not list.
    pub const WRONG_ERRNO: u16 = 1 << 11;
    /// `PF_DUMPCORE`: dumps core, or has.
    pub const DUMPCORE: u16 = 1 << 12;
    /// On `oom_reaper`: others stood behind its victim in `oom_reaper_list` when it took that
    /// one off, so its `oom_reaper_list` is not NULL and says that it is queued.
    pub const REAPS_LINKED: u16 = 1 << 13;

    /// Whether the bit is set.
    pub fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

/// What a task holds: two bits a lock, 0 nothing, 1 read, 2 write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held(pub u32);

impl Held {
    /// How it holds this lock.
    pub fn mode(self, lock: LockId) -> Option<Mode> {
        match self.0 >> (2 * lock.0) & 3 {
            0 => None,
            1 => Some(Mode::Read),
            _ => Some(Mode::Write),
        }
    }

    /// The locks it holds, lowest first.
    pub fn locks(self) -> impl Iterator<Item = (LockId, Mode)> {
        (0..LOCKS_MAX as u8)
            .map(LockId)
            .filter_map(move |lock| self.mode(lock).map(|m| (lock, m)))
    }

    /// Whether it holds nothing.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn set(&mut self, lock: LockId, mode: Option<Mode>) {
        let bits = match mode {
            None => 0,
            Some(Mode::Read) => 1,
            Some(Mode::Write) => 2,
        };
        self.0 = self.0 & !(3 << (2 * lock.0)) | bits << (2 * lock.0);
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

/// Bits of one address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MmFlags(pub u16);

impl MmFlags {
    /// `MMF_OOM_REAPED` (4.7, 4.8), renamed `MMF_OOM_SKIP` (4.9): the killer looks past it.
    pub const OOM_SKIP: u16 = 1;
    /// `MMF_UNSTABLE` (4.9+).
    pub const UNSTABLE: u16 = 1 << 1;
    /// `MMF_OOM_NOT_REAPABLE` (4.8): one full set of tries has failed.
    pub const NOT_REAPABLE: u16 = 1 << 2;
    /// `MMF_OOM_VICTIM` (4.15 to 6.0).
    pub const OOM_VICTIM: u16 = 1 << 3;
    /// `exit_mmap` is done: no VMAs, no page tables.
    pub const GONE: u16 = 1 << 4;
    /// Waits for the kworker to run `exit_mmap` (`mmput_async`).
    pub const MMPUT_QUEUED: u16 = 1 << 5;

    /// Pages of it were freed while a guest or a device that maps them was not told.
    pub const STALE: u16 = 1 << 11;
    /// `mmu_notifier_release` has emptied the list (X.M1).
    pub const NOTIFIERS_GONE: u16 = 1 << 12;
    /// Notifier 0 got a range_start whose range_end will never come; the next bits are for
    /// the others.
    pub const UNPAIRED: u16 = 1 << 13;

    /// Whether the bit is set.
    pub fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
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

/// Bits of the whole machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateFlags(pub u8);

impl StateFlags {
    /// A task oopsed.
    pub const OOPS: u8 = 1;
    /// Memory was corrupted.
    pub const CORRUPT: u8 = 1 << 1;
    /// The kernel panicked: nothing runs any more.
    pub const PANIC: u8 = 1 << 2;
    /// A system call returned an error that its manual page does not list.
    pub const WRONG_ERRNO: u8 = 1 << 3;

    /// Whether the bit is set.
    pub fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// Everything that changes. `Copy`, compared by value; [`State::words`] is its exact
/// packed form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

    /// The task at this place of a lock's queue, 1 is the head.
    pub fn queued(&self, lock: LockId, place: u8) -> Option<(TaskId, Mode)> {
        self.tasks().find_map(|(id, task)| match task.run {
            Run::Queued { on, mode, rank, .. } if on == lock && rank == place => Some((id, mode)),
            _ => None,
        })
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
        self.tasks()
            .filter(|(_, task)| matches!(task.run, Run::Queued { on, .. } if on == lock))
            .count() as u8
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
    /// Whether it is in user mode, if it stands at the start of a line: it holds no lock
    /// and is not inside a transaction.
    pub fn holds_nothing(&self) -> bool {
        self.held.is_empty() && self.trans == Trans::None
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
