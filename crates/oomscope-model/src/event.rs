//! What happened in a step: plain numbers, no text. Log lines, captions, animation cues
//! and the memory plot's flags are all made from these.

use crate::machine::{CompletionId, Gfp, LockId, MemcgId, MmId, Mode, ProcessId, TaskId};
use crate::patches::PatchId;
use crate::state::Nap;

/// Receives the events of a step. `()` throws them away; the explorer uses that.
pub trait Observer {
    /// Called once per event, in the order in which they happen.
    fn event(&mut self, event: Event);
}

impl Observer for () {
    fn event(&mut self, _: Event) {}
}

impl Observer for alloc::vec::Vec<Event> {
    fn event(&mut self, event: Event) {
        self.push(event);
    }
}

/// By which right a page was taken (locks-and-allocation.md 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// Fast path: free was above `WMARK_LOW`.
    Low,
    /// Slow path: free was above `WMARK_MIN`.
    Min,
    /// Last attempt under `oom_lock`: free was above `WMARK_HIGH`.
    High,
    /// A victim's reserve.
    Reserve,
    /// `ALLOC_HIGH`, with `ALLOC_HARDER` too for `GFP_ATOMIC`.
    Atomic,
    /// It is a kernel thread, or dying (never merged).
    Favored,
    /// `__GFP_MEMALLOC` or `PF_MEMALLOC`: it will free more than it takes.
    Memalloc,
    /// `__GFP_NOFAIL`, below the marks.
    Nofail,
    /// The reserve of the task's own transaction.
    Transaction,
}

/// Why a request came back NULL (locks-and-allocation.md 4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Null {
    /// P6, P11: a victim found nothing in its reserve.
    Victim,
    /// P4: the caller may not sleep, so it cannot reclaim.
    NoReclaim,
    /// P8: `__GFP_NORETRY`, and one pass through reclaim was not enough.
    NoRetry,
    /// The caller's memory cgroup is at its limit.
    Limit,
    /// M3: the caller may not call the killer, and gives up in this kernel.
    Vetoed,
    /// P5: the caller has `PF_MEMALLOC`, and does not reclaim inside reclaim.
    Memalloc,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(
    missing_docs,
    reason = "the fields are the ids that the variant's sentence names"
)]
pub enum Event {
    /// `task` got `lock` at once.
    LockTaken {
        task: TaskId,
        lock: LockId,
        mode: Mode,
    },
    /// `task` went to the end of the queue of `lock`.
    LockQueued {
        task: TaskId,
        lock: LockId,
        mode: Mode,
        rank: u8,
    },
    /// The waiter `task` now holds `lock`.
    LockGranted {
        task: TaskId,
        lock: LockId,
        mode: Mode,
    },
    /// `task` gave `lock` back.
    LockReleased {
        task: TaskId,
        lock: LockId,
        mode: Mode,
    },
    /// The waiter `task` was woken and will look again.
    WaiterWoken { task: TaskId, lock: LockId },
    /// The woken waiter `task` found `lock` still taken and sleeps again.
    WaiterSlept { task: TaskId, lock: LockId },
    /// The killed waiter `task` left the queue of `lock` with -EINTR.
    WaiterLeft {
        task: TaskId,
        lock: LockId,
        rank: u8,
    },
    /// The waiter `task` left the queue of `lock` because a signal arrived.
    WaiterInterrupted {
        task: TaskId,
        lock: LockId,
        rank: u8,
    },
    /// A signal with a handler was sent to `task`.
    SignalSent { task: TaskId },
    /// The interrupted system call of `task` starts again.
    Restarted { task: TaskId },
    /// The system call of `task` returned -EINTR to a program that does not expect it.
    WrongErrno { task: TaskId },
    /// `task` holds `lock` for reading now, no longer for writing.
    Downgraded { task: TaskId, lock: LockId },
    /// Readers were granted `lock` while a writer owns it.
    TwoOwners { lock: LockId },
    /// The last waiter left `lock` and its waiting bias stayed.
    BiasLeaked { lock: LockId },
    /// `task`, head of the queue, asked that `lock` be handed to it.
    HandoffSet { task: TaskId, lock: LockId },
    /// `task` holds a reference on `mm` from outside.
    MmPinned { task: TaskId, mm: MmId },
    /// `task` gave that reference back.
    MmPut { task: TaskId, mm: MmId },
    /// `task` unmapped pages of `mm`.
    VmaUnmapped { task: TaskId, mm: MmId, pages: u16 },
    /// `task` got a page.
    PageTaken { task: TaskId, right: Right },
    /// `task` mapped the page it got into `mm`.
    PageMapped { task: TaskId, mm: MmId },
    /// `task` wanted a page and reclaim made no progress.
    NoPage { task: TaskId },
    /// The allocation of `task` came back NULL.
    AllocFailed {
        task: TaskId,
        gfp: Gfp,
        order: u8,
        why: Null,
    },
    /// `task` sets `PF_MEMALLOC`, or clears it.
    Memalloc { task: TaskId, on: bool },
    /// `task` has called all of `oom_notify_list`, which freed something or did not.
    OomNotifyOver { task: TaskId, freed: bool },
    /// `task` asks for an OOM kill: `moom_work` is queued.
    SysrqF { task: TaskId },
    /// sysrq-f found nobody to kill, and its kernel does not panic for that.
    SysrqIgnored { task: TaskId },
    /// `kmem_alloc` of `task` got NULL and will ask again in 20 ms (X4, X5).
    KmemNull { task: TaskId },
    /// A hundred tries of `task` got NULL: XFS says so (X4).
    KmemWarns { task: TaskId },
    /// `task` raises the watermarks by what its transaction may need (B1).
    TransReserving { task: TaskId, pages: u8 },
    /// `task` waits until that much is free (B2).
    TransWaits { task: TaskId },
    /// The transaction of `task` begins, with this reserve.
    TransStarted { task: TaskId, reserve: u8 },
    /// `task` committed; so much of its reserve was left.
    TransCommitted { task: TaskId, reserve: u8 },
    /// `task` cancelled its transaction, which held so many pages dirty.
    TransCancelled {
        task: TaskId,
        reserve: u8,
        dirty: u8,
    },
    /// `task` ran out of memory in a dirty transaction; to undo it takes as much again.
    RollbackStarts { task: TaskId, pages: u8 },
    /// `task` undid its transaction and gave back both copies.
    RolledBack { task: TaskId, pages: u16 },
    /// The fault of `task` on an `MMF_UNSTABLE` mm got SIGBUS.
    FaultRefused { task: TaskId, mm: MmId },
    /// The page for `task` would put `memcg` over its limit.
    OverLimit { task: TaskId, memcg: MemcgId },
    /// The page for `task` is charged although `memcg` is over its limit.
    ForceCharged { task: TaskId, memcg: MemcgId },
    /// Somebody else calls the killer for the memory cgroup of `task`, which sleeps.
    MemcgOomWaits { task: TaskId },
    /// `task` called the killer, which finds nobody to kill in `memcg`.
    NobodyInMemcg { task: TaskId, memcg: MemcgId },
    /// `task` gave pages back.
    PagesFreed { task: TaskId, pages: u16 },
    /// `task` lost the trylock on `oom_lock` and naps a jiffy.
    OomLockBusy { task: TaskId },
    /// `task` may not call the OOM killer (no `__GFP_FS`) and retries.
    KillerVetoed { task: TaskId },
    /// A callback of `oom_notify_list` gave back this much (B2); it runs in `task`.
    OomNotified {
        task: TaskId,
        notifier: u8,
        pages: u16,
    },
    /// `task` scanned, found that `victim` is still on its way out, and kills nobody.
    ScanAborted { task: TaskId, victim: ProcessId },
    /// `task`, dying itself, was marked instead of selecting anybody (B3).
    MarkedItself { task: TaskId },
    /// The chosen process is already exiting and was only marked (C1).
    MarkedExiting { task: TaskId, victim: TaskId },
    /// `task` invoked the OOM killer, which killed `process`; `thread` carries the mark. With
    /// `memcg` for that cgroup, otherwise for the machine.
    Killed {
        task: TaskId,
        process: ProcessId,
        thread: TaskId,
        points: i32,
        memcg: Option<MemcgId>,
    },
    /// `task` invoked the OOM killer, which chose `parent` and killed its child `process`
    /// instead (C3).
    ChildKilled {
        task: TaskId,
        parent: ProcessId,
        process: ProcessId,
        thread: TaskId,
        points: i32,
        memcg: Option<MemcgId>,
    },
    /// All processes of `memcg` will be killed (`memory.oom.group`).
    GroupChosen { task: TaskId, memcg: MemcgId },
    /// `process` was killed with the others of its memory cgroup (C9).
    GroupKilled {
        task: TaskId,
        process: ProcessId,
        thread: TaskId,
        memcg: Option<MemcgId>,
    },
    /// `process` was killed too, because it uses the memory of `victim` (C7).
    SharerKilled {
        victim: ProcessId,
        process: ProcessId,
    },
    /// The killer passes over the mm of `victim` at once: `by` goes on using it (C7).
    MmHidden { victim: TaskId, by: TaskId },
    /// Nothing killable: panic.
    Panicked { task: TaskId },
    /// `vm.panic_on_oom`: `task` ran out of memory, and that is the end.
    PanickedOnOom { task: TaskId },
    /// `task` was the last thread of the global init: panic.
    InitDied { task: TaskId },
    /// The round changed nothing and nothing has changed since it began.
    Parked { task: TaskId },
    /// SIGKILL was delivered to `task`.
    Signalled { task: TaskId },
    /// `task` went to sleep for a time.
    Slept { task: TaskId, nap: Nap },
    /// The sleep of `task` ended.
    Woke { task: TaskId, nap: Nap },
    /// `task` waits for a completion.
    Waits {
        task: TaskId,
        completion: CompletionId,
    },
    /// `task` completed it.
    Completed {
        task: TaskId,
        completion: CompletionId,
    },
    /// `victim` was put on the reaper's list.
    ReaperQueued { victim: TaskId },
    /// The reaper's single slot is taken: `victim` is not handed to it, now or later.
    ReaperBusy { victim: TaskId },
    /// `victim` stood behind somebody who was on the reaper's list twice, and was cut off.
    ReaperLost { victim: TaskId },
    /// The reaper turned to `victim`.
    ReaperStarts { victim: TaskId },
    /// The reaper's read trylock on `lock` failed; `tries` have failed so far.
    TrylockFailed {
        task: TaskId,
        lock: LockId,
        tries: u8,
    },
    /// The reaper found nothing to do for `victim` and counts it as done.
    NothingToReap { victim: TaskId },
    /// The reaper refused: the exiting task has claimed the mm (P01, P02).
    ReaperRefused { victim: TaskId, mm: MmId },
    /// The reaper passed over a VMA that is mlocked or shared.
    VmaSkipped { mm: MmId, vma: u8 },
    /// Memory of a VMA was freed by `task`: the reaper, or the exiting task itself.
    VmaZapped {
        task: TaskId,
        mm: MmId,
        vma: u8,
        pages: u16,
    },
    /// `victim` has freed its memory itself (`MMF_OOM_SKIP`) before the reaper came to it.
    ReapNotNeeded { victim: TaskId },
    /// The reaper leaves `mm` alone for its mmu notifiers and sleeps instead.
    NotifiersSkipped { victim: TaskId, mm: MmId },
    /// `task` calls range_start of a notifier of `mm`.
    RangeStart {
        task: TaskId,
        mm: MmId,
        notifier: u8,
    },
    /// The callback of this notifier has the lock that it waited for.
    CallbackGoesOn {
        task: TaskId,
        mm: MmId,
        notifier: u8,
    },
    /// That range_start returned -EAGAIN; `warned`: and has a range_end, which 5.12 forbids.
    RangeStartFailed {
        task: TaskId,
        mm: MmId,
        notifier: u8,
        warned: bool,
    },
    /// `task` calls range_end of a notifier of `mm`.
    RangeEnd {
        task: TaskId,
        mm: MmId,
        notifier: u8,
    },
    /// A range_start of this notifier will never get its range_end.
    Unpaired { mm: MmId, notifier: u8 },
    /// Pages of `mm` are freed that a guest or a device maps, and it is not told.
    NobodyTold { mm: MmId },
    /// `task`, in a guest or a device, used pages of `mm` that are free or somebody else's.
    GuestUsedFreed { task: TaskId, mm: MmId },
    /// `task` touched memory of `mm` through page tables of its own.
    GuestAccess { task: TaskId, mm: MmId },
    /// `task` emptied the list of notifiers of `mm` (M1).
    NotifiersReleased { task: TaskId, mm: MmId },
    /// The last one inside is out, and `task`, which waited for that, goes on.
    WaitedOut { task: TaskId, lock: LockId },
    /// The reaper finished with `mm`, but not with all of it; `tries` have failed so far.
    PartlyReaped { victim: TaskId, mm: MmId, tries: u8 },
    /// The reaper finished with `victim`.
    Reaped { victim: TaskId, mm: MmId },
    /// The reaper gave up on `victim`.
    UnableToReap { victim: TaskId },
    /// The victim mark of `task` was cleared.
    MarkCleared { task: TaskId },
    /// `MMF_OOM_SKIP` (or its 4.7 name) was set.
    SkipSet { mm: MmId },
    /// `MMF_UNSTABLE` was set.
    UnstableSet { mm: MmId },
    /// `task` called `process_mrelease` on an mm that is not dying, is done, or in a kernel
    /// without that call.
    MreleaseRefused { task: TaskId, mm: MmId },
    /// `task` walked VMAs of `mm` that `exit_mmap` had freed.
    UsedAfterFree { task: TaskId, mm: MmId },
    /// `task` walked its robust list and found it readable.
    RobustListWalked { task: TaskId },
    /// `task` could not read its robust list: the reaper has taken that memory.
    RobustListLost { task: TaskId },
    /// `task` began to dump core and stops whoever else uses its memory.
    CoreDumpStarts { task: TaskId },
    /// `task` began to exit.
    Exiting { task: TaskId },
    /// `task` dropped its mm; `users` remain.
    MmDropped { task: TaskId, mm: MmId, users: u8 },
    /// The last `mmput` of `mm` was handed to a worker.
    MmputQueued { mm: MmId },
    /// `task` entered `exit_mmap` of `mm`.
    ExitMmapStarts { task: TaskId, mm: MmId },
    /// The munlock pass cleared `VM_LOCKED`.
    Munlocking { task: TaskId, mm: MmId, vma: u8 },
    /// The munlock pass read the pmd of a VMA and found it populated.
    PmdRead { task: TaskId, mm: MmId, vma: u8 },
    /// The munlock pass found no pmd: the memory of that VMA is gone already.
    PmdNone { task: TaskId, mm: MmId, vma: u8 },
    /// The munlock pass got past the page-table lock.
    PtlTaken { task: TaskId, mm: MmId, vma: u8 },
    /// `exit_mmap` freed everything that was left.
    Unmapped { task: TaskId, mm: MmId, pages: u16 },
    /// `exit_mmap` is done.
    MmGone { task: TaskId, mm: MmId },
    /// NULL dereference.
    Oopsed { task: TaskId, mm: MmId },
    /// `task` copied a fresh page of zeroes where `mm` had data before the reaper came.
    ZeroesCopied { task: TaskId, mm: MmId },
    /// Page tables were freed under the reaper.
    Corrupted { mm: MmId },
    /// `task` is gone.
    Exited { task: TaskId },
    /// `task` reached the end of its program.
    ProgramEnded { task: TaskId },
    /// The system call of `task` failed on the way (killed) and returns.
    Unwound { task: TaskId },
    /// `task` woke kswapd.
    KswapdWoken { task: TaskId, kswapd: TaskId },
    /// Free memory is above the high mark: kswapd sleeps.
    KswapdSleeps { task: TaskId },
    /// A whole pass of kswapd freed nothing: it sleeps until somebody wakes it again.
    KswapdGaveUp { task: TaskId },
    /// `task` freed pages of a list.
    Reclaimed { task: TaskId, list: u8, pages: u16 },
    /// kswapd took a dirty page off its list in order to write it.
    Isolated { task: TaskId, list: u8 },
    /// Writing a page needed memory, and there was none.
    WritepageFailed { task: TaskId, list: u8 },
    /// A page that `task` reclaimed was faulted in again at once.
    Refaulted { task: TaskId, list: u8 },
    /// The shrinker of a list does nothing for `task`: no `__GFP_FS`, or it holds the lock.
    ShrinkerSkipped { task: TaskId, list: u8 },
    /// `task` found too many pages isolated and sleeps 100 ms.
    TooManyIsolated { task: TaskId },
    /// `task` made so many rounds without progress, and asks the killer now.
    RetriesExhausted { task: TaskId, rounds: u8 },
    /// A person switched a patch.
    Switched { patch: PatchId, on: bool },
}
