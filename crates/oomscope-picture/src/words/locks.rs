//! Locks, signals and who waits for whom.

use oomscope_model::event::Event;
use oomscope_model::state::{Kmem, Pc, Run};

use super::Words;
use crate::chain::nap_words;
use crate::names;

impl Words<'_> {
    pub(super) fn lock_clause(&self, event: &Event) -> Option<String> {
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
}
