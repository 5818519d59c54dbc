//! Tasks that nobody can tell apart: two threads of one process with the same program, two
//! kernel threads that do the same. States that differ only in *which* of them stands where
//! have the same future up to names, so one of them stands for all.
//!
//! **Groups.** Two tasks belong together if exchanging them leaves the machine as it is
//! ([`Renaming::keeps`]): same kind, address space, program and robust list, and nobody's
//! program names one of them. The leader of a process stands alone, for the marks of its
//! group are on it, and so does who dumps core: of two, the first is asked. Whole processes are never exchanged: among equals the killer takes the
//! one that stands first in the task list, so they are not equal.
//!
//! **The stand-in** of a state has the members of each group sorted by what they do
//! ([`Symmetry::canonicalize`]).
//!
//! **Why that is sound.** A renaming of equal tasks commutes with a step,
//! `step(r(state), r(task)) = r(step(state, task))`, because the rules reach tasks by what
//! is in their words: who holds, who stands at which rank of a queue, who is marked. Loops
//! over all tasks do the same to each. One rule goes by the order of the task list and
//! matters: [`oom_kill::live_thread`], with which the killer picks the thread it marks, the
//! first one that still has its mm. (The first *process* among equals does not move when
//! threads are exchanged; `kthread_user` and the order in which the killed are signalled show
//! only in events.) So the search watches every pick ([`Watch`]). If a pick had another
//! outcome for another arrangement of equal threads, [`Symmetry::unfair`] names the thread
//! that made the difference; the search takes it out of its group ([`Symmetry::set_apart`])
//! and begins again. What it ends with is a set of renamings that commute with every step
//! that it has seen, and so, by induction over the runs, with every step there is.
//!
//! Picks among the threads of a process that can never be picked again are no concern:
//! there, those set apart are equal again ([`is_settled`]).
//!
//! `tests/reductions.rs` checks the equation on states of every scenario and of generated
//! machines.
//!
//! **Schedules.** A path through stand-ins names tasks as the stand-ins do;
//! [`Symmetry::unfold`] translates it into a run of the machine. Its length stays the same,
//! so a shortest one stays a shortest one.

use oomscope_model::event::{Event, Observer};
use oomscope_model::kernel::{Bookkeeping, oom_kill};
use oomscope_model::machine::{Kind, Line, Machine, Op, ProcessId, TASKS_MAX, TaskId};
use oomscope_model::rename::Renaming;
use oomscope_model::state::{MmFlags, State, TaskFlags};
use oomscope_model::step::step;
use oomscope_model::transition::Transition;

/// Tasks that are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Group {
    /// Bit n: task n is one of them.
    members: u32,
    /// Those that made a difference to the killer's pick.
    apart: u32,
    /// Whose threads they are.
    process: Option<ProcessId>,
}

/// Which tasks of a machine are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symmetry {
    groups: Vec<Group>,
}

impl Symmetry {
    /// No two tasks are alike.
    pub const NONE: Symmetry = Symmetry { groups: Vec::new() };

    /// Finds the groups of a machine.
    pub fn of(machine: &Machine) -> Symmetry {
        // memory.oom.group hands thread after thread to the reaper, in the order of their ids.
        if machine.memcgs.iter().any(|memcg| memcg.oom_group) {
            return Symmetry::NONE;
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut grouped = 0;
        for task in machine.task_ids() {
            let process = match machine.actor(task).kind {
                Kind::User(process) => Some(process),
                Kind::Kthread => None,
                Kind::Kworker | Kind::OomReaper | Kind::Kswapd => continue,
            };
            let dumps = |line: &Line| matches!(line.op, Op::CoreDump { .. });
            let program = &machine.actor(task).program;
            if grouped & bit(task) != 0 || program.iter().any(dumps) {
                continue;
            }
            let members = machine
                .task_ids()
                .filter(|&other| other >= task && grouped & bit(other) == 0)
                .filter(|&other| Renaming::exchange(task, other).keeps(machine))
                .fold(0, |members, other| members | bit(other));
            grouped |= members;
            if members.count_ones() > 1 {
                groups.push(Group {
                    members,
                    apart: 0,
                    process,
                });
            }
        }
        Symmetry { groups }
    }

    /// Whether every state stands for itself only.
    pub fn is_trivial(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups, each as a list of tasks, without those set apart.
    pub fn groups(&self) -> impl Iterator<Item = Vec<TaskId>> {
        self.groups
            .iter()
            .map(|group| tasks(group.members & !group.apart).collect())
    }

    /// Puts the state's stand-in in its place.
    pub fn canonicalize(&self, machine: &Machine, state: &mut State) {
        for group in &self.groups {
            let members = group.exchangeable(machine, state);
            if members.count_ones() > 1 {
                sort(state, members);
            }
        }
    }

    /// The stand-in of a state, and what each task is called in it.
    pub fn canonical(&self, machine: &Machine, state: &State) -> (State, Renaming) {
        let mut stand_in = state.clone();
        let mut renaming = Renaming::NONE;
        for group in &self.groups {
            let members = group.exchangeable(machine, state);
            if members.count_ones() > 1 {
                order(state, members, |task, name| renaming.call(task, name));
            }
        }
        self.canonicalize(machine, &mut stand_in);
        (stand_in, renaming)
    }

    /// The run from `start` that a path of stand-ins describes: entry n of `path` is what
    /// the stand-in of the state after n entries did.
    pub fn unfold(&self, machine: &Machine, start: &State, path: &[Transition]) -> Vec<Transition> {
        let mut state = start.clone();
        path.iter()
            .map(|&Transition(name)| {
                let (_, renaming) = self.canonical(machine, &state);
                let next = Transition(renaming.inverse().task(name));
                step(machine, &mut state, next, &mut ());
                next
            })
            .collect()
    }

    /// Whether the pick that a step from `before` made would have been another one, had
    /// equal threads stood in another order: then the thread that has to be set apart.
    pub fn unfair(&self, machine: &Machine, before: &State, watch: &Watch) -> Option<TaskId> {
        let picked = watch.picked?;
        let process = machine.process_of(picked)?;
        if is_settled(machine, before, process) {
            return None;
        }
        let movable = self
            .groups
            .iter()
            .filter(|group| group.process == Some(process));
        let live = machine
            .threads(process)
            .filter(|&thread| oom_kill::live_mm(machine, before, thread).is_some())
            .fold(0, |live, thread| live | bit(thread));
        for group in movable {
            let members = group.exchangeable(machine, before);
            let others = live & members & !bit(picked);
            if members.count_ones() < 2 {
                continue;
            }
            if members & bit(picked) == 0 {
                // Somebody else of the group could stand before the one that was picked.
                if others != 0 && members.trailing_zeros() < u32::from(picked.0) {
                    return tasks(members).next();
                }
                continue;
            }
            // The picked one could stand behind somebody of another group.
            let last = TaskId(members.ilog2() as u8);
            let strangers = live & !members;
            let overtaken = tasks(strangers).any(|other| self.reach(other).0 < last.0);
            let same = tasks(others)
                .all(|other| before.rename(&Renaming::exchange(picked, other)) == *before);
            if overtaken || !same {
                return Some(picked);
            }
        }
        None
    }

    /// The first place at which this task can stand.
    fn reach(&self, task: TaskId) -> TaskId {
        self.groups
            .iter()
            .map(|group| group.members & !group.apart)
            .find(|members| members & bit(task) != 0)
            .and_then(|members| tasks(members).next())
            .unwrap_or(task)
    }

    /// From now on this task is like no other one, until its process is settled.
    pub fn set_apart(&mut self, task: TaskId) {
        for group in &mut self.groups {
            group.apart |= group.members & bit(task);
        }
    }
}

impl Group {
    /// Which members may change places in this state.
    fn exchangeable(&self, machine: &Machine, state: &State) -> u32 {
        let settled = || {
            self.process
                .is_none_or(|process| is_settled(machine, state, process))
        };
        if self.apart == 0 || settled() {
            self.members
        } else {
            self.members & !self.apart
        }
    }
}

/// Whether the killer will never pick this process again, whatever happens: it cannot be
/// selected at all, or what hides it from the scan, or ends the scan at it, stays for ever.
pub fn is_settled(machine: &Machine, state: &State, process: ProcessId) -> bool {
    let info = machine.process(process);
    let leader = state.task(info.leader).flags;
    let unkillable = info.traits.init || info.oom_score_adj == -1000;
    let era = machine.kernel.bookkeeping;
    let marked = era == Bookkeeping::OomMm && leader.has(TaskFlags::OOM_MM);
    let hidden = era != Bookkeeping::KeepMark
        && oom_kill::process_mm(machine, process)
            .is_some_and(|mm| state.mm(mm).flags.has(MmFlags::OOM_SKIP));
    unkillable || leader.has(TaskFlags::ADJ_MIN) || marked || hidden
}

/// Looks on while a step is made, for the thread that the killer picks.
#[derive(Clone, Copy, Default, Debug)]
pub struct Watch {
    picked: Option<TaskId>,
}

impl Observer for Watch {
    fn event(&mut self, event: Event) {
        match event {
            // Who is killed because it called is no pick, but badness may be zero too.
            Event::Killed { thread, .. } | Event::ChildKilled { thread, .. } => {
                self.picked = Some(thread);
            }
            Event::MarkedExiting { victim, .. } => self.picked = Some(victim),
            _ => {}
        }
    }
}

fn bit(task: TaskId) -> u32 {
    1 << task.0
}

fn tasks(set: u32) -> impl Iterator<Item = TaskId> {
    (0..TASKS_MAX as u8)
        .map(TaskId)
        .filter(move |&task| set & bit(task) != 0)
}

/// What a member does, packed; the reaper's victim is told from its likes.
type Key = ([u64; 2], bool);

/// Calls every member by its place in the order of what they do; whoever does the same keeps
/// the order of the cast.
fn order(state: &State, members: u32, mut call: impl FnMut(TaskId, TaskId)) {
    let victims = state
        .tasks()
        .filter_map(|(_, task)| task.victim)
        .fold(0, |victims, victim| victims | bit(victim));
    let mut keys: [(Key, TaskId); TASKS_MAX] = [(([0; 2], false), TaskId(0)); TASKS_MAX];
    let mut count = 0;
    for task in tasks(members) {
        let key = (state.part(usize::from(task.0)), victims & bit(task) != 0);
        let mut at = count;
        while at > 0 && keys[at - 1].0 > key {
            keys[at] = keys[at - 1];
            at -= 1;
        }
        keys[at] = (key, task);
        count += 1;
    }
    for ((_, task), name) in keys[..count].iter().zip(tasks(members)) {
        call(*task, name);
    }
}

fn sort(state: &mut State, members: u32) {
    let mut renaming = Renaming::NONE;
    let mut moved = false;
    order(state, members, |task, name| {
        moved |= task != name;
        renaming.call(task, name);
    });
    if moved {
        *state = state.rename(&renaming);
    }
}
