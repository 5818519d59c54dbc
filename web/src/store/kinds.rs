//! The words that views and effects use to tell the store something.

use oomscope_explore::Outcome;
use oomscope_model::machine::{LockId, TaskId, Timing};
use oomscope_model::patches::{PatchId, Version};

use crate::protocol::Reply;

/// Everything that a person, the clock, the address or the worker can cause.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Opens a built-in scenario from the gallery.
    OpenScenario {
        /// Its id.
        id: String,
    },
    /// Opens a scenario that somebody typed or pasted.
    OpenText {
        /// The scenario file.
        text: String,
    },
    /// Opens what the address says: the part after `#`, with or without it.
    OpenHash {
        /// The hash.
        hash: String,
    },
    /// Starts again with all the patches of a release.
    OpenKernel {
        /// Which release.
        version: Version,
    },
    /// Lets the machine run.
    Play,
    /// Stops it.
    Pause,
    /// One or the other.
    Toggle,
    /// Time has passed.
    Tick {
        /// How much.
        millis: f64,
    },
    /// One step on.
    StepForward,
    /// One step back.
    StepBack,
    /// On to the next step in which a lock, a victim or memory changed hands.
    NextInteresting,
    /// Back to the one before.
    PrevInteresting,
    /// On to the next named moment, running ahead if none is known yet.
    NextMarker,
    /// Back to the named moment before.
    PrevMarker,
    /// To any step of the run.
    Seek {
        /// Which.
        step: usize,
    },
    /// To the end of the run; from there, ahead until nothing new can happen.
    End,
    /// Back to the start.
    Restart {
        /// With other choices than before.
        new_seed: bool,
    },
    /// The next higher speed.
    Faster,
    /// The next lower speed.
    Slower,
    /// This speed.
    SetSpeed {
        /// Which.
        speed: Speed,
    },
    /// Switches a patch from the step on at which the cursor is; cuts what came after it.
    Switch {
        /// Which patch.
        patch: PatchId,
        /// On or off.
        on: bool,
    },
    /// Declares when sleeps end.
    SetTiming {
        /// The rule.
        timing: Timing,
    },
    /// You are the scheduler: this task takes the next step; cuts what came after.
    Choose {
        /// Which task.
        task: TaskId,
    },
    /// Brings back the run as it was before the last cut.
    Undo,
    /// Looks closer at something, or at nothing.
    Select {
        /// At what.
        what: Option<Selection>,
    },
    /// Shows a tab of the side panel.
    Tab {
        /// Which.
        tab: Tab,
    },
    /// Shows tracepoints among the lines of the log, or hides them.
    Tracepoints {
        /// Shows them.
        on: bool,
    },
    /// Opens a dialog.
    Open {
        /// Which.
        panel: Panel,
    },
    /// Closes the dialog, else drops the selection.
    Close,
    /// The worker has something to say.
    Search(Reply),
    /// Stops the search.
    CancelSearch,
    /// Searches once more, after a cancel or a limit.
    SearchAgain,
    /// The worker of the matrix has something to say.
    MatrixHeard(Reply),
    /// Stops the search of the matrix.
    StopMatrix,
    /// Searches what is left of the matrix.
    GoOnMatrix,
    /// Opens a mix of the matrix at the end of a shortest schedule.
    OpenMix {
        /// Which row.
        row: usize,
        /// To what; to the worst if nothing is said.
        outcome: Option<Outcome>,
    },
    /// To a place on the map of states.
    GoToSpot {
        /// Which.
        spot: usize,
    },
    /// To the step at which there was no way out any more.
    GoToNoReturn,
    /// Opens one of the two runs that part at the deciding step, there.
    OpenRun {
        /// Which.
        side: Side,
    },
    /// Colours.
    Theme {
        /// Which.
        theme: Theme,
    },
    /// The window has this size, in CSS pixels.
    Resize {
        /// Width.
        width: u32,
        /// Height.
        height: u32,
    },
    /// Whether the system asks for less motion.
    Motion {
        /// It does.
        reduced: bool,
    },
    /// The error or note has been read.
    Dismiss,
    /// Something outside the store did not work; the sentence says what.
    Complain {
        /// The sentence.
        sentence: String,
    },
}

/// Two runs that begin alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Side {
    /// The one that goes wrong.
    Bad,
    /// The one nearest to it that does not.
    Good,
}

/// What somebody looks at closely.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Selection {
    /// A task.
    Task(TaskId),
    /// A lock.
    Lock(LockId),
    /// Memory.
    Memory,
}

/// Tabs of the side panel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Tab {
    /// The kernel log.
    #[default]
    Log,
    /// The selected task.
    Task,
    /// The rule behind the step.
    Rule,
    /// All tasks, the picture's twin.
    Tasks,
    /// The scenario's story.
    Story,
}

/// Dialogs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Panel {
    /// The gallery.
    Scenarios,
    /// Kernel releases.
    Kernel,
    /// Every mix of the offered patches.
    Matrix,
    /// All states that can be reached.
    Map,
    /// Links and the embed snippet.
    Share,
    /// Keys.
    Help,
}

/// Colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Theme {
    /// As the system wishes.
    #[default]
    Auto,
    /// Dark ink on paper.
    Light,
    /// Light ink on black.
    Dark,
}

impl Theme {
    /// The word in addresses and in `data-theme`.
    pub fn word(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// How fast the machine is played.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Speed {
    /// One step in two seconds.
    Half,
    /// One step per second.
    X1,
    /// Two.
    X2,
    /// Four.
    X4,
    /// Eight.
    X8,
    /// Sixteen.
    X16,
    /// Thirty-two.
    X32,
    /// Sixty-four.
    X64,
}

impl Speed {
    /// All of them, slowest first.
    pub const ALL: [Speed; 8] = [
        Speed::Half,
        Speed::X1,
        Speed::X2,
        Speed::X4,
        Speed::X8,
        Speed::X16,
        Speed::X32,
        Speed::X64,
    ];

    /// Steps per second.
    pub fn per_second(self) -> f64 {
        match self {
            Speed::Half => 0.5,
            Speed::X1 => 1.0,
            Speed::X2 => 2.0,
            Speed::X4 => 4.0,
            Speed::X8 => 8.0,
            Speed::X16 => 16.0,
            Speed::X32 => 32.0,
            Speed::X64 => 64.0,
        }
    }

    /// `½/s`, `4/s`: for a small button.
    pub fn label(self) -> &'static str {
        match self {
            Speed::Half => "½/s",
            Speed::X1 => "1/s",
            Speed::X2 => "2/s",
            Speed::X4 => "4/s",
            Speed::X8 => "8/s",
            Speed::X16 => "16/s",
            Speed::X32 => "32/s",
            Speed::X64 => "64/s",
        }
    }

    /// The next one up or down; the ends stay where they are.
    pub fn shifted(self, by: isize) -> Speed {
        let at = Speed::ALL.iter().position(|&speed| speed == self);
        let at = at.unwrap_or(3).saturating_add_signed(by);
        Speed::ALL.get(at).copied().unwrap_or(Speed::X64)
    }
}

/// How the page shows itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum View {
    /// Everything.
    Full,
    /// Inside somebody else's page: `?embed=1`.
    Embed(Embed),
}

/// What an embedding page asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Embed {
    /// How much there is to press.
    pub controls: EmbedControls,
    /// Play at once.
    pub autoplay: bool,
    /// Scale of the type, 1.0 to 2.5.
    pub font: f64,
    /// Draw the graph.
    pub graph: bool,
    /// Draw the history of memory.
    pub memory: bool,
    /// Show the log.
    pub log: bool,
}

/// How much there is to press in an embedded page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum EmbedControls {
    /// As on the page.
    Full,
    /// Play, step and scrubber.
    Mini,
    /// Nothing.
    None,
}
