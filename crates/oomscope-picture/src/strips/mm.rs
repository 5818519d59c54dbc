//! Address spaces on their way out, and who has page tables of their own over them.

use oomscope_model::event::Event;
use oomscope_model::kernel::Reaper;
use oomscope_model::kernel::memory::is_reapable;
use oomscope_model::machine::{Backing, Kind, MmId};
use oomscope_model::state::{ExitMmap, Exiting, MmFlags, Notify, Pc, Reap, Run, Task, TaskFlags};

use crate::draw::Scene;
use crate::names;
use crate::notifiers::user_name;
use crate::picture::{Glyph, Tone};
use crate::strips::{Content, Says, Told};

/// VMA by VMA, then the page tables.
pub(crate) fn address_space(scene: &Scene<'_>, mm: MmId, recent: &[Event]) -> Told {
    let info = &scene.machine.mms[mm.0 as usize];
    let word = scene.state.mm(mm);
    let mut cells: Vec<Says> = (0..info.vmas.len())
        .map(|vma| area(scene, mm, vma, recent))
        .collect();
    cells.push(page_tables(scene, mm));
    let users = format!("mm_users {}", word.users);
    let marks = [
        (MmFlags::UNSTABLE, "MMF_UNSTABLE"),
        (MmFlags::OOM_SKIP, "MMF_OOM_SKIP"),
    ];
    let mut note = vec![users];
    note.extend(
        marks
            .into_iter()
            .filter(|&(bit, _)| word.flags.has(bit))
            .map(|(_, name)| name.to_string()),
    );
    Told {
        title: format!("Memory of {}", info.name),
        note: note.join(", "),
        cells,
    }
}

/// Those who work on this address space now.
fn workers<'a>(scene: &'a Scene<'_>, mm: MmId) -> impl Iterator<Item = (&'a str, &'a Task, Pc)> {
    scene.state.tasks().filter_map(move |(id, task)| {
        let pc = names::pc(task.run)?;
        (task.mm_job == Some(mm)).then(|| (names::task(scene.machine, id), task, pc))
    })
}

fn area(scene: &Scene<'_>, mm: MmId, vma: usize, recent: &[Event]) -> Says {
    let info = scene.machine.mms[mm.0 as usize].vmas[vma];
    let word = scene.state.mm(mm);
    let now = word.vmas[vma];
    let pages = if info.backing.is_counted() {
        now.pages
    } else {
        info.pages
    };
    let size = names::megabytes(scene.machine, pages);
    let emptied = info.backing.is_counted() && now.pages == 0 && info.pages > 0;
    let mut says = Says {
        name: backing(info.backing).to_string(),
        detail: size.clone(),
        glyph: None,
        tone: Tone::Neutral,
        level: f32::from(pages) / f32::from(info.pages.max(pages).max(1)),
        content: Content::There,
    };
    let just = recent.iter().any(|event| {
        matches!(*event, Event::VmaZapped { mm: whose, vma: which, .. }
            if whose == mm && usize::from(which) == vma)
    });
    if word.flags.has(MmFlags::GONE) {
        says.detail = "unmapped".to_string();
        says.content = Content::Gone;
        says.level = 0.0;
    } else if let Some((what, glyph, tone)) = worked_on(scene, mm, vma) {
        says.detail = format!("{size}, {what}");
        says.glyph = Some(glyph);
        says.tone = tone;
    } else if just {
        says.detail = "zapped".to_string();
        says.glyph = Some(Glyph::Recycle);
        says.tone = Tone::Reaper;
        says.content = Content::Gone;
    } else if emptied {
        says.detail = "no pages left".to_string();
        says.content = Content::Gone;
    } else if now.locked {
        says.detail = format!("{size}, mlocked");
        says.glyph = Some(Glyph::Padlock);
    } else if scene.machine.kernel.reaper == Reaper::Present
        && !is_reapable(scene.machine, scene.state, mm, vma)
    {
        says.detail = format!("{size}, not reapable");
    }
    if now.locked && says.content == Content::There {
        says.content = Content::Locked;
    }
    says
}

/// What somebody does with this VMA at this moment.
fn worked_on(scene: &Scene<'_>, mm: MmId, vma: usize) -> Option<(String, Glyph, Tone)> {
    workers(scene, mm).find_map(|(_, task, pc)| {
        let here = usize::from(task.todo) == vma;
        let waits = matches!(task.run, Run::Queued { .. });
        let said = |what: &str, glyph, tone| Some((what.to_string(), glyph, tone));
        match pc {
            Pc::Reap(Reap::Zap) | Pc::Notify(Notify::Zap) if here => {
                said("reaped next", Glyph::Recycle, Tone::Reaper)
            }
            Pc::Notify(_) if here => said("told first", Glyph::Clock, Tone::Reaper),
            Pc::Exiting(Exiting::Mrelease) if here && !waits => {
                said("reaped next", Glyph::Recycle, Tone::Reaper)
            }
            Pc::ExitMmap(ExitMmap::MunlockClear) if here => {
                said("munlock next", Glyph::Arrow, Tone::Signal)
            }
            Pc::ExitMmap(ExitMmap::MunlockWalk | ExitMmap::MunlockPtl) if here => {
                said("munlock walks", Glyph::Arrow, Tone::Signal)
            }
            Pc::ExitMmap(ExitMmap::MunlockPage) if here && waits => {
                said("page locked", Glyph::Square, Tone::Wait)
            }
            Pc::ExitMmap(ExitMmap::MunlockPage) if here => {
                said("munlock walks", Glyph::Arrow, Tone::Signal)
            }
            Pc::ExitMmap(ExitMmap::UnlinkFileVma) if here => {
                let glyph = if waits { Glyph::Square } else { Glyph::Arrow };
                let tone = if waits { Tone::Wait } else { Tone::Signal };
                said(
                    if waits {
                        "file locked"
                    } else {
                        "unlinked next"
                    },
                    glyph,
                    tone,
                )
            }
            Pc::ExitMmap(ExitMmap::SelfReap) => {
                said("self-reaped next", Glyph::Recycle, Tone::Reaper)
            }
            Pc::ExitMmap(ExitMmap::Unmap) => said("unmapped next", Glyph::Recycle, Tone::Ok),
            _ => None,
        }
    })
}

fn page_tables(scene: &Scene<'_>, mm: MmId) -> Says {
    let gone = scene.state.mm(mm).flags.has(MmFlags::GONE);
    let oopsed = scene.state.tasks().any(|(id, task)| {
        task.flags.has(TaskFlags::OOPSED)
            && (scene.machine.actor(id).mm == Some(mm)
                || scene.machine.actor(id).kind == Kind::OomReaper)
    });
    let exiting = workers(scene, mm).find(|(_, _, pc)| matches!(pc, Pc::ExitMmap(_)));
    let (detail, glyph, tone) = match exiting {
        _ if oopsed => (
            "cleared in use".to_string(),
            Some(Glyph::Cross),
            Tone::Stuck,
        ),
        _ if gone => ("freed".to_string(), None, Tone::Neutral),
        Some((_, _, Pc::ExitMmap(ExitMmap::FreePgtables))) => {
            ("freed next".to_string(), Some(Glyph::Recycle), Tone::Ok)
        }
        Some((who, ..)) => (
            format!("exit_mmap: {who}"),
            Some(Glyph::Arrow),
            Tone::Signal,
        ),
        None => ("in place".to_string(), None, Tone::Neutral),
    };
    Says {
        name: "page tables".to_string(),
        detail,
        glyph,
        tone,
        level: if gone { 0.0 } else { 1.0 },
        content: if gone { Content::Gone } else { Content::There },
    }
}

fn backing(backing: Backing) -> &'static str {
    match backing {
        Backing::Anon => "anonymous",
        Backing::Shared => "shared",
        Backing::File => "private file",
        Backing::Hugetlb => "hugetlb",
        Backing::Pfnmap => "device",
    }
}

/// The list of notifiers, in call order.
pub(crate) fn notifiers(scene: &Scene<'_>, mm: MmId) -> Told {
    let info = &scene.machine.mms[mm.0 as usize];
    let flags = scene.state.mm(mm).flags;
    let calls = workers(scene, mm).find_map(|(who, task, pc)| match pc {
        Pc::Notify(at) if !matches!(at, Notify::Zap | Notify::Skipped) => Some((who, task, at)),
        _ => None,
    });
    let emptied = flags.has(MmFlags::NOTIFIERS_GONE);
    let cells = (info.notifiers.iter().enumerate())
        .map(|(at, it)| {
            let called = calls.filter(|(_, task, _)| usize::from(task.notifier.at) == at);
            let owed = flags.has(MmFlags::UNPAIRED << at);
            let (detail, glyph, tone) = match called {
                Some((_, task, step)) => {
                    let end = matches!(step, Notify::End | Notify::EndLocked);
                    let name = if end { "range_end" } else { "range_start" };
                    match task.run {
                        Run::Queued { on, .. } => (
                            format!("{name} → {}", names::lock_title(scene.machine, on)),
                            Some(Glyph::Square),
                            Tone::Wait,
                        ),
                        _ => (name.to_string(), Some(Glyph::Play), Tone::Reaper),
                    }
                }
                None if owed => (
                    "owed a range_end".to_string(),
                    Some(Glyph::Cross),
                    Tone::Stuck,
                ),
                None if emptied => ("released".to_string(), None, Tone::Neutral),
                None => (over(scene, mm, at), None, Tone::Neutral),
            };
            Says {
                name: format!("{} {}", at + 1, user_name(it.user)),
                detail,
                glyph,
                tone,
                level: 0.0,
                content: if emptied {
                    Content::Gone
                } else {
                    Content::There
                },
            }
        })
        .collect();
    let note = match calls {
        Some((who, ..)) => format!("called by {who}"),
        None if flags.has(MmFlags::STALE) => "pages freed and not told".to_string(),
        None => String::new(),
    };
    Told {
        title: format!("Mmu notifiers of {}, in order", info.name),
        note,
        cells,
    }
}

/// Which lock it takes, and over which part it lies.
fn over(scene: &Scene<'_>, mm: MmId, at: usize) -> String {
    let it = &scene.machine.mms[mm.0 as usize].notifiers[at];
    match it.lock {
        Some(lock) => format!("takes {}", names::lock_title(scene.machine, lock)),
        None if it.count.is_some() => "counts".to_string(),
        None => "takes no lock".to_string(),
    }
}
