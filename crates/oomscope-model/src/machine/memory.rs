//! Memory as it is at the start: the zone, what reclaim can find, cgroups, address spaces.

use alloc::string::String;
use alloc::vec::Vec;

use super::{CompletionId, LockId, MemcgId};
use crate::kernel::mmu_notifier::User;
use crate::state::Nap;

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
    /// Its VMAs, 1..=[`super::VMAS_MAX`]. Page faults add pages to the first.
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
    /// [`super::NOTIFIERS_MAX`].
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
