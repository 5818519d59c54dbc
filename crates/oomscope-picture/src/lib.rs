//! From a machine, its state and what just happened to pictures and words.
//!
//! Everything here is a pure function: [`layout::layout`] says where things stand (from
//! the cast alone), [`picture::picture`] what is drawn there, [`wait::wait_edges`] and
//! [`chain::chain`] who waits for whom, [`words::caption`] what just happened in one
//! sentence, [`dmesg::log_lines`] what the kernel would have printed. No HTML and no DOM:
//! the page, the SVG export and the text export draw the same description.
//!
//! Lengths are CSS pixels in the stage's own coordinate system.

mod boxes;
pub mod chain;
pub mod clock;
pub mod dmesg;
mod draw;
mod edges;
mod ends;
pub mod geometry;
pub mod layout;
mod marks;
mod names;
pub mod notifiers;
pub mod picture;
pub mod plot;
mod prims;
mod route;
pub mod rule;
mod sign;
mod silent;
pub mod stack;
pub mod status;
pub mod strips;
pub mod svg;
pub mod table;
pub mod text;
mod tokens;
mod trace;
mod tracks;
mod vessel;
pub mod wait;
pub mod why;
pub mod words;

pub use chain::{Chain, Root, Span, chain};
pub use dmesg::{LogKind, LogLine, log_lines};
pub use layout::{Layout, Size, Stage, layout};
pub use picture::{Picture, Tone, picture};
pub use rule::{Rule, rule};
pub use stack::{ProgramLine, call_stack, detail, program_text};
pub use status::{badges, status};
pub use svg::{Theme, to_svg};
pub use table::{Row, table};
pub use text::to_text;
pub use trace::{TRACEPOINTS_SINCE, log_with_traces, trace_lines};
pub use wait::{Party, WaitEdge, Why, wait_edges};
pub use why::{Contrast, Told, no_way_out, told};
pub use words::{caption, caption_of, caption_of_move};
