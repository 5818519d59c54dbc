//! What does not change while a machine runs: zone, cast, locks, kernel, declared rules.

use alloc::string::String;
use alloc::vec::Vec;

use crate::kernel::Kernel;
use crate::kernel::mmu_notifier::User;
use crate::patches::PatchSet;
use crate::state::Nap;

/// The most tasks one machine can hold, `oom_reaper` and `kworker` included.
pub const TASKS_MAX: usize = 32;
/// The most address spaces one machine can hold.
pub const MMS_MAX: usize = 8;
/// The most locks one machine can hold, `oom_lock` and every `mmap_sem` included.
pub const LOCKS_MAX: usize = 16;
/// The most VMAs one address space can hold.
pub const VMAS_MAX: usize = 3;
/// The most lists of reclaimable pages.
pub const LRUS_MAX: usize = 3;
/// The most mmu notifiers one address space can have.
pub const NOTIFIERS_MAX: usize = 3;
/// The most callbacks `oom_notify_list` can hold.
pub const OOM_NOTIFIERS_MAX: usize = 7;
/// The most memory cgroups one machine can hold.
pub const MEMCGS_MAX: usize = 4;
/// The most lines one program can hold after `repeat` was unrolled.
pub const LINES_MAX: usize = 250;

/// Index of a task in [`Machine::tasks`] and [`crate::state::State::tasks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct TaskId(pub u8);

/// Index of a lock in [`Machine::locks`]. Lock 0 is always `oom_lock`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct LockId(pub u8);

/// Index of an address space in [`Machine::mms`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct MmId(pub u8);

/// Index of a completion in [`Machine::completions`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct CompletionId(pub u8);

/// Index of a memory cgroup in [`Machine::memcgs`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct MemcgId(pub u8);

/// Index of a process (thread group) in [`Machine::processes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct ProcessId(pub u8);

/// `oom_lock` stands first in every machine.
pub const OOM_LOCK: LockId = LockId(0);

/// Everything that stays the same while the machine runs. Only [`crate::step::act`]
/// changes it, and only `patches` with the `kernel` they make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// Memory: one zone.
    pub zone: Zone,
    /// The cast. A process's threads stand together, its leader first; `kworker` and
    /// `oom_reaper` stand last.
    pub tasks: Vec<Actor>,
    /// Thread groups, in the order of the task list that the OOM killer scans.
    pub processes: Vec<Process>,
    /// Locks; `locks[0]` is `oom_lock`, then one `mmap_sem` per address space in the
    /// order of `mms`, then the scenario's own.
    pub locks: Vec<Lock>,
    /// Address spaces.
    pub mms: Vec<MmInfo>,
    /// What reclaim can find, slab last; at most [`LRUS_MAX`] lists.
    pub lrus: Vec<Lru>,
    /// Memory cgroups below the root, which has no limit; at most [`MEMCGS_MAX`].
    pub memcgs: Vec<MemcgInfo>,
    /// The callbacks of `oom_notify_list`, in the order in which the killer calls them.
    pub oom_notifiers: Vec<OomNotifier>,
    /// What the administrator set.
    pub sysctl: Sysctl,
    /// Names of things that one task completes and others wait for.
    pub completions: Vec<String>,
    /// Which patches are switched on now.
    pub patches: PatchSet,
    /// The decisions those patches make; always `Kernel::of(patches)`.
    pub kernel: Kernel,
    /// What this machine assumes about time.
    pub rules: Rules,
    /// How many CPUs there are, where the story is that they are too few; see
    /// [`crate::step::is_starved`].
    pub cpus: Option<u8>,
    /// How its rwsems are built before 5.3.
    pub rwsem: RwsemConfig,
}

/// One memory zone, in model pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zone {
    /// All pages, 1..=4096.
    pub total_pages: u16,
    /// How many MB one model page stands for; only for people.
    pub mb_per_page: u16,
    /// Free pages at the start.
    pub free_pages: u16,
    /// `WMARK_MIN`: a plain reclaimer allocates only while free is above this.
    pub min: u16,
    /// `WMARK_LOW`: the fast path's mark.
    pub low: u16,
    /// `WMARK_HIGH`: the last attempt under `oom_lock` needs more than this.
    pub high: u16,
}

/// One task of the cast.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// `comm`, as the picture and the log show it; unique in the machine.
    pub name: String,
    /// Process id as the log prints it.
    pub pid: u16,
    /// What kind of task this is.
    pub kind: Kind,
    /// The address space it runs in. For a kernel thread: the one it has adopted with
    /// `use_mm` and pins until its program ends.
    pub mm: Option<MmId>,
    /// What the exit of this thread completes by walking its robust list: somebody waits
    /// for a futex that the thread holds. The list is in the first VMA.
    pub robust_list: Option<CompletionId>,
    /// Its program, with `repeat` unrolled; at most [`LINES_MAX`] lines.
    pub program: Vec<Line>,
}

/// The kinds of tasks; `kworker` and `oom_reaper` are part of every machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A thread of this process. It can be killed.
    User(ProcessId),
    /// A kernel thread. It has no process and gets no signals.
    Kthread,
    /// Runs the last `mmput` that others hand over (`mmput_async`).
    Kworker,
    /// The `oom_reaper` kernel thread.
    OomReaper,
    /// `kswapd`, in machines whose story has one.
    Kswapd,
}

/// A thread group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// Name of the group as people call it (`qemu`).
    pub name: String,
    /// Its first thread.
    pub leader: TaskId,
    /// How many threads it has; they follow the leader in [`Machine::tasks`].
    pub threads: u8,
    /// `oom_score_adj`, -1000..=1000. -1000 is never selected.
    pub oom_score_adj: i16,
    /// The process that forked it, if that matters.
    pub parent: Option<ProcessId>,
    /// What else the killer asks about it.
    pub traits: Traits,
}

/// What the killer asks about a process besides its memory (oom.md 1.1, 4.3, 4.5 C7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traits {
    /// The global init. It is never selected, and without it the kernel panics.
    pub init: bool,
    /// Came from `vfork` and has not called `exec` yet: it runs in its parent's memory.
    pub in_vfork: bool,
    /// Has `CAP_SYS_ADMIN`.
    pub cap_sys_admin: bool,
}

/// A callback on `oom_notify_list`, as drivers register one that can give memory back
/// (oom.md 4.2 B2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OomNotifier {
    /// What people call it.
    pub name: String,
    /// Pages of the kernel's own that it can free, once.
    pub pages: u8,
    /// The lock it needs for that.
    pub lock: Option<LockId>,
    /// What it does if somebody else has that lock.
    pub wait: NotifierWait,
}

/// How a callback of `oom_notify_list` gets its lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotifierWait {
    /// It waits, uninterruptibly, while its caller holds `oom_lock`.
    Blocks,
    /// It frees nothing this time.
    Trylocks,
}

/// `/proc/sys/vm`, as far as the killer reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sysctl {
    /// `vm.panic_on_oom`.
    pub panic_on_oom: PanicOnOom,
    /// `vm.oom_kill_allocating_task`.
    pub oom_kill_allocating_task: bool,
}

/// `vm.panic_on_oom` (oom.md 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PanicOnOom {
    /// 0: kill somebody.
    #[default]
    Never,
    /// 1: panic unless a cpuset, a memory policy or a memcg is what ran out.
    SystemWide,
    /// 2: panic in any case.
    Always,
}

/// A lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lock {
    /// Name as a program line writes it (`oom_lock`, `qemu.mmap_sem`, `i_mutex`).
    pub name: String,
    /// What kind of lock it is.
    pub class: LockClass,
}

/// Kinds of locks. The class decides the queue rules and, through the kernel's axes,
/// whether waits for it are killable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockClass {
    /// The global OOM mutex.
    OomLock,
    /// `mm->mmap_sem`, a fair rwsem.
    MmapSem(MmId),
    /// `inode->i_mutex`, from 4.7 on `inode->i_rwsem`.
    InodeMutex,
    /// Any other mutex.
    Mutex,
    /// Any other rwsem.
    Rwsem,
    /// `PG_locked` of one page: exclusive, first come first served.
    PageLock,
    /// The SRCU domain of all mmu notifiers.
    Srcu,
    /// A notifier's count of invalidations under way, for faults on this mm.
    NotifierCount(MmId),
}

/// Pages that reclaim can find.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lru {
    /// What people call them.
    pub name: String,
    /// What reclaim has to do for a page.
    pub kind: LruKind,
    /// Pages at the start.
    pub pages: u16,
    /// The lock that writing them, or their shrinker, takes; its callers need `__GFP_FS`.
    pub lock: Option<LockId>,
    /// How many pages the writing of one needs for itself while it is under way.
    pub needs: u8,
}

/// Kinds of reclaimable pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LruKind {
    /// Clean page cache: freed at once by whoever finds it.
    Clean,
    /// Text and data of what runs now: its user faults a page in again as soon as it is
    /// reclaimed, so reclaim makes progress and nothing is free.
    Hot,
    /// Dirty page cache: only kswapd writes it out, and isolates it before.
    Dirty,
    /// Inodes, dentries and the like, behind a shrinker.
    Slab,
}

/// A memory cgroup: a limit for the pages of the processes in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemcgInfo {
    /// Its name, as the log prints it behind a slash.
    pub name: String,
    /// `memory.max`: so many pages may be charged to it.
    pub limit: u16,
    /// `memory.oom.group`: all or none of its processes die.
    pub oom_group: bool,
}

/// What an address space looks like at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmInfo {
    /// Name, normally that of the process that owns it.
    pub name: String,
    /// Its `mmap_sem`.
    pub mmap_sem: LockId,
    /// Its VMAs, 1..=[`VMAS_MAX`]. Page faults add pages to the first.
    pub vmas: Vec<VmaInfo>,
    /// In-flight asynchronous I/O, for which `exit_aio` in `__mmput` waits.
    pub aio: Option<CompletionId>,
    /// ksmd or khugepaged has it on its list, so `ksm_exit` and `khugepaged_exit` in
    /// `__mmput` take `mmap_sem` for writing once.
    pub ksm: bool,
    /// The memory cgroup that pays for its pages; none is the root. A process belongs to the
    /// cgroup of its address space.
    pub memcg: Option<MemcgId>,
    /// How long `unmap_vmas` takes on it, where it is so large that this matters (S10).
    pub teardown: Option<Nap>,
    /// Its mmu notifiers in the order in which they are called, at most
    /// [`NOTIFIERS_MAX`].
    pub notifiers: Vec<Notifier>,
}

/// Somebody with page tables of their own over an address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notifier {
    /// Who registered it.
    pub user: User,
    /// The driver's lock, an rwsem or a mutex.
    pub lock: Option<LockId>,
    /// The driver's count of invalidations under way, if it keeps one.
    pub count: Option<LockId>,
    /// Bit n: an object of it lies in VMA n.
    pub vmas: u8,
}

/// One VMA at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VmaInfo {
    /// Pages mapped at the start.
    pub pages: u16,
    /// What is in it.
    pub backing: Backing,
    /// `VM_LOCKED`: mlocked.
    pub locked: bool,
    /// One page of this VMA whose page lock other tasks may hold; the munlock pass
    /// of `exit_mmap` takes it.
    pub page_lock: Option<LockId>,
    /// `i_mmap_rwsem` of the file that it maps; `unlink_file_vma` in `exit_mmap` takes it
    /// for writing.
    pub i_mmap: Option<LockId>,
}

/// What a VMA is backed by, as far as the reaper's filter cares (oom.md 5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Backing {
    /// Anonymous private memory: the reaper takes it.
    Anon,
    /// `VM_SHARED` file or shmem: never reaped.
    Shared,
    /// A private file mapping, whose pages the process has copied by writing: the reaper
    /// takes it.
    File,
    /// `VM_HUGETLB`: its pages belong to a pool of their own. They are in no rss, and
    /// unmapping them frees nothing for others. Never reaped.
    Hugetlb,
    /// `VM_PFNMAP`: memory of a device, nothing to free. Never reaped.
    Pfnmap,
}

impl Backing {
    /// Whether its pages count in the rss and come back when it is unmapped.
    pub fn is_counted(self) -> bool {
        match self {
            Backing::Anon | Backing::Shared | Backing::File => true,
            Backing::Hugetlb | Backing::Pfnmap => false,
        }
    }
}

/// One line of a program, compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it does.
    pub op: Op,
    /// The line after which the task holds no lock that its program took: where it
    /// returns to user mode when this line fails. Index into the program, at most
    /// `program.len()`.
    pub resume: u8,
    /// Line of the program text this came from, counted from 1; `repeat` makes several
    /// compiled lines share one.
    pub source: u16,
}

/// What a program line does. The kernel's words are in the scenario language reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// `down_read`, `down_write`, `mutex_lock`, `lock_page` and their killable forms.
    Lock {
        /// Which lock.
        lock: LockId,
        /// For reading or for writing; mutexes and page locks are always `Write`.
        mode: Mode,
        /// How the line asks to sleep.
        wait: Wait,
    },
    /// `up_read`, `up_write`, `mutex_unlock`, `unlock_page`.
    Unlock {
        /// Which lock.
        lock: LockId,
    },
    /// `alloc_page GFP [n]`: takes pages for the kernel itself; `alloc_pages GFP ORDER`:
    /// takes 2^order pages in one piece.
    Alloc {
        /// Allocation flags.
        gfp: Gfp,
        /// The order of each request, 0..=[`ORDER_MAX`].
        order: u8,
        /// How many requests, one after the other, 1..=15.
        pages: u8,
    },
    /// `kmem_alloc GFP [n]`: XFS takes pages for a transaction and asks until it has them.
    KmemAlloc {
        /// Allocation flags after X1, without those that a patch adds.
        gfp: Gfp,
        /// How many pages, one after the other, 1..=15.
        pages: u8,
        /// Whether the caller takes NULL for an answer.
        fail: KmemFail,
    },
    /// `trans_start n`: `xfs_trans_alloc`.
    TransStart {
        /// How many pages the transaction says that it needs at most, 1..=15.
        pages: u8,
    },
    /// `trans_commit`: `xfs_trans_commit`.
    TransCommit,
    /// `free_page [n]`: gives pages of the kernel back.
    Free {
        /// How many pages.
        pages: u8,
    },
    /// `page_fault mm [n]`: `mmap_sem` for reading, then `n` order-0 allocations with
    /// `GFP_HIGHUSER_MOVABLE`, each mapped into the first VMA, then release.
    Fault {
        /// Whose address space.
        mm: MmId,
        /// How many pages under one hold of the lock, 1..=15.
        pages: u8,
    },
    /// `copy_from_user mm`: reads what is in the first VMA. If the reaper has emptied it, the
    /// copy faults: SIGBUS, or a fresh page of zeroes where data was (V12, V13).
    Copy {
        /// Whose address space.
        mm: MmId,
    },
    /// `mmap mm`: `mmap_sem` for writing and release.
    Mmap {
        /// Whose address space.
        mm: MmId,
    },
    /// `munmap mm [n]`: `mmap_sem` for writing, takes pages out of the first VMA, release.
    Munmap {
        /// Whose address space.
        mm: MmId,
        /// How many pages it unmaps, 0..=15.
        pages: u8,
    },
    /// `mmap_file mm lock`, `munmap_file mm lock`: the same, with the file's
    /// `i_mmap_rwsem` for writing inside.
    MapFile {
        /// Whose address space.
        mm: MmId,
        /// `i_mmap_rwsem` of the file.
        i_mmap: LockId,
        /// Puts the mapping in or takes it out.
        unmap: bool,
    },
    /// `khugepaged_collapse mm`, `uffd_register mm`: `mmap_sem` for writing, unkillably in
    /// every kernel, and release.
    WriteSite {
        /// Whose address space.
        mm: MmId,
        /// Which site.
        site: WriteSite,
    },
    /// `proc_read mm [n]`: pins the address space, takes its `mmap_sem` for reading, faults
    /// `n` pages in with `access_remote_vm`, gives everything back.
    RemoteRead {
        /// Whose address space.
        mm: MmId,
        /// How many pages under one hold of the lock, 1..=15.
        pages: u8,
    },
    /// `downgrade_write lock`: a writer becomes a reader.
    Downgrade {
        /// Which lock.
        lock: LockId,
    },
    /// `kill process`: SIGKILL from user space.
    Kill {
        /// To whom.
        process: ProcessId,
    },
    /// `signal task`: a signal arrives whose handler runs, such as a timer's SIGALRM.
    Signal {
        /// To whom.
        task: TaskId,
    },
    /// `process_mrelease mm`: reaps the address space of a process that is dying.
    Mrelease {
        /// Whose address space.
        mm: MmId,
    },
    /// `pause`: stays in user mode until it is killed.
    Pause,
    /// `vfork child`: the parent of a vforked process sleeps until the child has let go of
    /// the mm. Only as the first line.
    Vfork {
        /// The child.
        process: ProcessId,
        /// Completed by the child's exit.
        completion: CompletionId,
    },
    /// `core_dump`: a signal that dumps core reaches the thread. What stands after it, up to
    /// `exit`, is how the dump is written.
    CoreDump {
        /// The dumper waits for it: all other threads stand still.
        startup: CompletionId,
        /// They wait for it: the dump is over.
        finish: CompletionId,
    },
    /// `exit`: the thread leaves by itself. What stands after it runs in the kernel after
    /// `exit_mm`, also when the thread was killed (E10: `exit_files`, task work).
    Exit,
    /// `wait_for x`: sleeps uninterruptibly until `complete x`.
    WaitFor {
        /// What it waits for.
        completion: CompletionId,
    },
    /// `guest_access mm`: a vcpu or a device touches memory of `mm` through page tables of
    /// its own.
    GuestAccess {
        /// Whose memory.
        mm: MmId,
    },
    /// `complete x`.
    Complete {
        /// What it completes.
        completion: CompletionId,
    },
}

impl Op {
    /// The address space in which this line faults pages in, and how many.
    pub fn faults(self) -> Option<(MmId, u8)> {
        match self {
            Op::Fault { mm, pages } => Some((mm, pages)),
            Op::RemoteRead { mm, pages } => Some((mm, pages)),
            Op::Copy { mm } => Some((mm, 1)),
            _ => None,
        }
    }
}

/// Writers of `mmap_sem` that no patch up to 6.1 made killable (locks-and-allocation.md 3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteSite {
    /// `collapse_huge_page` of khugepaged, a kernel thread.
    Khugepaged,
    /// `userfaultfd_register`.
    UffdRegister,
}

/// How the rwsems of a kernel before 5.3 are built (locks-and-allocation.md 2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RwsemConfig {
    /// `CONFIG_RWSEM_XCHGADD_ALGORITHM`: every big architecture.
    #[default]
    Xadd,
    /// `CONFIG_RWSEM_GENERIC_SPINLOCK`: small ones, until 5.2 removed it.
    GenericSpinlock,
}

/// Lock modes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Shared.
    Read,
    /// Exclusive.
    Write,
}

/// How a program line asks to sleep for a lock (locks-and-allocation.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// `TASK_UNINTERRUPTIBLE`, unless a patch made this kind of site killable.
    Uninterruptible,
    /// `TASK_KILLABLE` in every kernel.
    Killable,
    /// `TASK_INTERRUPTIBLE` in every kernel.
    Interruptible,
}

/// The highest order of a request.
pub const ORDER_MAX: u8 = 5;
/// `PAGE_ALLOC_COSTLY_ORDER`: a request above it may fail and never kills for itself.
pub const PAGE_ALLOC_COSTLY_ORDER: u8 = 3;

/// Allocation flags, as far as the machine distinguishes them: what reclaim may do for the
/// request, and what the request promises or asks for (locks-and-allocation.md 4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gfp(pub u16);

impl Gfp {
    /// `__GFP_FS`: reclaim may take file system locks.
    pub const FS: u16 = 1;
    /// `__GFP_IO`: reclaim may start I/O.
    pub const IO: u16 = 1 << 1;
    /// `__GFP_DIRECT_RECLAIM` (`__GFP_WAIT` before 4.4): the caller may sleep and reclaim.
    pub const DIRECT_RECLAIM: u16 = 1 << 2;
    /// `__GFP_HIGH`: may go down to half of `WMARK_MIN`.
    pub const HIGH: u16 = 1 << 3;
    /// `__GFP_ATOMIC` (4.4+; before: no `__GFP_WAIT`): `ALLOC_HARDER`, another quarter less.
    pub const HARDER: u16 = 1 << 4;
    /// `__GFP_NOFAIL`: never NULL.
    pub const NOFAIL: u16 = 1 << 5;
    /// `__GFP_NORETRY`: one pass through reclaim, then NULL.
    pub const NORETRY: u16 = 1 << 6;
    /// `__GFP_RETRY_MAYFAIL` (4.13+; `__GFP_REPEAT` before): tries hard, kills nobody.
    pub const RETRY_MAYFAIL: u16 = 1 << 7;
    /// `__GFP_MEMALLOC`: the caller is about to free more memory and takes the last page.
    pub const MEMALLOC: u16 = 1 << 8;
    /// `__GFP_HIGHMEM` and `__GFP_MOVABLE`: a page of user space.
    pub const USER: u16 = 1 << 9;
    /// `__GFP_NOWARN`: a failure is not reported.
    pub const NOWARN: u16 = 1 << 10;
    /// `__GFP_ACCOUNT`: the caller's memory cgroup pays for the page.
    pub const ACCOUNT: u16 = 1 << 11;

    /// `GFP_KERNEL`: reclaim, I/O and file systems.
    pub const KERNEL: Gfp = Gfp(Gfp::FS | Gfp::IO | Gfp::DIRECT_RECLAIM);
    /// `GFP_NOFS`: the caller holds file system locks.
    pub const NOFS: Gfp = Gfp(Gfp::IO | Gfp::DIRECT_RECLAIM);
    /// `GFP_NOIO`: the caller is part of the I/O path.
    pub const NOIO: Gfp = Gfp(Gfp::DIRECT_RECLAIM);
    /// `GFP_ATOMIC`: the caller cannot sleep.
    pub const ATOMIC: Gfp = Gfp(Gfp::HIGH | Gfp::HARDER);
    /// `GFP_HIGHUSER_MOVABLE`: a page fault.
    pub const HIGHUSER_MOVABLE: Gfp = Gfp(Gfp::KERNEL.0 | Gfp::USER);

    /// Whether the bit is set.
    pub fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }

    /// These flags with this bit too.
    #[must_use]
    pub const fn with(self, bit: u16) -> Gfp {
        Gfp(self.0 | bit)
    }
}

/// Whether a `kmem_alloc` may fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KmemFail {
    /// It may not: `KM_SLEEP`.
    Never,
    /// `KM_MAYFAIL`.
    May,
}

/// The rules that verdicts depend on and that are therefore declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// When sleeps end.
    pub timing: Timing,
    /// Whether the killer can be interrupted between its last attempt and its scan.
    pub killer_window: KillerWindow,
    /// Whether fruitless allocator rounds park.
    pub parking: Parking,
}

/// When sleeps end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timing {
    /// A sleep of 100 ms or more ends only when no task is ready, or awake in a queue,
    /// and no shorter sleep is pending. Sleeps of a jiffy to 20 ms end at any time.
    SleepsAreLong,
    /// Any sleep may end at any moment.
    Adversarial,
}

/// The window between the last allocation attempt under `oom_lock` and the scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillerWindow {
    /// One atomic step.
    Closed,
    /// Two steps: a victim may finish in between (oom.md S17, 6.4 d6).
    Split,
}

/// Whether an allocator whose round changed nothing stops until something changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parking {
    /// It parks; verdicts are the same and exploration is finite and small.
    On,
    /// It spins for ever; only meaningful under [`Timing::Adversarial`], where tests
    /// compare it with `On`.
    Off,
}

impl Rules {
    /// Long sleeps, closed window, parking: what the page starts with.
    pub const DEFAULT: Rules = Rules {
        timing: Timing::SleepsAreLong,
        killer_window: KillerWindow::Closed,
        parking: Parking::On,
    };
}

impl Machine {
    /// The static description of a task.
    pub fn actor(&self, task: TaskId) -> &Actor {
        &self.tasks[task.0 as usize]
    }

    /// The process a task belongs to, if it is a user thread.
    pub fn process_of(&self, task: TaskId) -> Option<ProcessId> {
        match self.actor(task).kind {
            Kind::User(process) => Some(process),
            Kind::Kthread | Kind::Kworker | Kind::OomReaper | Kind::Kswapd => None,
        }
    }

    /// The static description of a process.
    pub fn process(&self, process: ProcessId) -> &Process {
        &self.processes[process.0 as usize]
    }

    /// The threads of a process, leader first.
    pub fn threads(&self, process: ProcessId) -> impl Iterator<Item = TaskId> + use<> {
        let Process {
            leader, threads, ..
        } = *self.process(process);
        (leader.0..leader.0 + threads).map(TaskId)
    }

    /// All tasks.
    pub fn task_ids(&self) -> impl Iterator<Item = TaskId> + use<> {
        (0..self.tasks.len() as u8).map(TaskId)
    }

    /// The `mmap_sem` of an address space.
    pub fn mmap_sem(&self, mm: MmId) -> LockId {
        self.mms[mm.0 as usize].mmap_sem
    }

    /// The task of this kind, for those of which there is at most one.
    pub fn kernel_task(&self, kind: Kind) -> Option<TaskId> {
        self.task_ids().find(|&task| self.actor(task).kind == kind)
    }

    /// The task with this name.
    pub fn task_named(&self, name: &str) -> Option<TaskId> {
        self.task_ids().find(|&task| self.actor(task).name == name)
    }

    /// The first line of the system call that this line is part of: the last one before
    /// which the task holds no lock that its program took.
    pub fn call_start(&self, task: TaskId, line: u8) -> u8 {
        let program = &self.actor(task).program;
        (1..=line)
            .rev()
            .find(|&start| {
                program
                    .get(start as usize - 1)
                    .is_some_and(|before| before.resume == start)
            })
            .unwrap_or_default()
    }

    /// The memory cgroup of a process, unless that is the root.
    pub fn memcg_of(&self, process: ProcessId) -> Option<MemcgId> {
        let mm = self.actor(self.process(process).leader).mm?;
        self.mms[mm.0 as usize].memcg
    }

    /// The static description of a memory cgroup.
    pub fn memcg(&self, memcg: MemcgId) -> &MemcgInfo {
        &self.memcgs[memcg.0 as usize]
    }

    /// The processes, in the order of the task list.
    pub fn process_ids(&self) -> impl Iterator<Item = ProcessId> + use<> {
        (0..self.processes.len() as u8).map(ProcessId)
    }

    /// The line a task's program counter stands at, if the program has one there.
    pub fn line(&self, task: TaskId, line: u8) -> Option<Line> {
        self.actor(task).program.get(line as usize).copied()
    }
}
