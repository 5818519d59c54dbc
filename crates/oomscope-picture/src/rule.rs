//! The rule of the kernel that a step has just carried out, with its source.

use oomscope_model::event::{Event, Null, Right};
use oomscope_model::kernel::lock::is_rwsem;
use oomscope_model::kernel::{Bookkeeping, ExitingTask, Isolation, MemcgOom, VictimReserve};
use oomscope_model::machine::{Machine, Mode};

/// A rule in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its name.
    pub title: &'static str,
    /// What it says, in a sentence or two.
    pub text: &'static str,
    /// Section of the fact sheets.
    pub source: &'static str,
}

/// The rule behind the most telling of these events.
pub fn rule(machine: &Machine, events: &[Event]) -> Option<Rule> {
    let deciding = |event: &&Event| {
        !matches!(
            event,
            Event::LockTaken { .. } | Event::LockReleased { .. } | Event::PageTaken { .. }
        )
    };
    let first = events
        .iter()
        .filter(deciding)
        .find_map(|event| of_event(machine, event));
    first.or_else(|| events.iter().find_map(|event| of_event(machine, event)))
}

const fn new(title: &'static str, text: &'static str, source: &'static str) -> Option<Rule> {
    Some(Rule {
        title,
        text,
        source,
    })
}

fn of_event(machine: &Machine, event: &Event) -> Option<Rule> {
    lock_rule(machine, event)
        .or_else(|| memory_rule(machine, event))
        .or_else(|| victim_rule(machine, event))
}

fn lock_rule(machine: &Machine, event: &Event) -> Option<Rule> {
    match *event {
        Event::TrylockFailed { .. } => new(
            "down_read_trylock",
            "A read trylock succeeds only if no writer holds the lock and nobody is queued for it. A queued writer makes it fail even while only readers hold the lock.",
            "locks-and-allocation.md 2.1",
        ),
        Event::LockQueued {
            lock,
            mode: Mode::Read,
            ..
        } if is_rwsem(machine, lock) => new(
            "down_read",
            "The lock is fair: a reader that finds anybody queued goes to the end of the queue, even if only readers hold the lock.",
            "locks-and-allocation.md 2.1 R1 to R3",
        ),
        Event::LockQueued { lock, .. } if is_rwsem(machine, lock) => new(
            "down_write",
            "A writer needs the lock for itself. While it is queued, readers that come later wait behind it.",
            "locks-and-allocation.md 2.1 W1 to W5",
        ),
        Event::LockQueued { .. } => new(
            "mutex_lock",
            "One owner at a time; waiters sleep in order of arrival.",
            "locks-and-allocation.md 2.6",
        ),
        Event::WaiterLeft { .. } => new(
            "Killable wait",
            "A killed task whose wait is killable leaves the queue with -EINTR, and whoever stood behind it gets a chance.",
            "locks-and-allocation.md 2.1 K1 to K4",
        ),
        Event::WaiterWoken { lock, .. } if is_rwsem(machine, lock) => new(
            "rwsem_wake",
            "A writer at the head of the queue is woken but not granted: it must still find the lock free.",
            "locks-and-allocation.md 2.1 WAKE",
        ),
        Event::LockGranted {
            lock,
            mode: Mode::Read,
            ..
        } if is_rwsem(machine, lock) => new(
            "rwsem_wake",
            "All readers at the head of the queue, up to the first writer, are granted the lock in one step.",
            "locks-and-allocation.md 2.1 WAKE",
        ),
        Event::PanickedOnOom { .. } => new(
            "vm.panic_on_oom",
            "The administrator prefers a reboot to a choice of victims.",
            "oom.md 4.2 B6",
        ),
        Event::InitDied { .. } => new(
            "init is dead",
            "No system goes on without its first process.",
            "oom.md 4.5 C7",
        ),
        Event::SharerKilled { .. } => new(
            "Whoever shares the mm dies too",
            "Memory is free only when its last user is gone.",
            "oom.md 4.5 C7",
        ),
        Event::MmHidden { .. } => new(
            "mm pinned by somebody who may not die",
            "Nobody will ever free it, so the killer looks past it at once.",
            "oom.md V08, 4.5 C7",
        ),
        _ => None,
    }
}

fn reserve_rule(machine: &Machine, right: Right) -> Option<Rule> {
    match (right, machine.kernel.reserve) {
        (Right::Low | Right::Min | Right::High, _) => None,
        (Right::Reserve, VictimReserve::MarkedThreadAll) => new(
            "TIF_MEMDIE reserve",
            "The one marked thread may take every last page. When there is none its allocation fails instead of looping.",
            "locks-and-allocation.md 4.2, 4.3 P6",
        ),
        (Right::Reserve, VictimReserve::GroupHalf) => new(
            "ALLOC_OOM reserve",
            "Every thread of the victim may go down to half of the min mark. When nothing is left there its allocation fails.",
            "locks-and-allocation.md 4.2, 4.3 P11",
        ),
        (Right::Atomic, _) => new(
            "ALLOC_HIGH reserve",
            "A request that cannot wait may go down to half of the min mark, GFP_ATOMIC to three eighths.",
            "locks-and-allocation.md 4.2",
        ),
        (Right::Transaction, _) => new(
            "A reserve per transaction (proposal)",
            "Where an ordinary request would loop, the transaction takes a page that it has reserved, down to the min mark and no further.",
            "locks-and-allocation.md 5.5 B4",
        ),
        (Right::Favored, _) => new(
            "Favor kthreads and the dying (proposal)",
            "A kernel thread, or a thread with a fatal signal, may go down to half of the min mark.",
            "locks-and-allocation.md 7 L3",
        ),
        (Right::Memalloc, _) => new(
            "PF_MEMALLOC reserve",
            "Whoever allocates in order to free memory may take every last page.",
            "locks-and-allocation.md 4.2",
        ),
        (Right::Nofail, _) => new(
            "Reserves for __GFP_NOFAIL",
            "A request that must not fail may go below the min mark rather than keep its caller's locks for ever.",
            "locks-and-allocation.md 4.3 M5, P12",
        ),
    }
}

fn null_rule(machine: &Machine, why: Null) -> Option<Rule> {
    match why {
        Null::Victim => reserve_rule(machine, Right::Reserve),
        Null::NoReclaim => new(
            "GFP_ATOMIC",
            "Whoever cannot sleep cannot reclaim, so its allocation fails at once.",
            "locks-and-allocation.md 4.3 P4",
        ),
        Null::NoRetry => new(
            "__GFP_NORETRY",
            "One pass through reclaim, then the allocation fails; nobody is killed for it.",
            "locks-and-allocation.md 4.3 P8",
        ),
        Null::Memalloc => new(
            "PF_MEMALLOC",
            "Whoever works for reclaim takes the last page, but does not reclaim and does not call the OOM killer: its allocation fails at once.",
            "locks-and-allocation.md 4.3 P5",
        ),
        Null::Limit => new(
            "Charges can fail",
            "A memory cgroup at its limit says -ENOMEM to whoever may not wait for a kill.",
            "oom.md 1 (memcg charge retries)",
        ),
        Null::Vetoed => new(
            "No OOM kill for this request",
            "Large requests, __GFP_RETRY_MAYFAIL and, in 3.19 only, GFP_NOFS fail where others would call the OOM killer.",
            "locks-and-allocation.md 4.3 M3, 4.4",
        ),
    }
}

fn memory_rule(machine: &Machine, event: &Event) -> Option<Rule> {
    match *event {
        Event::NoPage { .. } => new(
            "__alloc_pages_slowpath",
            "A small allocation does not fail. Without free pages above the min mark and without progress in reclaim it calls the OOM killer and tries again, for ever. No step of the loop looks at SIGKILL.",
            "locks-and-allocation.md 4.3",
        ),
        Event::PageTaken { right, .. } => reserve_rule(machine, right),
        Event::AllocFailed { why, .. } => null_rule(machine, why),
        Event::TooManyIsolated { .. } => match machine.kernel.isolation {
            Isolation::ForEver => new(
                "too_many_isolated",
                "While more pages are isolated than left on the inactive list, a direct reclaimer sleeps 100 ms and looks again. It gets neither to the free list nor to the OOM killer.",
                "locks-and-allocation.md 4.6",
            ),
            Isolation::Once => new(
                "too_many_isolated, once",
                "A direct reclaimer sleeps 100 ms, then goes on without progress.",
                "locks-and-allocation.md 4.6",
            ),
        },
        Event::Refaulted { .. } => new(
            "Progress in reclaim",
            "A page that was reclaimed counts as progress, whoever has it now. Up to 4.6 progress alone means another round; from 4.7 on all that is reclaimable must also be enough for the request.",
            "locks-and-allocation.md 4.4, 4.5",
        ),
        Event::RetriesExhausted { .. } => new(
            "should_reclaim_retry",
            "After more than sixteen rounds without progress the OOM killer is asked.",
            "locks-and-allocation.md 4.5",
        ),
        Event::ShrinkerSkipped { .. } => new(
            "Shrinkers and __GFP_FS",
            "A shrinker that takes a file system lock does nothing for a caller that may hold it.",
            "locks-and-allocation.md 4.1, 7 L5",
        ),
        Event::KmemNull { .. } | Event::KmemWarns { .. } => new(
            "kmem_alloc",
            "XFS cannot fail here: it sleeps 20 ms, uninterruptibly, and asks again. Every hundredth try it warns. It never looks at SIGKILL.",
            "locks-and-allocation.md 5.1",
        ),
        Event::TransReserving { .. } | Event::TransWaits { .. } => new(
            "A reserve per transaction (proposal)",
            "All watermarks rise by what the transaction may need. It starts only when more than that is free, and while it waits it holds nothing.",
            "locks-and-allocation.md 5.5 B1, B2",
        ),
        Event::RollbackStarts { .. } => new(
            "Rolling back needs memory",
            "To undo what it has changed, a transaction needs the old state beside the new: twice its memory.",
            "locks-and-allocation.md 5.3",
        ),
        Event::OomLockBusy { .. } => new(
            "oom_lock is only tried",
            "Whoever finds oom_lock taken assumes that somebody else makes progress, sleeps one jiffy and retries.",
            "locks-and-allocation.md 4.3 M1",
        ),
        Event::KillerVetoed { .. } => new(
            "GFP_NOFS and the OOM killer",
            "A caller that may not enter the file system does not select a victim: it loops and relies on others.",
            "locks-and-allocation.md 4.4",
        ),
        Event::FaultRefused { .. } => new(
            "MMF_UNSTABLE",
            "Memory that may have been reaped must not come back as zeroes: the fault gets SIGBUS.",
            "oom.md 5.5",
        ),
        _ => None,
    }
}

fn victim_rule(machine: &Machine, event: &Event) -> Option<Rule> {
    match *event {
        Event::SysrqF { .. } | Event::SysrqIgnored { .. } => new(
            "sysrq-f",
            "A kworker calls the OOM killer with order -1: a victim that is still on its way out does not end the scan, and from 4.3 on nothing panics.",
            "oom.md 4.1, 4.2 B6, B9, 4.3",
        ),
        Event::OomNotified { .. } | Event::OomNotifyOver { .. } => new(
            "oom_notify_list",
            "Before anybody is chosen, drivers that registered are asked for memory. They are called with oom_lock held.",
            "oom.md 4.2 B2, S26",
        ),
        Event::ScanAborted { .. } => match (machine.kernel.bookkeeping, machine.kernel.exiting) {
            (Bookkeeping::OomMm, _) => new(
                "One victim at a time",
                "While a victim's signal->oom_mm lacks MMF_OOM_SKIP the scan ends and nobody else is killed.",
                "oom.md 4.3",
            ),
            (_, ExitingTask::AbortsScan) => new(
                "One victim at a time",
                "A thread marked TIF_MEMDIE, or any exiting task with an mm, ends the scan and nobody else is killed. There is no timeout.",
                "oom.md 4.3",
            ),
            _ => new(
                "One victim at a time",
                "While a marked victim is on its way out the scan ends and nobody else is killed. There is no timeout.",
                "oom.md 4.3",
            ),
        },
        Event::Killed { memcg: Some(_), .. } => new(
            "mem_cgroup_out_of_memory",
            "The limit of a memory cgroup is reached, so the victim must be in it, whatever memory the machine has left. The other rules are the same.",
            "oom.md 4.2, 4.3",
        ),
        Event::OverLimit { .. } => match machine.kernel.memcg_oom {
            MemcgOom::FaultEnd => new(
                "Charges kill nobody",
                "Who charges may hold locks that the victim needs. A fault in user mode gives back its locks first and calls the killer then; what the kernel asks for fails.",
                "oom.md 4.1",
            ),
            MemcgOom::InCharge => new(
                "The charge calls the killer",
                "Whatever locks it holds: the reaper gets at the victim's memory without them.",
                "oom.md 1, 4.1",
            ),
        },
        Event::ChildKilled { .. } => new(
            "Sacrifice child",
            "Up to 5.0 the worst child of the chosen process dies in its place, if it has memory of its own.",
            "oom.md 1.1, 4.5 C3",
        ),
        Event::GroupKilled { .. } => new(
            "memory.oom.group",
            "Who administers the cgroup wants all of it or nothing of it; only oom_score_adj -1000 protects.",
            "oom.md K15, 4.5 C9",
        ),
        Event::ForceCharged { .. } => new(
            "Over the limit",
            "A dying task gives back more than it takes, and where nobody can be killed waiting helps nobody.",
            "oom.md 1 (memcg charge retries)",
        ),
        Event::NobodyInMemcg { .. } => new(
            "No killable process in a memory cgroup",
            "Only a machine panics that has nobody left to kill; a memory cgroup does not.",
            "oom.md 4.2 B9, S29",
        ),
        Event::Killed { .. } => new(
            "oom_kill_process",
            "The process with the most memory is chosen. SIGKILL goes to all its threads, the mark to one.",
            "oom.md 1.1, 4.5",
        ),
        Event::MarkedItself { .. } | Event::MarkedExiting { .. } => new(
            "Short cut for the dying",
            "A task that is about to die anyway becomes the victim without a scan.",
            "oom.md 4.2, 4.4",
        ),
        Event::UnableToReap { .. } => match machine.kernel.bookkeeping {
            Bookkeeping::KeepMark => new(
                "Ten tries",
                "After ten failed tries the reaper leaves the victim alone, and its mark too: the killer stays blocked.",
                "oom.md 5.2",
            ),
            Bookkeeping::ClearMark => new(
                "Ten tries",
                "After ten failed tries the reaper clears the victim's mark, so that the killer may choose again.",
                "oom.md 5.2",
            ),
            Bookkeeping::FlagSecondFailure => new(
                "Ten tries, twice",
                "After ten failed tries the mark is cleared; the second time the killer is also told to look past the victim.",
                "oom.md 5.2",
            ),
            Bookkeeping::OomMm => new(
                "Ten tries",
                "After ten failed tries the reaper sets MMF_OOM_SKIP: the killer looks past this victim.",
                "oom.md 5.2",
            ),
        },
        Event::VmaSkipped { .. } => new(
            "What may be reaped",
            "Anonymous and private memory only: nothing mlocked, nothing shared.",
            "oom.md 5.4",
        ),
        Event::VmaZapped { .. } | Event::Reaped { .. } => new(
            "oom_reaper",
            "With mmap_sem for reading the reaper frees the victim's anonymous memory without waiting for its exit.",
            "oom.md 5.3 T7 to T9",
        ),
        Event::NothingToReap { .. } => new(
            "Nothing to reap",
            "An mm without users, or one that is already skipped, counts as done.",
            "oom.md 5.3 T1 to T5",
        ),
        Event::ReaperRefused { .. } => new(
            "MMF_UNSTABLE hand-off",
            "The exiting task has claimed the mm first, and the reaper stays out.",
            "oom.md 6.3 c1, c2",
        ),
        Event::CoreDumpStarts { .. } => new(
            "coredump_wait",
            "Whoever else uses the memory gets SIGKILL and then stands still, uninterruptibly, until the dump is written.",
            "oom.md 6.1 E5, S23",
        ),
        Event::Exiting { .. } => new(
            "exit_mm",
            "An exiting task takes mmap_sem for reading, and not killably, before it lets go of its mm.",
            "oom.md 6.1 E2 to E4",
        ),
        Event::MmDropped { .. } => new(
            "mmput",
            "Only the last user of an mm tears it down; until then its memory stays.",
            "oom.md 6.1 E7",
        ),
        Event::Munlocking { .. } | Event::PmdRead { .. } => new(
            "Munlock pass",
            "exit_mmap clears VM_LOCKED before it walks the pages, and from then on the reaper may take them.",
            "oom.md 6.2 M2",
        ),
        Event::Oopsed { .. } => new(
            "CVE-2018-1000200",
            "The reaper cleared the page table between the look and the lock.",
            "oom.md 6.4 b4",
        ),
        Event::NotifiersSkipped { .. } => new(
            "Skip an mm with mmu notifiers",
            "The reaper cannot know whether a notifier would make it wait, so it sleeps a second with oom_lock held, and the killer goes on as if the mm had been reaped.",
            "oom.md 5.3 T4, 7.2",
        ),
        Event::RangeStartFailed { .. } => new(
            "range_start may refuse",
            "A caller that may not block gets -EAGAIN from a notifier that would have to. The others are called all the same; the VMA stays, and the reaper tries again in 100 ms.",
            "oom.md 5.3 T7, 7.2",
        ),
        Event::RangeEnd { .. } => new(
            "invalidate_range_end",
            "It has no way to fail and is not told that its caller must not block: whoever agreed in range_start must not need to sleep here.",
            "oom.md 7.1, 7.4",
        ),
        Event::Unpaired { .. } => new(
            "A start without an end",
            "When one range_start fails the caller gives up, and those that had agreed keep what they hold between start and end.",
            "oom.md 7.2, S15",
        ),
        Event::NotifiersReleased { .. } | Event::WaitedOut { .. } => new(
            "mmu_notifier_release",
            "Whoever tears an address space down empties its list of notifiers and waits, with synchronize_srcu, until no callback of any address space is under way.",
            "oom.md 6.2 M1, 7.1",
        ),
        Event::NobodyTold { .. } | Event::GuestUsedFreed { .. } => new(
            "A second set of page tables",
            "A guest or a device maps the same memory without holding a reference on it. If nobody tells it, it goes on using pages that are free or belong to somebody else.",
            "oom.md 7.2, S12",
        ),
        Event::Corrupted { .. } => new(
            "Page tables freed under the reaper",
            "Whoever tears down the mm did not wait for the reaper to leave it.",
            "oom.md 6.4 b5",
        ),
        Event::ZeroesCopied { .. } => new(
            "Zeroes where data was",
            "A fault on reaped memory maps a fresh page; MMF_UNSTABLE is there so that it gets SIGBUS instead.",
            "oom.md 5.5, V12, V13",
        ),
        Event::Panicked { .. } => new(
            "No killable processes",
            "With nobody left to kill the kernel panics.",
            "oom.md 4.2",
        ),
        _ => None,
    }
}
