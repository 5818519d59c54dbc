//! Free memory over the steps of a run, drawn with plotters through a backend that hands
//! out shapes with class names instead of colours.

use oomscope_model::machine::Zone;
use plotters::prelude::*;

use crate::geometry::{Font, text_width};
use crate::picture::Anchor;
use crate::prims::{Class, PrimBackend, SCALE};

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
        anchor: Anchor,
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

/// The history of free memory: level, watermarks, flags and their words.
pub fn history(samples: &[Sample], flags: &[Flag], zone: &Zone, frame: Frame) -> Vec<Prim> {
    let mut prims = vec![Prim::Rect {
        class: "mem-frame",
        x: frame.pad_left,
        y: 0.0,
        w: frame.width - frame.pad_left - frame.pad_right,
        h: frame.height,
    }];
    // The backend never fails, so neither does drawing.
    let _ = series(&thin(samples, frame), zone, frame, &mut prims);
    flag_marks(flags, frame, &mut prims);
    prims
}

/// Where a step is on the x axis: exactly where the scrubber has it.
pub fn x_of(step: u32, frame: Frame) -> f32 {
    let inner = frame.width - frame.pad_left - frame.pad_right;
    frame.pad_left + inner * step as f32 / frame.last_step.max(1) as f32
}

/// One sample per pixel: the lowest of those that fall on it, because running out is what
/// the picture is about. The first and the last one stay.
fn thin(samples: &[Sample], frame: Frame) -> Vec<Sample> {
    let mut kept: Vec<Sample> = Vec::new();
    let mut pixel = None;
    for (index, sample) in samples.iter().enumerate() {
        let x = x_of(sample.step, frame) as i32;
        let ends = index == 0 || index + 1 == samples.len();
        match kept.last_mut() {
            Some(last) if pixel == Some(x) && !ends => {
                if sample.free_pages < last.free_pages {
                    *last = *sample;
                }
            }
            _ => kept.push(*sample),
        }
        pixel = Some(x);
    }
    kept
}

/// The top of the y axis: a power of two, so that the scale rarely changes as a run grows.
fn ceiling(samples: &[Sample], zone: &Zone) -> u16 {
    let most = samples
        .iter()
        .map(|sample| sample.free_pages)
        .max()
        .unwrap_or(0);
    most.max(zone.high.saturating_mul(2))
        .max(4)
        .saturating_add(1)
        .next_power_of_two()
}

fn series(
    samples: &[Sample],
    zone: &Zone,
    frame: Frame,
    prims: &mut Vec<Prim>,
) -> Result<(), Box<dyn std::error::Error>> {
    let pixels = |length: f32| (length * SCALE).round() as u32;
    let root =
        PrimBackend::new(pixels(frame.width), pixels(frame.height), prims).into_drawing_area();
    let top = f64::from(ceiling(samples, zone));
    let last = f64::from(frame.last_step.max(1));
    let mut chart = ChartBuilder::on(&root)
        .margin_left(pixels(frame.pad_left))
        .margin_right(pixels(frame.pad_right))
        .build_cartesian_2d(0.0..last, 0.0..top)?;
    let points = || {
        samples
            .iter()
            .map(|sample| (f64::from(sample.step), f64::from(sample.free_pages)))
    };
    if samples.len() > 1 {
        chart.draw_series(AreaSeries::new(points(), 0.0, Class::Area.color().filled()))?;
    }
    for (class, pages) in [
        (Class::Min, zone.min),
        (Class::Low, zone.low),
        (Class::High, zone.high),
    ] {
        let mark = [(0.0, f64::from(pages)), (last, f64::from(pages))];
        chart.draw_series(LineSeries::new(mark, class.color().stroke_width(1)))?;
    }
    chart.draw_series(LineSeries::new(
        points(),
        Class::Level.color().stroke_width(2),
    ))?;
    root.present()?;
    Ok(())
}

impl FlagKind {
    /// CSS class of its mark.
    pub fn class(self) -> &'static str {
        match self {
            FlagKind::Kill => "flag-kill",
            FlagKind::ReapTry => "flag-reap-try",
            FlagKind::Reap => "flag-reap",
            FlagKind::PatchOn => "flag-patch-on",
            FlagKind::PatchOff => "flag-patch-off",
            FlagKind::PointOfNoReturn => "flag-point-of-no-return",
            FlagKind::GiveUp => "flag-give-up",
        }
    }

    fn text_class(self) -> &'static str {
        match self {
            FlagKind::Kill => "text-kill",
            FlagKind::ReapTry => "text-reap-try",
            FlagKind::Reap => "text-reap",
            FlagKind::PatchOn => "text-patch-on",
            FlagKind::PatchOff => "text-patch-off",
            FlagKind::PointOfNoReturn => "text-point-of-no-return",
            FlagKind::GiveUp => "text-give-up",
        }
    }
}

/// Size of the words in the chart.
const TEXT: f32 = 12.0;
/// Height of a row of words.
const ROW: f32 = 17.0;
/// From a flag's line to its words, and between two words in a row.
const BESIDE: f32 = 6.0;
/// The same words again say nothing new so close to the last ones.
const AGAIN: f32 = 120.0;

/// Rows of words from the top, and the lines between them. A line begins in the row of its own
/// words, and below all words that it would cross: so it needs a row further down.
struct Rows {
    frame: Frame,
    words: Vec<Vec<(f32, f32)>>,
    /// Where each line is, and the first row that it runs through.
    lines: Vec<(f32, usize)>,
}

impl Rows {
    fn of(frame: Frame) -> Rows {
        let most = ((frame.height - 24.0) / ROW).max(1.0) as usize;
        Rows {
            frame,
            words: vec![Vec::new(); most],
            lines: Vec::new(),
        }
    }

    /// The first row from which a line may run down without crossing words.
    fn below(&self, x: f32) -> usize {
        let crossed = |row: &Vec<(f32, f32)>| row.iter().any(|&(a, b)| a - 3.0 < x && x < b + 3.0);
        self.words
            .iter()
            .rposition(crossed)
            .map_or(0, |row| row + 1)
    }

    /// Whether words fit there: inside, beside all others, and across no line.
    fn clear(&self, row: usize, (a, b): (f32, f32)) -> bool {
        let inside = a >= self.frame.pad_left && b <= self.frame.width - self.frame.pad_right;
        let free = |&(c, d): &(f32, f32)| b + BESIDE < c || d + BESIDE < a;
        let crosses = |&(x, first): &(f32, usize)| first <= row && a - 3.0 < x && x < b + 3.0;
        inside && self.words[row].iter().all(free) && !self.lines.iter().any(crosses)
    }

    /// The words of a flag in the first row with room beside its line; left of it for the
    /// point of no return (what lies left of it is what could still be saved) and at the
    /// right edge. Without a line there is nothing to keep clear below.
    fn say(&mut self, flag: &Flag, x: f32, first: usize) -> Option<(usize, Prim)> {
        if flag.label.is_empty() {
            return None;
        }
        let width = text_width(&flag.label, TEXT, Font::Sans);
        let right = (x + BESIDE, Anchor::Start, (x + BESIDE, x + BESIDE + width));
        let left = (x - BESIDE, Anchor::End, (x - BESIDE - width, x - BESIDE));
        let sides = match flag.kind {
            FlagKind::PointOfNoReturn => [left, right],
            _ => [right, left],
        };
        for row in first..self.words.len() {
            for (at, anchor, span) in sides {
                if self.clear(row, span) {
                    self.words[row].push(span);
                    let y = 16.0 + ROW * row as f32;
                    let class = flag.kind.text_class();
                    return Some((row, text(class, at, y, anchor, &flag.label)));
                }
            }
        }
        None
    }
}

/// Lines and crosses for the flags; words in rows from the top, each where it covers no
/// other and no line runs through it.
fn flag_marks(flags: &[Flag], frame: Frame, prims: &mut Vec<Prim>) {
    let title = "free memory";
    let start = frame.pad_left + 8.0;
    let mut rows = Rows::of(frame);
    rows.words[0].push((start, start + text_width(title, TEXT, Font::Sans)));
    // All words go above all lines: what is drawn later covers what was drawn before.
    let mut words = vec![text("axis-label", start, 16.0, Anchor::Start, title)];
    let mut tries_named = false;
    let mut drawn: Vec<(FlagKind, i32)> = Vec::new();
    let mut said: Vec<(&str, f32)> = Vec::new();
    for flag in flags {
        let x = x_of(flag.step, frame);
        if drawn.contains(&(flag.kind, x as i32)) {
            continue;
        }
        drawn.push((flag.kind, x as i32));
        if flag.kind == FlagKind::ReapTry {
            prims.push(cross(flag.kind, x, frame.height - 9.0));
            if !tries_named {
                tries_named = true;
                words.extend(rows.say(flag, x, 0).map(|(_, word)| word));
            }
            continue;
        }
        let below = rows.below(x);
        let again = said
            .iter()
            .any(|&(label, at)| label == flag.label && x - at < AGAIN);
        let word = match again {
            true => None,
            false => rows.say(flag, x, below),
        };
        let first = word.as_ref().map_or(below, |&(row, _)| row);
        rows.lines.push((x, first));
        if let Some((_, word)) = word {
            said.push((&flag.label, x));
            words.push(word);
        }
        let y1 = if first == 0 {
            0.0
        } else {
            3.0 + ROW * first as f32
        };
        prims.push(Prim::Line {
            class: flag.kind.class(),
            x1: x,
            y1,
            x2: x,
            y2: frame.height,
        });
    }
    prims.append(&mut words);
}

/// A try that failed.
fn cross(kind: FlagKind, x: f32, y: f32) -> Prim {
    let n = crate::geometry::number;
    let d = 3.0;
    let (left, right, top, bottom) = (n(x - d), n(x + d), n(y - d), n(y + d));
    Prim::Path {
        class: kind.class(),
        d: format!("M{left},{top}L{right},{bottom}M{right},{top}L{left},{bottom}"),
    }
}

fn text(class: &'static str, x: f32, y: f32, anchor: Anchor, text: &str) -> Prim {
    Prim::Text {
        class,
        x,
        y,
        anchor,
        size: TEXT,
        text: text.to_string(),
    }
}
