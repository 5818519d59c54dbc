//! One sentence per step, made from its events.
//!
//! A step may cause a handful of events; the sentence is that of the most telling one,
//! followed by what it set off for others.

use oomscope_model::event::{Event, Null, Right};
use oomscope_model::kernel::page_alloc::{self, Request};
use oomscope_model::kernel::vmscan;
use oomscope_model::kernel::xfs::reserved;
use oomscope_model::machine::{
    Gfp, LockId, Machine, Mode, OOM_LOCK, PAGE_ALLOC_COSTLY_ORDER, TaskId,
};
use oomscope_model::state::{Kmem, Pc, Run, State};
use oomscope_model::transition::{Move, Transition};

use crate::chain::nap_words;
use crate::stack::gfp_name;
use crate::{names, silent, vessel};

/// What happened in a step of this task, in one sentence. A step that nothing tells of is told
/// by where the task is now.
pub fn caption_of(machine: &Machine, task: TaskId, events: &[Event], state: &State) -> String {
    let words = Words { machine, state };
    if events.iter().any(|event| words.clause(event).is_some()) {
        return caption(machine, events, state);
    }
    format!("{}.", silent::clause(machine, state, task))
}

/// What happened in this entry of a run, a step or a change from outside.
pub fn caption_of_move(machine: &Machine, entry: Move, events: &[Event], state: &State) -> String {
    match entry {
        Move::Step(Transition(task)) => caption_of(machine, task, events, state),
        Move::Act(_) => caption(machine, events, state),
    }
}

/// What happened in this step, in one sentence. `state` is the state after the step.
pub fn caption(machine: &Machine, events: &[Event], state: &State) -> String {
    let words = Words { machine, state };
    let Some((main, clause)) = words.main(events) else {
        return "One more step inside the kernel.".to_string();
    };
    let mut sentence = clause;
    // Kernel identifiers keep their spelling at the start of a sentence, words do not.
    for word in ["the ", "nobody ", "a ", "readers "] {
        if sentence.starts_with(word) {
            sentence[..1].make_ascii_uppercase();
        }
    }
    for event in events.iter().filter(|event| *event != main) {
        if let Some(also) = words.consequence(main, event) {
            sentence.push_str("; ");
            sentence.push_str(&also);
        }
    }
    sentence.push('.');
    sentence
}

/// The most telling part of it, for within another sentence. How much memory is left
/// afterwards, and which place it is in the queue, are not what decides.
pub(crate) fn clause(machine: &Machine, task: TaskId, events: &[Event], state: &State) -> String {
    let words = Words { machine, state };
    let Some((_, clause)) = words.main(events) else {
        return silent::clause(machine, state, task);
    };
    match clause.rsplit_once(", ") {
        Some((most, rest)) if rest.ends_with(" left") || rest.starts_with("place ") => {
            most.to_string()
        }
        _ => clause,
    }
}

/// How telling an event is, most telling first.
fn rank(event: &Event) -> u8 {
    match event {
        Event::UsedAfterFree { .. } => 0,
        Event::MreleaseRefused { .. } => 4,
        Event::Oopsed { .. }
        | Event::Corrupted { .. }
        | Event::ZeroesCopied { .. }
        | Event::Panicked { .. } => 0,
        Event::TwoOwners { .. } | Event::WrongErrno { .. } => 0,
        Event::GuestUsedFreed { .. } => 0,
        Event::PanickedOnOom { .. } | Event::InitDied { .. } => 0,
        Event::Switched { .. } => 1,
        Event::ChildKilled { .. } | Event::GroupKilled { .. } => 2,
        Event::GroupChosen { .. } => 6,
        Event::Killed { .. } | Event::MarkedItself { .. } | Event::MarkedExiting { .. } => 2,
        Event::RollbackStarts { .. } | Event::RolledBack { .. } | Event::KmemWarns { .. } => 3,
        Event::TransCancelled { .. } | Event::KmemNull { .. } => 3,
        Event::SysrqF { .. } | Event::SysrqIgnored { .. } | Event::OomNotifyOver { .. } => 3,
        Event::Memalloc { .. } => 8,
        Event::TransReserving { .. } | Event::TransStarted { .. } => 6,
        Event::TransWaits { .. } => 5,
        Event::TransCommitted { .. } => 8,
        Event::UnableToReap { .. } | Event::Reaped { .. } | Event::TrylockFailed { .. } => 3,
        Event::ReaperRefused { .. } | Event::NothingToReap { .. } => 3,
        Event::ReapNotNeeded { .. } => 3,
        Event::WaiterInterrupted { .. } | Event::Restarted { .. } => 4,
        Event::SignalSent { .. } | Event::Downgraded { .. } | Event::MmPut { .. } => 6,
        Event::VmaUnmapped { .. } => 5,
        Event::BiasLeaked { .. } | Event::HandoffSet { .. } => 7,
        Event::MmPinned { .. } => 10,
        Event::NotifiersSkipped { .. } | Event::PartlyReaped { .. } => 3,
        Event::RangeStartFailed { .. } | Event::NotifiersReleased { .. } => 4,
        Event::SharerKilled { .. } | Event::MmHidden { .. } => 3,
        Event::NobodyInMemcg { .. } => 3,
        Event::OverLimit { .. } | Event::ForceCharged { .. } | Event::MemcgOomWaits { .. } => 5,
        Event::WaiterLeft { .. } | Event::AllocFailed { .. } | Event::FaultRefused { .. } => 4,
        Event::ScanAborted { .. } | Event::KillerVetoed { .. } | Event::OomLockBusy { .. } => 4,
        Event::OomNotified { .. } => 4,
        Event::Unmapped { .. } | Event::VmaZapped { .. } | Event::MmGone { .. } => 5,
        Event::Munlocking { .. } | Event::PmdRead { .. } | Event::PtlTaken { .. } => 5,
        Event::PmdNone { .. } | Event::ExitMmapStarts { .. } => 5,
        Event::RobustListWalked { .. } | Event::RobustListLost { .. } => 5,
        Event::CoreDumpStarts { .. } => 3,
        Event::RangeStart { .. } | Event::RangeEnd { .. } | Event::GuestAccess { .. } => 6,
        Event::CallbackGoesOn { .. } => 6,
        Event::NobodyTold { .. } | Event::Unpaired { .. } | Event::WaitedOut { .. } => 6,
        Event::MmDropped { .. } | Event::Exiting { .. } | Event::VmaSkipped { .. } => 6,
        Event::LockQueued { .. } | Event::PageTaken { .. } | Event::NoPage { .. } => 7,
        Event::LockTaken { .. } | Event::Completed { .. } | Event::Waits { .. } => 8,
        Event::ReaperBusy { .. } | Event::ReaperLost { .. } => 8,
        Event::PagesFreed { .. } | Event::ReaperStarts { .. } | Event::MmputQueued { .. } => 8,
        Event::Unwound { .. } | Event::LockReleased { .. } | Event::WaiterSlept { .. } => 9,
        Event::LockGranted { .. } | Event::SkipSet { .. } | Event::UnstableSet { .. } => 10,
        Event::Signalled { .. } | Event::MarkCleared { .. } | Event::ReaperQueued { .. } => 11,
        Event::Exited { .. } | Event::ProgramEnded { .. } | Event::WaiterWoken { .. } => 12,
        Event::PageMapped { .. } | Event::Parked { .. } => 13,
        Event::Slept { .. } | Event::Woke { .. } => 14,
        Event::TooManyIsolated { .. } | Event::Refaulted { .. } => 4,
        Event::RetriesExhausted { .. } | Event::WritepageFailed { .. } => 5,
        Event::Isolated { .. } | Event::Reclaimed { .. } => 6,
        Event::KswapdSleeps { .. } | Event::KswapdGaveUp { .. } => 8,
        Event::ShrinkerSkipped { .. } => 8,
        Event::KswapdWoken { .. } => 12,
    }
}

/// `GFP_NOFS`, and the order if that alone would decide.
fn request_name(gfp: Gfp, order: u8) -> String {
    if order > PAGE_ALLOC_COSTLY_ORDER {
        format!("order {order}")
    } else {
        gfp_name(gfp)
    }
}

pub(crate) struct Words<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) state: &'a State,
}

impl Words<'_> {
    pub(crate) fn task(&self, task: TaskId) -> &str {
        names::task(self.machine, task)
    }

    pub(crate) fn lock(&self, lock: LockId) -> String {
        names::lock(self.machine, lock)
    }

    pub(crate) fn purpose(&self, lock: LockId, mode: Mode) -> &'static str {
        names::purpose(self.machine, lock, mode)
    }

    pub(crate) fn size(&self, pages: u16) -> String {
        names::megabytes(self.machine, pages)
    }

    pub(crate) fn mm(&self, mm: oomscope_model::machine::MmId) -> &str {
        names::mm(self.machine, mm)
    }

    /// Whether an mm is the task's own; a kernel thread only adopts one.
    pub(crate) fn owns(&self, task: TaskId, mm: oomscope_model::machine::MmId) -> bool {
        self.machine.process_of(task).is_some() && self.machine.actor(task).mm == Some(mm)
    }

    /// `its mm`, or `qemu’s mm` where somebody else's is meant.
    pub(crate) fn whose(
        &self,
        task: TaskId,
        mm: oomscope_model::machine::MmId,
        what: &str,
    ) -> String {
        match self.owns(task, mm) {
            true => format!("its {what}"),
            false => format!("{}’s {what}", self.mm(mm)),
        }
    }

    /// What about the request of a task keeps it from the killer.
    fn request(&self, task: TaskId) -> String {
        let Request { gfp, order } = page_alloc::request(self.machine, self.state, task);
        request_name(gfp, order)
    }

    /// The most telling event, and its clause.
    fn main<'e>(&self, events: &'e [Event]) -> Option<(&'e Event, String)> {
        let clauses = events
            .iter()
            .filter_map(|event| Some((event, self.clause(event)?)));
        clauses.min_by_key(|(event, _)| rank(event))
    }

    /// One event as a clause without a full stop.
    fn clause(&self, event: &Event) -> Option<String> {
        self.lock_clause(event)
            .or_else(|| self.memory_clause(event))
            .or_else(|| self.reclaim_clause(event))
            .or_else(|| self.xfs_clause(event))
            .or_else(|| self.killer_clause(event))
            .or_else(|| self.reaper_clause(event))
            .or_else(|| self.exit_clause(event))
            .or_else(|| self.notifier_clause(event))
    }

    fn lock_clause(&self, event: &Event) -> Option<String> {
        Some(match *event {
            Event::LockTaken { task, lock, mode } => {
                format!(
                    "{} takes {}{}",
                    self.task(task),
                    self.lock(lock),
                    self.purpose(lock, mode)
                )
            }
            Event::LockQueued {
                task,
                lock,
                mode,
                rank,
            } => {
                let (name, how) = (
                    self.task(task),
                    match self.purpose(lock, mode) {
                        " for reading" => " as a reader",
                        " for writing" => " as a writer",
                        _ => "",
                    },
                );
                format!("{name} queues for {}{how}, place {rank}", self.lock(lock))
            }
            Event::LockGranted { task, lock, mode } => {
                format!(
                    "{} gets {}{}",
                    self.task(task),
                    self.lock(lock),
                    self.purpose(lock, mode)
                )
            }
            Event::LockReleased { task, lock, .. } => {
                format!("{} releases {}", self.task(task), self.lock(lock))
            }
            Event::WaiterWoken { task, lock } => {
                format!(
                    "{} is woken and will look at {} again",
                    self.task(task),
                    self.lock(lock)
                )
            }
            Event::WaiterSlept { task, lock } => {
                format!(
                    "{} finds {} still taken and sleeps again",
                    self.task(task),
                    self.lock(lock)
                )
            }
            Event::WaiterLeft { task, lock, .. } => format!(
                "SIGKILL takes {} out of the queue of {}: it leaves with -EINTR",
                self.task(task),
                self.lock(lock)
            ),
            Event::WaiterInterrupted { task, lock, .. } => format!(
                "a signal takes {} out of the queue of {}",
                self.task(task),
                self.lock(lock)
            ),
            Event::SignalSent { task } => format!("a signal arrives for {}", self.task(task)),
            Event::Restarted { task } => format!(
                "the handler of {} runs, and its system call starts again (-ERESTARTNOINTR)",
                self.task(task)
            ),
            Event::WrongErrno { task } => format!(
                "the system call of {} returns -EINTR, which its manual page does not list",
                self.task(task)
            ),
            Event::Downgraded { task, lock } => format!(
                "{} holds {} only for reading from now on",
                self.task(task),
                self.lock(lock)
            ),
            Event::TwoOwners { lock } => format!(
                "readers are granted {} although a writer owns it",
                self.lock(lock)
            ),
            Event::BiasLeaked { lock } => format!(
                "the count of {} still says that somebody waits, and nobody does",
                self.lock(lock)
            ),
            Event::HandoffSet { task, lock } => format!(
                "{} finds {} taken again and asks that it be handed over",
                self.task(task),
                self.lock(lock)
            ),
            Event::MmPinned { task, mm } => {
                format!("{} takes a reference on {}", self.task(task), self.mm(mm))
            }
            Event::MmPut { task, mm } => {
                format!(
                    "{} gives its reference on {} back",
                    self.task(task),
                    self.mm(mm)
                )
            }
            Event::VmaUnmapped { task, mm, pages } => format!(
                "{} unmaps {} of {}",
                self.task(task),
                self.size(pages),
                self.mm(mm)
            ),
            Event::Waits { task, completion } => {
                format!(
                    "{} waits for {}",
                    self.task(task),
                    names::completion(self.machine, completion)
                )
            }
            Event::Completed { task, completion } => {
                format!(
                    "{} completes {}",
                    self.task(task),
                    names::completion(self.machine, completion)
                )
            }
            Event::Unwound { task } => {
                format!(
                    "the system call of {} returns with an error to user mode",
                    self.task(task)
                )
            }
            Event::Slept { task, nap } => format!("{} sleeps {}", self.task(task), nap_words(nap)),
            Event::Woke { task, .. }
                if self.state.task(task).run == Run::Ready(Pc::Kmem(Kmem::Lap)) =>
            {
                format!("{} has asked every 20 ms for two seconds", self.task(task))
            }
            Event::Woke { task, nap } => {
                format!("{} wakes after {}", self.task(task), nap_words(nap))
            }
            _ => return None,
        })
    }

    fn memory_clause(&self, event: &Event) -> Option<String> {
        let free = self.size(self.state.free_pages);
        Some(match *event {
            Event::PageTaken { task, right } => {
                let name = self.task(task);
                match right {
                    Right::Low | Right::Min => format!("{name} gets a page, {free} are left"),
                    Right::High => {
                        format!(
                            "{name} gets a page in its last attempt under oom_lock, {free} are left"
                        )
                    }
                    Right::Transaction => format!(
                        "{name} gets a page from the reserve of its own transaction, {} of it are left",
                        self.size(u16::from(self.state.task(task).reserve))
                    ),
                    Right::Reserve => format!(
                        "{name} belongs to the victim and gets a page from the reserve, {free} are left"
                    ),
                    Right::Atomic => format!(
                        "{name} cannot wait and gets a page below the min mark, {free} are left"
                    ),
                    Right::Favored => format!(
                        "{name} is favored and gets a page below the min mark, {free} are left"
                    ),
                    Right::Memalloc => format!(
                        "{name} allocates in order to free memory and gets a page from the reserve, {free} are left"
                    ),
                    Right::Nofail => format!(
                        "{name} must not fail (__GFP_NOFAIL) and gets a page from the reserve, {free} are left"
                    ),
                }
            }
            Event::PageMapped { task, mm } => {
                format!("{} maps a page into {}", self.task(task), self.mm(mm))
            }
            Event::NoPage { task } if reserved(self.state) > 0 => format!(
                "{} wants a page, but {free} are not above the min mark and what transactions have reserved ({} and {}), and reclaim finds nothing",
                self.task(task),
                self.size(self.machine.zone.min),
                self.size(reserved(self.state))
            ),
            Event::NoPage { task } => {
                let (name, min) = (self.task(task), self.size(self.machine.zone.min));
                let reclaim = if self.machine.lrus.is_empty() {
                    " and reclaim finds nothing"
                } else {
                    ""
                };
                format!(
                    "{name} wants a page, but {free} are not above the min mark ({min}){reclaim}"
                )
            }
            Event::AllocFailed {
                task,
                gfp,
                order,
                why,
            } => {
                let name = self.task(task);
                match why {
                    Null::Victim => format!(
                        "{name} belongs to the victim and finds no page even in the reserve: its allocation fails"
                    ),
                    Null::NoReclaim => {
                        format!("{name} cannot sleep in reclaim: its allocation fails")
                    }
                    Null::NoRetry => {
                        format!(
                            "{name} asked for one try only (__GFP_NORETRY): its allocation fails"
                        )
                    }
                    Null::Vetoed => format!(
                        "{name} may not call the OOM killer ({}): its allocation fails",
                        request_name(gfp, order)
                    ),
                    Null::Memalloc => format!(
                        "{name} has PF_MEMALLOC and does not reclaim inside reclaim: its allocation fails"
                    ),
                    Null::Limit => format!(
                        "{name} gets no page: its memory cgroup is at its limit, and the charge fails"
                    ),
                }
            }
            Event::Memalloc { task, on: true } => format!(
                "{} sets PF_MEMALLOC: what it asks for may be the last page, and never costs a kill",
                self.task(task)
            ),
            Event::Memalloc { task, .. } => format!("{} clears PF_MEMALLOC", self.task(task)),
            Event::FaultRefused { task, mm } => format!(
                "{} gets SIGBUS, because {} may have been reaped where it faults",
                self.task(task),
                self.mm(mm)
            ),
            Event::ZeroesCopied { task, mm } => format!(
                "{} copies zeroes: the reaper has been there, and {}’s data is gone",
                self.task(task),
                self.mm(mm)
            ),
            Event::OverLimit { task, memcg } => format!(
                "{} gets a page, but the memory cgroup {} is full: {}",
                self.task(task),
                names::memcg(self.machine, memcg),
                vessel::memcg_level(self.machine, self.state, memcg)
            ),
            Event::ForceCharged { task, .. } => {
                format!("{} is let over the limit", self.task(task))
            }
            Event::PagesFreed { task, pages } => {
                format!("{} gives back {}", self.task(task), self.size(pages))
            }
            Event::Parked { task } => format!(
                "{} has been round the allocator without any change and loops",
                self.task(task)
            ),
            _ => return None,
        })
    }

    fn reclaim_clause(&self, event: &Event) -> Option<String> {
        let list = |list: u8| names::list(self.machine, list);
        Some(match *event {
            Event::KswapdWoken { task, kswapd } => {
                format!("{} wakes {}", self.task(task), self.task(kswapd))
            }
            Event::KswapdSleeps { task } => {
                format!("{} finds enough free memory and sleeps", self.task(task))
            }
            Event::KswapdGaveUp { task } => {
                format!("{} goes over all lists and frees nothing", self.task(task))
            }
            Event::Reclaimed {
                task,
                list: from,
                pages,
            } => format!(
                "{} reclaims {} from {}",
                self.task(task),
                self.size(pages),
                list(from)
            ),
            Event::Isolated { task, list: from } => format!(
                "{} isolates {} of {} in order to write it",
                self.task(task),
                self.size(1),
                list(from)
            ),
            Event::WritepageFailed { task, list: from } => format!(
                "{} cannot write {}: that needs a page, and even the reserve has none",
                self.task(task),
                list(from)
            ),
            Event::Refaulted { task, list: from } => format!(
                "{} reclaims a page of {}, and its user faults it in again at once",
                self.task(task),
                list(from)
            ),
            Event::ShrinkerSkipped { task, list: from } => format!(
                "{} may not shrink {}: that needs a file system lock",
                self.task(task),
                list(from)
            ),
            Event::TooManyIsolated { task } => format!(
                "{} finds more pages isolated than left on the list and sleeps 100 ms",
                self.task(task)
            ),
            Event::RetriesExhausted { task, rounds } => format!(
                "{} has been through reclaim {rounds} times without progress and turns to the OOM killer",
                self.task(task)
            ),
            _ => return None,
        })
    }

    fn xfs_clause(&self, event: &Event) -> Option<String> {
        let size = |pages: u8| self.size(u16::from(pages));
        Some(match *event {
            Event::KmemNull { task } => format!(
                "kmem_alloc of {} gets NULL, counts the try, sleeps 20 ms in congestion_wait and asks again",
                self.task(task)
            ),
            Event::KmemWarns { task } => format!(
                "kmem_alloc of {} has got NULL a hundred times, and XFS says so",
                self.task(task)
            ),
            Event::TransReserving { task, pages } => format!(
                "{} raises the watermarks by {} for its transaction",
                self.task(task),
                size(pages)
            ),
            Event::TransWaits { task } => format!(
                "{} may not start its transaction: {} free are not above the min mark and all reservations ({} and {})",
                self.task(task),
                self.size(self.state.free_pages),
                self.size(self.machine.zone.min),
                self.size(reserved(self.state))
            ),
            Event::TransStarted { task, reserve: 0 } => {
                format!("{} starts a transaction", self.task(task))
            }
            Event::TransStarted { task, reserve } => format!(
                "{} starts a transaction with {} in reserve",
                self.task(task),
                size(reserve)
            ),
            Event::TransCommitted { task, reserve: 0 } => {
                format!("{} commits its transaction", self.task(task))
            }
            Event::TransCommitted { task, reserve } => format!(
                "{} commits its transaction and gives back {} of its reserve",
                self.task(task),
                size(reserve)
            ),
            Event::TransCancelled { task, dirty: 0, .. } => format!(
                "{} cancels its transaction, which is clean",
                self.task(task)
            ),
            Event::TransCancelled { task, .. } => format!(
                "{} cancels a dirty transaction: XFS shuts the file system down",
                self.task(task)
            ),
            Event::RollbackStarts { task, pages } => format!(
                "{} gets NULL in a dirty transaction; to roll it back takes {} more",
                self.task(task),
                size(pages)
            ),
            Event::RolledBack { task, pages } => format!(
                "{} has rolled its transaction back and gives back {}",
                self.task(task),
                self.size(pages)
            ),
            _ => return None,
        })
    }

    fn killer_clause(&self, event: &Event) -> Option<String> {
        let process = |process| names::process(self.machine, process);
        Some(match *event {
            Event::OomLockBusy { task } => {
                let holder = self
                    .state
                    .holders(OOM_LOCK)
                    .find(|(holder, _)| *holder != task);
                let by = holder.map_or(String::new(), |(holder, _)| {
                    format!(" by {}", self.task(holder))
                });
                format!(
                    "{} finds oom_lock taken{by} and naps one jiffy",
                    self.task(task)
                )
            }
            Event::KillerVetoed { task } if vmscan::killer_is_kswapd(self.machine) => format!(
                "{} leaves the OOM killer to kswapd and tries again",
                self.task(task)
            ),
            Event::KillerVetoed { task } => format!(
                "{} may not call the OOM killer ({}) and tries again",
                self.task(task),
                self.request(task)
            ),
            Event::OomNotified {
                task,
                notifier,
                pages: 0,
            } => format!(
                "{} calls {}, which frees nothing",
                self.task(task),
                self.machine.oom_notifiers[usize::from(notifier)].name
            ),
            Event::OomNotified {
                task,
                notifier,
                pages,
            } => format!(
                "{} calls {}, which frees {}: nobody is killed",
                self.task(task),
                self.machine.oom_notifiers[usize::from(notifier)].name,
                self.size(pages)
            ),
            Event::OomNotifyOver { task, freed: true } => format!(
                "{} has asked all of oom_notify_list, which freed something: nobody is killed",
                self.task(task)
            ),
            Event::OomNotifyOver { task, freed: false } => format!(
                "{} has asked all of oom_notify_list, which freed nothing, and will choose a victim",
                self.task(task)
            ),
            Event::SysrqF { task } => format!(
                "{} asks for an OOM kill (sysrq-f), which a kworker will see to",
                self.task(task)
            ),
            Event::SysrqIgnored { task } => format!(
                "{} calls the OOM killer for sysrq-f, and nobody can be killed",
                self.task(task)
            ),
            Event::ScanAborted { task, victim } => format!(
                "{} calls the OOM killer, which kills nobody: {} is still on its way out",
                self.task(task),
                process(victim)
            ),
            Event::MarkedItself { task } => format!(
                "{} calls the OOM killer and, being killed itself, is marked as the victim",
                self.task(task)
            ),
            Event::MarkedExiting { task, victim } => format!(
                "{} calls the OOM killer, which only marks {}: it is exiting already",
                self.task(task),
                self.task(victim)
            ),
            Event::ChildKilled {
                task,
                parent,
                process: child,
                ..
            } => format!(
                "{} calls the OOM killer, which chooses {} and kills its child {} instead",
                self.task(task),
                process(parent),
                process(child)
            ),
            Event::GroupChosen { memcg, .. } => format!(
                "all of the memory cgroup {} are to die (memory.oom.group)",
                names::memcg(self.machine, memcg)
            ),
            Event::GroupKilled {
                process: member, ..
            } => format!(
                "{} dies with the others of its memory cgroup",
                process(member)
            ),
            Event::MemcgOomWaits { task } => format!(
                "{} sleeps: somebody else calls the OOM killer for its memory cgroup",
                self.task(task)
            ),
            Event::NobodyInMemcg { task, memcg } => format!(
                "{} calls the OOM killer for the memory cgroup {}, in which nobody can be killed",
                self.task(task),
                names::memcg(self.machine, memcg)
            ),
            Event::Killed {
                task,
                process: victim,
                memcg: Some(memcg),
                ..
            } => format!(
                "{} calls the OOM killer for the memory cgroup {}, which kills {}",
                self.task(task),
                names::memcg(self.machine, memcg),
                process(victim)
            ),
            Event::Killed {
                task,
                process: victim,
                ..
            } => format!(
                "{} calls the OOM killer, which kills {}",
                self.task(task),
                process(victim)
            ),
            Event::SharerKilled {
                victim,
                process: too,
            } => format!(
                "{} dies too: it shares the memory of {}",
                process(too),
                process(victim)
            ),
            Event::MmHidden { victim, by } => format!(
                "the killer will look past the memory of {}: {} goes on using it",
                self.task(victim),
                self.task(by)
            ),
            Event::PanickedOnOom { task } => format!(
                "{} calls the OOM killer, which panics instead (vm.panic_on_oom)",
                self.task(task)
            ),
            Event::InitDied { task } => {
                format!("{} was init: the kernel panics", self.task(task))
            }
            Event::Panicked { .. } => "nobody is left to kill: the kernel panics".to_string(),
            Event::Signalled { task } => format!("SIGKILL reaches {}", self.task(task)),
            Event::MarkCleared { task } => {
                format!("{} is no longer marked as a victim", self.task(task))
            }
            Event::Switched { patch, on } => {
                format!(
                    "“{}” is switched {}",
                    patch.get().title,
                    if on { "on" } else { "off" }
                )
            }
            _ => return None,
        })
    }

    /// What the main event set off for somebody else, short.
    fn consequence(&self, main: &Event, event: &Event) -> Option<String> {
        match *event {
            Event::LockGranted { .. } | Event::Oopsed { .. } => self.clause(event),
            Event::WritepageFailed { .. } | Event::Reclaimed { .. } => self.clause(event),
            Event::LockQueued { .. }
                if matches!(
                    main,
                    Event::RangeStart { .. }
                        | Event::RangeEnd { .. }
                        | Event::NotifiersReleased { .. }
                ) =>
            {
                self.clause(event)
            }
            Event::NobodyTold { .. } | Event::Unpaired { .. } | Event::WaitedOut { .. } => {
                self.clause(event)
            }
            Event::BiasLeaked { .. } | Event::HandoffSet { .. } | Event::Downgraded { .. } => {
                self.clause(event)
            }
            Event::VmaZapped { pages, .. } => Some(format!("{} are freed", self.size(pages))),
            Event::WaiterWoken { task, .. } if !matches!(main, Event::Killed { .. }) => {
                Some(format!("{} is woken", self.task(task)))
            }
            Event::ForceCharged { .. } => self.clause(event),
            Event::SkipSet { .. } if !matches!(main, Event::MmGone { .. }) => self.clause(event),
            Event::SharerKilled { .. } | Event::InitDied { .. } => self.clause(event),
            Event::GroupChosen { .. } | Event::ReaperLost { .. } => self.clause(event),
            Event::ProgramEnded { task } => Some(format!("{} is done", self.task(task))),
            Event::MmGone { .. } | Event::MmputQueued { .. } => self.clause(event),
            Event::Killed { thread, .. } => Some(format!("{} is marked", self.task(thread))),
            Event::Parked { .. }
                if matches!(main, Event::ScanAborted { .. } | Event::KillerVetoed { .. }) =>
            {
                Some("the next round will find the same".to_string())
            }
            Event::TransReserving { .. } | Event::TransCancelled { .. } => self.clause(event),
            Event::TransStarted { .. } if matches!(main, Event::TransReserving { .. }) => {
                self.clause(event)
            }
            Event::Completed { .. }
                if !matches!(
                    main,
                    Event::Completed { .. } | Event::RobustListWalked { .. }
                ) =>
            {
                self.clause(event)
            }
            _ => None,
        }
    }
}
