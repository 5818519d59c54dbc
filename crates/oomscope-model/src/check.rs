//! What a state's types cannot say, checked after every step in debug builds.

use crate::kernel::lock;
use crate::machine::{Kind, LockId, Machine, Mode};
use crate::state::{MmFlags, Run, State, StateFlags, TaskFlags, Trans};

/// What is wrong with a state; a bug of ours, never of the user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    what: &'static str,
    index: u8,
}

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ({})", self.what, self.index)
    }
}

impl State {
    /// Checks everything that must hold between two steps.
    ///
    /// # Errors
    /// Names the first thing that does not.
    pub fn check(&self, machine: &Machine) -> Result<(), Broken> {
        self.check_pages(machine)?;
        for lock in (0..machine.locks.len() as u8).map(LockId) {
            self.check_lock(machine, lock)?;
        }
        self.check_users(machine)?;
        self.check_tasks(machine)
    }

    fn check_pages(&self, machine: &Machine) -> Result<(), Broken> {
        let mapped: u32 = self.mms.iter().map(|mm| u32::from(mm.rss())).sum();
        let lists = &self.lrus[..self.lru_count as usize];
        let listed: u32 = lists
            .iter()
            .map(|lru| u32::from(lru.pages) + u32::from(lru.isolated))
            .sum();
        let known = mapped + listed + u32::from(self.free_pages);
        ensure(
            known <= u32::from(machine.zone.total_pages),
            "pages add up to too many",
            0,
        )
    }

    fn check_lock(&self, machine: &Machine, lock: LockId) -> Result<(), Broken> {
        let writers = self
            .holders(lock)
            .filter(|&(_, mode)| mode == Mode::Write)
            .count();
        let holders = self.holders(lock).count();
        ensure(
            writers == 0 || holders == 1 || self.flags.has(StateFlags::CORRUPT),
            "a writer does not hold the lock alone",
            lock.0,
        )?;
        let waiters = self.queue_len(lock);
        for place in 1..=waiters {
            ensure(
                self.queued(lock, place).is_some(),
                "a queue has a gap",
                lock.0,
            )?;
        }
        for (id, task) in self.tasks() {
            if let Run::Queued { on, .. } = task.run
                && on == lock
            {
                ensure(
                    task.held.mode(lock).is_none(),
                    "a task waits for what it holds",
                    id.0,
                )?;
            }
        }
        let reader_at_head = matches!(self.queued(lock, 1), Some((_, Mode::Read)));
        ensure(
            !reader_at_head || writers >= 1 || lock::may_forget_waiters(machine, self, lock),
            "a reader at the head of a queue was not granted",
            lock.0,
        )
    }

    fn check_users(&self, machine: &Machine) -> Result<(), Broken> {
        for (index, mm) in self.mms[..self.mm_count as usize].iter().enumerate() {
            let index = index as u8;
            let attached = machine.task_ids().filter(|&task| {
                machine.actor(task).mm.is_some_and(|mm| mm.0 == index)
                    && !self.task(task).flags.has(TaskFlags::MM_NULL)
            });
            let pinned = self.tasks().filter(|(_, task)| {
                task.flags.has(TaskFlags::PINS_MM) && task.mm_job.is_some_and(|mm| mm.0 == index)
            });
            let expected = attached.count() + pinned.count();
            ensure(
                expected == usize::from(mm.users),
                "mm_users does not count its users",
                index,
            )?;
            let gone = mm.flags.has(MmFlags::GONE);
            ensure(
                !gone || mm.users == 0 && mm.rss() == 0,
                "a dead mm still has pages",
                index,
            )?;
        }
        Ok(())
    }

    fn check_tasks(&self, machine: &Machine) -> Result<(), Broken> {
        let listed = self.tasks().filter(|(_, task)| task.reap_rank != 0).count() as u8;
        for rank in 1..=listed {
            let there = self.tasks().any(|(_, task)| task.reap_rank == rank);
            ensure(there, "oom_reaper_list has a gap", rank)?;
        }
        for (id, task) in self.tasks() {
            let ended = matches!(task.run, Run::Idle | Run::Exited);
            // What an unpaired range_start leaves behind stays with the reaper.
            let left = machine.mms.iter().flat_map(|mm| &mm.notifiers);
            let leaks = machine.actor(id).kind == Kind::OomReaper
                && task.held.locks().all(|(lock, _)| {
                    left.clone()
                        .any(|it| [it.lock, it.count].contains(&Some(lock)))
                });
            ensure(
                !ended || task.trans == Trans::None,
                "a task ended inside a transaction",
                id.0,
            )?;
            ensure(
                task.reserve == 0 || task.trans != Trans::None,
                "a reserve belongs to no transaction",
                id.0,
            )?;
            ensure(
                !ended || task.held.is_empty() || leaks,
                "a task ended with a lock held",
                id.0,
            )?;
        }
        Ok(())
    }
}

fn ensure(holds: bool, what: &'static str, index: u8) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(Broken { what, index })
    }
}
