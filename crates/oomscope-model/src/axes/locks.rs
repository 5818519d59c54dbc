//! Which waits a signal ends, how locks are built, and what the reaper may touch.

/// V12 and V13 (oom.md 5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unstable {
    /// Nobody (up to 4.8).
    Ignored,
    /// Kernel threads (4.9 to 4.13).
    KthreadSigbus,
    /// Everybody (4.14+).
    Sigbus,
}

/// T4 and T7 of the reaper and mmu notifiers (oom.md 7.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReaperNotifiers {
    /// Zaps and tells nobody (4.6 to 4.13).
    Ignored,
    /// Leaves the whole mm alone, sleeps a second with `oom_lock` held and calls that a
    /// success (4.14, 4.15).
    SkipMm,
    /// The same if one of the notifiers may block; otherwise start, zap, end for each VMA
    /// (4.16 to 4.18).
    SkipBlockable,
    /// range_start may not block and can fail: that VMA is left for the next try (4.19+).
    NonBlocking,
    /// Waits for every notifier like anybody else: what the others are there to avoid.
    Blocking,
}

/// N05: range_start of one notifier has failed; what of those that succeeded?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotifierPairing {
    /// Nobody gets a range_end (up to 5.11).
    Unpaired,
    /// Everybody who has one gets it (5.12+).
    Paired,
}

/// N03: HMM and non-blocking callers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HmmStart {
    /// Only counts, and the work is in range_end, which waits for `mirrors_sem` (4.19).
    Counts,
    /// Fails whenever it may not block, whoever holds what.
    Refuses,
    /// Tries `mirrors_sem` and does the work at once (4.20+).
    Tries,
}

/// How a kind of lock site sleeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SiteWait {
    /// `TASK_UNINTERRUPTIBLE`.
    Uninterruptible,
    /// `TASK_KILLABLE`.
    Killable,
    /// `TASK_INTERRUPTIBLE`, and the system call fails with -EINTR.
    Interruptible,
    /// `TASK_INTERRUPTIBLE`, and the system call starts again by itself: -ERESTARTNOINTR.
    Restarting,
}

/// `inode->i_mutex` and its successor (locks-and-allocation.md 2.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InodeLock {
    /// A mutex: one at a time, lookups included (up to 4.6).
    Mutex,
    /// `i_rwsem`: lookups share it (4.7+).
    Rwsem,
}

/// Whose rules an rwsem follows (locks-and-allocation.md 2.1, 2.3, 2.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RwsemCode {
    /// `rwsem-xadd.c`, or `rwsem-spinlock.c` where the configuration says so (up to 5.2).
    TwoVariants,
    /// One implementation, with hand-off and phase-fair wakes (5.3+).
    Rewritten,
}

/// Bug B1 (locks-and-allocation.md 2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XaddBail {
    /// Drops the waiting bias with the last waiter, wakes who stood behind (4.7+).
    WakesFollowers,
    /// Only unlinks itself (linux-next, May 2016).
    Forgets,
}

/// Bugs B2 and B3 (locks-and-allocation.md 2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpinlockBail {
    /// Only unlinks itself (4.7 to 4.10).
    Forgets,
    /// Wakes who stood behind, whoever holds the lock (4.11, 4.12).
    WakesFollowers,
    /// Wakes readers, and only if no writer holds the lock (4.13+).
    WakesReadersIfReadHeld,
}

/// A killed reader that leaves the queue of the rwsem of 5.3 (B4, locks-and-allocation.md 2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReaderBail {
    /// Only unlinks itself, and a head takes its hand-off along (5.3 to 5.18).
    Unlinks,
    /// Who is next inherits the hand-off and is woken (5.16, 5.19).
    WakesNext,
}

/// Reader lock stealing in the slow path (locks-and-allocation.md 2.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReaderSteal {
    /// A reader that finds waiters queues.
    No,
    /// A reader that finds the lock free takes it, waiters or not (5.11+).
    FreeLock,
}

/// `munmap` (locks-and-allocation.md 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Munmap {
    /// For writing to the end (up to 4.19).
    WriteToTheEnd,
    /// For writing while it takes the VMAs out, then for reading (4.20+).
    Downgrades,
}
