//! Writes pictures to look at when `OOMSCOPE_GALLERY` names a directory; without it, checks
//! that they can be made.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, Machine, TaskId};
use oomscope_model::patches::Version;
use oomscope_model::state::{Pc, Run, State};
use oomscope_picture::{Size, Theme, layout, picture, to_svg};

fn show(name: &str, machine: &Machine, state: &State, recent: &[Event], theme: Theme) {
    for (shape, size) in [
        ("wide", Size::Wide),
        ("narrow", Size::Narrow),
        ("embed", Size::Embed),
        ("small", Size::Small),
    ] {
        let picture = picture(machine, state, &layout(machine, size), recent);
        let svg = to_svg(&picture, &[], theme);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        if let Ok(dir) = std::env::var("OOMSCOPE_GALLERY") {
            std::fs::write(format!("{dir}/{name}-{shape}.svg"), &svg).unwrap();
        }
    }
}

#[test]
fn the_stuck_moment() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    show(
        "stuck",
        &machine,
        &crate::common::stuck(&machine),
        &[],
        Theme::Dark,
    );
}

#[test]
fn a_token_on_its_way_out() {
    let machine = crate::common::writer_in_queue(Version(4, 7));
    let mut state = crate::common::stuck(&machine);
    state.tasks[2].run = Run::Ready(Pc::Unwind);
    let left = [Event::WaiterLeft {
        task: TaskId(2),
        lock: LockId(1),
        rank: 1,
    }];
    show("ejected", &machine, &state, &left, Theme::Light);
}

#[test]
fn a_crowd() {
    let machine = crate::common::crowd(10, 4);
    show(
        "crowd",
        &machine,
        &crate::common::crowded(&machine),
        &[],
        Theme::Light,
    );
}
