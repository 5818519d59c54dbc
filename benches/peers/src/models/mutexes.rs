//! Two mutexes in two orders: `twins/mutexes.toml` once more, by the rules of
//! `kernel/locking/mutex.c`.

use super::{Queue, TASKS_MAX, Twin};

const LINES: u8 = 4;

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Default)]
enum Does {
    #[default]
    Ready,
    Asleep,
    Awake,
    Idle,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Default)]
struct Mutex {
    taken: bool,
    queue: Queue,
}

/// The machine: first come those who begin with mutex 0, then as many who begin with 1.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Default)]
pub struct Mutexes {
    does: [Does; TASKS_MAX],
    line: [u8; TASKS_MAX],
    mutexes: [Mutex; 2],
}

impl Mutexes {
    fn line_done(&mut self, task: u8) {
        let task = usize::from(task);
        self.line[task] += 1;
        self.does[task] = if self.line[task] == LINES {
            Does::Idle
        } else {
            Does::Ready
        };
    }

    /// Which mutex the task's line is about: lines 0 and 3 the first of its two.
    fn mutex(&mut self, copies: u8, task: u8) -> &mut Mutex {
        let inner = matches!(self.line[usize::from(task)], 1 | 2);
        &mut self.mutexes[usize::from(inner ^ (task >= copies))]
    }

    fn lock(&mut self, copies: u8, task: u8) {
        let mutex = self.mutex(copies, task);
        if mutex.taken {
            mutex.queue.push(task);
            self.does[usize::from(task)] = Does::Asleep;
        } else {
            mutex.taken = true;
            self.line_done(task);
        }
    }

    /// The first waiter will try again.
    fn unlock(&mut self, copies: u8, task: u8) {
        let mutex = self.mutex(copies, task);
        mutex.taken = false;
        let head = mutex.queue.head();
        self.line_done(task);
        if let Some(head) = head {
            self.does[usize::from(head)] = Does::Awake;
        }
    }

    fn look_again(&mut self, copies: u8, task: u8) {
        let mutex = self.mutex(copies, task);
        if mutex.taken {
            self.does[usize::from(task)] = Does::Asleep;
        } else {
            mutex.taken = true;
            mutex.queue.remove(task);
            self.line_done(task);
        }
    }
}

impl Twin for Mutexes {
    fn start(_: u8) -> Mutexes {
        Mutexes::default()
    }

    fn tasks(copies: u8) -> u8 {
        2 * copies
    }

    fn can_step(&self, task: u8) -> bool {
        matches!(self.does[usize::from(task)], Does::Ready | Does::Awake)
    }

    fn step(&mut self, copies: u8, task: u8) {
        match (self.does[usize::from(task)], self.line[usize::from(task)]) {
            (Does::Awake, _) => self.look_again(copies, task),
            (_, 0 | 1) => self.lock(copies, task),
            _ => self.unlock(copies, task),
        }
    }
}
