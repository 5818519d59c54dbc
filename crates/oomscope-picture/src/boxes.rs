//! Task boxes, lock boxes with their lanes, and the tokens in them.

use oomscope_model::kernel::Reaper;
use oomscope_model::machine::{Kind, Machine, Mode, TaskId};
use oomscope_model::state::Run;

use crate::draw::Scene;
use crate::geometry::{Font, Point, Rect, fit, fit_name, text_width};
use crate::layout::{LockPlace, TaskPlace};
use crate::names;
use crate::picture::{Anchor, Badge, Chip, Label, LockBox, Pending, Slot, TaskBox, Tone};
use crate::stack::detail;
use crate::status::{badges, signal, status};
use crate::tokens::short_name;

pub(crate) fn label(text: String, at: Point, size: f32) -> Label {
    Label {
        text,
        at,
        anchor: Anchor::Start,
        size,
        font: Font::Sans,
        strong: false,
    }
}

/// Sizes of a task box's text, by the height of the box.
struct TaskType {
    name: f32,
    small: f32,
    first: f32,
    second: f32,
    indent: f32,
}

/// A box of this height or less has room for the name and the status only.
const ONE_LINE: f32 = 34.0;

fn task_type(place: &TaskPlace) -> TaskType {
    let rect = place.rect;
    if place.brick {
        TaskType {
            name: 12.5,
            small: 12.0,
            first: rect.h / 2.0 + 4.5,
            second: rect.h,
            indent: 25.0,
        }
    } else if rect.h >= 56.0 {
        TaskType {
            name: 15.5,
            small: 12.5,
            first: 25.0,
            second: 44.0,
            indent: 38.0,
        }
    } else if rect.h >= 46.0 {
        TaskType {
            name: 14.5,
            small: 12.0,
            first: 20.0,
            second: 37.0,
            indent: 34.0,
        }
    } else if rect.h > ONE_LINE {
        TaskType {
            name: 13.5,
            small: 12.0,
            first: 17.0,
            second: 33.0,
            indent: 32.0,
        }
    } else {
        TaskType {
            name: 13.0,
            small: 12.5,
            first: rect.h / 2.0 + 4.5,
            second: rect.h,
            indent: 28.0,
        }
    }
}

pub(crate) fn task_box(scene: &Scene<'_>, place: &TaskPlace) -> TaskBox {
    let (machine, state, task) = (scene.machine, scene.state, place.task);
    let rect = place.rect;
    let sizes = task_type(place);
    let mut status = status(machine, state, task);
    let on_chain = scene.on_chain(task);
    if on_chain && scene.is_cycle() {
        status.tone = Tone::Stuck;
    }
    let inner = rect.w - sizes.indent - 12.0;
    let full_name = names::task(machine, task).to_string();
    let pending = signal(machine, state, task);
    // In a low box the bolt stands for the word, and what has no room is left to the glyph.
    let one_line = rect.h <= ONE_LINE;
    let low = place.brick || one_line;
    let bolt_w = if low && pending.is_some() { 14.0 } else { 0.0 };
    let name_w = text_width(&full_name, sizes.name, Font::Sans);
    let beside_name = match low {
        true => inner - bolt_w - name_w - 8.0,
        false => inner - 10.0 - name_w.min(inner * 0.6),
    };
    let word = match whole_parts(&status.word, beside_name, sizes.small) {
        "" if !place.brick => &status.word,
        word => word,
    };
    let status_w = text_width(word, sizes.small, Font::Sans)
        .min((inner - 10.0 - name_w.min(inner * 0.6)).max(0.0));
    let beside = if word.is_empty() { 2.0 } else { 8.0 };
    let badges = badges(state, task);
    let path = detail(machine, state, task);
    let detail = if one_line {
        String::new()
    } else {
        path.clone()
    };
    let detail_w = text_width(&detail, sizes.small, Font::Mono);
    let memdie = badges.contains(&Badge::Memdie);
    // Where somebody is matters more than the mark.
    let badge = memdie.then(|| Label {
        anchor: Anchor::End,
        font: Font::Mono,
        ..label(
            Badge::Memdie.word().to_string(),
            Point::new(rect.right() - 12.0, rect.y + sizes.second),
            sizes.small.min(12.0),
        )
    });
    let badge = badge.filter(|badge| !one_line && badge.bounds().w + 8.0 + detail_w <= inner);
    let badge_w = badge.as_ref().map_or(0.0, |badge| badge.bounds().w + 8.0);
    let name = Label {
        strong: true,
        ..label(
            fit_name(&full_name, inner - bolt_w - status_w - beside, sizes.name),
            Point::new(rect.x + sizes.indent, rect.y + sizes.first),
            sizes.name,
        )
    };
    let status_label = Label {
        anchor: Anchor::End,
        ..label(
            fit(word, status_w + 0.5, sizes.small, Font::Sans),
            Point::new(rect.right() - 12.0 - bolt_w, rect.y + sizes.first),
            sizes.small,
        )
    };
    let detail = Label {
        font: Font::Mono,
        ..label(
            fit(
                most_telling(&detail, inner - badge_w, sizes.small),
                inner - badge_w,
                sizes.small,
                Font::Mono,
            ),
            Point::new(rect.x + sizes.indent, rect.y + sizes.second),
            sizes.small,
        )
    };
    TaskBox {
        id: format!("task-{}", task.0),
        task,
        rect,
        aria: task_aria(scene, task, &full_name, &status.word),
        full_name,
        name,
        status,
        status_label,
        detail,
        path,
        glyph_at: Point::new(rect.x + sizes.indent - 16.0, rect.y + sizes.first - 5.5),
        badges,
        signal: pending.map(|(fatal, ignored)| Pending {
            at: if low {
                Point::new(rect.right() - 13.0, rect.center().y)
            } else {
                Point::new(rect.x + sizes.indent - 16.0, rect.y + sizes.second - 3.5)
            },
            fatal,
            ignored,
        }),
        badge_label: badge,
        on_chain,
        absent: machine.actor(task).kind == Kind::OomReaper
            && machine.kernel.reaper == Reaper::Absent,
    }
}

/// Where there is no room for all of a path: what it asks for, which the status does not say,
/// or where it waits.
fn most_telling(path: &str, room: f32, size: f32) -> &str {
    let fits = |text: &str| text_width(text, size, Font::Mono) <= room;
    match path.rsplit_once(" → ") {
        Some((head, "alloc")) if !fits(path) => head,
        Some((_, last)) if !fits(path) && fits(last) => last,
        _ => path,
    }
}

/// As much of a status as there is room for, by whole parts.
fn whole_parts(word: &str, room: f32, size: f32) -> &str {
    let first = word.split(", ").next().unwrap_or(word);
    [word, first]
        .into_iter()
        .find(|part| text_width(part, size, Font::Sans) <= room)
        .unwrap_or("")
}

fn task_aria(scene: &Scene<'_>, task: TaskId, name: &str, status: &str) -> String {
    let mut text = format!("{name}: {status}");
    match signal(scene.machine, scene.state, task) {
        Some((_, true)) => text.push_str(", which does not end this wait"),
        Some((false, false)) => text.push_str(", a signal is pending"),
        Some((true, false)) | None => {}
    }
    for (lock, mode) in scene.state.task(task).held.locks() {
        let how = names::purpose(scene.machine, lock, mode);
        text.push_str(&format!(
            ", holds {}{how}",
            names::lock(scene.machine, lock)
        ));
    }
    if let Run::Queued { on, mode, rank, .. } = scene.state.task(task).run {
        let how = names::purpose(scene.machine, on, mode);
        let of = scene.state.queue_len(on);
        text.push_str(&format!(
            ", waits for {}{how}, place {rank} of {of}",
            names::lock(scene.machine, on)
        ));
    }
    text
}

pub(crate) fn lock_box(scene: &Scene<'_>, place: &LockPlace) -> LockBox {
    let (machine, state, lock) = (scene.machine, scene.state, place.lock);
    let rect = place.rect;
    let full_name = machine.locks[lock.0 as usize].name.clone();
    // In a low box there is no second line for the owner; the only mmap_sem needs none.
    let short = names::lock(machine, lock);
    let (title, size, indent, first) = match place.roomy {
        true => (names::lock_title(machine, lock), 15.5, 16.0, 26.0),
        false if rect.w < 110.0 => (short.as_str(), 12.0, 8.0, 20.0),
        false => (short.as_str(), 13.5, 12.0, 20.0),
    };
    let room = rect.w - 2.0 * indent + 6.0;
    let fits = |&size: &f32| text_width(title, size, Font::Mono) <= room;
    let size = [size, 12.5, 12.0].into_iter().find(fits).unwrap_or(size);
    let name = Label {
        font: Font::Mono,
        strong: true,
        ..label(
            fit(title, room, size, Font::Mono),
            Point::new(rect.x + indent, rect.y + first),
            size,
        )
    };
    let kind = place.roomy.then(|| {
        let (kind, room) = (names::lock_kind(machine, lock), rect.w - indent - 10.0);
        label(
            fit(
                match whole_parts(&kind, room, 12.5) {
                    "" => &kind,
                    part => part,
                },
                room,
                12.5,
                Font::Sans,
            ),
            Point::new(rect.x + indent, rect.y + 46.0),
            12.5,
        )
    });
    let holders: Vec<(TaskId, Mode)> = state.holders(lock).collect();
    let waiting = state.queue_len(lock);
    let overflow = usize::from(waiting)
        .checked_sub(place.slots.len())
        .filter(|more| *more > 0);
    let chip = chip(machine, place, &holders);
    LockBox {
        id: format!("lock-{}", lock.0),
        lock,
        rect,
        aria: format!("{full_name}: {}, {waiting} waiting", chip.label.text),
        full_name,
        name,
        kind,
        chip,
        lane_title: (place.roomy && waiting > 0).then(|| lane_title(place)),
        slots: place
            .slots
            .iter()
            .enumerate()
            .map(|(i, &rect)| slot(place, i, rect))
            .collect(),
        overflow: overflow.map(|more| overflow_label(place, more)),
        on_chain: scene.lock_on_chain(lock),
        tone: match (scene.lock_on_chain(lock), scene.is_cycle()) {
            (true, true) => Tone::Stuck,
            (true, false) => Tone::Wait,
            (false, _) => Tone::Neutral,
        },
    }
}

fn chip(machine: &Machine, place: &LockPlace, holders: &[(TaskId, Mode)]) -> Chip {
    let (inset, top, h, indent): (f32, f32, f32, f32) = match place.roomy {
        true => (14.0, 58.0, 23.0, 8.0),
        false if place.rect.w < 110.0 => (5.0, 29.0, 21.0, 4.0),
        false => (10.0, 29.0, 21.0, 8.0),
    };
    let rect = Rect::new(
        place.rect.x + inset,
        place.rect.y + top.min(place.rect.h - h - 6.0),
        place.rect.w - 2.0 * inset,
        h,
    );
    let room = rect.w - 2.0 * indent + 2.0;
    let size = if place.roomy { 12.5 } else { 12.0 };
    let text = match holders {
        [] => "free".to_string(),
        [(first, mode), ..] => {
            let verb = names::mode(machine, place.lock, *mode);
            let fits = |text: &String| text_width(text, size, Font::Sans) <= room;
            let listed = |name: &dyn Fn(TaskId) -> String| {
                let all: Vec<String> = holders.iter().map(|(task, _)| name(*task)).collect();
                format!("{verb}: {}", all.join(", "))
            };
            let whole = |task: TaskId| names::task(machine, task).to_string();
            let short = |task: TaskId| short_name(machine, task);
            let more = match holders.len() {
                1 => String::new(),
                count => format!(", +{}", count - 1),
            };
            let first_only = format!("{verb}: {}{more}", whole(*first));
            let shortest = format!("{verb}: {}{more}", short(*first));
            let by_room = [listed(&whole), listed(&short), first_only, shortest];
            let last = by_room.len() - 1;
            let best = by_room.iter().position(fits).unwrap_or(last);
            by_room[best].clone()
        }
    };
    let at = Point::new(rect.x + indent, rect.y + rect.h / 2.0 + 4.5);
    Chip {
        rect,
        label: label(fit(&text, room, size, Font::Sans), at, size),
        held: !holders.is_empty(),
    }
}

fn lane_title(place: &LockPlace) -> Label {
    let left = place.slots.last().map_or(place.rect.x, |slot| slot.x);
    label(
        "waiting, in order".to_string(),
        Point::new(left, place.rect.y + 16.0),
        12.0,
    )
}

fn slot(place: &LockPlace, index: usize, rect: Rect) -> Slot {
    let (drop, size) = if place.roomy {
        (16.0, 12.0)
    } else {
        (12.0, 12.0)
    };
    let at = Point::new(rect.center().x, rect.bottom() + drop);
    Slot {
        rect,
        number: Label {
            anchor: Anchor::Middle,
            ..label((index + 1).to_string(), at, size)
        },
    }
}

fn overflow_label(place: &LockPlace, more: usize) -> Label {
    let last = place.slots.last().copied().unwrap_or(place.rect);
    let drop = if place.roomy { 16.0 } else { 12.0 };
    let at = Point::new(last.center().x + 7.0, last.bottom() + drop);
    label(format!("+{more}"), at, 12.0)
}
