//! The tokens of waiting tasks in their lanes, and of those that a signal threw out.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, Machine, Mode, TaskId};
use oomscope_model::state::Run;

use crate::boxes::label;
use crate::draw::Scene;
use crate::geometry::{Font, Point, fit_name, number, text_width};
use crate::names;
use crate::picture::{Anchor, Ejection, Label, Token, Tone};

/// The tokens of all queued tasks that have a slot, then those that a signal just threw out.
pub(crate) fn tokens(scene: &Scene<'_>, recent: &[Event]) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (task, word) in scene.state.tasks() {
        let Run::Queued {
            on,
            mode,
            rank,
            awake,
            ..
        } = word.run
        else {
            continue;
        };
        if let Some(mut token) = token(scene, task, on, mode, rank) {
            token.killable = names::is_killable(scene.machine, scene.state, task);
            token.awake = awake;
            tokens.push(token);
        }
    }
    for event in recent {
        let Event::WaiterLeft { task, lock, rank } = *event else {
            continue;
        };
        // Only writers and mutex waiters ever wait killably here.
        if let Some(mut token) = token(scene, task, lock, Mode::Write, rank) {
            token.killable = true;
            token.tone = Tone::Ok;
            token.ejected = ejection(scene, &token);
            tokens.push(token);
        }
    }
    tokens
}

fn token(scene: &Scene<'_>, task: TaskId, lock: LockId, mode: Mode, rank: u8) -> Option<Token> {
    let place = scene.layout.lock(lock)?;
    let rect = *place.slots.get(usize::from(rank).checked_sub(1)?)?;
    let size = 12.0;
    let (first, second) = if place.roomy {
        (18.0, 32.0)
    } else {
        (15.5, 28.0)
    };
    // A slot has round ends, which its words must not touch.
    let room = rect.w - 5.0;
    let middle = |text: String, y: f32, size: f32| {
        let size = if text_width(&text, size, Font::Sans) > room {
            size - 1.0
        } else {
            size
        };
        Label {
            anchor: Anchor::Middle,
            ..label(
                fit_name(&text, room, size),
                Point::new(rect.center().x, rect.y + y),
                size,
            )
        }
    };
    let name = short_name(scene.machine, task);
    let word = match names::mode(scene.machine, lock, mode) {
        "held" => "lock",
        word => word,
    };
    Some(Token {
        id: format!("token-{}", task.0),
        task,
        lock,
        place: rank,
        rect,
        name: Label {
            strong: true,
            ..middle(name, first, size)
        },
        mode_label: middle(word.to_string(), second, size),
        mode,
        killable: false,
        awake: false,
        on_chain: scene.on_chain(task),
        tone: if scene.on_chain(task) && scene.is_cycle() {
            Tone::Stuck
        } else {
            Tone::Wait
        },
        ejected: None,
    })
}

/// A name that fits a token: without the process's own name where that leaves something.
pub(crate) fn short_name(machine: &Machine, task: TaskId) -> String {
    let name = names::task(machine, task);
    let Some(process) = machine.process_of(task) else {
        return name.trim_start_matches("oom_").to_string();
    };
    let rest = name
        .strip_prefix(names::process(machine, process))
        .unwrap_or(name);
    let rest = rest.trim_start_matches(['-', '_', '.', '/', ',', ' ']);
    if rest.chars().count() >= 3 {
        rest.to_string()
    } else {
        name.to_string()
    }
}

fn ejection(scene: &Scene<'_>, token: &Token) -> Option<Ejection> {
    let home = scene.layout.task(token.task)?.rect;
    let from = Point::new(token.rect.center().x, token.rect.bottom());
    let to = Point::new(home.right() + 6.0, home.center().y);
    let low = from.y.max(to.y) + 34.0;
    let d = format!(
        "M{},{}C{},{} {},{} {},{}",
        number(from.x),
        number(from.y),
        number(from.x),
        number(low),
        number(to.x + 60.0),
        number(low),
        number(to.x),
        number(to.y)
    );
    let who = if token.mode == Mode::Write {
        "writer"
    } else {
        "waiter"
    };
    let text = format!("SIGKILL took the {who} out of the lane");
    let at = Point::new((from.x + to.x) / 2.0, low + 6.0);
    Some(Ejection {
        d,
        to,
        label: Label {
            anchor: Anchor::Middle,
            ..label(text, at, 12.5)
        },
    })
}
