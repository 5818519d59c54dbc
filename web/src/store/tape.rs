//! The run as it is recorded: replay, clock, log, and what the plot and the scrubber show.
//!
//! Everything here can be made again from the machine and the moves. The tape only grows
//! at its end; a store that stands elsewhere copies the part that it knows.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, Machine, ProcessId, TaskId};
use oomscope_model::patches::Version;
use oomscope_model::state::State;
use oomscope_model::transition::{Act, Move};
use oomscope_picture::clock;
use oomscope_picture::plot::{Flag, FlagKind, Sample};
use oomscope_picture::{LogKind, LogLine, log_with_traces};
use oomscope_scenario::condition;
use oomscope_scenario::replay::{Diverged, Replay};
use oomscope_scenario::scenario::Scenario;

use super::MarkerAt;

/// The replay, and what grows with it and is asked for one piece at a time.
#[derive(Clone)]
pub(crate) struct Tape {
    pub(crate) replay: Replay,
    times: Vec<u64>,
    /// Lines of the kernel and its tracepoints, in the order of time.
    log: Vec<(usize, LogLine)>,
    version: Version,
}

/// What the views want as a whole.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub(crate) samples: Vec<Sample>,
    pub(crate) flags: Vec<Flag>,
    pub(crate) markers: Vec<MarkerAt>,
    /// Steps in which a lock, a victim or memory changed hands.
    pub(crate) interesting: Vec<usize>,
    /// Steps at which an act was done: a segment of the search begins after each.
    pub(crate) acts: Vec<usize>,
    /// Steps in which pages of a victim came back.
    pub(crate) freed: Vec<(usize, u16)>,
    /// Whom the killer chose, in order.
    pub(crate) kills: Vec<(usize, ProcessId)>,
    /// Killed waiters that left a queue.
    pub(crate) left: Vec<(usize, TaskId, LockId)>,
}

impl Tape {
    pub(crate) fn new(machine: &Machine, version: Version) -> Tape {
        Tape {
            replay: Replay::new(machine.clone()),
            times: vec![clock::START_USEC],
            log: Vec::new(),
            version,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len() - 1
    }

    pub(crate) fn time_usec(&self, step: usize) -> u64 {
        let last = self.times.last().copied().unwrap_or(clock::START_USEC);
        self.times.get(step).copied().unwrap_or(last)
    }

    /// The last `limit` log lines up to a step, with those of tracepoints or without.
    pub(crate) fn log(&self, step: usize, limit: usize, traces: bool) -> Vec<LogLine> {
        let end = self.log.partition_point(|(at, _)| *at <= step);
        let wanted = |line: &&LogLine| traces || line.kind != LogKind::Trace;
        let lines = self.log[..end].iter().rev().map(|(_, line)| line);
        let mut last: Vec<LogLine> = lines.filter(wanted).take(limit).cloned().collect();
        last.reverse();
        last
    }

    /// The tape up to a step, for a run that goes on differently.
    pub(crate) fn up_to(&self, step: usize) -> Tape {
        let mut tape = self.clone();
        tape.replay.truncate(step);
        tape.times.truncate(step + 1);
        tape.log.retain(|(at, _)| *at <= step);
        tape
    }

    /// Appends a move and says what happened.
    pub(crate) fn push(&mut self, entry: Move) -> Result<Vec<Event>, Diverged> {
        let events = self.replay.push(entry)?;
        let step = self.len() + 1;
        let time = clock::after(self.time_usec(step - 1), &events);
        self.times.push(time);
        let (machine, state) = (self.replay.tip_machine(), self.replay.tip());
        for event in &events {
            let lines = log_with_traces(machine, self.version, event, state, time);
            self.log.extend(lines.into_iter().map(|line| (step, line)));
        }
        Ok(events)
    }
}

impl Shown {
    /// What a run of no steps shows.
    pub(crate) fn start(scenario: &Scenario, machine: &Machine, state: &State) -> Shown {
        let mut shown = Shown {
            markers: vec![MarkerAt {
                step: 0,
                title: "Start".to_string(),
                id: "start".to_string(),
            }],
            samples: vec![Sample {
                step: 0,
                free_pages: state.free_pages,
            }],
            ..Shown::default()
        };
        shown.find_markers(scenario, machine, state, 0);
        shown
    }

    /// Cuts off what came after a step.
    pub(crate) fn truncate(&mut self, step: usize) {
        self.samples.truncate(step + 1);
        self.flags.retain(|flag| flag.step as usize <= step);
        self.markers.retain(|marker| marker.step <= step);
        self.interesting.retain(|&at| at <= step);
        self.acts.retain(|&at| at <= step);
        self.freed.retain(|&(at, _)| at <= step);
        self.kills.retain(|&(at, _)| at <= step);
        self.left.retain(|&(at, ..)| at <= step);
    }

    /// Takes in the step that has just been recorded.
    pub(crate) fn push(
        &mut self,
        scenario: &Scenario,
        step: usize,
        entry: Move,
        after: (&Machine, &State, &[Event]),
    ) {
        let (machine, state, events) = after;
        self.samples.push(Sample {
            step: step as u32,
            free_pages: state.free_pages,
        });
        let flags = events.iter().filter_map(|event| flag(machine, event));
        self.flags.extend(flags.map(|(kind, label)| Flag {
            step: step as u32,
            kind,
            label,
        }));
        if events.iter().any(is_interesting) {
            self.interesting.push(step);
        }
        let freed: u16 = events.iter().map(pages_back).sum();
        if freed > 0 {
            self.freed.push((step, freed));
        }
        for event in events {
            match *event {
                Event::Killed { process, .. }
                | Event::ChildKilled { process, .. }
                | Event::GroupKilled { process, .. } => self.kills.push((step, process)),
                Event::WaiterLeft { task, lock, .. } => self.left.push((step, task, lock)),
                _ => {}
            }
        }
        if let Move::Act(act) = entry {
            self.acts.push(step);
            if let Act::Switch { patch, on } = act {
                let title = format!("{} {}", patch.get().title, if on { "on" } else { "off" });
                let sign = if on { '+' } else { '-' };
                let id = format!("{sign}{}", patch.get().id);
                self.markers.push(MarkerAt { step, title, id });
            }
        }
        self.find_markers(scenario, machine, state, step);
    }

    /// Named moments that have not been met yet and hold now.
    fn find_markers(&mut self, scenario: &Scenario, machine: &Machine, state: &State, step: usize) {
        for marker in &scenario.markers {
            let known = self.markers.iter().any(|known| known.id == marker.id);
            if !known && condition::holds(&marker.when, machine, state) {
                self.markers.push(MarkerAt {
                    step,
                    title: marker.title.clone(),
                    id: marker.id.clone(),
                });
            }
        }
    }
}

fn flag(machine: &Machine, event: &Event) -> Option<(FlagKind, String)> {
    match *event {
        Event::Killed { process, .. }
        | Event::ChildKilled { process, .. }
        | Event::GroupKilled { process, .. } => {
            let name = &machine.process(process).name;
            Some((FlagKind::Kill, format!("SIGKILL {name}")))
        }
        Event::TrylockFailed { .. } => Some((FlagKind::ReapTry, String::new())),
        Event::Reaped { .. } => Some((FlagKind::Reap, "reaped".to_string())),
        Event::UnableToReap { .. } => Some((FlagKind::GiveUp, "gave up".to_string())),
        Event::Switched { patch, on: true } => {
            Some((FlagKind::PatchOn, format!("{} on", patch.get().title)))
        }
        Event::Switched { patch, on: false } => {
            Some((FlagKind::PatchOff, format!("{} off", patch.get().title)))
        }
        _ => None,
    }
}

/// Steps worth stopping at: a lock, a victim or memory changed hands.
fn is_interesting(event: &Event) -> bool {
    matches!(
        event,
        Event::LockQueued { .. }
            | Event::LockGranted { .. }
            | Event::WaiterLeft { .. }
            | Event::NoPage { .. }
            | Event::Parked { .. }
            | Event::AllocFailed { .. }
            | Event::TooManyIsolated { .. }
            | Event::Isolated { .. }
            | Event::Reclaimed { .. }
            | Event::RetriesExhausted { .. }
            | Event::KswapdGaveUp { .. }
            | Event::MarkedItself { .. }
            | Event::MarkedExiting { .. }
            | Event::Killed { .. }
            | Event::ChildKilled { .. }
            | Event::GroupKilled { .. }
            | Event::Panicked { .. }
            | Event::PanickedOnOom { .. }
            | Event::InitDied { .. }
            | Event::SharerKilled { .. }
            | Event::MmHidden { .. }
            | Event::TrylockFailed { .. }
            | Event::ReaperRefused { .. }
            | Event::VmaZapped { .. }
            | Event::Reaped { .. }
            | Event::UnableToReap { .. }
            | Event::SkipSet { .. }
            | Event::MarkCleared { .. }
            | Event::Unmapped { .. }
            | Event::Oopsed { .. }
            | Event::Corrupted { .. }
            | Event::ZeroesCopied { .. }
            | Event::NotifiersSkipped { .. }
            | Event::RangeStart { .. }
            | Event::RangeStartFailed { .. }
            | Event::RangeEnd { .. }
            | Event::Unpaired { .. }
            | Event::NobodyTold { .. }
            | Event::GuestUsedFreed { .. }
            | Event::PartlyReaped { .. }
            | Event::Exited { .. }
            | Event::Switched { .. }
    )
}

/// Pages that came back from somebody's address space. What the kernel itself gives back
/// says nothing about a victim.
fn pages_back(event: &Event) -> u16 {
    match *event {
        Event::VmaZapped { pages, .. } | Event::Unmapped { pages, .. } => pages,
        _ => 0,
    }
}
