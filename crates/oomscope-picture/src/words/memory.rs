//! Pages: taken, looked for, promised to a transaction.

use oomscope_model::event::{Event, Null, Right};
use oomscope_model::kernel::xfs::reserved;

use super::{Words, request_name};
use crate::{names, vessel};

impl Words<'_> {
    pub(super) fn memory_clause(&self, event: &Event) -> Option<String> {
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

    pub(super) fn reclaim_clause(&self, event: &Event) -> Option<String> {
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

    pub(super) fn xfs_clause(&self, event: &Event) -> Option<String> {
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
}
