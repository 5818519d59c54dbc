//! The words of every built-in scenario: each step of its lead in one sentence, and at the
//! end the chain and the whole picture as text. `OOMSCOPE_BLESS=1` rewrites the files in
//! `tests/moments`; a person reads the diff aloud.

use std::fmt::Write as _;
use std::path::PathBuf;

use oomscope_model::machine::Machine;
use oomscope_model::patches::PatchId;
use oomscope_model::state::State;
use oomscope_model::step::{act, enabled, step};
use oomscope_model::transition::Act;
use oomscope_picture::{
    Size, Stage, Theme, caption, caption_of, chain, layout, picture, to_svg, to_text,
};
use oomscope_scenario::builtin::BUILTIN;

#[test]
fn every_scenario_reads_well() {
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("parsed");
        let machine = scenario.machine;
        let mut state = State::start(&machine);
        let mut text = String::new();
        for next in scenario.lead.expect("a lead").steps {
            let mut events = Vec::new();
            step(&machine, &mut state, next, &mut events);
            writeln!(text, "{}", caption_of(&machine, next.0, &events, &state)).expect("string");
        }
        tell(&mut text, &machine, &state);
        compare(builtin.id, &text);
    }
}

#[test]
fn the_headline_clears_in_words_too() {
    let scenario = BUILTIN[0].scenario().expect("parsed");
    assert_eq!(scenario.id, "writer-in-queue");
    let mut machine = scenario.machine;
    let mut state = State::start(&machine);
    for next in scenario.lead.expect("a lead").steps {
        step(&machine, &mut state, next, &mut ());
    }
    let mut text = String::new();
    let mut events = Vec::new();
    let patch = PatchId::named("killable-writers").expect("in the table");
    act(
        &mut machine,
        &mut state,
        Act::Switch { patch, on: true },
        &mut events,
    )
    .expect("valid");
    writeln!(text, "{}", caption(&machine, &events, &state)).expect("string");
    while let Some(next) = enabled(&machine, &state).last() {
        let mut events = Vec::new();
        step(&machine, &mut state, next, &mut events);
        writeln!(text, "{}", caption_of(&machine, next.0, &events, &state)).expect("string");
    }
    tell(&mut text, &machine, &state);
    assert!(state.is_finished());
    compare("writer-in-queue-cleared", &text);
}

fn tell(text: &mut String, machine: &Machine, state: &State) {
    let words = chain(machine, state).map_or("no chain".to_owned(), |chain| chain.text());
    let drawing = picture(machine, state, &layout(machine, Size::Wide), &[]);
    write!(text, "\n{words}\n\n{}", to_text(&drawing)).expect("string");
}

#[track_caller]
fn compare(id: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/moments");
    let path = folder.join(format!("{id}.txt"));
    if std::env::var_os("OOMSCOPE_BLESS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(&path, text).expect("a file");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        known, text,
        "{id}: the words moved; OOMSCOPE_BLESS=1 rewrites them"
    );
}

/// Writes the last moment of every lead to look at, when `OOMSCOPE_GALLERY` names a
/// directory; without it, checks that they can be made.
#[test]
fn every_scenario_can_be_drawn() {
    let sizes = [
        ("wide", Size::Wide),
        ("narrow", Size::Narrow),
        ("embed", Size::Embed),
        ("small", Size::Small),
    ];
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("parsed");
        let machine = scenario.machine;
        let mut state = State::start(&machine);
        let mut events = Vec::new();
        for next in scenario.lead.expect("a lead").steps {
            events.clear();
            step(&machine, &mut state, next, &mut events);
        }
        for (name, size) in sizes {
            let stage = Stage::of(size, machine.patches, &scenario.offered);
            let drawing = picture(&machine, &state, &layout(&machine, stage), &events);
            let svg = to_svg(&drawing, &[], Theme::Light);
            assert!(svg.ends_with("</svg>\n"));
            if let Ok(folder) = std::env::var("OOMSCOPE_GALLERY") {
                let path = format!("{folder}/{}-{name}.svg", builtin.id);
                std::fs::write(path, svg).expect("a file");
            }
        }
    }
}
