//! One machine, played by hand: steps and acts in, a table of events out.
#![allow(dead_code, reason = "every test binary uses another part of this")]

use expect_test::Expect;
use oomscope_model::event::Event;
use oomscope_model::kernel::{Kernel, lock};
use oomscope_model::machine::{LockId, Machine, Mode, TaskId};
use oomscope_model::patches::{PatchId, PatchSet, Version};
use oomscope_model::state::{Run, State};
use oomscope_model::step::{act, enabled, step};
use oomscope_model::transition::{Act, Transition};
use oomscope_scenario::diagnostic::Severity;
use oomscope_scenario::parse::parse;

/// The machine of a scenario whose text is without error.
#[track_caller]
pub(crate) fn machine(text: &str) -> Machine {
    let parsed = parse(text);
    let Some(scenario) = parsed.scenario else {
        panic!("{text}\n{:?}", parsed.diagnostics);
    };
    let errors = parsed.diagnostics.iter();
    let mut errors = errors.filter(|found| found.severity == Severity::Error);
    assert!(errors.next().is_none(), "{text}\n{:?}", parsed.diagnostics);
    scenario.machine
}

/// The same, of this release and with these switches moved.
#[track_caller]
pub(crate) fn machine_of(version: Version, switches: &[(&str, bool)], text: &str) -> Machine {
    let mut machine = machine(text);
    machine.patches = PatchSet::of_version(version);
    for (id, on) in switches {
        for (moved, to) in machine.patches.switch(patch(id), *on) {
            machine.patches = machine.patches.with(moved, to);
        }
    }
    machine.kernel = Kernel::of(machine.patches);
    machine
}

#[track_caller]
pub(crate) fn patch(id: &str) -> PatchId {
    PatchId::named(id).unwrap_or_else(|| panic!("no {id}"))
}

/// A machine, where it stands, and what has happened.
pub(crate) struct Play {
    pub(crate) machine: Machine,
    pub(crate) state: State,
    /// What happened, a line an event: who did it and what it was, with names for numbers.
    pub(crate) table: String,
    /// The same as values.
    pub(crate) events: Vec<Event>,
}

impl Play {
    pub(crate) fn new(machine: Machine) -> Play {
        Play {
            state: State::start(&machine),
            machine,
            table: String::new(),
            events: Vec::new(),
        }
    }

    #[track_caller]
    pub(crate) fn task(&self, name: &str) -> TaskId {
        let task = self.machine.task_named(name);
        task.unwrap_or_else(|| panic!("no {name}"))
    }

    #[track_caller]
    pub(crate) fn lock(&self, name: &str) -> LockId {
        let at = self.machine.locks.iter().position(|lock| lock.name == name);
        LockId(at.unwrap_or_else(|| panic!("no {name}")) as u8)
    }

    #[track_caller]
    pub(crate) fn can(&self, name: &str) -> bool {
        let task = self.task(name);
        enabled(&self.machine, &self.state).any(|next| next == Transition(task))
    }

    /// Plays one step of each named task, in order, `v*3` is three of them; a task that
    /// cannot move is noted.
    #[track_caller]
    pub(crate) fn steps(&mut self, names: &str) -> &mut Play {
        for word in names.split_whitespace() {
            let (name, times) = word.split_once('*').unwrap_or((word, "1"));
            for _ in 0..times.parse::<u32>().expect("a number") {
                if self.can(name) {
                    self.step(name);
                } else {
                    self.table.push_str(&format!("{name}: cannot move\n"));
                }
            }
        }
        self
    }

    /// Plays the one step of a task that can move.
    #[track_caller]
    pub(crate) fn step(&mut self, name: &str) -> &mut Play {
        assert!(self.can(name), "{name} cannot move\n{}", self.table);
        let task = self.task(name);
        let mut events = Vec::new();
        step(
            &self.machine,
            &mut self.state,
            Transition(task),
            &mut events,
        );
        self.tell(name, &events);
        self
    }

    /// Plays a task until it cannot move, at most so many steps; says how many it were.
    #[track_caller]
    pub(crate) fn run_at_most(&mut self, most: u32, name: &str) -> u32 {
        let mut steps = 0;
        while steps < most && self.can(name) {
            self.step(name);
            steps += 1;
        }
        steps
    }

    /// Plays a task until it cannot move.
    #[track_caller]
    pub(crate) fn run(&mut self, name: &str) -> &mut Play {
        self.run_at_most(100, name);
        self
    }

    #[track_caller]
    pub(crate) fn act(&mut self, what: Act) -> &mut Play {
        let mut events = Vec::new();
        act(&mut self.machine, &mut self.state, what, &mut events).expect("possible");
        self.tell("act", &events);
        self
    }

    #[track_caller]
    pub(crate) fn kill(&mut self, name: &str) -> &mut Play {
        let task = self.task(name);
        self.act(Act::Kill { task })
    }

    /// Moves a switch and whatever has to move with it.
    #[track_caller]
    pub(crate) fn switch(&mut self, id: &str, on: bool) -> &mut Play {
        for (patch, on) in self.machine.patches.switch(patch(id), on) {
            self.act(Act::Switch { patch, on });
        }
        self
    }

    fn tell(&mut self, who: &str, events: &[Event]) {
        for event in events {
            let text = self.words(*event);
            self.table.push_str(&format!("{who}: {text}\n"));
        }
        self.events.extend(events);
    }

    fn words(&self, event: Event) -> String {
        let mut text = format!("{event:?}");
        for id in self.machine.task_ids() {
            text = text.replace(&format!("TaskId({})", id.0), &self.machine.actor(id).name);
        }
        for (index, process) in self.machine.processes.iter().enumerate() {
            text = text.replace(&format!("ProcessId({index})"), &process.name);
        }
        for (index, lock) in self.machine.locks.iter().enumerate() {
            text = text.replace(&format!("LockId({index})"), &lock.name);
        }
        for patch in PatchId::all() {
            text = text.replace(&format!("PatchId({})", patch.0), patch.get().id);
        }
        text
    }

    /// The table so far.
    #[track_caller]
    pub(crate) fn is(&self, expected: Expect) {
        expected.assert_eq(&self.table);
    }

    /// The table since this was last asked.
    #[track_caller]
    pub(crate) fn is_next(&mut self, expected: Expect) {
        expected.assert_eq(&core::mem::take(&mut self.table));
    }

    #[track_caller]
    pub(crate) fn run_of(&self, name: &str) -> Run {
        self.state.task(self.task(name)).run
    }

    #[track_caller]
    pub(crate) fn holds(&self, task: &str, lock: &str) -> Option<Mode> {
        let task = self.task(task);
        self.state.task(task).held.mode(self.lock(lock))
    }

    #[track_caller]
    pub(crate) fn trylock(&self, name: &str, mode: Mode) -> bool {
        lock::can_trylock(&self.machine, &self.state, self.lock(name), mode)
    }

    pub(crate) fn kills(&self) -> u8 {
        self.state.kills(&self.machine)
    }
}
