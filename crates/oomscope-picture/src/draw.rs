//! From state to boxes, tokens and levels.

use oomscope_model::event::Event;
use oomscope_model::machine::Machine;
use oomscope_model::state::State;

use crate::layout::Layout;
use crate::picture::Picture;

pub(crate) fn draw(machine: &Machine, state: &State, layout: &Layout, recent: &[Event]) -> Picture {
    let _ = (machine, state, recent);
    let label = |text: &str| crate::picture::Label {
        text: text.into(),
        at: Default::default(),
        anchor: crate::picture::Anchor::Start,
        size: 15.5,
        font: crate::geometry::Font::Sans,
        strong: true,
    };
    Picture {
        width: layout.width,
        height: layout.height,
        tasks: Vec::new(),
        locks: Vec::new(),
        tokens: Vec::new(),
        edges: Vec::new(),
        memory: crate::picture::Vessel {
            rect: layout.memory,
            title: label("Memory"),
            total: label(""),
            segments: Vec::new(),
            marks: Vec::new(),
            aria: String::new(),
        },
        chain: None,
        label: String::new(),
    }
}
