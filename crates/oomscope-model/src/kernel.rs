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
pub mod sysrq;
pub mod vfork;
pub mod vmscan;
pub mod xfs;

pub use crate::axes::{
    AdjSharer, Badness, Bookkeeping, Complaint, CoreDump, DyingCharge, Equals, ExitProtocol,
    ExitingTask, Favor, HmmStart, InitMm, InitSharer, InodeLock, Isolation, KillNap, KillerCaller,
    KmemAlloc, KthreadSharer, MemcgKiller, MemcgLock, MemcgMargin, MemcgNofs, MemcgOom, Mlocked,
    Mmput, Mrelease, Munmap, Nofail, NofailReserve, Nofs, NotifierPairing, OomGroup, OomLockWait,
    ReaderBail, ReaderSteal, ReapDelay, ReapEnqueue, Reaper, ReaperLock, ReaperMm, ReaperNotifiers,
    ReaperQueue, ReclaimRetry, RetryMayfail, RootBonus, RwsemCode, Sacrifice, ShortCut, ShortCutMm,
    SiteWait, SpinlockBail, Sysrq, SysrqNotified, TransReserve, Unstable, VforkWait, Vforked,
    VictimFails, VictimReserve, VmaList, XaddBail,
};

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
    /// What does sysrq-f respect?
    pub sysrq: Sysrq,
    /// Is sysrq-f content with what the callbacks of `oom_notify_list` free?
    pub sysrq_notified: SysrqNotified,
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
    /// What does a killed waiter leave to who stands behind it in the rwsem of 5.3?
    pub reader_bail: ReaderBail,
    /// May a new reader take a free rwsem past its waiters?
    pub reader_steal: ReaderSteal,
    /// Who calls the killer for a memory cgroup, and where?
    pub memcg_oom: MemcgOom,
    /// Whose code chooses and kills for it?
    pub memcg_killer: MemcgKiller,
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
