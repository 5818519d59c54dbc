//! Readers and writers on one rwsem: `twins/rwsem.toml` once more, by the rules of
//! `kernel/locking/rwsem-xadd.c`.

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

/// The machine: first come the readers, then as many writers.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Default)]
pub struct Rwsem {
    does: [Does; TASKS_MAX],
    line: [u8; TASKS_MAX],
    queue: Queue,
    readers: u8,
    writer: bool,
}

impl Rwsem {
    fn line_done(&mut self, task: u8) {
        let task = usize::from(task);
        self.line[task] += 1;
        self.does[task] = if self.line[task] == LINES {
            Does::Idle
        } else {
            Does::Ready
        };
    }

    fn is_free(&self) -> bool {
        !self.writer && self.readers == 0
    }

    fn enqueue(&mut self, task: u8) {
        self.does[usize::from(task)] = Does::Asleep;
        self.queue.push(task);
    }

    /// `__rwsem_do_wake`: readers at the head are granted.
    fn grant_leading_readers(&mut self, copies: u8) {
        while !self.writer
            && let Some(head) = self.queue.head().filter(|&head| head < copies)
        {
            self.readers += 1;
            self.queue.remove(head);
            self.line_done(head);
        }
    }

    /// A writer at the head is only woken.
    fn wake_any(&mut self, copies: u8) {
        match self.queue.head() {
            Some(head) if head < copies => self.grant_leading_readers(copies),
            Some(head) => self.does[usize::from(head)] = Does::Awake,
            None => {}
        }
    }

    fn down(&mut self, copies: u8, task: u8) {
        let reads = task < copies;
        let granted = match reads {
            true => !self.writer && self.queue.is_empty(),
            false => self.is_free(),
        };
        if granted {
            self.readers += u8::from(reads);
            self.writer = !reads;
            return self.line_done(task);
        }
        self.enqueue(task);
        match reads {
            true if self.is_free() => self.wake_any(copies),
            true => {}
            false => self.grant_leading_readers(copies),
        }
    }

    fn up(&mut self, copies: u8, task: u8) {
        self.line_done(task);
        match task < copies {
            true => self.readers -= 1,
            false => self.writer = false,
        }
        if self.readers == 0 {
            self.wake_any(copies);
        }
    }

    /// `rwsem_down_write_failed`: an awake writer takes a free lock from any place.
    fn look_again(&mut self, task: u8) {
        if self.is_free() {
            self.queue.remove(task);
            self.writer = true;
            self.line_done(task);
        } else {
            self.does[usize::from(task)] = Does::Asleep;
        }
    }
}

impl Twin for Rwsem {
    fn start(_: u8) -> Rwsem {
        Rwsem::default()
    }

    fn tasks(copies: u8) -> u8 {
        2 * copies
    }

    fn can_step(&self, task: u8) -> bool {
        matches!(self.does[usize::from(task)], Does::Ready | Does::Awake)
    }

    fn step(&mut self, copies: u8, task: u8) {
        match (
            self.does[usize::from(task)],
            self.line[usize::from(task)] % 2,
        ) {
            (Does::Awake, _) => self.look_again(task),
            (_, 0) => self.down(copies, task),
            _ => self.up(copies, task),
        }
    }
}
