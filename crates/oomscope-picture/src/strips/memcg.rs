//! Memory cgroups: how much of its limit each has used, and who cannot go on there.

use oomscope_model::kernel::memcontrol::{full, level};
use oomscope_model::machine::{MemcgId, TaskId};

use crate::draw::Scene;
use crate::names;
use crate::picture::{Glyph, Tone};
use crate::strips::{Content, Says, Told};
use crate::vessel::memcg_level;

pub(crate) fn told(scene: &Scene<'_>) -> Told {
    let machine = scene.machine;
    let cells = (0..machine.memcgs.len() as u8)
        .map(MemcgId)
        .map(|memcg| {
            let used = level(machine, scene.state, memcg);
            let at_limit = at_limit(scene, memcg).next().is_some();
            Says {
                name: format!("/{}", names::memcg(machine, memcg)),
                detail: memcg_level(machine, scene.state, memcg),
                glyph: at_limit.then_some(Glyph::Cross),
                tone: if at_limit { Tone::Wait } else { Tone::Memory },
                level: f32::from(used) / f32::from(machine.memcg(memcg).limit.max(1)),
                content: Content::There,
            }
        })
        .collect();
    let blocked: Vec<&str> = (0..machine.memcgs.len() as u8)
        .flat_map(|memcg| at_limit(scene, MemcgId(memcg)))
        .map(|task| names::task(machine, task))
        .collect();
    let note = if blocked.is_empty() {
        String::new()
    } else {
        format!("at the limit: {}", blocked.join(", "))
    };
    Told {
        title: "Memory cgroups".to_string(),
        note,
        cells,
    }
}

/// Those whose request does not fit any more.
fn at_limit<'a>(scene: &'a Scene<'_>, memcg: MemcgId) -> impl Iterator<Item = TaskId> + 'a {
    let tasks = scene.machine.task_ids();
    tasks.filter(move |&task| full(scene.machine, scene.state, task) == Some(memcg))
}
