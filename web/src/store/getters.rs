//! What views read.

use std::rc::Rc;

use oomscope_explore::Class;
use oomscope_model::event::Event;
use oomscope_model::machine::{Machine, Rules, TaskId};
use oomscope_model::patches::{PatchId, PatchSet, Version};
use oomscope_model::state::State;
use oomscope_model::step::enabled;
use oomscope_model::transition::Move;
use oomscope_picture::plot::{Flag, FlagKind, Sample};
use oomscope_picture::{Layout, LogLine, Picture, Row, Rule, TRACEPOINTS_SINCE};
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::scenario::Scenario;

use super::{
    Badge, Here, MarkerAt, Notice, Panel, Selection, Speed, Store, SwitchView, Tab, TaskDetail,
    Theme, View,
};
use crate::protocol::Effect;

/// How many log lines a view gets at most.
const LOG_LINES: usize = 400;

impl Store {
    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.track.scenario
    }

    /// The machine at the cursor, with the patches that are on there.
    pub fn machine(&self) -> &Machine {
        &self.here.machine
    }

    /// The state at the cursor.
    pub fn state(&self) -> &State {
        &self.here.state
    }

    /// The step that is shown.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// How many steps the run has.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a run of no steps is not special"
    )]
    pub fn len(&self) -> usize {
        self.track.len
    }

    /// What happened in the step that led to the cursor.
    pub fn events(&self) -> &[Event] {
        &self.here.events
    }

    /// Virtual time after a step.
    pub fn time_usec(&self, step: usize) -> u64 {
        self.track.tape.borrow().time_usec(step)
    }

    /// Whether the machine runs by itself.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// How fast.
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// Whether a cut can be taken back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether a step forward is possible.
    pub fn can_step(&self) -> bool {
        self.can_advance()
    }

    /// The declared rules.
    pub fn rules(&self) -> Rules {
        self.track.rules
    }

    /// The release that the run started with: its patches, its log format.
    pub fn version(&self) -> Version {
        self.track.version
    }

    /// `Kernel 4.6`, `Kernel 4.6 + 1 patch` where later ones are on as well at the cursor, or
    /// `Kernel 4.6, changed` where one of its own is off.
    pub fn kernel_label(&self) -> String {
        let version = self.track.version;
        let [own, now] = [PatchSet::of_version(version), self.here.machine.patches];
        let more = (now.0 & !own.0).count_ones();
        let more = match own.0 & !now.0 {
            0 if more == 0 => String::new(),
            0 if more == 1 => " + 1 patch".into(),
            0 => format!(" + {more} patches"),
            _ => ", changed".into(),
        };
        format!("Kernel {version}{more}")
    }

    /// The gallery: id, title, story and whether it is open.
    pub fn gallery(&self) -> Vec<(&'static str, String, String, bool)> {
        let open = self.track.scenario.id.as_str();
        let one =
            |id: &'static str, scenario: Scenario| (id, scenario.title, scenario.story, id == open);
        let all = BUILTIN.iter();
        all.filter_map(|builtin| Some(one(builtin.id, builtin.scenario()?)))
            .collect()
    }

    /// The picture at the cursor.
    pub fn picture(&self) -> Rc<Picture> {
        let Here {
            machine,
            state,
            layout,
            events,
            picture,
        } = &*self.here;
        let draw = || Rc::new(oomscope_picture::picture(machine, state, layout, events));
        Rc::clone(picture.get_or_init(draw))
    }

    /// Where everything stands; depends on the window and the scenario, never on the step.
    pub fn layout(&self) -> Rc<Layout> {
        Rc::clone(&self.here.layout)
    }

    /// What just happened, in one sentence.
    pub fn caption(&self) -> String {
        if self.cursor == 0 {
            return "The start.".to_string();
        }
        let (machine, state) = (&self.here.machine, &self.here.state);
        let events = &self.here.events;
        match self.last_move() {
            Some(entry) => oomscope_picture::caption_of_move(machine, entry, events, state),
            None => oomscope_picture::caption(machine, events, state),
        }
    }

    /// The kernel's rule behind the step.
    pub fn rule(&self) -> Option<Rule> {
        oomscope_picture::rule(&self.here.machine, &self.here.events)
    }

    /// The log up to the cursor, newest last; the last few hundred lines.
    pub fn log(&self) -> Vec<LogLine> {
        let tape = self.track.tape.borrow();
        tape.log(self.cursor, LOG_LINES, self.tracepoints)
    }

    /// Whether the log shows tracepoints, where the kernel has them.
    pub fn tracepoints(&self) -> bool {
        self.tracepoints
    }

    /// Whether the release that the run started with has tracepoints.
    pub fn has_tracepoints(&self) -> bool {
        self.track.version >= TRACEPOINTS_SINCE
    }

    /// Free memory after every step of the whole run.
    pub fn samples(&self) -> &[Sample] {
        &self.track.shown.samples
    }

    /// Moments of the whole run that deserve a mark in the plot.
    pub fn flags(&self) -> &[Flag] {
        &self.flags
    }

    /// Takes in new flags of the run and new knowledge about points of no return.
    pub(crate) fn refresh_flags(&mut self) {
        let doors = self.track.known.doors(self.track.len);
        let own = &self.track.shown.flags;
        let fresh = (own.len(), own.last().map(|flag| flag.step), doors.clone());
        if fresh == self.flags_of {
            return;
        }
        let mut flags = own.clone();
        flags.extend(doors.iter().map(|&step| Flag {
            step: step as u32,
            kind: FlagKind::PointOfNoReturn,
            label: "no way back from here".to_string(),
        }));
        flags.sort_by_key(|flag| flag.step);
        self.flags = Rc::new(flags);
        self.flags_of = fresh;
    }

    /// The width of the window in CSS pixels.
    pub fn width(&self) -> u32 {
        self.size.0
    }

    /// The height of the window in CSS pixels.
    pub fn height(&self) -> u32 {
        self.size.1
    }

    /// The move that led to the cursor.
    pub fn last_move(&self) -> Option<Move> {
        let tape = self.track.tape.borrow();
        tape.replay
            .moves()
            .get(self.cursor.checked_sub(1)?)
            .copied()
    }

    /// Named moments found in this run, and patch flips.
    pub fn markers(&self) -> &[MarkerAt] {
        &self.track.shown.markers
    }

    /// Where the step lies, as far as it is known.
    pub fn class(&self, step: usize) -> Option<Class> {
        self.track.known.class(step)
    }

    /// The switches that the scenario offers.
    pub fn switches(&self) -> Vec<SwitchView> {
        let patches = self.here.machine.patches;
        let offered = self.track.scenario.offered.iter();
        offered
            .map(|&patch| {
                let on = patches.has(patch);
                let mut also = patches.switch(patch, !on);
                also.retain(|&(other, _)| other != patch);
                SwitchView {
                    patch,
                    on,
                    also,
                    badge: self.badge(patch, on),
                }
            })
            .collect()
    }

    fn badge(&self, patch: PatchId, on: bool) -> Badge {
        let known = &self.track.known;
        let effect = known.flip(self.cursor, patch);
        match (effect, known.survey(self.cursor)) {
            (Some(Effect::Refused(words)), _) => Badge::Needs(words.clone()),
            (Some(Effect::Unknown), _) => Badge::Unknown,
            (Some(Effect::Survey(after)), Some(before)) => match Badge::of(before, after) {
                Badge::NoEffect if on => Badge::On,
                badge => badge,
            },
            _ if self.demand.is_active() && !self.playing => Badge::Searching,
            _ if on => Badge::On,
            _ => Badge::Off,
        }
    }

    /// One row per task: the picture's twin.
    pub fn task_rows(&self) -> Vec<Row> {
        oomscope_picture::table(&self.here.machine, &self.here.state)
    }

    /// The selected task, seen closely.
    pub fn task_detail(&self) -> Option<TaskDetail> {
        let Some(Selection::Task(task)) = self.selection else {
            return None;
        };
        let (machine, state) = (&self.here.machine, &self.here.state);
        let actor = machine.tasks.get(task.0 as usize)?;
        let row = self.task_rows().into_iter().find(|row| row.id == task);
        let current = usize::from(state.task(task).line);
        let program = oomscope_picture::program_text(machine, task);
        let lines = program.into_iter().enumerate();
        let (holds, waits, chain) = row
            .map(|row| (row.holds, row.waits_for, row.blocked_by))
            .unwrap_or_default();
        Some(TaskDetail {
            task,
            name: actor.name.clone(),
            pid: actor.pid,
            status: oomscope_picture::status(machine, state, task).word,
            stack: oomscope_picture::call_stack(machine, state, task),
            program: lines.map(|(at, line)| (line.text, at == current)).collect(),
            holds,
            waits,
            chain,
        })
    }

    /// The error or note that is open.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// Who could move next.
    pub fn choices(&self) -> Vec<TaskId> {
        enabled(&self.here.machine, &self.here.state)
            .map(|transition| transition.0)
            .collect()
    }

    /// The tab of the side panel.
    pub fn tab(&self) -> Tab {
        self.tab
    }

    /// The open dialog.
    pub fn panel(&self) -> Option<Panel> {
        self.panel
    }

    /// What is looked at closely.
    pub fn selection(&self) -> Option<Selection> {
        self.selection
    }

    /// The whole page, or part of somebody else's.
    pub fn view(&self) -> View {
        self.view
    }

    /// Colours.
    pub fn theme(&self) -> Theme {
        self.theme
    }

    /// Whether the system asks for less motion.
    pub fn reduced_motion(&self) -> bool {
        self.reduced_motion
    }

    /// To the step at which there was no way out any more.
    pub(crate) fn go_to_no_return(&mut self) {
        if let Some(step) = self.track.known.no_return(self.cursor) {
            self.go(step);
        }
    }
}
