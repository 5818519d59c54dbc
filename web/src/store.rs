//! The page's memory: what is true, what follows from it, and how actions change it.
//!
//! True is exactly what a link holds: a scenario, the patches and rules it starts with, the
//! run and the cursor. Everything else is made from that, or is a matter of the window.
//! Nothing in here knows the browser; [`Store::reduce`] is a plain function from a store
//! and an action to a store, and is tested natively.

mod answers;
mod badge;
mod demand;
mod fork;
mod getters;
mod kinds;
mod known;
mod map;
mod matrix;
mod open;
mod share;
mod start;
mod tape;
mod time;
pub(crate) mod verdict;
mod why;

#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

use oomscope_model::event::Event;
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::{PatchSet, Version};
use oomscope_model::state::State;
use oomscope_picture::plot::Flag;
use oomscope_picture::{Layout, Picture, Size, Stage};
use oomscope_scenario::link::Origin;
use oomscope_scenario::scenario::Scenario;
use oomscope_scenario::walk::Walk;

pub use answers::{MarkerAt, Notice, SearchState, SwitchView, TaskDetail, Verdict};
pub use badge::Badge;
pub use demand::Demand;
pub use kinds::{Action, Embed, EmbedControls, Panel, Selection, Side, Speed, Tab, Theme, View};
pub use map::{Chart, LapView, Region, Spot};
pub use matrix::{Cure, MatrixRow, MatrixView, MixName};
pub use start::Start;
pub use why::{Decides, WhyView};

use known::Known;
use matrix::Matrix;
use tape::{Shown, Tape};
use why::Opened;

/// How many cuts Undo can take back.
const UNDO_MAX: usize = 50;

/// A scenario and one run of it. Clones share everything.
#[derive(Clone)]
pub(crate) struct Track {
    scenario: Rc<Scenario>,
    origin: Rc<Origin>,
    version: Version,
    patches: PatchSet,
    rules: Rules,
    walk: Rc<Walk>,
    tape: Rc<RefCell<Tape>>,
    len: usize,
    shown: Rc<Shown>,
    known: Rc<Known>,
}

/// What is seen at the cursor.
pub(crate) struct Here {
    machine: Machine,
    state: State,
    events: Vec<Event>,
    layout: Rc<Layout>,
    picture: OnceCell<Rc<Picture>>,
}

/// Everything. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    track: Track,
    cursor: usize,
    here: Rc<Here>,
    undo: Rc<Vec<(Track, usize)>>,
    demand: Demand,
    matrix: Option<Rc<Matrix>>,
    chart: Option<Rc<Chart>>,
    /// Two runs, one of which was opened from beside the verdict.
    opened_pair: Option<Opened>,
    flags: Rc<Vec<Flag>>,
    /// What `flags` was made from.
    flags_of: (usize, Option<u32>, Vec<usize>),
    playing: bool,
    speed: Speed,
    /// Milliseconds that have passed and have not become a step yet.
    pending: f64,
    reduced_motion: bool,
    tab: Tab,
    /// The log shows tracepoints too.
    tracepoints: bool,
    panel: Option<Panel>,
    selection: Option<Selection>,
    view: View,
    theme: Theme,
    size: (u32, u32),
    notice: Option<Notice>,
    /// The page's own address without the hash.
    base: Rc<str>,
    /// Counts openings that deserve an entry in the browser's history.
    opened: u32,
    /// Run or cursor have changed since the address was read.
    touched: bool,
}

/// A store as views hold it: two are equal only if they are the same one.
#[derive(Clone)]
pub struct StoreRef(pub Rc<Store>);

impl PartialEq for StoreRef {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for StoreRef {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.0
    }
}

impl Store {
    /// The store after an action.
    #[must_use]
    pub fn reduce(&self, action: Action) -> Store {
        let mut next = self.clone();
        next.apply(action);
        next.update_demand();
        next.update_matrix();
        next.refresh_flags();
        next
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::OpenScenario { id } => self.open_scenario(&id),
            Action::OpenText { text } => self.open_text(&text),
            Action::OpenHash { hash } => self.open_hash(&hash),
            Action::OpenKernel { version } => self.open_kernel(version),
            Action::Play => self.play(),
            Action::Pause => self.playing = false,
            Action::Toggle if self.playing => self.playing = false,
            Action::Toggle => self.play(),
            Action::Tick { millis } => self.tick(millis),
            Action::StepForward => self.paused(Store::forward),
            Action::StepBack => self.paused(Store::back),
            Action::NextInteresting => self.paused(Store::next_interesting),
            Action::PrevInteresting => self.paused(Store::prev_interesting),
            Action::NextMarker => self.paused(Store::next_marker),
            Action::PrevMarker => self.paused(Store::prev_marker),
            Action::Seek { step } => self.paused(|store| store.go(step)),
            Action::End => self.paused(Store::end),
            Action::Restart { new_seed } => self.restart(new_seed),
            Action::Faster => self.speed = self.speed.shifted(1),
            Action::Slower => self.speed = self.speed.shifted(-1),
            Action::SetSpeed { speed } => self.speed = speed,
            Action::Switch { patch, on } => self.switch(patch, on),
            Action::SetTiming { timing } => self.set_timing(timing),
            Action::Choose { task } => self.choose(task),
            Action::Undo => self.undo(),
            Action::Search(reply) => self.heard(reply),
            Action::CancelSearch => self.cancel_search(),
            Action::SearchAgain => self.search_again(),
            Action::MatrixHeard(reply) => self.matrix_heard(reply),
            Action::StopMatrix => self.stop_matrix(),
            Action::GoOnMatrix => self.open_matrix(),
            Action::OpenMix { row, outcome } => self.open_mix(row, outcome),
            Action::GoToSpot { spot } => self.paused(|store| store.go_to_spot(spot)),
            Action::GoToNoReturn => self.paused(Store::go_to_no_return),
            Action::OpenRun { side } => self.paused(|store| store.open_run(side)),
            other => self.apply_to_window(other),
        }
    }

    /// What only changes how things are shown.
    fn apply_to_window(&mut self, action: Action) {
        match action {
            Action::Select { what } => {
                self.selection = what;
                if let Some(Selection::Task(_)) = what {
                    self.tab = Tab::Task;
                }
            }
            Action::Tab { tab } => self.tab = tab,
            Action::Tracepoints { on } => self.tracepoints = on,
            Action::Open { panel } if self.view == View::Full => {
                self.playing = false;
                self.panel = Some(panel);
                if panel == Panel::Matrix {
                    self.open_matrix();
                }
            }
            Action::Close if self.panel.is_some() => self.panel = None,
            Action::Close if self.notice.is_some() => self.notice = None,
            Action::Close => self.selection = None,
            Action::Theme { theme } => self.theme = theme,
            Action::Resize { width, height } => {
                self.size = (width, height);
                self.look();
            }
            Action::Motion { reduced } => self.reduced_motion = reduced,
            Action::Dismiss => self.notice = None,
            Action::Complain { sentence } => self.complain(sentence),
            _ => {}
        }
    }

    /// Does something that ends playing.
    fn paused(&mut self, what: impl FnOnce(&mut Store)) {
        self.playing = false;
        what(self);
    }

    /// Moves the cursor to a step of the run.
    fn go(&mut self, step: usize) {
        let step = step.min(self.track.len);
        if step != self.cursor {
            self.cursor = step;
            self.touched = true;
        }
        self.look();
    }

    /// Recomputes what is seen at the cursor.
    fn look(&mut self) {
        let tape = self.track.tape.borrow();
        let (machine, state) = tape.replay.at(self.cursor);
        let events = match self.cursor.checked_sub(1) {
            Some(before) => tape.replay.events(before),
            None => Vec::new(),
        };
        drop(tape);
        let stage = self.stage();
        let same_cast =
            self.here.machine.tasks == machine.tasks && self.here.machine.locks == machine.locks;
        let layout = if same_cast && self.here.layout.stage == stage {
            Rc::clone(&self.here.layout)
        } else {
            Rc::new(oomscope_picture::layout(&machine, stage))
        };
        self.here = Rc::new(Here {
            machine,
            state,
            events,
            layout,
            picture: OnceCell::new(),
        });
    }

    /// The shape of the stage: a matter of window and scenario, never of the step.
    fn stage(&self) -> Stage {
        stage(
            self.view,
            self.size,
            &self.track.scenario,
            self.track.patches,
        )
    }

    fn complain(&mut self, sentence: impl Into<String>) {
        self.notice = Some(Notice {
            sentence: sentence.into(),
            place: None,
            hint: None,
            loud: false,
        });
    }
}

/// A phone's width, below which the stage is stacked.
const NARROW_BELOW: u32 = 720;

/// Below this width or height there is no room for the wide stage at a readable size.
const WIDE_FROM: (u32, u32) = (1100, 801);

/// An embedded page below this height has one line a task.
const SMALL_BELOW: u32 = 420;

fn stage(view: View, size: (u32, u32), scenario: &Scenario, patches: PatchSet) -> Stage {
    let (width, height) = size;
    let size = match view {
        View::Embed(_) if width > height && height < SMALL_BELOW => Size::Small,
        View::Embed(_) if width > height => Size::Embed,
        _ if width < NARROW_BELOW => Size::Narrow,
        View::Full if width >= WIDE_FROM.0 && height >= WIDE_FROM.1 => Size::Wide,
        _ => Size::Embed,
    };
    Stage::of(size, patches, &scenario.offered)
}
