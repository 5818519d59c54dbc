//! The modelled kernel: one enum field per decision where history changed its mind.
//!
//! The files below this module bear the names of the kernel files whose functions they
//! model. Each opens with what it **Models**, what it **Leaves out** and why its steps are
//! **Atomic because**. Modelled code asks the axis ("does the reaper take `oom_lock`?"),
//! never a version and never whether a patch is on; which patch sets which axis is said
//! once, in [`crate::patches`].

pub mod coredump;
pub mod exit;
pub mod fork;
pub mod lock;
pub mod memcontrol;
pub mod memory;
pub mod mmap;
pub mod mmu_notifier;
pub mod mrelease;
pub mod mutex;
pub mod oom_kill;
pub mod oom_reaper;
pub mod page_alloc;
pub mod rwsem;
pub mod rwsem_spinlock;
pub mod rwsem_xadd;
pub mod signal;
pub mod site;
pub mod srcu;
pub mod vfork;
pub mod vmscan;
pub mod xfs;

/// Every decision the modelled kernel can make in more than one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kernel {
    /// Does a merely exiting task end the victim scan?
    pub exiting: ExitingTask,
    /// Is there an `oom_reaper` thread?
    pub reaper: Reaper,
    /// How many victims can wait for it?
    pub reaper_queue: ReaperQueue,
    /// What marks a victim, and when does it stop blocking the killer?
    pub bookkeeping: Bookkeeping,
    /// Does a reaper attempt take `oom_lock`?
    pub reaper_lock: ReaperLock,
    /// How does the reaper keep the mm from going away?
    pub reaper_mm: ReaperMm,
    /// Who runs `exit_mmap` when the reaper drops the last reference?
    pub mmput: Mmput,
    /// In which order does `exit_mmap` work?
    pub exit_mmap: ExitProtocol,
    /// What becomes of mlocked memory?
    pub mlocked: Mlocked,
    /// How does `process_mrelease` get at the mm?
    pub mrelease: Mrelease,
    /// Does a dead mm still point to its VMAs?
    pub vma_list: VmaList,
    /// Where do threads wait for a core dump, and what does the killer make of it?
    pub core_dump: CoreDump,
    /// Can the parent be killed while it waits in `vfork`?
    pub vfork_wait: VforkWait,
    /// How long does a victim wait before the reaper hears of it?
    pub reap_delay: ReapDelay,
    /// Does the reaper complain about an mm that needs no reaping any more?
    pub complaint: Complaint,
    /// Does the killer nap with `oom_lock` held?
    pub kill_nap: KillNap,
    /// How deep into the reserves may a victim go, and which of its threads?
    pub reserve: VictimReserve,
    /// When does a dying caller of the killer become a victim itself?
    pub short_cut: ShortCut,
    /// May a caller without an mm become a victim by the short cut?
    pub short_cut_mm: ShortCutMm,
    /// May the reaper take an mm that a kernel thread uses too?
    pub kthread_sharer: KthreadSharer,
    /// Does the global init die with a victim whose mm it shares?
    pub init_sharer: InitSharer,
    /// What becomes of a victim's mm that the spared init uses too?
    pub init_mm: InitMm,
    /// Does a process with `oom_score_adj` -1000 die with a victim whose mm it shares?
    pub adj_sharer: AdjSharer,
    /// Can a process between `vfork` and `exec` be selected?
    pub vforked: Vforked,
    /// Is a process with `CAP_SYS_ADMIN` worth more?
    pub root_bonus: RootBonus,
    /// Who else may go below the min mark?
    pub favor: Favor,
    /// What becomes of a `GFP_NOFS` request that reclaim cannot serve?
    pub nofs: Nofs,
    /// May `__GFP_NOFAIL` call the killer where others may not?
    pub nofail: Nofail,
    /// Does `__GFP_NOFAIL` get at the reserves?
    pub nofail_reserve: NofailReserve,
    /// At which point does a victim's allocation fail?
    pub victim_fails: VictimFails,
    /// What is `__GFP_RETRY_MAYFAIL` good for?
    pub retry_mayfail: RetryMayfail,
    /// How often does an allocator go back to reclaim before it calls the killer?
    pub retry: ReclaimRetry,
    /// How long does a direct reclaimer wait for pages that others have isolated?
    pub isolation: Isolation,
    /// Who calls the killer when memory is gone?
    pub killer_caller: KillerCaller,
    /// What does an allocator do that finds `oom_lock` taken?
    pub oom_lock_wait: OomLockWait,
    /// Who gets SIGBUS for a fault on an `MMF_UNSTABLE` mm?
    pub unstable: Unstable,
    /// Do `mmap`, `munmap`, `brk` and friends wait killably for `mmap_sem`?
    pub mmap_writers: SiteWait,
    /// Does the inode lock wait killably?
    pub inode_lock: SiteWait,
    /// Do readers of other people's address spaces wait killably for `mmap_sem`?
    pub remote_readers: SiteWait,
    /// Does who holds `mmap_sem` for writing wait killably for `i_mmap_rwsem`?
    pub i_mmap: SiteWait,
    /// What is the inode lock?
    pub inode_lock_kind: InodeLock,
    /// Which rwsem code does this kernel have?
    pub rwsem: RwsemCode,
    /// What does a killed writer leave behind in an xadd rwsem?
    pub xadd_bail: XaddBail,
    /// And in a generic-spinlock rwsem?
    pub spinlock_bail: SpinlockBail,
    /// May a new reader take a free rwsem past its waiters?
    pub reader_steal: ReaderSteal,
    /// Who calls the killer for a memory cgroup, and where?
    pub memcg_oom: MemcgOom,
    /// May a charge without `__GFP_FS` kill?
    pub memcg_nofs: MemcgNofs,
    /// How does a charge wait for `oom_lock`?
    pub memcg_lock: MemcgLock,
    /// Does it look at the limit again once it has `oom_lock`?
    pub memcg_margin: MemcgMargin,
    /// Is a dying task let over the limit?
    pub dying_charge: DyingCharge,
    /// Does a whole memory cgroup die where its administrator wants that?
    pub oom_group: OomGroup,
    /// What keeps a victim from being queued for the reaper twice?
    pub reap_enqueue: ReapEnqueue,
    /// Does a child die in its parent's place?
    pub sacrifice: Sacrifice,
    /// Can badness be less than one?
    pub badness: Badness,
    /// Who is chosen among equals?
    pub equals: Equals,
    /// How does `munmap` hold `mmap_sem` while it unmaps?
    pub munmap: Munmap,
    /// What does XFS do when the allocator says NULL?
    pub kmem_alloc: KmemAlloc,
    /// Does memory stand ready for a transaction before it starts?
    pub trans_reserve: TransReserve,
    /// What does the reaper do with an mm that has mmu notifiers?
    pub notifiers: ReaperNotifiers,
    /// Does every range_start get its range_end when one of them fails?
    pub pairing: NotifierPairing,
    /// What does HMM do in range_start?
    pub hmm: HmmStart,
}

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

/// K01, K02 and K09 (locks-and-allocation.md 4.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nofs {
    /// It may not kill, and therefore fails (3.19).
    Fails,
    /// Loops without calling the killer (4.0 to 4.6).
    Loops,
    /// Reaches the short cut, then loops (4.7+).
    AfterShortCut,
}

/// K10: `__GFP_NOFAIL` and the vetoes before `out_of_memory` (locks-and-allocation.md 4.3 M3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nofail {
    /// It overrides them: a caller with file system locks selects a victim (up to 4.11).
    OverridesVetoes,
    /// It obeys them; instead of failing it goes down to `ALLOC_HARDER` and loops (4.12+).
    ObeysVetoes,
}

/// NOFAILRES (locks-and-allocation.md 4.3 M5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NofailReserve {
    /// No: it loops at its mark (up to 4.4).
    None,
    /// Any page, after `out_of_memory` said that somebody makes progress (4.5+).
    AfterOom,
}

/// P6 and P11 (locks-and-allocation.md 4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VictimFails {
    /// As soon as its reserve is empty (up to 4.11).
    BeforeKiller,
    /// After it called the killer once more (4.12+).
    AfterKiller,
}

/// MAYFAIL (locks-and-allocation.md 4.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RetryMayfail {
    /// As `__GFP_REPEAT` it means something only above the costly order (up to 4.12).
    CostlyOnly,
    /// A request of any order fails instead of calling the killer (4.13+).
    NeverKills,
}

/// DETECT (locks-and-allocation.md 4.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReclaimRetry {
    /// As long as a pass makes any progress (up to 4.6).
    WhileProgress,
    /// While what is reclaimable could satisfy the request, and at most sixteen rounds
    /// without progress (4.7+).
    Bounded,
}

/// ISOLATED (locks-and-allocation.md 4.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Isolation {
    /// 100 ms, again and again (up to 4.13).
    ForEver,
    /// 100 ms, once (4.14+).
    Once,
}

/// M1 (locks-and-allocation.md 4.3, 4.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OomLockWait {
    /// Only tries it; sleeps a jiffy and goes through reclaim again.
    Trylock,
    /// `mutex_lock_killable`, then a last attempt at the min mark (never merged).
    KillableMutex,
}

/// Proposal A (locks-and-allocation.md 5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillerCaller {
    /// The allocator that finds nothing.
    Allocators,
    /// kswapd, when a whole pass frees nothing.
    Kswapd,
}

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

/// Reader lock stealing in the slow path (locks-and-allocation.md 2.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReaderSteal {
    /// A reader that finds waiters queues.
    No,
    /// A reader that finds the lock free takes it, waiters or not (5.11+).
    FreeLock,
}

/// Memory cgroups and the killer (oom.md 1, memcg charge retries).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgOom {
    /// Faults of user mode, when they have given back their locks; what the kernel asks for
    /// fails (3.12 to 4.18).
    FaultEnd,
    /// Every charge, where it stands, with whatever locks it holds (4.19+).
    InCharge,
}

/// K16.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgNofs {
    /// It retries for ever (up to 5.3).
    Vetoed,
    /// It kills like any other (5.4+).
    Kills,
}

/// K17: `mem_cgroup_out_of_memory` and `oom_lock`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgLock {
    /// It waits uninterruptibly, and then kills, whatever has become of its caller
    /// (up to 5.0).
    Unkillable,
    /// SIGKILL ends the wait, and a caller that was killed kills nobody (5.1+).
    Killable,
}

/// K15: `memory.oom.group`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OomGroup {
    /// No such thing (up to 4.18).
    Absent,
    /// After the victim every other process of its cgroup is killed, -1000 excepted (4.19+).
    Present,
}

/// V15: the guard of `wake_oom_reaper` (oom.md 5.1 Q1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReapEnqueue {
    /// Who is the head of the list or has a successor there is on it; the last one is not
    /// recognised (up to 4.20).
    ByLink,
    /// A flag on the mm (5.0+).
    ByMm,
}

/// `oom_kill_process` and children (oom.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sacrifice {
    /// The worst child with memory of its own dies in the parent's place (up to 5.0).
    Child,
    /// Who is chosen dies (5.1+).
    Nobody,
}

/// `oom_badness` below one (oom.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Badness {
    /// It counts as one (up to 5.8).
    AtLeastOne,
    /// It stays what it is (5.9+).
    Signed,
}

/// The scan and equal badness (oom.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Equals {
    /// The one that stands first on the task list (up to 5.2).
    First,
    /// The last one (5.3+).
    Last,
}

/// The margin of a memory cgroup and parallel OOMs (oom.md 4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgMargin {
    /// Whoever has failed to charge kills somebody (up to 5.8).
    NotAsked,
    /// Only if there is still no room once it has `oom_lock` (5.9+).
    AskedAgain,
}

/// Charges of tasks that have been killed or exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DyingCharge {
    /// They succeed, limit or not, and so does a charge in whose cgroup nobody may be
    /// killed (up to 5.15).
    Forced,
    /// They fail (5.16+).
    Fails,
}

/// `munmap` (locks-and-allocation.md 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Munmap {
    /// For writing to the end (up to 4.19).
    WriteToTheEnd,
    /// For writing while it takes the VMAs out, then for reading (4.20+).
    Downgrades,
}

/// `kmem_alloc` of XFS (locks-and-allocation.md 5.1 to 5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KmemAlloc {
    /// Counts, sleeps 20 ms and asks again, for ever (3.19 to 6.8).
    Loops,
    /// Asks once, with `__GFP_NOFAIL` (proposed in 2015, merged for 6.9).
    Nofail,
    /// Asks in a way that can fail, and rolls the transaction back (never written).
    Fails,
}

/// Proposal B of 2015 (locks-and-allocation.md 5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransReserve {
    /// None: every kernel.
    None,
    /// A transaction raises the watermarks by what it may need, and takes from that when
    /// an ordinary request would loop.
    PerTransaction,
}
