//! What is on the stage: boxes, tokens, edges and the vessel, ready to be drawn.
//!
//! Every part has an id that stays the same from step to step, and every position comes
//! from the [`crate::layout::Layout`] or is routed between its boxes. A renderer needs to
//! know nothing about kernels: it draws labels where they say they are.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, Machine, MmId, Mode, TaskId};
use oomscope_model::state::State;

use crate::chain::Chain;
use crate::geometry::{Font, Point, Rect};
use crate::layout::Layout;
pub use crate::sign::{Badge, Glyph, STRUCK, Status, Tone};
pub use crate::strips::{Cell, Content, Strip, StripKind};

/// The whole stage at one step.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    /// Width of the stage; with `height`, its `viewBox`.
    pub width: f32,
    /// Height of the stage.
    pub height: f32,
    /// The left rail.
    pub tasks: Vec<TaskBox>,
    /// Locks with their lanes.
    pub locks: Vec<LockBox>,
    /// Waiting tasks in their slots, and those that a signal just threw out.
    pub tokens: Vec<Token>,
    /// Who holds and who waits, in drawing order: the chain last, on top.
    pub edges: Vec<Edge>,
    /// Memory.
    pub memory: Vessel,
    /// What else the cast has: address spaces, notifiers, lists, reserves, work.
    pub strips: Vec<Strip>,
    /// The cycle, or the longest chain to a root.
    pub chain: Option<Chain>,
    /// One sentence for those who cannot see it.
    pub label: String,
}

/// Which end of a label its point is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// Left end.
    Start,
    /// Middle.
    Middle,
    /// Right end.
    End,
}

/// A line of text at its place (baseline), already cut to fit.
#[derive(Clone, PartialEq, Debug)]
pub struct Label {
    /// The text.
    pub text: String,
    /// Its baseline point.
    pub at: Point,
    /// Which end that is.
    pub anchor: Anchor,
    /// Font size.
    pub size: f32,
    /// Type face.
    pub font: Font,
    /// Semibold.
    pub strong: bool,
}

/// One task on the rail.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskBox {
    /// `task-3`.
    pub id: String,
    /// Which task.
    pub task: TaskId,
    /// Its box.
    pub rect: Rect,
    /// Whole name, for titles and readers.
    pub full_name: String,
    /// Name as drawn.
    pub name: Label,
    /// Status in words, at the right.
    pub status: Status,
    /// Where and how `status.word` is drawn.
    pub status_label: Label,
    /// Kernel function path, second line.
    pub detail: Label,
    /// The same, whole, also where it is not drawn.
    pub path: String,
    /// Middle of the status glyph.
    pub glyph_at: Point,
    /// Marks.
    pub badges: Vec<Badge>,
    /// A signal that is pending, below the glyph; not on a box of one line.
    pub signal: Option<Pending>,
    /// The mark that the status does not say, at the end of the second line.
    pub badge_label: Option<Label>,
    /// On the chain.
    pub on_chain: bool,
    /// This kernel has no such thread: drawn faint.
    pub absent: bool,
    /// What a reader hears.
    pub aria: String,
}

/// A pending signal.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pending {
    /// Middle of its bolt.
    pub at: Point,
    /// SIGKILL: a filled bolt. A signal with a handler: a hollow one.
    pub fatal: bool,
    /// The task sleeps in a way that no such signal ends: struck through.
    pub ignored: bool,
}

/// One place in a lane.
#[derive(Clone, PartialEq, Debug)]
pub struct Slot {
    /// Its outline.
    pub rect: Rect,
    /// Its number, 1 is the head.
    pub number: Label,
}

/// What a lock says about its holders.
#[derive(Clone, PartialEq, Debug)]
pub struct Chip {
    /// Its box.
    pub rect: Rect,
    /// `read: vhost-1187`, `free`.
    pub label: Label,
    /// Whether anybody holds the lock.
    pub held: bool,
}

/// One lock with its lane.
#[derive(Clone, PartialEq, Debug)]
pub struct LockBox {
    /// `lock-1`.
    pub id: String,
    /// Which lock.
    pub lock: LockId,
    /// Its box.
    pub rect: Rect,
    /// Whole name.
    pub full_name: String,
    /// Name as drawn.
    pub name: Label,
    /// `of qemu, rwsem`, where there is room.
    pub kind: Option<Label>,
    /// Holders.
    pub chip: Chip,
    /// `waiting, in order`, where there is room.
    pub lane_title: Option<Label>,
    /// Its slots, the head first.
    pub slots: Vec<Slot>,
    /// `+2` when more wait than there are slots.
    pub overflow: Option<Label>,
    /// On the chain.
    pub on_chain: bool,
    /// Colour: stuck on a cycle, waiting on a chain, neutral elsewhere.
    pub tone: Tone,
    /// What a reader hears.
    pub aria: String,
}

/// A waiting task in a lane.
#[derive(Clone, PartialEq, Debug)]
pub struct Token {
    /// `token-3`.
    pub id: String,
    /// Whose.
    pub task: TaskId,
    /// In which lane.
    pub lock: LockId,
    /// Which place, 1 is the head.
    pub place: u8,
    /// Its outline.
    pub rect: Rect,
    /// Short name.
    pub name: Label,
    /// `write` or `read`.
    pub mode_label: Label,
    /// How it wants the lock.
    pub mode: Mode,
    /// SIGKILL would end this wait: drawn with a hinge.
    pub killable: bool,
    /// Woken and about to look again.
    pub awake: bool,
    /// On the chain.
    pub on_chain: bool,
    /// Colour: stuck on a cycle, fine when thrown out, waiting elsewhere.
    pub tone: Tone,
    /// A signal just threw it out: the way it flies.
    pub ejected: Option<Ejection>,
}

/// The way of a token that a signal threw out.
#[derive(Clone, PartialEq, Debug)]
pub struct Ejection {
    /// Path data from the slot to the task's box.
    pub d: String,
    /// Where it ends.
    pub to: Point,
    /// `SIGKILL took the writer out of the lane`.
    pub label: Label,
}

/// The kinds of edges; each has a dash pattern of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// Lock → holder, solid.
    Holds,
    /// Task → its token, or the head token → its lock; dashed, with an arrow at the lock.
    WaitsFor,
    /// Task → memory, dashed.
    NeedsMemory,
    /// Memory → who must let go of it, solid.
    PinnedBy,
    /// Reaper → the lock it cannot get, dotted.
    TrylockFailed,
    /// Task → the task that will complete what it waits for, dashed.
    Completion,
    /// Reaper → memory while it frees pages, solid.
    Reaps,
}

/// One edge.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// `waits-task-3`, `holds-lock-1-task-0`, …
    pub id: String,
    /// What it says.
    pub kind: EdgeKind,
    /// The corners it goes through.
    pub points: Vec<Point>,
    /// SVG path data with rounded corners.
    pub d: String,
    /// The words, for titles and readers.
    pub words: String,
    /// Where the words are drawn, if they are.
    pub label: Option<Label>,
    /// Number on the chain and where its disc is.
    pub hop: Option<HopMark>,
    /// Colour.
    pub tone: Tone,
    /// On a cycle: double stroke.
    pub double: bool,
    /// Ends in an arrow head.
    pub arrow: bool,
    /// Where the ⊗ of a failed trylock sits.
    pub cross: Option<Point>,
}

/// A numbered disc.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HopMark {
    /// From 1.
    pub number: u8,
    /// Its middle.
    pub at: Point,
}

/// What a part of memory is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum SegmentKind {
    /// Free pages.
    Free,
    /// Mapped by this address space.
    Mm(MmId),
    /// Everything else.
    Kernel,
}

/// A part of memory, to scale.
#[derive(Clone, PartialEq, Debug)]
pub struct Segment {
    /// `segment-free`, `segment-mm-0`, `segment-kernel`.
    pub id: String,
    /// What it is.
    pub kind: SegmentKind,
    /// Its box.
    pub rect: Rect,
    /// Name, where it fits.
    pub name: Option<Label>,
    /// `180 MB, victim`, where it fits.
    pub detail: Option<Label>,
    /// Colour.
    pub tone: Tone,
    /// On the chain.
    pub on_chain: bool,
    /// Its pages.
    pub pages: u16,
}

/// A watermark.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    /// `mark-min`.
    pub id: String,
    /// From the vessel's edge, at the exact level, to the label.
    pub d: String,
    /// Its name.
    pub label: Label,
}

/// Memory as a vessel.
#[derive(Clone, PartialEq, Debug)]
pub struct Vessel {
    /// Its box.
    pub rect: Rect,
    /// `Memory`.
    pub title: Label,
    /// `256 MB`.
    pub total: Label,
    /// Its parts, free on top.
    pub segments: Vec<Segment>,
    /// Watermarks.
    pub marks: Vec<Mark>,
    /// What a reader hears.
    pub aria: String,
}

/// Draws the stage: where everything is comes from `layout`, what it says from `state`,
/// and what just happened (a token thrown out, memory reaped) from `recent`, the events of
/// the last step.
pub fn picture(machine: &Machine, state: &State, layout: &Layout, recent: &[Event]) -> Picture {
    crate::draw::draw(machine, state, layout, recent)
}

impl EdgeKind {
    /// Name for a CSS class: `edge-holds`.
    pub fn class(self) -> &'static str {
        match self {
            EdgeKind::Holds => "edge-holds",
            EdgeKind::WaitsFor => "edge-waits",
            EdgeKind::NeedsMemory => "edge-needs",
            EdgeKind::PinnedBy => "edge-pinned",
            EdgeKind::TrylockFailed => "edge-trylock",
            EdgeKind::Completion => "edge-completion",
            EdgeKind::Reaps => "edge-reaps",
        }
    }

    /// SVG dash array; empty for a solid line.
    pub fn dash(self) -> &'static str {
        match self {
            EdgeKind::Holds | EdgeKind::PinnedBy | EdgeKind::Reaps => "",
            EdgeKind::WaitsFor | EdgeKind::NeedsMemory | EdgeKind::Completion => "8 5",
            EdgeKind::TrylockFailed => "2 5",
        }
    }
}

impl Label {
    /// The box that the text takes up, by estimate.
    pub fn bounds(&self) -> Rect {
        let width = crate::geometry::text_width(&self.text, self.size, self.font);
        let x = match self.anchor {
            Anchor::Start => self.at.x,
            Anchor::Middle => self.at.x - width / 2.0,
            Anchor::End => self.at.x - width,
        };
        Rect::new(x, self.at.y - self.size * 0.8, width, self.size)
    }
}
