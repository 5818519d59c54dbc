//! What does not change while a machine runs: zone, cast, locks, kernel, declared rules.

use alloc::string::String;
use alloc::vec::Vec;

use crate::kernel::Kernel;
use crate::patches::PatchSet;

mod memory;
mod op;

pub use memory::{Backing, Lru, LruKind, MemcgInfo, MmInfo, Notifier, VmaInfo, Zone};
pub use op::{Gfp, KmemFail, Line, ORDER_MAX, Op, PAGE_ALLOC_COSTLY_ORDER, Wait, WriteSite};

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

/// Whether an allocator whose round changed nothing stops until something changes, and kswapd
/// whose pass freed nothing and found `oom_lock` taken.
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
