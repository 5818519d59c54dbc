//! The same machine with its parts called differently: what symmetry is about.
//!
//! A [`Renaming`] exchanges tasks. [`Renaming::keeps`] says whether the machine looks the same
//! afterwards; [`State::rename`] carries a state over. Whoever adds a field to a state or to
//! the cast decides here whether it names a task; the patterns are exhaustive, so that it
//! cannot be forgotten.

use crate::machine::{Actor, Line, Machine, Op, Process, TASKS_MAX, TaskId};
use crate::state::{State, Task};

/// Which task becomes which. A bijection on the tasks of one machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Renaming {
    tasks: [u8; TASKS_MAX],
}

impl Renaming {
    /// Everybody keeps its name.
    pub const NONE: Renaming = {
        let mut tasks = [0; TASKS_MAX];
        let mut at = 0;
        while at < TASKS_MAX {
            tasks[at] = at as u8;
            at += 1;
        }
        Renaming { tasks }
    };

    /// Two tasks change places.
    pub fn exchange(a: TaskId, b: TaskId) -> Renaming {
        let mut renaming = Renaming::NONE;
        renaming.tasks.swap(usize::from(a.0), usize::from(b.0));
        renaming
    }

    /// What this task is called afterwards.
    pub fn task(&self, task: TaskId) -> TaskId {
        TaskId(self.tasks[usize::from(task.0)])
    }

    /// From now on this task is called that. The caller sees to it that the whole stays a
    /// bijection.
    pub fn call(&mut self, task: TaskId, name: TaskId) {
        self.tasks[usize::from(task.0)] = name.0;
    }

    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Renaming {
        let mut back = Renaming::NONE;
        for (task, &name) in self.tasks.iter().enumerate() {
            back.tasks[usize::from(name)] = task as u8;
        }
        back
    }

    /// Whether the machine is the same afterwards, up to the names that people read: every
    /// task does what the one does whose place it takes, and nobody's program, process or
    /// place in the cast tells the two apart.
    pub fn keeps(&self, machine: &Machine) -> bool {
        let tasks = machine.task_ids().all(|task| {
            let (actor, other) = (machine.actor(task), machine.actor(self.task(task)));
            self.same_actor(actor, other)
        });
        tasks
            && machine
                .processes
                .iter()
                .all(|process| self.same_process(process))
    }

    fn same_actor(&self, actor: &Actor, other: &Actor) -> bool {
        let Actor {
            name: _,
            pid: _,
            kind,
            mm,
            robust_list,
            program,
        } = actor;
        let same_place =
            *kind == other.kind && *mm == other.mm && *robust_list == other.robust_list;
        same_place
            && program.len() == other.program.len()
            && program
                .iter()
                .zip(&other.program)
                .all(|(line, other)| self.same_line(*line, *other))
    }

    fn same_line(&self, line: Line, other: Line) -> bool {
        let Line {
            op,
            resume,
            source: _,
        } = line;
        let op = match op {
            Op::Signal { task } => Op::Signal {
                task: self.task(task),
            },
            // No process changes its name.
            op => op,
        };
        op == other.op && resume == other.resume
    }

    /// A process keeps its threads, and its leader is one by itself: the group's marks are on
    /// it.
    fn same_process(&self, process: &Process) -> bool {
        let Process {
            name: _,
            leader,
            threads: _,
            oom_score_adj: _,
            parent: _,
            traits: _,
        } = process;
        self.task(*leader) == *leader
    }
}

impl State {
    /// The state in which every task is called differently.
    #[must_use]
    pub fn rename(&self, renaming: &Renaming) -> State {
        let State {
            tasks,
            mms: _,
            lrus: _,
            kmem: _,
            free_pages: _,
            completed: _,
            flags: _,
            lock_bits: _,
            notified: _,
            task_count,
            mm_count: _,
            lru_count: _,
            memcg_count: _,
            asked: _,
        } = self;
        let mut renamed = self.clone();
        for (task, word) in tasks[..usize::from(*task_count)].iter().enumerate() {
            let name = renaming.tasks[task];
            renamed.tasks[usize::from(name)] = word.rename(renaming);
        }
        renamed
    }
}

impl Task {
    fn rename(&self, renaming: &Renaming) -> Task {
        let Task {
            run: _,
            line: _,
            held: _,
            flags: _,
            todo: _,
            tries: _,
            mm_job: _,
            victim,
            notifier: _,
            reap_rank: _,
            trans: _,
            reserve: _,
            dirty: _,
        } = self;
        Task {
            victim: victim.map(|victim| renaming.task(victim)),
            ..*self
        }
    }
}
