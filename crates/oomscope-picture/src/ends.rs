//! How a victim ends, in words: the reaper's events and those of the exit path.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, Mode};
use oomscope_model::state::TaskFlags;

use crate::words::Words;

impl Words<'_> {
    pub(crate) fn reaper_clause(&self, event: &Event) -> Option<String> {
        Some(match *event {
            Event::ReaperQueued { victim } => {
                format!("{} is put on the oom_reaper’s list", self.task(victim))
            }
            Event::ReaperLost { victim } => format!(
                "{} stood behind a victim that was queued twice and drops off the reaper’s list",
                self.task(victim)
            ),
            Event::ReaperBusy { victim } => format!(
                "oom_reaper has room for one victim and is not done with the last: {} is not handed to it",
                self.task(victim)
            ),
            Event::ReaperStarts { victim } => format!("oom_reaper turns to {}", self.task(victim)),
            Event::TrylockFailed { task, lock, tries } => format!(
                "{} tries {}{} and fails: {} ({tries} of 10)",
                self.task(task),
                self.lock(lock),
                self.purpose(lock, Mode::Read),
                self.why_trylock_fails(lock)
            ),
            Event::NothingToReap { victim } => format!(
                "oom_reaper finds nothing that it may reap from {} and counts it as done",
                self.task(victim)
            ),
            Event::ReapNotNeeded { victim } => format!(
                "oom_reaper is not needed: {} has freed its memory itself",
                self.task(victim)
            ),
            Event::ReaperRefused { mm, .. } => format!(
                "oom_reaper leaves {} alone: the exiting task has claimed it with MMF_UNSTABLE",
                self.mm(mm)
            ),
            Event::VmaSkipped { mm, .. } => {
                format!(
                    "oom_reaper passes over a part of {} that is mlocked or shared",
                    self.mm(mm)
                )
            }
            Event::VmaZapped {
                task, mm, pages, ..
            } => {
                format!(
                    "{} frees {} of {}",
                    self.task(task),
                    self.size(pages),
                    self.mm(mm)
                )
            }
            Event::Reaped { victim, mm } => {
                let left = self.state.mm(mm).rss();
                let rest = if left == 0 {
                    String::new()
                } else {
                    format!(", {} stay", self.size(left))
                };
                format!("oom_reaper has reaped {}{rest}", self.task(victim))
            }
            Event::UnableToReap { victim } => {
                format!(
                    "oom_reaper gives up on {} after ten failed tries",
                    self.task(victim)
                )
            }
            Event::SkipSet { mm } => {
                format!(
                    "the OOM killer now looks past {} (MMF_OOM_SKIP)",
                    self.mm(mm)
                )
            }
            Event::UnstableSet { mm } => {
                format!("{} is marked MMF_UNSTABLE", self.mm(mm))
            }
            _ => return None,
        })
    }

    pub(crate) fn exit_clause(&self, event: &Event) -> Option<String> {
        Some(match *event {
            Event::MreleaseRefused { task, mm } => format!(
                "{} calls process_mrelease on {}, which has nothing to release for it",
                self.task(task),
                self.mm(mm)
            ),
            Event::UsedAfterFree { task, mm } => format!(
                "{} walks the VMAs of {}, which exit_mmap has freed",
                self.task(task),
                self.mm(mm)
            ),
            Event::RobustListWalked { task } => format!(
                "{} walks its robust list and wakes who waits for its futexes",
                self.task(task)
            ),
            Event::RobustListLost { task } => format!(
                "{} cannot read its robust list, the reaper took that memory: nobody is woken",
                self.task(task)
            ),
            Event::CoreDumpStarts { task } => format!(
                "{} dumps core and stops everybody else who uses its memory",
                self.task(task)
            ),
            Event::Exiting { task } => {
                let flags = self.state.task(task).flags;
                let why = if flags.has(TaskFlags::SIGKILL) {
                    "notices SIGKILL and "
                } else {
                    ""
                };
                format!("{} {why}begins to exit", self.task(task))
            }
            Event::MmDropped { task, mm, users: 0 } => {
                let whose = self.whose(task, mm, "mm");
                format!("{} drops the last reference to {whose}", self.task(task))
            }
            Event::MmDropped { task, mm, users } => {
                let noun = if users == 1 {
                    "user remains"
                } else {
                    "users remain"
                };
                let whose = self.whose(task, mm, "mm");
                format!(
                    "{} drops a reference to {whose}, {users} {noun}",
                    self.task(task)
                )
            }
            Event::MmputQueued { mm } => {
                format!("the last mmput of {} is handed to a kworker", self.mm(mm))
            }
            Event::Munlocking { task, mm, .. } => {
                format!(
                    "{} clears VM_LOCKED in {} and will walk its pages",
                    self.task(task),
                    self.mm(mm)
                )
            }
            Event::PmdRead { task, mm, .. } => {
                format!(
                    "{} reads a pmd of {} and finds pages behind it",
                    self.task(task),
                    self.mm(mm)
                )
            }
            Event::PmdNone { task, mm, .. } => {
                format!(
                    "{} finds no pmd in {}: that memory is gone already",
                    self.task(task),
                    self.mm(mm)
                )
            }
            Event::ExitMmapStarts { task, mm } => {
                let whose = match self.owns(task, mm) {
                    true => String::new(),
                    false => format!(" of {}", self.mm(mm)),
                };
                format!("{} enters exit_mmap{whose}", self.task(task))
            }
            Event::PtlTaken { task, .. } => {
                format!(
                    "{} takes the page-table lock that it looked up",
                    self.task(task)
                )
            }
            Event::Unmapped { task, mm, pages } => {
                format!(
                    "{} unmaps {} and frees {}",
                    self.task(task),
                    self.whose(task, mm, "memory"),
                    self.size(pages)
                )
            }
            Event::MmGone { mm, .. } => format!("exit_mmap of {} is done", self.mm(mm)),
            Event::Oopsed { task, .. } => format!(
                "{} takes the lock of a page table that the reaper has cleared: NULL dereference",
                self.task(task)
            ),
            Event::Corrupted { mm } => {
                format!(
                    "the page tables of {} are freed while they are walked",
                    self.mm(mm)
                )
            }
            Event::Exited { task } => format!("{} is gone", self.task(task)),
            Event::ProgramEnded { task } => format!("{} is done", self.task(task)),
            _ => return None,
        })
    }

    fn why_trylock_fails(&self, lock: LockId) -> String {
        if let Some((holder, _)) = self
            .state
            .holders(lock)
            .find(|(_, mode)| *mode == Mode::Write)
        {
            return format!("{} holds it for writing", self.task(holder));
        }
        match self.state.queued(lock, 1) {
            Some((_, Mode::Write)) => "a writer is queued".to_string(),
            Some((_, Mode::Read)) => "a reader is queued".to_string(),
            None => "somebody was in the way".to_string(),
        }
    }
}
