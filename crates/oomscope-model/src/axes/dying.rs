//! Who is killed, who reaps, and how an address space goes away.

/// K08: `PF_EXITING` and the scan (oom.md 4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitingTask {
    /// An exiting task with an mm aborts the scan (up to 4.5).
    AbortsScan,
    /// It is scored like any other (4.6+).
    IsScored,
}

/// R01.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reaper {
    /// No such thread (up to 4.5).
    Absent,
    /// Present (4.6+).
    Present,
}

/// R02 (oom.md 5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReaperQueue {
    /// None: `task_to_reap` names the one that the thread works on, and a victim that
    /// comes while it does is forgotten (the first versions of the reaper, in no release).
    Slot,
    /// `oom_reaper_list`, as many as there are (4.6+).
    List,
}

/// What a victim's mark is and what the reaper leaves behind (oom.md 4.3, 5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Bookkeeping {
    /// Up to 4.6: `TIF_MEMDIE` on one thread blocks the killer. A successful reap clears
    /// it and sets `oom_score_adj` to -1000; a failed one leaves it for ever.
    KeepMark,
    /// 4.7: the reaper clears the mark also when it failed; success sets
    /// `MMF_OOM_REAPED`, failure sets nothing.
    ClearMark,
    /// 4.8: as 4.7, and the second full failure sets `MMF_OOM_REAPED` too.
    FlagSecondFailure,
    /// 4.9+: `signal->oom_mm` blocks the killer until `MMF_OOM_SKIP` is set on it; the
    /// reaper sets that at its end in any case.
    OomMm,
}

/// R06 and R14.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReaperLock {
    /// No (4.6; 4.19+).
    NotTaken,
    /// A blocking `mutex_lock(oom_lock)` around every attempt (4.7 to 4.18).
    Taken,
}

/// T1 to T4 of a reaper attempt (oom.md 5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReaperMm {
    /// Looks for a live thread's mm and takes a reference on `mm_users` (4.6 to 4.8).
    PinsUsers,
    /// Uses `signal->oom_mm`; `mmget_not_zero` must succeed (4.9 to 4.13).
    MmgetNotZero,
    /// Uses `signal->oom_mm` and works even at `mm_users == 0` (4.14+).
    PinsCount,
}

/// R05.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mmput {
    /// The reaper itself (4.6).
    Synchronous,
    /// A kworker (4.7+).
    Asynchronous,
}

/// The exit protocol (oom.md 6.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitProtocol {
    /// (a) No OOM logic (up to 4.8).
    Plain,
    /// (a') `MMF_OOM_SKIP` at the end of `__mmput` (4.9 to 4.13).
    SkipAtEnd,
    /// (b) Skip after unmap, then an empty write section if *the current task* is a
    /// victim (4.14).
    SkipAfterUnmap,
    /// (b') The same, decided by a flag on the mm (4.15, 4.16).
    SkipAfterUnmapByMm,
    /// (c1) P01: `MMF_UNSTABLE` claims the mm; the reaper then counts it as done.
    UnstableV1,
    /// (c2) P02: the same, but the reaper leaves `MMF_OOM_SKIP` alone.
    UnstableV2,
    /// (c3) P03: write lock over the page tables.
    LateWriteLock,
    /// (c4) P04: write lock over everything.
    WriteLock,
    /// (d) The exiting victim reaps itself under `oom_lock` first (4.17, 4.18).
    SelfReapUnderOomLock,
    /// (d') The same without `oom_lock` (4.19 to 5.16).
    SelfReap,
    /// (e1, e2) The exiting victim reaps itself; then everybody tears the mm down under the
    /// write lock (5.17 to 6.0).
    WriteLockTeardown,
    /// (e3) Nobody reaps itself: unmap under the read lock, together with the reaper, and
    /// page tables under the write lock (6.1+).
    ReadLockUnmap,
}

/// R18.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mlocked {
    /// The reaper passes over it, and `exit_mmap` munlocks it page by page (up to 5.17).
    Munlocked,
    /// It is memory like any other; the last unmap of a page unlocks it (5.18+).
    LikeAnyOther,
}

/// R16 and R17: `process_mrelease`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mrelease {
    /// There is no such system call: ENOSYS (up to 5.14).
    Absent,
    /// It keeps the mm from being freed, but not from being torn down (5.15).
    PinsCount,
    /// It takes a reference on `mm_users`, so `exit_mmap` waits for it, or it runs
    /// `exit_mmap` itself (5.16).
    PinsUsers,
    /// As in 5.15, but it tests `MMF_OOM_SKIP` under the lock that `exit_mmap` now holds for
    /// writing (5.17+).
    UnderLock,
}

/// X02.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VmaList {
    /// `mm->mmap` still points to the freed VMAs after `exit_mmap`.
    Dangling,
    /// `exit_mmap` sets it to NULL before it unlocks (5.17+).
    Cleared,
}

/// E5 and `task_will_free_mem` (oom.md 4.4, 6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CoreDump {
    /// In exit_mm, with `PF_EXITING` set, after `mmap_sem` and the robust list; everybody
    /// who uses the mm is taken in, and a dump that was killed counts as exiting (up to 5.15).
    InExitMm,
    /// Before anything of the exit, the threads of the process only; a process that dumps
    /// does not count as exiting, killed or not (5.16+).
    BeforeExit,
}

/// A proposal of 2015 (locks-and-allocation.md 7 L3, 6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Favor {
    /// Nobody: victims and `__GFP_HIGH` only.
    Nobody,
    /// Kernel threads and whoever has a fatal signal, as if they had said `__GFP_HIGH`
    /// (never merged).
    KthreadsAndDying,
}

/// `wait_for_vfork_done`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VforkWait {
    /// Not before the child has let go of the mm (up to 3.3).
    Uninterruptible,
    /// A SIGKILL ends it (3.4+).
    Killable,
}

/// R19.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReapDelay {
    /// None: `wake_oom_reaper` (up to 5.17).
    None,
    /// A timer of two seconds: `queue_oom_reaper` (5.18+).
    TwoSeconds,
}

/// R12.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Complaint {
    /// "unable to reap" after ten failed tries, whatever has happened (up to 4.16).
    Always,
    /// Not if `MMF_OOM_SKIP` is set by then (4.17+).
    UnlessSkipped,
}

/// K13.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillNap {
    /// One jiffy, killable, with `oom_lock` held (up to 4.18).
    UnderOomLock,
    /// None (4.19+).
    None,
}

/// sysrq-f (oom.md 4.1, other entries).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sysrq {
    /// `force_kill`: takes no lock, obeys `panic_on_oom`, and panics if nobody may be killed
    /// (up to 4.1).
    ForceKill,
    /// Order -1: waits for `oom_lock` and never panics (4.2, 4.3).
    OrderMinusOne,
}

/// sysrq-f and B2 (oom.md 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SysrqNotified {
    /// If the callbacks freed something, nobody is killed (up to 5.16).
    Enough,
    /// Somebody is killed in any case (5.17+).
    KillsAnyway,
}

/// K12 (locks-and-allocation.md 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VictimReserve {
    /// The one `TIF_MEMDIE` thread, down to the last page (up to 4.13).
    MarkedThreadAll,
    /// Every thread of the victim, down to half of `WMARK_MIN` (4.14+).
    GroupHalf,
}

/// B3 (oom.md 4.2, 4.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShortCut {
    /// A caller with a fatal signal, or `PF_EXITING`, is marked (up to 4.6).
    FatalSignal,
    /// The same, and it is handed to the reaper too (V04, 4.7).
    FatalSignalReaped,
    /// `task_will_free_mem`: its whole group is exiting and the mm lacks
    /// `MMF_OOM_SKIP` (4.8+).
    WillFreeMem,
}

/// K03: the short cut and a caller that has given its mm back already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShortCutMm {
    /// It is marked, and nobody takes the mark away again (3.19).
    NotAsked,
    /// It is not (4.0+).
    Needed,
}

/// C7 and the global init.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InitSharer {
    /// It gets SIGKILL like any other user of the mm (up to 4.3).
    Killed,
    /// It is spared (4.4+).
    Spared,
}

/// What the reaper makes of an mm that the spared init goes on using (oom.md 4.5 C7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InitMm {
    /// It is not woken, and nothing is flagged (4.6, 4.7).
    NotReaped,
    /// It is not woken; the killer passes over the mm at once (4.8+).
    Hidden,
}

/// V06: C7 and `oom_score_adj` -1000.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdjSharer {
    /// It is spared, and the reaper is therefore not woken (up to 4.7).
    Spared,
    /// It dies with the others (4.8+).
    Killed,
}

/// V05.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vforked {
    /// It has its parent's score (up to 4.7).
    Scored,
    /// It is not eligible (4.8+).
    Skipped,
}

/// `oom_badness` and `CAP_SYS_ADMIN` (oom.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RootBonus {
    /// Three hundredths of its memory do not count (up to 4.16).
    ThreePercent,
    /// None (4.17+).
    None,
}

/// What C7 makes of a kernel thread that uses the victim's mm after `use_mm` (oom.md 4.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KthreadSharer {
    /// The reaper is not woken at all and nothing is flagged (4.6, 4.7).
    NotReaped,
    /// The reaper is not woken; the killer passes over the mm at once (4.8).
    Hidden,
    /// The reaper takes it like any other (4.9+).
    Reaped,
}
