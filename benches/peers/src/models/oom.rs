//! Allocators, the killer among them, and a victim that waits for a mutex which an allocator
//! holds: `twins/oom.toml` once more, by the rules of a 4.5 kernel (`mm/page_alloc.c`,
//! `mm/oom_kill.c`, `kernel/exit.c`, `kernel/locking/mutex.c`).

use super::{Queue, TASKS_MAX, Twin};

/// Task 0; then come the workers, who allocate under the mutex, then as many eaters.
const VICTIM: u8 = 0;
/// Pages that the victim maps.
const RSS: u8 = 50;
/// All three watermarks.
const MARK: u8 = 1;

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Default)]
enum Does {
    #[default]
    Ready,
    Asleep,
    Awake,
    /// About to look at the free list.
    Try,
    /// Reclaim made no progress: goes to the killer.
    Oom,
    /// A round changed nothing, and nothing has changed since.
    ParkedTry,
    /// The same, and somebody has `oom_lock`.
    ParkedOom,
    /// Has killed, sleeps a jiffy with `oom_lock` held.
    Naps,
    Napped,
    /// The victim: has seen the signal; holds `mmap_sem`; is in `exit_mmap`.
    ExitLock,
    ExitDrop,
    ExitStart,
    ExitUnmap,
    ExitFree,
    Idle,
    Exited,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Lock,
    Alloc,
    Unlock,
    Free,
    None,
}

/// The machine.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Default)]
pub struct Oom {
    does: [Does; TASKS_MAX],
    line: [u8; TASKS_MAX],
    /// Nothing relevant has changed since its round began.
    clean: [bool; TASKS_MAX],
    queue: Queue,
    taken: bool,
    oom_lock: bool,
    /// The victim: SIGKILL and `TIF_MEMDIE` are one step.
    killed: bool,
    free: u8,
}

impl Oom {
    fn op(&self, copies: u8, task: u8) -> Op {
        let line = self.line[usize::from(task)];
        match (task, line) {
            (VICTIM, 0) => Op::Lock,
            (VICTIM, 1) => Op::Unlock,
            (VICTIM, _) => Op::None,
            (worker, 0..6) if worker <= copies => {
                [Op::Lock, Op::Alloc, Op::Unlock][usize::from(line % 3)]
            }
            (worker, _) if worker <= copies => Op::None,
            (_, 0 | 1) => Op::Alloc,
            (_, 2) => Op::Free,
            _ => Op::None,
        }
    }

    /// A killed process whose program is over leaves.
    fn line_done(&mut self, copies: u8, task: u8) {
        self.line[usize::from(task)] += 1;
        let over = self.op(copies, task) == Op::None;
        self.does[usize::from(task)] = match over {
            false => Does::Ready,
            true if task == VICTIM && self.killed => Does::ExitLock,
            true => Does::Idle,
        };
    }

    /// Something that a round of the allocator reads has changed.
    fn disturb(&mut self) {
        self.clean = Default::default();
        for does in &mut self.does {
            if matches!(does, Does::ParkedTry | Does::ParkedOom) {
                *does = Does::Try;
            }
        }
    }

    fn lock(&mut self, copies: u8, task: u8) {
        if self.taken {
            self.queue.push(task);
            self.does[usize::from(task)] = Does::Asleep;
        } else {
            self.taken = true;
            self.line_done(copies, task);
        }
    }

    fn unlock(&mut self, copies: u8, task: u8) {
        self.taken = false;
        self.line_done(copies, task);
        if let Some(head) = self.queue.head() {
            self.does[usize::from(head)] = Does::Awake;
        }
    }

    fn look_again(&mut self, copies: u8, task: u8) {
        if self.taken {
            self.does[usize::from(task)] = Does::Asleep;
        } else {
            self.taken = true;
            self.queue.remove(task);
            self.line_done(copies, task);
        }
    }

    /// The free list; then reclaim, which has nothing to reclaim.
    fn try_freelist(&mut self, copies: u8, task: u8) {
        if self.free > MARK {
            self.free -= 1;
            self.line_done(copies, task);
        } else {
            self.clean[usize::from(task)] = true;
            self.does[usize::from(task)] = Does::Oom;
        }
    }

    /// A round that changed nothing is over.
    fn end_round(&mut self, task: u8, parked: Does) {
        let clean = std::mem::take(&mut self.clean[usize::from(task)]);
        self.does[usize::from(task)] = if clean { parked } else { Does::Try };
    }

    /// Without `oom_lock` it naps; with it there is a last attempt, then the scan, which ends
    /// at a victim that is on its way out.
    fn may_oom(&mut self, copies: u8, task: u8) {
        if self.oom_lock {
            return self.end_round(task, Does::ParkedOom);
        }
        if self.free > MARK {
            self.free -= 1;
            return self.line_done(copies, task);
        }
        if self.killed {
            assert_ne!(
                self.does[usize::from(VICTIM)],
                Does::Exited,
                "nobody is left"
            );
            return self.end_round(task, Does::ParkedTry);
        }
        self.killed = true;
        if self.does[usize::from(VICTIM)] == Does::Idle {
            self.does[usize::from(VICTIM)] = Does::ExitLock;
        }
        self.disturb();
        self.oom_lock = true;
        self.does[usize::from(task)] = Does::Naps;
    }

    fn nap_over(&mut self, task: u8) {
        self.oom_lock = false;
        for does in &mut self.does {
            if *does == Does::ParkedOom {
                *does = Does::Try;
            }
        }
        self.does[usize::from(task)] = Does::Try;
    }

    /// The next step of the victim's way out.
    fn leave(&mut self, next: Does) {
        self.disturb();
        self.does[usize::from(VICTIM)] = next;
    }

    fn start_line(&mut self, copies: u8, task: u8) {
        match self.op(copies, task) {
            Op::Lock if task == VICTIM && self.killed => self.leave(Does::ExitDrop),
            Op::Lock => self.lock(copies, task),
            Op::Alloc => self.try_freelist(copies, task),
            Op::Unlock => self.unlock(copies, task),
            Op::Free => {
                self.free += 1;
                self.disturb();
                self.line_done(copies, task);
            }
            Op::None => {}
        }
    }
}

impl Twin for Oom {
    fn start(_: u8) -> Oom {
        Oom {
            free: 3,
            ..Oom::default()
        }
    }

    fn tasks(copies: u8) -> u8 {
        2 * copies + 1
    }

    fn can_step(&self, task: u8) -> bool {
        !matches!(
            self.does[usize::from(task)],
            Does::Asleep | Does::ParkedTry | Does::ParkedOom | Does::Idle | Does::Exited
        )
    }

    fn step(&mut self, copies: u8, task: u8) {
        match self.does[usize::from(task)] {
            Does::Ready => self.start_line(copies, task),
            Does::Awake => self.look_again(copies, task),
            Does::Try => self.try_freelist(copies, task),
            Does::Oom => self.may_oom(copies, task),
            Does::Naps => self.does[usize::from(task)] = Does::Napped,
            Does::Napped => self.nap_over(task),
            Does::ExitLock => self.leave(Does::ExitDrop),
            Does::ExitDrop => self.leave(Does::ExitStart),
            Does::ExitStart => self.does[usize::from(VICTIM)] = Does::ExitUnmap,
            Does::ExitUnmap => {
                self.free += RSS;
                self.leave(Does::ExitFree);
            }
            Does::ExitFree => self.leave(Does::Exited),
            Does::Asleep | Does::ParkedTry | Does::ParkedOom | Does::Idle | Does::Exited => {}
        }
    }
}
