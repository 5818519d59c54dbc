//! Shapes, colours and marks, and the names under which a style sheet knows them.

/// What a colour means. Always shown together with a [`Glyph`] or a dash, and a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Tone {
    /// Runs.
    Run,
    /// Waits, or runs without getting anywhere.
    Wait,
    /// Part of the cycle; oopsed.
    Stuck,
    /// Cleared, done.
    Ok,
    /// Memory and its marks.
    Memory,
    /// The reaper.
    Reaper,
    /// A signal and what it does.
    Signal,
    /// Everything else.
    Neutral,
}

/// The shape that goes with a status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Glyph {
    /// ▶ runs.
    Play,
    /// ■ waits.
    Square,
    /// ✖ killed, oopsed.
    Cross,
    /// ✔ done.
    Check,
    /// → on its way out.
    Arrow,
    /// ♻ reaps.
    Recycle,
    /// ○ idle.
    Ring,
    /// ◔ sleeps for a time.
    Clock,
    /// A padlock: nobody may take it.
    Padlock,
    /// ⚡ a signal is pending.
    Bolt,
}

/// A task's status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Shape.
    pub glyph: Glyph,
    /// A few words: `waits, SIGKILL`.
    pub word: String,
    /// Colour.
    pub tone: Tone,
}

/// A small mark on a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Badge {
    /// SIGKILL is pending.
    Sigkill,
    /// `TIF_MEMDIE`.
    Memdie,
    /// A signal with a handler is pending.
    Signal,
    /// `PF_EXITING`.
    Exiting,
}

impl Glyph {
    /// Path data around the origin, about 10 units wide. Stroked glyphs are those for
    /// which [`Glyph::is_stroke`] holds; the others are filled.
    pub fn path(self) -> &'static str {
        match self {
            Glyph::Play => "M-4.5,-5.5L5.5,0L-4.5,5.5z",
            Glyph::Square => {
                "M-3.5,-5H3.5Q5,-5 5,-3.5V3.5Q5,5 3.5,5H-3.5Q-5,5 -5,3.5V-3.5Q-5,-5 -3.5,-5z"
            }
            Glyph::Cross => "M-4,-4L4,4M4,-4L-4,4",
            Glyph::Check => "M-5,0L-1.5,4L5,-4",
            Glyph::Arrow => "M-5,0H4.5M0.5,-4L4.5,0L0.5,4",
            Glyph::Recycle => "M3.5,-3.5A5,5 0 1 0 5,1M5,-5V-1.5H1.5",
            Glyph::Ring => "M4.5,0A4.5,4.5 0 1 1 -4.5,0A4.5,4.5 0 1 1 4.5,0",
            Glyph::Padlock => "M-4.5,-0.5H4.5V5.5H-4.5zM-2.8,-0.5V-2.5A2.8,2.8 0 0 1 2.8,-2.5V-0.5",
            Glyph::Bolt => "M2,-7.2L-4.8,1H-0.8L-2,7.2L4.8,-1.8H0.7z",
            Glyph::Clock => "M5,0A5,5 0 1 1 -5,0A5,5 0 1 1 5,0M0,-3V0L2.5,1.5",
        }
    }

    /// Whether the path is stroked rather than filled.
    pub fn is_stroke(self) -> bool {
        !matches!(self, Glyph::Play | Glyph::Square | Glyph::Bolt)
    }
}

impl Tone {
    /// Name for a CSS class: `tone-stuck`.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Run => "tone-run",
            Tone::Wait => "tone-wait",
            Tone::Stuck => "tone-stuck",
            Tone::Ok => "tone-ok",
            Tone::Memory => "tone-memory",
            Tone::Reaper => "tone-reaper",
            Tone::Signal => "tone-signal",
            Tone::Neutral => "tone-neutral",
        }
    }
}

/// The stroke through the bolt of a signal that nothing acts on.
pub const STRUCK: &str = "M-7,-5L7,5";

impl Badge {
    /// The kernel's word.
    pub fn word(self) -> &'static str {
        match self {
            Badge::Sigkill => "SIGKILL",
            Badge::Memdie => "TIF_MEMDIE",
            Badge::Signal => "signal",
            Badge::Exiting => "PF_EXITING",
        }
    }
}
