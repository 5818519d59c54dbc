//! Who gets one of the last pages now, and by which right.

use oomscope_model::kernel::page_alloc::{Request, request, reserve};
use oomscope_model::kernel::{TransReserve, VictimReserve, oom_kill, xfs};
use oomscope_model::machine::{Gfp, Op, TaskId};
use oomscope_model::state::{Run, TaskFlags};

use crate::draw::Scene;
use crate::names;
use crate::picture::{Glyph, Tone};
use crate::strips::{Content, Says, Told, special_askers};

pub(crate) fn told(scene: &Scene<'_>) -> Told {
    let (machine, state) = (scene.machine, scene.state);
    let reserved = xfs::reserved(state);
    let mark = machine.zone.min + reserved;
    let free = state.free_pages;
    let mut cells = vec![judged(
        "anybody".to_string(),
        format!("above {}", names::megabytes(machine, mark)),
        Some(free > mark),
    )];
    cells.extend(
        special_askers(machine)
            .into_iter()
            .map(|task| asker(scene, task)),
    );
    cells.push(victim(scene));
    let note = if reserved > 0 {
        format!("{} reserved", names::megabytes(machine, reserved))
    } else {
        format!(
            "{} free, min {}",
            names::megabytes(machine, free),
            names::megabytes(machine, machine.zone.min)
        )
    };
    Told {
        title: "Who gets one of the last pages".to_string(),
        note,
        cells,
    }
}

/// `Some(true)`: would get one now.
fn judged(name: String, detail: String, gets: Option<bool>) -> Says {
    let (glyph, tone) = match gets {
        Some(true) => (Some(Glyph::Check), Tone::Ok),
        Some(false) => (Some(Glyph::Cross), Tone::Wait),
        None => (None, Tone::Neutral),
    };
    Says {
        name,
        detail,
        glyph,
        tone,
        level: 0.0,
        content: if gets.is_some() {
            Content::There
        } else {
            Content::Gone
        },
    }
}

fn asker(scene: &Scene<'_>, task: TaskId) -> Says {
    let (machine, state) = (scene.machine, scene.state);
    let name = names::task(machine, task).to_string();
    let word = state.task(task);
    let most = (machine.actor(task).program.iter())
        .filter_map(|line| match line.op {
            Op::TransStart { pages } => Some(pages),
            _ => None,
        })
        .max();
    let own = reserve(machine, state, task);
    let mark = own.map_or(machine.zone.min + xfs::reserved(state), |(mark, _)| mark);
    let gets = state.free_pages > mark || xfs::may_dip(machine, state, task);
    if let Some(most) = most.filter(|_| machine.kernel.trans_reserve != TransReserve::None) {
        let left = names::megabytes(machine, u16::from(word.reserve));
        let mut says = judged(name, format!("its own: {left}"), Some(gets));
        says.level = f32::from(word.reserve) / f32::from(most.max(1));
        return says;
    }
    let Request { gfp, .. } = request(machine, state, task);
    let detail = if own.is_none() && gfp.has(Gfp::NOFAIL) {
        "__GFP_NOFAIL".to_string()
    } else {
        down_to(scene, mark)
    };
    judged(name, detail, Some(gets))
}

/// A page is given out while more than the mark is free.
fn down_to(scene: &Scene<'_>, mark: u16) -> String {
    format!("above {}", names::megabytes(scene.machine, mark))
}

/// The victim's share of the reserves, and whose it is now.
fn victim(scene: &Scene<'_>) -> Says {
    let (machine, state) = (scene.machine, scene.state);
    let whole = machine.kernel.reserve == VictimReserve::MarkedThreadAll;
    let lives = |&task: &TaskId| state.task(task).run != Run::Exited;
    let holder = machine.task_ids().filter(lives).find(|&task| {
        if whole {
            state.task(task).flags.has(TaskFlags::MEMDIE)
        } else {
            oom_kill::is_oom_victim(machine, state, task)
        }
    });
    let mark = if whole {
        0
    } else {
        machine.zone.min - machine.zone.min / 2
    };
    let to = down_to(scene, mark);
    match holder {
        None => judged("a victim".to_string(), to, None),
        Some(task) => {
            let name = format!("{}, victim", names::task(machine, task));
            judged(name, to, Some(state.free_pages > mark))
        }
    }
}
