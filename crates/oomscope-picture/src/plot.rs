//! Free memory over the steps of a run, drawn with plotters through a backend that hands
//! out shapes with class names instead of colours.

use oomscope_model::machine::Zone;

/// A shape of a chart. `class` is a CSS class; colours are the theme's business.
#[derive(Clone, PartialEq, Debug)]
pub enum Prim {
    /// SVG path data.
    Path {
        /// CSS class.
        class: &'static str,
        /// Path data.
        d: String,
    },
    /// A straight line.
    Line {
        /// CSS class.
        class: &'static str,
        /// Start, x.
        x1: f32,
        /// Start, y.
        y1: f32,
        /// End, x.
        x2: f32,
        /// End, y.
        y2: f32,
    },
    /// A box.
    Rect {
        /// CSS class.
        class: &'static str,
        /// Left.
        x: f32,
        /// Top.
        y: f32,
        /// Width.
        w: f32,
        /// Height.
        h: f32,
    },
    /// A disc.
    Circle {
        /// CSS class.
        class: &'static str,
        /// Middle, x.
        cx: f32,
        /// Middle, y.
        cy: f32,
        /// Radius.
        r: f32,
    },
    /// A line of text.
    Text {
        /// CSS class.
        class: &'static str,
        /// Baseline point, x.
        x: f32,
        /// Baseline point, y.
        y: f32,
        /// Which end of the text the point is.
        anchor: crate::picture::Anchor,
        /// Font size.
        size: f32,
        /// The text.
        text: String,
    },
}

/// Free memory at a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// Index of the step.
    pub step: u32,
    /// Free pages after it.
    pub free_pages: u16,
}

/// What a flag marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum FlagKind {
    /// The killer chose a victim.
    Kill,
    /// The reaper's trylock failed.
    ReapTry,
    /// The reaper freed memory.
    Reap,
    /// A patch was switched on.
    PatchOn,
    /// A patch was switched off.
    PatchOff,
    /// From here no schedule leads out.
    PointOfNoReturn,
    /// The reaper gave up.
    GiveUp,
}

/// A moment worth a mark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flag {
    /// Index of the step.
    pub step: u32,
    /// What it is.
    pub kind: FlagKind,
    /// Its words; may be empty.
    pub label: String,
}

/// Where the chart goes. The x axis runs from `pad_left` to `width - pad_right`, step 0 to
/// `last_step`, exactly as the scrubber's track does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Frame {
    /// Whole width.
    pub width: f32,
    /// Whole height.
    pub height: f32,
    /// Left of step 0.
    pub pad_left: f32,
    /// Right of the last step.
    pub pad_right: f32,
    /// The step at the right end.
    pub last_step: u32,
}

/// The history of free memory.
pub fn history(samples: &[Sample], flags: &[Flag], zone: &Zone, frame: Frame) -> Vec<Prim> {
    let _ = (samples, flags, zone, frame);
    Vec::new()
}
