//! What the page and the background worker say to each other: text and numbers only.
//!
//! The worker gets the scenario's text, patches, rules and a run in the words of links, and
//! rebuilds every state by replay, so that nothing of the model has to be serializable.

use serde::{Deserialize, Serialize};

/// Both programs carry this; an old worker from a cache answers with another one.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "-protocol-6");

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Proves that the worker was loaded and is of the same build.
    Hello {
        /// The page's [`BUILD`].
        build: String,
    },
    /// Explore.
    Explore(Box<Job>),
    /// Search mixes of patches, one after another.
    Matrix(Box<MatrixJob>),
    /// Stop at once.
    Cancel,
}

/// One thing to find out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Replies carry it, so that the page can drop stale ones.
    pub id: u32,
    /// The scenario's text.
    pub text: String,
    /// The patches at the start of the run: their ids, joined with commas.
    pub patches: String,
    /// The rules, in the words of scenario files.
    pub rules: String,
    /// The run up to the end of the segment, as [`oomscope_scenario::run::Run`] writes it.
    pub run: String,
    /// The step at which the segment begins: the start, or the step after the last act.
    pub base: u32,
    /// The step that the person looks at.
    pub cursor: u32,
    /// Nobody waits at the step while a run is played: then only the classes are wanted.
    pub paused: bool,
    /// Somebody looks at the map of the segment.
    pub map: bool,
    /// The patches for which to find out what a flip would do, by their place in the table.
    pub flips: Vec<u8>,
}

/// Mixes of patches to search from the start of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixJob {
    /// Replies carry it.
    pub id: u32,
    /// The scenario's text.
    pub text: String,
    /// The rules, in the words of scenario files.
    pub rules: String,
    /// A number for each mix, which its reply carries, and its patches: ids, joined with
    /// commas.
    pub rows: Vec<(u32, String)>,
}

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It runs.
    Here {
        /// The worker's [`BUILD`].
        build: String,
    },
    /// A search is under way.
    Progress {
        /// Which job.
        job: u32,
        /// States found.
        states: u32,
        /// Steps from the start of the search.
        depth: u32,
        /// Memory in use.
        bytes: u64,
        /// States per second.
        rate: u32,
    },
    /// Where the steps of the segment lie: 0 free, 1 at risk, 2 doomed, one per step from
    /// `base` on.
    Classes {
        /// Which job.
        job: u32,
        /// The first step.
        base: u32,
        /// One digit per step.
        classes: Vec<u8>,
    },
    /// The map of the segment.
    Map {
        /// Which job.
        job: u32,
        /// The map.
        map: StateMap,
    },
    /// What can become of the step that the person looks at.
    Survey {
        /// Which job.
        job: u32,
        /// The step.
        step: u32,
        /// What was found.
        survey: Survey,
    },
    /// What decides what can become of it, or has.
    Why {
        /// Which job.
        job: u32,
        /// The step.
        step: u32,
        /// What was found; nothing if nothing goes wrong, or if nothing avoids it.
        why: Option<Why>,
    },
    /// What a flip at that step would do.
    Flip {
        /// Which job.
        job: u32,
        /// The step.
        step: u32,
        /// The patch, by its place in the table.
        patch: u8,
        /// What would come of it.
        effect: Effect,
    },
    /// What one mix comes to.
    Mix {
        /// Which job.
        job: u32,
        /// The mix's number.
        row: u32,
        /// What was found.
        mix: Mix,
    },
    /// All questions of the job are answered.
    Done {
        /// Which job.
        job: u32,
    },
    /// The search grew too large.
    Limit {
        /// Which job.
        job: u32,
        /// States found.
        states: u32,
        /// Steps from the start of the search.
        depth: u32,
    },
    /// It was told to stop, and nothing is under way any more.
    Cancelled,
    /// The job could not be understood.
    Broken {
        /// Which job.
        job: u32,
        /// Why.
        sentence: String,
    },
}

/// What can become of one state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// 0 free, 1 at risk, 2 doomed.
    pub class: u8,
    /// States reachable from it, itself included.
    pub states: u32,
    /// `livelock`, `deadlock`, `hang`, `stall` or nothing.
    pub kind: String,
    /// Outcomes that are reachable, in the words of scenario files, joined with spaces.
    pub outcomes: String,
    /// What goes round, if it is a livelock or a stall and not what a flip would come to.
    pub lap: Option<Lap>,
}

/// A livelock or starvation: from the state to the cycle, and once round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lap {
    /// The steps to the cycle, as [`oomscope_scenario::run::Run`] writes them.
    pub stem: String,
    /// One lap; what is parked makes its round again.
    pub cycle: String,
    /// Pages freed in one lap.
    pub pages_freed: u32,
    /// Processes killed in one lap.
    pub kills: u32,
    /// Who could end it and gets no CPU: names, joined with commas. Nobody can end a
    /// livelock.
    pub starved: String,
}

/// A run that goes wrong, and the one nearest to it that does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// What the first comes to, in the word of scenario files.
    pub outcome: String,
    /// The step of the recorded run from which both go on.
    pub base: u32,
    /// The first from there, as [`oomscope_scenario::run::Run`] writes it.
    pub bad: String,
    /// The second from there.
    pub good: String,
    /// So many steps are the same in both.
    pub common: u32,
    /// The step of the second after which the wrong one is harmless, counted from 0.
    pub harmless_after: Option<u32>,
    /// Once that step is taken it cannot come to this any more.
    pub only: bool,
}

/// All states of a segment, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMap {
    /// How many there are; if they are too many for a map, the rest is empty.
    pub states: u32,
    /// 0 free, 1 at risk, 2 doomed, 3 finished.
    pub spots: Vec<u8>,
    /// The state before each on a shortest schedule.
    pub parents: Vec<u32>,
    /// Who takes the step from there.
    pub via: Vec<u8>,
    /// The states that the run passes, from the first of the segment on.
    pub run: Vec<u32>,
}

/// What one mix of patches comes to, from the start of the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix {
    /// States found.
    pub states: u32,
    /// The most processes that any run kills.
    pub kills_max: u8,
    /// What the nearest lockup looks like: `livelock`, `deadlock` or nothing.
    pub kind: String,
    /// It grew too large to be searched to the end: more than this may be reachable.
    pub bounded: bool,
    /// What is reachable.
    pub ways: Vec<Way>,
}

/// An outcome and a shortest schedule to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// In the words of scenario files.
    pub outcome: String,
    /// How long the schedule is.
    pub steps: u32,
    /// The schedule, as [`oomscope_scenario::run::Run`] writes it.
    pub run: String,
}

/// What a flip comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Explored to the end.
    Survey(Survey),
    /// Too large to explore beside everything else.
    Unknown,
    /// The patches would mean nothing together.
    Refused(String),
}
