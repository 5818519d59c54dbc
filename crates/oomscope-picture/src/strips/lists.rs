//! What reclaim can find, list by list, and what kswapd has in its hands.

use oomscope_model::kernel::vmscan::too_many_isolated;
use oomscope_model::machine::{Kind, LruKind};
use oomscope_model::state::{Pc, Run, Vmscan};

use crate::draw::Scene;
use crate::names;
use crate::picture::{Glyph, Tone};
use crate::strips::{Content, Says, Told};

pub(crate) fn told(scene: &Scene<'_>) -> Told {
    let machine = scene.machine;
    let cells = (machine.lrus.iter().enumerate())
        .map(|(at, lru)| {
            let now = scene.state.lrus[at];
            let size = names::megabytes(machine, now.pages);
            let waits = scene.state.tasks().any(|(_, task)| {
                matches!(task.run, Run::Queued { pc: Pc::Vmscan(Vmscan::Shrink(list) | Vmscan::Pageout(list)), .. }
                    if usize::from(list) == at)
            });
            let (detail, glyph, tone) = if now.isolated {
                let one = names::megabytes(machine, 1);
                (format!("{size}, {one} isolated"), Some(Glyph::Square), Tone::Wait)
            } else if waits {
                (format!("{size}, behind its lock"), Some(Glyph::Square), Tone::Wait)
            } else if now.pages == 0 {
                ("empty".to_string(), None, Tone::Neutral)
            } else {
                (format!("{size}, {}", how(lru.kind)), None, Tone::Memory)
            };
            Says {
                name: lru.name.clone(),
                detail,
                glyph,
                tone,
                level: f32::from(now.pages) / f32::from(lru.pages.max(now.pages).max(1)),
                content: if now.pages == 0 && !now.isolated {
                    Content::Gone
                } else {
                    Content::There
                },
            }
        })
        .collect();
    let note = match machine.kernel_task(Kind::Kswapd) {
        _ if too_many_isolated(machine, scene.state) => "too many isolated".to_string(),
        None => String::new(),
        Some(kswapd) => match scene.state.task(kswapd).run {
            Run::Idle => "kswapd sleeps".to_string(),
            Run::Queued { .. } | Run::Parked(_) => "kswapd waits".to_string(),
            _ => "kswapd works".to_string(),
        },
    };
    Told {
        title: "What reclaim can find".to_string(),
        note,
        cells,
    }
}

fn how(kind: LruKind) -> &'static str {
    match kind {
        LruKind::Clean => "clean",
        LruKind::Hot => "comes back at once",
        LruKind::Dirty => "dirty",
        LruKind::Slab => "shrinkable",
    }
}
