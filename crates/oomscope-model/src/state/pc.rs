//! Where a task is inside modelled code: program counters, a state machine for each kernel
//! function that takes more than one step.

use crate::machine::LRUS_MAX;

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
    /// in [`super::Task::tries`]: it may need a lock that somebody else has.
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
    /// In `exit_mmap` of the address space in [`super::Task::mm_job`].
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
    /// In `oom_reap_task`, at the mmu notifiers of [`super::Task::mm_job`].
    Notify(Notify),
    /// A kworker in `moom_callback`: sysrq-f.
    Moom(Moom),
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
    /// [`super::Task::tries`], who was chosen in [`super::Task::victim`].
    Group,
    /// The same for whoever is out of memory on the machine as a whole.
    GlobalGroup,
    /// The fault failed and has given back its locks: `mem_cgroup_oom_synchronize`.
    FaultEnd,
    /// The fault is taken again.
    Retry,
    /// Has killed somebody and sleeps one jiffy with `oom_lock` held (B10, 4.9 to 4.18).
    KillNap,
    /// Somebody else of the cgroup is at it: sleeps in `mem_cgroup_oom_synchronize`, killably,
    /// until that is over or anything changes. Only ever [`super::Run::Parked`].
    Slept,
}

all_steps!(Memcg {
    Oom,
    Scan,
    Group,
    GlobalGroup,
    FaultEnd,
    Retry,
    KillNap,
    Slept
});

/// Steps of the work item behind sysrq-f (`drivers/tty/sysrq.c`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moom {
    /// `mutex_lock(oom_lock)`, where sysrq-f takes it (4.2+).
    Lock,
    /// Calls the next callback of `oom_notify_list` (B2).
    Notify,
    /// That callback waited for its lock and has it.
    Notified,
    /// `out_of_memory`: chooses and kills.
    Scan,
    /// Sleeps one jiffy after the kill (B10, up to 4.18).
    KillNap,
    /// Kills the next process of a memory cgroup that dies as a group (C9).
    Group,
}

all_steps!(Moom {
    Lock,
    Notify,
    Notified,
    Scan,
    KillNap,
    Group
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
    /// Calls range_start of notifier [`super::Call::at`].
    Start,
    /// That range_start has waited for its lock and now has it.
    StartLocked,
    /// All of them agreed: zaps the VMA.
    Zap,
    /// Calls range_end of notifier [`super::Call::at`].
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
    /// [`super::Task::todo`]. Nobody exits here, except the process it is about.
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
    /// X.M2: clears `VM_LOCKED` of VMA [`super::Task::todo`] before it walks it.
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
    /// X.M5: `unlink_file_vma` of VMA [`super::Task::todo`] takes its file's `i_mmap_rwsem`.
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
    /// T7: looks at VMA [`super::Task::todo`] and zaps it; after the last one T8 and T9.
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
