//! One sentence per step, made from its events.
//!
//! A step may cause a handful of events; the sentence is that of the most telling one,
//! followed by what it set off for others.

mod killer;
mod locks;
mod memory;

use oomscope_model::event::Event;
use oomscope_model::kernel::page_alloc::{self, Request};
use oomscope_model::machine::{Gfp, LockId, Machine, Mode, PAGE_ALLOC_COSTLY_ORDER, TaskId};
use oomscope_model::state::State;
use oomscope_model::transition::{Act, Move, Transition};

use crate::stack::gfp_name;
use crate::{names, silent};

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
        Move::Act(Act::AddPages { pages }) => pages_back(machine, pages, state),
        Move::Act(_) => caption(machine, events, state),
    }
}

/// Memory that the kernel gave back: no event says so.
fn pages_back(machine: &Machine, pages: u8, state: &State) -> String {
    let words = Words { machine, state };
    let (many, verb) = match pages {
        1 => ("1 page".to_string(), "comes"),
        _ => (format!("{pages} pages"), "come"),
    };
    let free = words.size(state.free_pages);
    format!("{many} of the kernel {verb} back: {free} are free.")
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
