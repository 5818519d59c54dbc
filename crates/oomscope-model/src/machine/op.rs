//! What a program line does, and the allocation flags that it can ask with.

use super::{CompletionId, LockId, MmId, Mode, ProcessId, TaskId};

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
    /// `memalloc_noreclaim_save`, `memalloc_noreclaim_restore`: sets `PF_MEMALLOC` and clears
    /// it again.
    Memalloc {
        /// Whether it sets it.
        on: bool,
    },
    /// `sysrq_f`: asks for an OOM kill, as Alt-SysRq-F or `f` in `/proc/sysrq-trigger` does.
    SysrqF,
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
