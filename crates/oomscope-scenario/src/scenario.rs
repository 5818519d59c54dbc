//! A scenario: a machine with a story, switches, moments and expectations.

use oomscope_model::machine::Machine;
use oomscope_model::patches::{PatchId, Version};
use oomscope_model::transition::Transition;

use crate::condition::Condition;
use crate::expect::Expect;

/// The longest scenario text, in bytes.
pub const TEXT_MAX: usize = 64 * 1024;

/// The most patches one scenario can offer.
pub const OFFERED_MAX: usize = 10;

/// Everything a scenario file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// Stable name: small letters, digits and hyphens.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Under which heading the gallery shows it.
    pub topic: Option<Topic>,
    /// What happens and why anybody cares; paragraphs stand between empty lines.
    pub story: String,
    /// Nobody has reported this from the field: it is derived from the code, or invented.
    pub hypothetical: bool,
    /// Where the story comes from.
    pub sources: Vec<Source>,
    /// The release whose patches are on at the start, before the file's own changes.
    pub version: Version,
    /// Switches, in the order of the file; at most [`OFFERED_MAX`].
    pub offered: Vec<PatchId>,
    /// The machine as it starts, under the default rules.
    pub machine: Machine,
    /// Program text of each task, as written, comments included; empty where there is
    /// none. [`oomscope_model::machine::Line::source`] counts its lines.
    pub programs: Vec<String>,
    /// What must come out.
    pub expects: Vec<Expect>,
    /// Moments of the run.
    pub markers: Vec<Marker>,
    /// How the run begins.
    pub lead: Option<Lead>,
    /// Too large to be searched to the end: how many states the tests look at, and which
    /// smaller scenario of the same kind is searched to the end instead.
    pub bound: Option<Bound>,
    /// Which of the possible runs the player shows.
    pub seed: u32,
    /// The file itself.
    pub text: String,
}

/// What a story is about, first of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Topic {
    /// Who waits for whom.
    Locks,
    /// Who dies, and who may not because somebody else is dying.
    Killer,
    /// Memory freed from outside.
    Reaper,
    /// From the signal to the last page table.
    Exit,
    /// The page allocator and reclaim.
    Memory,
    /// Allocations with file system locks held.
    FileSystems,
    /// Others who hold page tables of the same memory.
    Notifiers,
}

impl Topic {
    /// All topics in the order of the gallery, with the word of the file and the heading.
    pub const ALL: [(&str, Topic, &str); 7] = [
        ("locks", Topic::Locks, "Locks in the way"),
        ("reaper", Topic::Reaper, "Reaped from outside"),
        ("exit", Topic::Exit, "The way out"),
        ("killer", Topic::Killer, "Who dies, and who may not"),
        ("memory", Topic::Memory, "Asking for memory"),
        ("file-systems", Topic::FileSystems, "File systems"),
        (
            "notifiers",
            Topic::Notifiers,
            "Others who map the same memory",
        ),
    ];
}

/// Where a story comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// What to show.
    pub label: String,
    /// Address, message id or commit; empty if there is none.
    pub url_or_ref: String,
}

/// What a scenario says that is too large to be searched to the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    /// So many states are looked at.
    pub states: u32,
    /// The smaller machine of the same kind.
    pub sibling: String,
}

/// A moment of the run: the first step at which the condition holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marker {
    /// Name in links, unique in the file.
    pub id: String,
    /// What to show.
    pub title: String,
    /// When it is.
    pub when: Condition,
    /// One sentence to say there.
    pub say: Option<String>,
}

/// How a run begins, before the seed decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lead {
    /// The steps; they stop where one of them is not possible.
    pub steps: Vec<Transition>,
}
