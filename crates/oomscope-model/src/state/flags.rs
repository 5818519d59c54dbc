//! Bits: of a task, of an address space, of the machine, and what a task holds.

use crate::machine::{LOCKS_MAX, LockId, Mode};

/// Bits of one task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TaskFlags(pub u16);

impl TaskFlags {
    /// SIGKILL is pending (`fatal_signal_pending`), or was and the task is exiting.
    pub const SIGKILL: u16 = 1;
    /// `TIF_MEMDIE` on this thread.
    pub const MEMDIE: u16 = 1 << 1;
    /// `PF_EXITING`.
    pub const EXITING: u16 = 1 << 2;
    /// `task->mm` is NULL (E6), or the kernel thread has given its mm back.
    pub const MM_NULL: u16 = 1 << 3;
    /// The allocator round that is under way began after the last relevant change.
    pub const CLEAN_ROUND: u16 = 1 << 4;
    /// On a process's leader: `signal->oom_mm` is set (4.9+).
    pub const OOM_MM: u16 = 1 << 5;
    /// On a process's leader: the 4.6 reaper set `oom_score_adj` to -1000.
    pub const ADJ_MIN: u16 = 1 << 6;
    /// On `oom_reaper`, and in `process_mrelease`: it holds a reference on `mm_users` of the
    /// mm it works on.
    pub const PINS_MM: u16 = 1 << 7;
    /// Died in an oops.
    pub const OOPSED: u16 = 1 << 8;
    /// A signal with a handler is pending.
    pub const SIGNAL: u16 = 1 << 9;
    /// The failed system call starts again once it has unwound (-ERESTARTNOINTR).
    pub const RESTARTS: u16 = 1 << 10;
    /// The failed system call returns an error that its manual page does not list.
    pub const WRONG_ERRNO: u16 = 1 << 11;
    /// `PF_DUMPCORE`: dumps core, or has.
    pub const DUMPCORE: u16 = 1 << 12;
    /// On `oom_reaper`: others stood behind its victim in `oom_reaper_list` when it took that
    /// one off, so its `oom_reaper_list` is not NULL and says that it is queued.
    pub const REAPS_LINKED: u16 = 1 << 13;

    /// `PF_MEMALLOC`: allocates in order to free memory, and does not reclaim for it.
    pub const MEMALLOC: u16 = 1 << 14;

    /// Whether the bit is set.
    pub fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

/// What a task holds: two bits a lock, 0 nothing, 1 read, 2 write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held(pub u32);

impl Held {
    pub(super) const WRITE: u32 = 2;
    pub(super) const ANY: u32 = 3;

    /// How it holds this lock.
    pub fn mode(self, lock: LockId) -> Option<Mode> {
        match self.0 >> (2 * lock.0) & 3 {
            0 => None,
            1 => Some(Mode::Read),
            _ => Some(Mode::Write),
        }
    }

    /// The locks it holds, lowest first.
    pub fn locks(self) -> impl Iterator<Item = (LockId, Mode)> {
        (0..LOCKS_MAX as u8)
            .map(LockId)
            .filter_map(move |lock| self.mode(lock).map(|m| (lock, m)))
    }

    /// Whether it holds nothing.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn set(&mut self, lock: LockId, mode: Option<Mode>) {
        let bits = match mode {
            None => 0,
            Some(Mode::Read) => 1,
            Some(Mode::Write) => 2,
        };
        self.0 = self.0 & !(3 << (2 * lock.0)) | bits << (2 * lock.0);
    }
}

/// Bits of one address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MmFlags(pub u16);

impl MmFlags {
    /// `MMF_OOM_REAPED` (4.7, 4.8), renamed `MMF_OOM_SKIP` (4.9): the killer looks past it.
    pub const OOM_SKIP: u16 = 1;
    /// `MMF_UNSTABLE` (4.9+).
    pub const UNSTABLE: u16 = 1 << 1;
    /// `MMF_OOM_NOT_REAPABLE` (4.8): one full set of tries has failed.
    pub const NOT_REAPABLE: u16 = 1 << 2;
    /// `MMF_OOM_VICTIM` (4.15 to 6.0).
    pub const OOM_VICTIM: u16 = 1 << 3;
    /// `exit_mmap` is done: no VMAs, no page tables.
    pub const GONE: u16 = 1 << 4;
    /// Waits for the kworker to run `exit_mmap` (`mmput_async`).
    pub const MMPUT_QUEUED: u16 = 1 << 5;

    /// Pages of it were freed while a guest or a device that maps them was not told.
    pub const STALE: u16 = 1 << 11;
    /// `mmu_notifier_release` has emptied the list (X.M1).
    pub const NOTIFIERS_GONE: u16 = 1 << 12;
    /// Notifier 0 got a range_start whose range_end will never come; the next bits are for
    /// the others.
    pub const UNPAIRED: u16 = 1 << 13;

    /// Whether the bit is set.
    pub fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

/// Bits of the whole machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateFlags(pub u8);

impl StateFlags {
    /// A task oopsed.
    pub const OOPS: u8 = 1;
    /// Memory was corrupted.
    pub const CORRUPT: u8 = 1 << 1;
    /// The kernel panicked: nothing runs any more.
    pub const PANIC: u8 = 1 << 2;
    /// A system call returned an error that its manual page does not list.
    pub const WRONG_ERRNO: u8 = 1 << 3;
    /// `moom_work` is queued: somebody has asked for an OOM kill with sysrq-f.
    pub const MOOM: u8 = 1 << 4;

    /// Whether the bit is set.
    pub fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}
