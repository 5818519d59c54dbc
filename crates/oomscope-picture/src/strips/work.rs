//! Work that somebody else was given: victims for the reaper, address spaces for the worker.

use oomscope_model::kernel::Reaper;
use oomscope_model::machine::{Kind, MmId, TaskId};
use oomscope_model::state::{MmFlags, Pc, StateFlags};

use crate::draw::Scene;
use crate::names;
use crate::picture::{Glyph, Tone};
use crate::strips::{Content, Says, Told};

pub(crate) fn told(scene: &Scene<'_>) -> Told {
    let mut cells = vec![for_the_reaper(scene)];
    if scene.layout.stage.kworker {
        cells.push(for_the_worker(scene));
    }
    Told {
        title: "Handed over".to_string(),
        note: String::new(),
        cells,
    }
}

fn says(name: &str, detail: Option<String>, none: &str, tone: Tone) -> Says {
    let some = detail.is_some();
    Says {
        name: name.to_string(),
        detail: detail.unwrap_or_else(|| none.to_string()),
        glyph: some.then_some(Glyph::Arrow),
        tone: if some { tone } else { Tone::Neutral },
        level: 0.0,
        content: if some { Content::There } else { Content::Gone },
    }
}

fn for_the_reaper(scene: &Scene<'_>) -> Says {
    let (machine, state) = (scene.machine, scene.state);
    let mut waiting: Vec<(u8, TaskId)> = (state.tasks())
        .filter(|(_, task)| task.reap_rank > 0)
        .map(|(id, task)| (task.reap_rank, id))
        .collect();
    waiting.sort();
    let current = machine
        .kernel_task(Kind::OomReaper)
        .and_then(|reaper| state.task(reaper).victim);
    let mut parts: Vec<String> = Vec::new();
    if let Some(victim) = current {
        parts.push(format!("at {}", names::task(machine, victim)));
    }
    if !waiting.is_empty() {
        let list: Vec<&str> = (waiting.iter())
            .map(|&(_, task)| names::task(machine, task))
            .collect();
        parts.push(format!("next {}", list.join(", ")));
    }
    let detail = (!parts.is_empty()).then(|| parts.join("; "));
    let none = match machine.kernel.reaper {
        Reaper::Absent => "there is no reaper",
        _ => "empty",
    };
    says("oom_reaper_list", detail, none, Tone::Reaper)
}

fn for_the_worker(scene: &Scene<'_>) -> Says {
    let (machine, state) = (scene.machine, scene.state);
    let works = (machine.kernel_task(Kind::Kworker)).and_then(|worker| state.task(worker).mm_job);
    let queued: Vec<&str> = (0..machine.mms.len() as u8)
        .map(MmId)
        .filter(|&mm| state.mm(mm).flags.has(MmFlags::MMPUT_QUEUED))
        .map(|mm| names::mm(machine, mm))
        .collect();
    let asked = state.flags.has(StateFlags::MOOM);
    let at = machine
        .kernel_task(Kind::Kworker)
        .and_then(|worker| names::pc(state.task(worker).run));
    let detail = match works {
        _ if asked || matches!(at, Some(Pc::Moom(_))) => Some("moom_callback (sysrq-f)".into()),
        Some(mm) => Some(format!("exit_mmap of {}", names::mm(machine, mm))),
        None if queued.is_empty() => None,
        None => Some(format!("mmput_async {}", queued.join(", "))),
    };
    says("kworker", detail, "no work item", Tone::Signal)
}
