//! Nothing overlaps, everything fits, and no box ever moves.

use std::collections::BTreeSet;

use oomscope_model::machine::Machine;
use oomscope_model::patches::Version;
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_picture::geometry::Rect;
use oomscope_picture::picture::Label;
use oomscope_picture::{Layout, Picture, Size, Stage, layout, picture};
use oomscope_scenario::builtin::BUILTIN;

const SIZES: [Size; 4] = [Size::Wide, Size::Narrow, Size::Embed, Size::Small];

fn boxes(layout: &Layout) -> Vec<(String, Rect)> {
    let mut boxes: Vec<(String, Rect)> = Vec::new();
    for task in &layout.tasks {
        boxes.push((format!("{:?}", task.task), task.rect));
    }
    for lock in &layout.locks {
        boxes.push((format!("{:?}", lock.lock), lock.rect));
        for (nth, slot) in lock.slots.iter().enumerate() {
            boxes.push((format!("{:?} slot {}", lock.lock, nth + 1), *slot));
        }
    }
    boxes.push(("memory".into(), layout.memory));
    for strip in &layout.strips {
        boxes.push((format!("{:?}", strip.kind), strip.rect));
    }
    boxes
}

#[test]
fn no_two_boxes_overlap_and_all_are_on_the_stage() {
    for tasks in 1..=12 {
        for locks in 0..=5 {
            let machine = crate::common::crowd(tasks, locks);
            for size in SIZES {
                let layout = layout(
                    &machine,
                    Stage {
                        size,
                        kworker: true,
                        reserves: true,
                        handed_over: true,
                    },
                );
                let stage = Rect::new(0.0, 0.0, layout.width, layout.height);
                let boxes = boxes(&layout);
                for (nth, (name, rect)) in boxes.iter().enumerate() {
                    assert!(
                        stage.contains(*rect),
                        "{name} leaves the stage: {rect:?} {size:?}"
                    );
                    for (other, area) in &boxes[nth + 1..] {
                        assert!(
                            !rect.overlaps(*area),
                            "{name} on {other}: {tasks} tasks, {locks} locks, {size:?}"
                        );
                    }
                }
            }
        }
    }
}

fn inside(label: &Label, rect: Rect) {
    let bounds = label.bounds();
    assert!(
        bounds.x >= rect.x && bounds.right() <= rect.right() + 1.0,
        "{:?} leaves its box {rect:?}",
        label
    );
}

pub(crate) fn labels_fit(picture: &Picture) {
    for task in &picture.tasks {
        for label in [&task.name, &task.status_label, &task.detail] {
            inside(label, task.rect);
        }
        let (name, status) = (task.name.bounds(), task.status_label.bounds());
        assert!(
            !name.overlaps(status),
            "{} runs into {}",
            task.name.text,
            task.status_label.text
        );
        if let Some(badge) = &task.badge_label {
            assert!(
                !task.detail.bounds().overlaps(badge.bounds()),
                "{}",
                task.detail.text
            );
        }
    }
    for lock in &picture.locks {
        inside(&lock.name, lock.rect);
        inside(&lock.chip.label, lock.chip.rect);
        assert!(lock.rect.contains(lock.chip.rect));
        lock.kind.iter().for_each(|label| inside(label, lock.rect));
    }
    for token in &picture.tokens {
        inside(&token.name, token.rect);
        inside(&token.mode_label, token.rect);
    }
    for segment in &picture.memory.segments {
        for label in segment.name.iter().chain(&segment.detail) {
            inside(label, segment.rect);
        }
    }
    for strip in &picture.strips {
        inside(&strip.title, strip.rect);
        if let Some(note) = &strip.note {
            inside(note, strip.rect);
            assert!(
                !note.bounds().overlaps(strip.title.bounds()),
                "{}",
                note.text
            );
        }
        for cell in &strip.cells {
            assert!(strip.rect.contains(cell.rect) && cell.rect.contains(cell.fill()));
            inside(&cell.name, cell.rect);
            inside(&cell.detail, cell.rect);
        }
    }
    let stage = Rect::new(0.0, 0.0, picture.width, picture.height);
    for edge in &picture.edges {
        for point in &edge.points {
            assert!(
                stage.contains(Rect::new(point.x, point.y, 0.0, 0.0)),
                "{} leaves the stage",
                edge.id
            );
        }
        if let Some(label) = &edge.label {
            assert!(stage.contains(label.bounds()), "{}: {:?}", edge.id, label);
        }
    }
}

#[test]
fn labels_stay_inside_their_boxes() {
    for (tasks, locks) in [(2, 1), (6, 3), (12, 5)] {
        let machine = crate::common::crowd(tasks, locks);
        for size in SIZES {
            let layout = layout(&machine, size);
            labels_fit(&picture(&machine, &State::start(&machine), &layout, &[]));
            labels_fit(&picture(
                &machine,
                &crate::common::crowded(&machine),
                &layout,
                &[],
            ));
        }
    }
    let machine = crate::common::writer_in_queue(Version(4, 6));
    for size in SIZES {
        labels_fit(&picture(
            &machine,
            &crate::common::stuck(&machine),
            &layout(&machine, size),
            &[],
        ));
    }
}

/// All boxes of a picture, in its own order.
fn places(picture: &Picture) -> Vec<Rect> {
    let tasks = picture.tasks.iter().map(|task| task.rect);
    let locks = picture
        .locks
        .iter()
        .flat_map(|lock| lock.slots.iter().map(|slot| slot.rect).chain([lock.rect]));
    let cells = picture
        .strips
        .iter()
        .flat_map(|strip| strip.cells.iter().map(|cell| cell.rect).chain([strip.rect]));
    tasks
        .chain(locks)
        .chain(cells)
        .chain([picture.memory.rect])
        .collect()
}

/// Steps a machine by a fixed sequence of choices and hands every state to `see`.
fn walk(
    machine: &Machine,
    mut choice: u32,
    mut see: impl FnMut(&State, &[oomscope_model::event::Event]),
) {
    let mut state = State::start(machine);
    for _ in 0..150 {
        let moves: Vec<_> = enabled(machine, &state).collect();
        if moves.is_empty() {
            return;
        }
        choice = choice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut events = Vec::new();
        step(
            machine,
            &mut state,
            moves[(choice >> 16) as usize % moves.len()],
            &mut events,
        );
        see(&state, &events);
    }
}

#[test]
fn no_box_moves_between_any_two_steps() {
    for version in [
        Version(4, 5),
        Version(4, 6),
        Version(4, 9),
        Version(4, 14),
        Version(4, 19),
    ] {
        let machine = crate::common::writer_in_queue(version);
        for size in SIZES {
            let layout = layout(&machine, size);
            let first = places(&picture(&machine, &State::start(&machine), &layout, &[]));
            for seed in 0..40 {
                walk(&machine, seed, |state, events| {
                    let picture = picture(&machine, state, &layout, events);
                    assert_eq!(places(&picture), first);
                    labels_fit(&picture);
                });
            }
        }
    }
}

#[test]
fn a_patch_moves_nothing() {
    let old = crate::common::writer_in_queue(Version(4, 5));
    let new = crate::common::writer_in_queue(Version(4, 19));
    for size in SIZES {
        assert_eq!(layout(&old, size), layout(&new, size));
    }
}

#[test]
fn ids_are_unique() {
    let machine = crate::common::writer_in_queue(Version(4, 7));
    let layout = layout(&machine, Size::Wide);
    for seed in 0..40 {
        walk(&machine, seed, |state, events| {
            let picture = picture(&machine, state, &layout, events);
            let mut ids: Vec<&str> = picture.edges.iter().map(|edge| edge.id.as_str()).collect();
            ids.extend(picture.tasks.iter().map(|task| task.id.as_str()));
            ids.extend(picture.tokens.iter().map(|token| token.id.as_str()));
            ids.extend(picture.locks.iter().map(|lock| lock.id.as_str()));
            let all = ids.len();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), all, "{ids:?}");
        });
    }
}

#[test]
fn every_scenario_has_room_and_stands_still() {
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("parsed");
        let machine = &scenario.machine;
        for size in SIZES {
            let stage = Stage::of(size, machine.patches, &scenario.offered);
            let layout = layout(machine, stage);
            let boxes = boxes(&layout);
            for (nth, (name, rect)) in boxes.iter().enumerate() {
                for (other, area) in &boxes[nth + 1..] {
                    assert!(
                        !rect.overlaps(*area),
                        "{}: {name} on {other}, {size:?}",
                        builtin.id
                    );
                }
            }
            let first = places(&picture(machine, &State::start(machine), &layout, &[]));
            walk(machine, 0, |state, events| {
                let picture = picture(machine, state, &layout, events);
                assert_eq!(places(&picture), first, "{}", builtin.id);
                let ids: BTreeSet<&str> = picture.edges.iter().map(|e| e.id.as_str()).collect();
                assert_eq!(ids.len(), picture.edges.len(), "{}", builtin.id);
                labels_fit(&picture);
            });
        }
    }
}

#[test]
fn no_switch_moves_a_box() {
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("parsed");
        let own = scenario.machine.patches;
        let stage = |patches| Stage::of(Size::Wide, patches, &scenario.offered);
        for &patch in &scenario.offered {
            for on in [true, false] {
                assert_eq!(
                    stage(own.with(patch, on)),
                    stage(own),
                    "{}: {}",
                    builtin.id,
                    patch.get().id
                );
            }
        }
    }
}

/// A stage that is taller than its frame is drawn smaller; so much of a size must be left that
/// its words stay legible.
#[test]
fn every_scenario_is_legible_in_its_frame() {
    let frames = [
        (Size::Wide, (1024.0, 520.0)),
        (Size::Embed, (800.0, 320.0)),
        (Size::Small, (640.0, 240.0)),
    ];
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("parsed");
        for (size, (width, height)) in frames {
            let stage = Stage::of(size, scenario.machine.patches, &scenario.offered);
            let layout = layout(&scenario.machine, stage);
            let scale = f32::min(width / layout.width, height / layout.height);
            // A wall of bricks is looked at as a crowd, not read.
            let least = match (layout.tasks[0].brick, size) {
                (true, _) => 0.58,
                (false, Size::Wide) => 0.80,
                (false, _) => 0.64,
            };
            assert!(scale > least, "{} {size:?}: {scale:.2}", builtin.id);
        }
    }
}
