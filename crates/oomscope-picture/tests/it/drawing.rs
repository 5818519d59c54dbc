//! Edges, tokens, the chart and the SVG.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, Machine, Zone};
use oomscope_model::patches::Version;
use oomscope_model::state::{Run, State};
use oomscope_model::step::step;
use oomscope_picture::geometry::Rect;
use oomscope_picture::picture::{EdgeKind, Picture};
use oomscope_picture::plot::{Flag, FlagKind, Frame, Prim, Sample, history, x_of};
use oomscope_picture::{Size, Stage, Theme, layout, picture, to_svg};
use oomscope_scenario::builtin::BUILTIN;

const SIZES: [Size; 4] = [Size::Wide, Size::Narrow, Size::Embed, Size::Small];

#[test]
fn the_hops_are_numbered_along_the_cycle() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    for size in [Size::Wide, Size::Narrow, Size::Embed, Size::Small] {
        let picture = picture(
            &machine,
            &crate::common::stuck(&machine),
            &layout(&machine, size),
            &[],
        );
        let hops: Vec<(u8, &str)> = (picture.edges.iter())
            .filter_map(|edge| edge.hop.map(|hop| (hop.number, edge.id.as_str())))
            .collect();
        assert_eq!(
            hops,
            [
                (1, "needs-task-0"),
                (2, "pinned-mm-0-task-2"),
                (3, "waits-task-2"),
                (4, "holds-lock-1-task-0")
            ]
        );
        assert!(
            picture
                .edges
                .iter()
                .filter(|edge| edge.hop.is_some())
                .all(|edge| edge.double)
        );
        let trylock = picture
            .edges
            .iter()
            .find(|edge| edge.kind == EdgeKind::TrylockFailed)
            .unwrap();
        assert!(trylock.cross.is_some());
    }
}

#[test]
fn discs_keep_apart() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    for size in [Size::Wide, Size::Narrow, Size::Embed, Size::Small] {
        let picture = picture(
            &machine,
            &crate::common::stuck(&machine),
            &layout(&machine, size),
            &[],
        );
        let discs: Vec<_> = picture.edges.iter().filter_map(|edge| edge.hop).collect();
        for (nth, a) in discs.iter().enumerate() {
            for b in &discs[nth + 1..] {
                let far = (a.at.x - b.at.x).abs().max((a.at.y - b.at.y).abs());
                assert!(far >= 20.0, "{a:?} {b:?} {size:?}");
            }
        }
    }
}

/// Panics if a line of this picture runs through a box.
fn lines_keep_out(machine: &Machine, state: &State, stage: Stage) {
    let layout = layout(machine, stage);
    let picture = picture(machine, state, &layout, &[]);
    let tasks = layout.tasks.iter().map(|place| place.rect);
    let locks =
        (layout.locks.iter()).flat_map(|place| place.slots.iter().copied().chain([place.rect]));
    let boxes: Vec<Rect> = tasks.chain(locks).collect();
    for edge in &picture.edges {
        for pair in edge.points.windows(2) {
            let line = Rect::new(
                pair[0].x.min(pair[1].x),
                pair[0].y.min(pair[1].y),
                (pair[0].x - pair[1].x).abs(),
                (pair[0].y - pair[1].y).abs(),
            );
            for rect in &boxes {
                let inner = Rect::new(rect.x + 3.0, rect.y + 3.0, rect.w - 6.0, rect.h - 6.0);
                let through = line.x <= inner.right()
                    && inner.x <= line.right()
                    && line.y <= inner.bottom()
                    && inner.y <= line.bottom();
                assert!(!through, "{} runs through {rect:?} on {stage:?}", edge.id);
            }
        }
    }
}

#[test]
fn lines_do_not_run_through_boxes() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    for size in SIZES {
        lines_keep_out(&machine, &crate::common::stuck(&machine), size.into());
    }
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("parsed");
        let machine = scenario.machine;
        let mut state = State::start(&machine);
        for next in scenario.lead.expect("a lead").steps {
            step(&machine, &mut state, next, &mut ());
        }
        for size in SIZES {
            let stage = Stage::of(size, machine.patches, &scenario.offered);
            lines_keep_out(&machine, &state, stage);
        }
    }
}

#[test]
fn a_signal_throws_the_token_out() {
    let machine = crate::common::writer_in_queue(Version(4, 7));
    let mut state = crate::common::stuck(&machine);
    state.tasks[2].run = Run::Ready(oomscope_model::state::Pc::Unwind);
    let left = [Event::WaiterLeft {
        task: oomscope_model::machine::TaskId(2),
        lock: LockId(1),
        rank: 1,
    }];
    let picture = picture(&machine, &state, &layout(&machine, Size::Wide), &left);
    let token = picture
        .tokens
        .iter()
        .find(|token| token.id == "token-2")
        .unwrap();
    assert_eq!(
        token.ejected.as_ref().unwrap().label.text,
        "SIGKILL took the writer out of the lane"
    );
}

#[test]
fn a_long_queue_says_how_many_more() {
    let machine = crate::common::crowd(12, 1);
    let picture = picture(
        &machine,
        &crate::common::crowded(&machine),
        &layout(&machine, Size::Wide),
        &[],
    );
    assert_eq!(picture.tokens.len(), 5);
    let lock = picture
        .locks
        .iter()
        .find(|lock| lock.lock == LockId(2))
        .unwrap();
    assert_eq!(lock.overflow.as_ref().unwrap().text, "+6");
}

const ZONE: Zone = Zone {
    total_pages: 64,
    mb_per_page: 4,
    free_pages: 12,
    min: 3,
    low: 4,
    high: 5,
};
const FRAME: Frame = Frame {
    width: 500.0,
    height: 104.0,
    pad_left: 10.0,
    pad_right: 20.0,
    last_step: 100_000,
};

#[test]
fn the_chart_has_at_most_a_point_per_pixel_and_keeps_the_lowest() {
    let samples: Vec<Sample> = (0..=100_000)
        .map(|step| Sample {
            step,
            free_pages: if step == 50_003 { 0 } else { 9 },
        })
        .collect();
    let prims = history(&samples, &[], &ZONE, FRAME);
    let line = prims
        .iter()
        .find_map(|prim| match prim {
            Prim::Path {
                class: "mem-line",
                d,
            } => Some(d),
            _ => None,
        })
        .unwrap();
    assert!(
        line.matches('L').count() <= 480,
        "{}",
        line.matches('L').count()
    );
    // plotters counts its rows from zero, so the lowest is a tenth of a pixel higher.
    assert!(
        line.contains(",103.9"),
        "the one empty step is in the picture"
    );
    for class in ["mark-min", "mark-low", "mark-high"] {
        assert!(
            prims
                .iter()
                .any(|prim| matches!(prim, Prim::Line { class: c, .. } if *c == class))
        );
    }
}

#[test]
fn the_x_axis_is_the_scrubbers() {
    assert_eq!(x_of(0, FRAME), 10.0);
    assert_eq!(x_of(100_000, FRAME), 480.0);
    let flags = [Flag {
        step: 50_000,
        kind: FlagKind::Kill,
        label: "SIGKILL qemu".into(),
    }];
    let prims = history(
        &[Sample {
            step: 0,
            free_pages: 1,
        }],
        &flags,
        &ZONE,
        FRAME,
    );
    assert!(
        prims
            .iter()
            .any(|prim| matches!(prim, Prim::Line { class: "flag-kill", x1, .. } if *x1 == 245.0))
    );
}

#[test]
fn flag_words_do_not_overlap() {
    let flags: Vec<Flag> = (0..40)
        .map(|nth| Flag {
            step: nth * 1500,
            kind: FlagKind::Kill,
            label: format!("SIGKILL process-{nth}"),
        })
        .collect();
    let prims = history(&[], &flags, &ZONE, FRAME);
    let mut spans: Vec<(f32, f32, f32)> = Vec::new();
    for prim in &prims {
        let Prim::Text {
            x,
            y,
            anchor,
            size,
            text,
            ..
        } = prim
        else {
            continue;
        };
        let width = oomscope_picture::geometry::text_width(
            text,
            *size,
            oomscope_picture::geometry::Font::Sans,
        );
        let left = if *anchor == oomscope_picture::picture::Anchor::End {
            x - width
        } else {
            *x
        };
        for (a, b, row) in &spans {
            assert!(row != y || left > *b || left + width < *a, "{text}");
        }
        spans.push((left, left + width, *y));
    }
    assert!(spans.len() > 3);
}

#[test]
fn names_never_become_markup() {
    let mut machine = crate::common::crowd(2, 1);
    machine.tasks[0].name = "<script>&\"".into();
    let svg = to_svg(
        &picture(
            &machine,
            &State::start(&machine),
            &layout(&machine, Size::Wide),
            &[],
        ),
        &[],
        Theme::Dark,
    );
    assert!(!svg.contains("<script"));
    assert!(svg.contains("&lt;script&gt;&amp;&quot;"));
}

/// The words of lines that lie on a line, and how many have words at all, of a picture.
fn words_on_lines(picture: &Picture) -> (Vec<String>, usize) {
    let mut on_lines = Vec::new();
    let labelled = picture
        .edges
        .iter()
        .filter_map(|edge| Some((edge, edge.label.as_ref()?)));
    for (edge, label) in labelled.clone() {
        let others = picture.edges.iter().filter(|other| other.id != edge.id);
        let crossed = others
            .flat_map(|other| other.points.windows(2))
            .any(|pair| {
                let line = Rect::new(
                    pair[0].x.min(pair[1].x) - 0.5,
                    pair[0].y.min(pair[1].y) - 0.5,
                    (pair[0].x - pair[1].x).abs() + 1.0,
                    (pair[0].y - pair[1].y).abs() + 1.0,
                );
                line.overlaps(label.bounds())
            });
        if crossed {
            on_lines.push(label.text.clone());
        }
    }
    (on_lines, labelled.count())
}

#[test]
fn no_words_lie_on_a_line() {
    let (mut words, mut hops) = (0, 0);
    for (builtin, size) in BUILTIN.iter().flat_map(|it| SIZES.map(|size| (it, size))) {
        let scenario = builtin.scenario().expect("parsed");
        let machine = scenario.machine;
        let stage = Stage::of(size, machine.patches, &scenario.offered);
        let layout = layout(&machine, stage);
        let mut state = State::start(&machine);
        for next in scenario.lead.expect("a lead").steps {
            step(&machine, &mut state, next, &mut ());
            let picture = picture(&machine, &state, &layout, &[]);
            let (on_lines, count) = words_on_lines(&picture);
            assert_eq!(on_lines, [""; 0], "{} on {size:?}", builtin.id);
            if size == Size::Wide {
                words += count;
                hops += picture
                    .edges
                    .iter()
                    .filter(|edge| edge.hop.is_some())
                    .count();
            }
        }
    }
    // Where there is room, almost every hop has its words.
    assert!(words * 100 > hops * 88, "{words} for {hops}");
}
