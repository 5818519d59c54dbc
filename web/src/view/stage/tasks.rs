//! Task boxes, locks with their lanes, and the marks of those who may move next.

use oomscope_model::machine::TaskId;
use oomscope_picture::geometry::{Rect, number};
use oomscope_picture::picture::{Glyph, LockBox, Pending, STRUCK, TaskBox, Tone};
use yew::prelude::*;

use super::Scene;
use super::draw::{glyph, label, rect, ring};
use crate::store::{Action, Selection};

const RADIUS: f32 = 8.0;

/// A task on the rail. A click looks at it closely; Enter lets it take its step.
pub(crate) fn task(scene: &Scene<'_>, task: &TaskBox) -> Html {
    let what = Selection::Task(task.task);
    let selected = scene.store.selection() == Some(what);
    let classes = classes!(
        task.status.tone.class(),
        task.on_chain.then_some("on"),
        task.absent.then_some("absent"),
        (scene.mover == Some(task.task)).then_some("just"),
        selected.then_some("selected"),
        scene.dim(&task.id),
    );
    let name = scene.store.machine().actor(task.task).name.clone();
    let accent = Rect::new(
        task.rect.x + 1.0,
        task.rect.y + 10.0,
        3.0,
        task.rect.h - 20.0,
    );
    html! {
        <g key={task.id.clone()} class={classes} data-task={name} onclick={scene.select(what)}>
            { ring(task.rect, RADIUS) }
            { rect(task.rect, RADIUS, "box") }
            { rect(accent, 1.5, "accent") }
            { glyph(task.status.glyph, task.glyph_at) }
            if let Some(signal) = task.signal {
                { bolt(signal) }
            }
            <g aria-hidden="true">
                { label(&task.name, "") }
                { label(&task.status_label, "c") }
                { label(&task.detail, "soft") }
                if let Some(badge) = &task.badge_label {
                    <g class={Tone::Signal.class()}>{ label(badge, "c") }</g>
                }
            </g>
            { press(task.rect, &task.aria, selected, take_step(scene, task.task)) }
        </g>
    }
}

/// A pending signal, struck through where the task sleeps on regardless.
fn bolt(signal: Pending) -> Html {
    let transform = format!("translate({},{})", number(signal.at.x), number(signal.at.y));
    let hollow = (!signal.fatal).then_some("hollow");
    html! {
        <g class={classes!("bolt", Tone::Signal.class(), hollow)} transform={transform}>
            <path d={Glyph::Bolt.path()} />
            if signal.ignored {
                <path d={STRUCK} class="gap" />
                <path d={STRUCK} class="bar" />
            }
        </g>
    }
}

/// The part of a box that has the focus and a name: one for readers, who would otherwise
/// hear the drawn words run together.
pub(crate) fn press(
    at: Rect,
    name: &str,
    selected: bool,
    onkeydown: Callback<KeyboardEvent>,
) -> Html {
    html! {
        <rect class="press" x={number(at.x)} y={number(at.y)} width={number(at.w)} height={number(at.h)}
              role="button" tabindex="0" aria-label={name.to_string()} aria-pressed={selected.to_string()}
              onkeydown={onkeydown} />
    }
}

/// Enter on a focused task lets it move, if it can; else it is selected like by a click.
fn take_step(scene: &Scene<'_>, task: TaskId) -> Callback<KeyboardEvent> {
    let dispatch = scene.dispatch.clone();
    let can = scene.store.choices().contains(&task);
    Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            event.stop_propagation();
            dispatch.emit(if can {
                Action::Choose { task }
            } else {
                Action::Select {
                    what: Some(Selection::Task(task)),
                }
            });
        }
    })
}

/// A lock: its lane with numbered places, its box, who holds it.
pub(crate) fn lock(scene: &Scene<'_>, lock: &LockBox) -> Html {
    let what = Selection::Lock(lock.lock);
    let selected = scene.store.selection() == Some(what);
    let classes = classes!(
        lock.tone.class(),
        lock.on_chain.then_some("on"),
        selected.then_some("selected"),
        scene.dim(&lock.id),
    );
    let name = scene
        .store
        .machine()
        .locks
        .get(usize::from(lock.lock.0))
        .map(|info| info.name.clone());
    html! {
        <g key={lock.id.clone()} class={classes} data-lock={name} onclick={scene.select(what)}>
            if let Some(title) = &lock.lane_title {
                <g aria-hidden="true">{ label(title, "soft") }</g>
            }
            { for lock.slots.iter().map(|slot| html! {
                <>
                    { rect(slot.rect, slot.rect.h / 2.0, "slot") }
                    <g aria-hidden="true">{ label(&slot.number, "soft") }</g>
                </>
            }) }
            if let Some(overflow) = &lock.overflow {
                <g aria-hidden="true">{ label(overflow, "soft strong") }</g>
            }
            { ring(lock.rect, RADIUS) }
            { rect(lock.rect, RADIUS, "box") }
            { rect(lock.chip.rect, 5.0, "holder") }
            <g aria-hidden="true">
                { label(&lock.name, "") }
                if let Some(kind) = &lock.kind {
                    { label(kind, "soft") }
                }
                { label(&lock.chip.label, if lock.on_chain { "c" } else { "soft" }) }
            </g>
            { press(lock.rect, &lock.aria, selected, select_by_key(scene, what)) }
        </g>
    }
}

/// Enter looks closer at what has the focus.
pub(crate) fn select_by_key(scene: &Scene<'_>, what: Selection) -> Callback<KeyboardEvent> {
    let dispatch = scene.dispatch.clone();
    Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            event.stop_propagation();
            dispatch.emit(Action::Select { what: Some(what) });
        }
    })
}

/// A quiet mark at the lower left corner of every task that may take the next step: below the
/// glyphs, and clear of them in the lowest box.
pub(crate) fn choices(scene: &Scene<'_>) -> Html {
    let choices = scene.store.choices();
    if choices.len() < 2 {
        return Html::default();
    }
    let able = scene
        .picture
        .tasks
        .iter()
        .filter(|task| choices.contains(&task.task));
    able.map(|task| {
        let action = Action::Choose { task: task.task };
        let dispatch = scene.dispatch.clone();
        let onclick = Callback::from(move |event: MouseEvent| {
            event.stop_propagation();
            dispatch.emit(action.clone());
        });
        let (x, y) = (task.rect.x + 1.0, task.rect.bottom() - 1.0);
        let words = format!("Let {} take the next step", task.full_name);
        html! {
            <g key={task.id.clone()} class="next" transform={format!("translate({},{})", number(x), number(y))}
               role="button" tabindex="-1" aria-label={words.clone()} onclick={onclick}>
                <title>{ words }</title>
                <circle r="17" class="hit" />
                <circle r="8" class="disc" />
                <path d="M-2.4,-3.8L4,0L-2.4,3.8z" class="tri" />
            </g>
        }
    })
    .collect()
}
