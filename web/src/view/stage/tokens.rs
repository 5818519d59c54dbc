//! Tokens: waiting tasks in their lanes.
//!
//! Every task that is drawn owns one token for good. While the task does not wait, the
//! token is invisible at home: in the task's box, or in the box of the lock that the task
//! has just been given. So it slides into the lane from where it belongs, and out of it.

use std::fmt::Write as _;

use oomscope_model::event::Event;
use oomscope_picture::geometry::{Font, Point, Rect, fit, number};
use oomscope_picture::picture::{Anchor, Label, TaskBox, Token, Tone};
use yew::prelude::*;

use super::Scene;
use super::draw::{arrow, heading, label, label_at, rect, shift};

/// One token per task.
pub(crate) fn tokens(scene: &Scene<'_>) -> Vec<Html> {
    let waiting = |task: &TaskBox| {
        scene
            .picture
            .tokens
            .iter()
            .find(|token| token.task == task.task && token.ejected.is_none())
    };
    (scene.picture.tasks.iter())
        .map(|task| match waiting(task) {
            Some(found) => token(scene, task, found),
            None => at_home(scene, task),
        })
        .collect()
}

fn key(task: &TaskBox) -> String {
    format!("token-{}", task.task.0)
}

fn name(scene: &Scene<'_>, task: &TaskBox) -> String {
    scene.store.machine().actor(task.task).name.clone()
}

fn token(scene: &Scene<'_>, task: &TaskBox, token: &Token) -> Html {
    let (dx, dy) = (-token.rect.x, -token.rect.y);
    let pill = Rect::new(0.0, 0.0, token.rect.w, token.rect.h);
    let classes = classes!(
        "token",
        token.tone.class(),
        token.on_chain.then_some("on"),
        scene.dim(&task.id)
    );
    html! {
        <g key={key(task)} class={classes} style={shift(token.rect.x, token.rect.y)}
           data-token={name(scene, task)} data-place={token.place.to_string()}>
            if token.awake {
                { rect(Rect::new(-4.0, -4.0, pill.w + 8.0, pill.h + 8.0), pill.h / 2.0 + 4.0, "awake") }
            }
            { rect(pill, pill.h / 2.0, "box") }
            { label_at(&token.name, "c", dx, dy) }
            { label_at(&token.mode_label, "soft", dx, dy) }
            if token.killable {
                { hinge(pill) }
            }
        </g>
    }
}

/// The hinge of a killable wait: a signal can open the pill at its top.
fn hinge(pill: Rect) -> Html {
    let x = number(pill.w - pill.h / 2.0);
    html! {
        <>
            <path d={format!("M{x},0l9,-8")} class="hinge" />
            <circle cx={x} cy="0" r="3" class="pin" />
        </>
    }
}

/// An invisible token where its task is.
fn at_home(scene: &Scene<'_>, task: &TaskBox) -> Html {
    let given = scene.store.events().iter().find_map(|event| match *event {
        Event::LockGranted {
            task: who, lock, ..
        } if who == task.task => Some(lock),
        _ => None,
    });
    let lock = given.and_then(|lock| scene.picture.locks.iter().find(|place| place.lock == lock));
    let (w, h) = (64.0, 36.0);
    let at = match lock {
        Some(lock) => lock.chip.rect.center(),
        None => Point::new(task.rect.right() - w / 2.0 - 8.0, task.rect.center().y),
    };
    let text = fit(&task.full_name, w - 8.0, 12.0, Font::Sans);
    let words = Label {
        text,
        at: Point::new(w / 2.0, h / 2.0 + 4.0),
        anchor: Anchor::Middle,
        size: 12.0,
        font: Font::Sans,
        strong: true,
    };
    html! {
        <g key={key(task)} class="token gone tone-wait" style={shift(at.x - w / 2.0, at.y - h / 2.0)}
           data-token={name(scene, task)} aria-hidden="true">
            { rect(Rect::new(0.0, 0.0, w, h), h / 2.0, "box") }
            { label(&words, "c") }
        </g>
    }
}

/// Those that a signal has just taken out of their lane: the arc stays for this step, and
/// a token flies along it.
pub(crate) fn flights(scene: &Scene<'_>) -> Vec<Html> {
    let thrown = scene
        .picture
        .tokens
        .iter()
        .filter_map(|token| Some((token, token.ejected.as_ref()?)));
    thrown
        .map(|(token, ejection)| {
            // The step is part of the key: a second ejection is a new flight.
            let mut key = token.id.clone();
            let _ = write!(key, "-{}", scene.store.cursor());
            let (w, h) = (token.rect.w, token.rect.h);
            let (dx, dy) = (-token.rect.x - w / 2.0, -token.rect.y - h / 2.0);
            let pill = Rect::new(-w / 2.0, -h / 2.0, w, h);
            let home = heading(&[Point::new(ejection.to.x + 1.0, ejection.to.y), ejection.to]);
            html! {
                <g key={key} class={Tone::Ok.class()}>
                    <path d={ejection.d.clone()} class="thrown" />
                    if let Some((tip, way)) = home {
                        <g class="edge">{ arrow(tip, way) }</g>
                    }
                    { label(&ejection.label, "c strong halo") }
                    <g class="flight" style={format!("offset-path:path('{}')", ejection.d)}>
                        { rect(pill, h / 2.0, "box") }
                        { label_at(&token.name, "c", dx, dy) }
                        { label_at(&token.mode_label, "soft", dx, dy) }
                    </g>
                </g>
            }
        })
        .collect()
}
