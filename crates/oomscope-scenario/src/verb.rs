//! The words of the program language: one table that feeds the parser, the printer and
//! the reference.

use oomscope_model::machine::{Gfp, KmemFail, LockClass, Machine, Mode, Op, Wait, WriteSite};

/// One word a program line can begin with.
#[derive(Debug)]
pub struct Verb {
    /// The word, as the kernel spells it.
    pub word: &'static str,
    /// What follows it.
    pub arguments: &'static [Argument],
    /// What the line does, in one sentence.
    pub doc: &'static str,
    pub(crate) make: Make,
}

/// What can follow a verb.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Argument {
    /// Name of a lock of this kind.
    Lock(Sort),
    /// `GFP_KERNEL` and friends, with modifiers: `GFP_NOFS|__GFP_NOFAIL`.
    Gfp,
    /// The order of a request: 2^order pages in one piece.
    Order,
    /// A number of pages, 1 to 15; 1 if it is left out.
    Pages,
    /// Name of a process, for its address space.
    Mm,
    /// Name of something that is waited for.
    Completion,
    /// Name of a process, to send it a signal.
    Process,
    /// Name of a user thread.
    Thread,
}

/// Kinds of locks as far as the verbs tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// An rwsem, `mmap_sem` included.
    Rwsem,
    /// A mutex.
    Mutex,
    /// A page lock.
    Page,
}

/// How a verb becomes an operation of the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Make {
    Lock(Mode, Wait),
    Unlock(Mode),
    Alloc,
    AllocOrder,
    Kmem(KmemFail),
    TransStart,
    TransCommit,
    Memalloc { on: bool },
    SysrqF,
    Free,
    Fault,
    Copy,
    Mmap,
    Munmap,
    MapFile { unmap: bool },
    WriteSite(WriteSite),
    RemoteRead,
    Downgrade,
    Kill,
    Signal,
    Mrelease,
    GuestAccess,
    CoreDump,
    Vfork,
    Pause,
    Exit,
    WaitFor,
    Complete,
}

/// The least and the most pages one line may ask for.
pub(crate) const PAGES: core::ops::RangeInclusive<u8> = 1..=15;

/// Names of the allocation flags a request begins with.
pub(crate) const GFPS: [(&str, Gfp); 5] = [
    ("GFP_KERNEL", Gfp::KERNEL),
    ("GFP_NOFS", Gfp::NOFS),
    ("GFP_NOIO", Gfp::NOIO),
    ("GFP_ATOMIC", Gfp::ATOMIC),
    ("GFP_HIGHUSER_MOVABLE", Gfp::HIGHUSER_MOVABLE),
];

/// Names of the modifiers that follow behind a bar.
pub(crate) const MODIFIERS: [(&str, u16); 7] = [
    ("__GFP_NOFAIL", Gfp::NOFAIL),
    ("__GFP_NORETRY", Gfp::NORETRY),
    ("__GFP_RETRY_MAYFAIL", Gfp::RETRY_MAYFAIL),
    ("__GFP_HIGH", Gfp::HIGH),
    ("__GFP_MEMALLOC", Gfp::MEMALLOC),
    ("__GFP_NOWARN", Gfp::NOWARN),
    ("__GFP_ACCOUNT", Gfp::ACCOUNT),
];

/// Allocation flags as a program writes them.
pub fn print_gfp(gfp: Gfp) -> String {
    let all = GFPS.iter().filter(|(_, base)| gfp.0 & base.0 == base.0);
    let Some((name, base)) = all.max_by_key(|(_, base)| base.0.count_ones()) else {
        return String::new();
    };
    let mut text = String::from(*name);
    for (name, bit) in MODIFIERS {
        if gfp.has(bit) && !base.has(bit) {
            text.push('|');
            text.push_str(name);
        }
    }
    text
}

impl Argument {
    /// What the reference shows for it.
    pub fn form(self) -> &'static str {
        match self {
            Argument::Lock(Sort::Rwsem) => "RWSEM",
            Argument::Lock(Sort::Mutex) => "MUTEX",
            Argument::Lock(Sort::Page) => "PAGE_LOCK",
            Argument::Gfp => "GFP",
            Argument::Order => "ORDER",
            Argument::Pages => "[PAGES]",
            Argument::Mm => "PROCESS",
            Argument::Completion => "NAME",
            Argument::Process => "PROCESS",
            Argument::Thread => "TASK",
        }
    }
}

impl Sort {
    /// The kind of a lock; `oom_lock` is not for programs and has none.
    pub fn of(class: LockClass) -> Option<Sort> {
        match class {
            LockClass::OomLock => None,
            LockClass::MmapSem(_) | LockClass::Rwsem => Some(Sort::Rwsem),
            LockClass::InodeMutex | LockClass::Mutex => Some(Sort::Mutex),
            LockClass::PageLock => Some(Sort::Page),
            LockClass::Srcu | LockClass::NotifierCount(_) => None,
        }
    }

    /// `a mutex`, for sentences.
    pub fn phrase(self) -> &'static str {
        match self {
            Sort::Rwsem => "an rwsem",
            Sort::Mutex => "a mutex",
            Sort::Page => "a page lock",
        }
    }
}

const RWSEM: &[Argument] = &[Argument::Lock(Sort::Rwsem)];
const MUTEX: &[Argument] = &[Argument::Lock(Sort::Mutex)];
const PAGE: &[Argument] = &[Argument::Lock(Sort::Page)];

const fn verb(
    word: &'static str,
    arguments: &'static [Argument],
    make: Make,
    doc: &'static str,
) -> Verb {
    Verb {
        word,
        arguments,
        doc,
        make,
    }
}

/// All verbs, in the order of the reference.
pub static VERBS: &[Verb] = &[
    verb(
        "down_read",
        RWSEM,
        Make::Lock(Mode::Read, Wait::Uninterruptible),
        "Takes the rwsem for reading; queues behind writers that came first.",
    ),
    verb(
        "down_read_killable",
        RWSEM,
        Make::Lock(Mode::Read, Wait::Killable),
        "The same, but a SIGKILL ends the wait.",
    ),
    verb(
        "down_write",
        RWSEM,
        Make::Lock(Mode::Write, Wait::Uninterruptible),
        "Takes the rwsem for writing.",
    ),
    verb(
        "down_write_killable",
        RWSEM,
        Make::Lock(Mode::Write, Wait::Killable),
        "The same, but a SIGKILL ends the wait.",
    ),
    verb(
        "down_write_interruptible",
        RWSEM,
        Make::Lock(Mode::Write, Wait::Interruptible),
        "The same, but any signal ends the wait; the caller knows what -EINTR means.",
    ),
    verb(
        "downgrade_write",
        RWSEM,
        Make::Downgrade,
        "Holds the rwsem for reading from now on, no longer for writing.",
    ),
    verb(
        "up_read",
        RWSEM,
        Make::Unlock(Mode::Read),
        "Gives the rwsem back after reading.",
    ),
    verb(
        "up_write",
        RWSEM,
        Make::Unlock(Mode::Write),
        "Gives the rwsem back after writing.",
    ),
    verb(
        "mutex_lock",
        MUTEX,
        Make::Lock(Mode::Write, Wait::Uninterruptible),
        "Takes the mutex.",
    ),
    verb(
        "mutex_lock_killable",
        MUTEX,
        Make::Lock(Mode::Write, Wait::Killable),
        "The same, but a SIGKILL ends the wait.",
    ),
    verb(
        "mutex_lock_interruptible",
        MUTEX,
        Make::Lock(Mode::Write, Wait::Interruptible),
        "The same, but any signal ends the wait.",
    ),
    verb(
        "inode_lock_shared",
        MUTEX,
        Make::Lock(Mode::Read, Wait::Uninterruptible),
        "Takes the inode lock for a lookup; only for `i_mutex`, alone until 4.6, shared from 4.7 on.",
    ),
    verb(
        "inode_unlock_shared",
        MUTEX,
        Make::Unlock(Mode::Read),
        "Gives it back after a lookup.",
    ),
    verb(
        "mutex_unlock",
        MUTEX,
        Make::Unlock(Mode::Write),
        "Gives the mutex back.",
    ),
    verb(
        "lock_page",
        PAGE,
        Make::Lock(Mode::Write, Wait::Uninterruptible),
        "Takes the page lock.",
    ),
    verb(
        "lock_page_killable",
        PAGE,
        Make::Lock(Mode::Write, Wait::Killable),
        "The same, but a SIGKILL ends the wait.",
    ),
    verb(
        "unlock_page",
        PAGE,
        Make::Unlock(Mode::Write),
        "Gives the page lock back.",
    ),
    verb(
        "alloc_page",
        &[Argument::Gfp, Argument::Pages],
        Make::Alloc,
        "Takes pages for the kernel itself, one after the other. GFP is `GFP_KERNEL`, `GFP_NOFS`, `GFP_NOIO`, `GFP_ATOMIC` or `GFP_HIGHUSER_MOVABLE`, with modifiers behind bars: `__GFP_NOFAIL`, `__GFP_NORETRY`, `__GFP_RETRY_MAYFAIL`, `__GFP_HIGH`, `__GFP_MEMALLOC`, `__GFP_ACCOUNT` (the memory cgroup of the task pays). If the request comes back NULL, the system call gives back its locks and returns.",
    ),
    verb(
        "alloc_pages",
        &[Argument::Gfp, Argument::Order],
        Make::AllocOrder,
        "Takes 2^ORDER pages in one piece, ORDER up to 5; above 3 it may fail and never kills for itself.",
    ),
    verb(
        "trans_start",
        &[Argument::Pages],
        Make::TransStart,
        "`xfs_trans_alloc`: begins a transaction that says it needs at most so many pages; waits for them where transactions have reserves.",
    ),
    verb(
        "trans_commit",
        &[],
        Make::TransCommit,
        "`xfs_trans_commit`: ends the transaction and gives back what is left of its reserve.",
    ),
    verb(
        "kmem_alloc",
        &[Argument::Gfp, Argument::Pages],
        Make::Kmem(KmemFail::Never),
        "XFS takes pages and asks again every 20 ms while the allocator says NULL; in a transaction they are dirty.",
    ),
    verb(
        "kmem_alloc_mayfail",
        &[Argument::Gfp, Argument::Pages],
        Make::Kmem(KmemFail::May),
        "The same with `KM_MAYFAIL`: NULL ends the line with -ENOMEM.",
    ),
    verb(
        "memalloc_noreclaim_save",
        &[],
        Make::Memalloc { on: true },
        "Sets `PF_MEMALLOC`, as whoever works for reclaim does (by hand in `current->flags` before 4.12): requests take the last page, do not reclaim, never call the OOM killer, and come back NULL when there is nothing; with `__GFP_NOFAIL` they go round for ever. No memory cgroup stops them.",
    ),
    verb(
        "memalloc_noreclaim_restore",
        &[],
        Make::Memalloc { on: false },
        "Clears `PF_MEMALLOC` again; a system call that fails in between does so too.",
    ),
    verb(
        "free_page",
        &[Argument::Pages],
        Make::Free,
        "Gives pages of the kernel back, those that the task's memory cgroup pays for first.",
    ),
    verb(
        "page_fault",
        &[Argument::Mm, Argument::Pages],
        Make::Fault,
        "Takes the `mmap_sem` for reading, allocates and maps the pages, gives it back.",
    ),
    verb(
        "copy_from_user",
        &[Argument::Mm],
        Make::Copy,
        "Reads memory of the first VMA into the kernel. If the reaper has emptied it, this is a fault: SIGBUS, or zeroes where data was.",
    ),
    verb(
        "mmap",
        &[Argument::Mm],
        Make::Mmap,
        "Takes the `mmap_sem` for writing and gives it back; killable once mmap writers are.",
    ),
    verb(
        "munmap",
        &[Argument::Mm, Argument::Pages],
        Make::Munmap,
        "The same as `mmap`; with a number it also unmaps so many pages, under a read lock from 4.20 on.",
    ),
    verb(
        "mmap_file",
        &[Argument::Mm, Argument::Lock(Sort::Rwsem)],
        Make::MapFile { unmap: false },
        "As `mmap`, and takes the rwsem, the file's `i_mmap_rwsem`, for writing inside.",
    ),
    verb(
        "munmap_file",
        &[Argument::Mm, Argument::Lock(Sort::Rwsem)],
        Make::MapFile { unmap: true },
        "As `mmap_file`, but the mapping is taken out: from 4.20 on `mmap_sem` is held for reading meanwhile.",
    ),
    verb(
        "khugepaged_collapse",
        &[Argument::Mm],
        Make::WriteSite(WriteSite::Khugepaged),
        "Takes the `mmap_sem` of any process for writing, unkillably in every kernel, and gives it back; only for kernel threads.",
    ),
    verb(
        "uffd_register",
        &[Argument::Mm],
        Make::WriteSite(WriteSite::UffdRegister),
        "The same for the task's own address space, as userfaultfd does.",
    ),
    verb(
        "proc_read",
        &[Argument::Mm, Argument::Pages],
        Make::RemoteRead,
        "Reads the memory of any process, as `/proc/PID/environ` does: pins its address space, takes its `mmap_sem` for reading, faults the pages in, gives everything back; killable while it waits for the lock from 5.3 on.",
    ),
    verb(
        "kill",
        &[Argument::Process],
        Make::Kill,
        "Sends SIGKILL to a process, as an administrator would.",
    ),
    verb(
        "sysrq_f",
        &[],
        Make::SysrqF,
        "Asks for an OOM kill, as `f` in `/proc/sysrq-trigger` does: a kworker waits for `oom_lock` and calls the OOM killer, whoever is on the way out already. It may choose the same victim again. From 4.3 on it never panics.",
    ),
    verb(
        "signal",
        &[Argument::Thread],
        Make::Signal,
        "A timer's SIGALRM, whose handler runs, reaches a user thread.",
    ),
    verb(
        "process_mrelease",
        &[Argument::Mm],
        Make::Mrelease,
        "Reaps the address space of a process that has been killed; refused if it has not.",
    ),
    verb(
        "guest_access",
        &[Argument::Mm],
        Make::GuestAccess,
        "A vcpu, or in a kernel thread's name a device, touches memory of the process through page tables of its own; retried while an invalidation is under way. A vcpu in the guest finishes this before it notices SIGKILL.",
    ),
    verb(
        "pause",
        &[],
        Make::Pause,
        "Stays in user mode until it is killed; only `exit` can follow.",
    ),
    verb(
        "vfork",
        &[Argument::Process],
        Make::Vfork,
        "The parent of a process with `in_vfork` sleeps until that process has let go of the memory they share; SIGKILL ends the wait. Only as the first line: the story begins inside.",
    ),
    verb(
        "core_dump",
        &[],
        Make::CoreDump,
        "A signal that dumps core reaches a user thread: stops everybody else who uses its memory and waits until they stand still. What follows, up to `exit`, writes the dump: a request that finds no page fails instead of calling the OOM killer, and the dump ends; SIGKILL ends it where the thread holds nothing. Then the process exits.",
    ),
    verb(
        "exit",
        &[],
        Make::Exit,
        "Leaves by itself: `PF_EXITING`, `exit_mm`. What stands after it runs in the kernel after `exit_mm`, also when the thread was killed: `exit_files`, task work.",
    ),
    verb(
        "wait_for",
        &[Argument::Completion],
        Make::WaitFor,
        "Sleeps uninterruptibly until somebody runs `complete` for this name.",
    ),
    verb(
        "complete",
        &[Argument::Completion],
        Make::Complete,
        "Wakes everybody who waits for this name, now or later.",
    ),
];

impl Verb {
    /// The verb with this word.
    pub fn named(word: &str) -> Option<&'static Verb> {
        VERBS.iter().find(|verb| verb.word == word)
    }

    /// `alloc_page GFP [PAGES]`.
    pub fn usage(&self) -> String {
        let mut usage = String::from(self.word);
        for argument in self.arguments {
            usage.push(' ');
            usage.push_str(argument.form());
        }
        usage
    }

    /// The kind of lock it is for.
    pub(crate) fn sort(&self) -> Option<Sort> {
        match self.arguments {
            [Argument::Lock(sort)] => Some(*sort),
            _ => None,
        }
    }
}

/// A compiled line in the words of the language, as one would write it. What the model does
/// not tell apart comes back as one word: `munmap` as `mmap`, `up_read` as `up_write`; a
/// count of one is left out. The program text itself is in
/// [`crate::scenario::Scenario::programs`].
pub fn print_op(machine: &Machine, op: Op) -> String {
    let (make, lock) = match op {
        Op::Lock { lock, mode, wait } => (Make::Lock(mode, wait), Some(lock)),
        // The model releases what is held, whichever way; the class says which word.
        Op::Unlock { lock } => (Make::Unlock(Mode::Write), Some(lock)),
        Op::Alloc { order: 0, .. } => (Make::Alloc, None),
        Op::Alloc { .. } => (Make::AllocOrder, None),
        Op::KmemAlloc { fail, .. } => (Make::Kmem(fail), None),
        Op::TransStart { .. } => (Make::TransStart, None),
        Op::TransCommit => (Make::TransCommit, None),
        Op::Memalloc { on } => (Make::Memalloc { on }, None),
        Op::SysrqF => (Make::SysrqF, None),
        Op::Free { .. } => (Make::Free, None),
        Op::Fault { .. } => (Make::Fault, None),
        Op::Copy { .. } => (Make::Copy, None),
        Op::Mmap { .. } => (Make::Mmap, None),
        Op::Munmap { .. } => (Make::Munmap, None),
        Op::MapFile { unmap, .. } => (Make::MapFile { unmap }, None),
        Op::WriteSite { site, .. } => (Make::WriteSite(site), None),
        Op::RemoteRead { .. } => (Make::RemoteRead, None),
        Op::Downgrade { lock } => (Make::Downgrade, Some(lock)),
        Op::Kill { .. } => (Make::Kill, None),
        Op::Signal { .. } => (Make::Signal, None),
        Op::Mrelease { .. } => (Make::Mrelease, None),
        Op::GuestAccess { .. } => (Make::GuestAccess, None),
        Op::Pause => (Make::Pause, None),
        Op::CoreDump { .. } => (Make::CoreDump, None),
        Op::Vfork { .. } => (Make::Vfork, None),
        Op::Exit => (Make::Exit, None),
        Op::WaitFor { .. } => (Make::WaitFor, None),
        Op::Complete { .. } => (Make::Complete, None),
    };
    let sort = lock.and_then(|lock| Sort::of(machine.locks[lock.0 as usize].class));
    let word = VERBS
        .iter()
        .find(|verb| verb.make == make && (sort.is_none() || verb.sort() == sort))
        .map_or("", |verb| verb.word);
    let count = |pages: u8| {
        if pages == 1 {
            String::new()
        } else {
            format!(" {pages}")
        }
    };
    match op {
        Op::Lock { lock, .. } | Op::Unlock { lock } | Op::Downgrade { lock } => {
            format!("{word} {}", machine.locks[lock.0 as usize].name)
        }
        Op::Alloc {
            gfp,
            order: 0,
            pages,
        } => format!("{word} {}{}", print_gfp(gfp), count(pages)),
        Op::Alloc { gfp, order, .. } => format!("{word} {} {order}", print_gfp(gfp)),
        Op::KmemAlloc { gfp, pages, .. } => {
            format!("{word} {}{}", print_gfp(gfp), count(pages))
        }
        Op::Free { pages } | Op::TransStart { pages } => format!("{word}{}", count(pages)),
        Op::TransCommit => String::from(word),
        Op::Fault { mm, pages } => {
            format!("{word} {}{}", machine.mms[mm.0 as usize].name, count(pages))
        }
        Op::Copy { mm }
        | Op::Mmap { mm }
        | Op::Mrelease { mm }
        | Op::WriteSite { mm, .. }
        | Op::GuestAccess { mm } => {
            format!("{word} {}", machine.mms[mm.0 as usize].name)
        }
        Op::Munmap { mm, pages } => format!("{word} {} {pages}", machine.mms[mm.0 as usize].name),
        Op::MapFile { mm, i_mmap, .. } => format!(
            "{word} {} {}",
            machine.mms[mm.0 as usize].name, machine.locks[i_mmap.0 as usize].name
        ),
        Op::RemoteRead { mm, pages } => {
            format!("{word} {}{}", machine.mms[mm.0 as usize].name, count(pages))
        }
        Op::Kill { process } | Op::Vfork { process, .. } => {
            format!("{word} {}", machine.process(process).name)
        }
        Op::Signal { task } => format!("{word} {}", machine.actor(task).name),
        Op::CoreDump { .. } | Op::Pause | Op::Exit | Op::Memalloc { .. } | Op::SysrqF => {
            word.to_string()
        }
        Op::WaitFor { completion } | Op::Complete { completion } => {
            format!("{word} {}", machine.completions[completion.0 as usize])
        }
    }
}
