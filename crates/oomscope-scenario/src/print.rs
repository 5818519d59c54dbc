//! A [`Scenario`] to scenario text. Parsing what is printed gives the same scenario.

use core::fmt::Write;

use oomscope_model::machine::{
    Actor, Backing, Kind, LockClass, Lru, Machine, MmId, MmInfo, PanicOnOom, ProcessId,
    RwsemConfig, Sysctl, TaskId, VmaInfo,
};
use oomscope_model::patches::{PatchId, PatchSet};
use oomscope_model::transition::Move;

use crate::cast::TEARDOWNS;
use crate::compile::{CLASSES, RWSEMS};
use crate::memory::BACKINGS;
use crate::notifier;
use crate::run::Run;
use crate::scenario::{Scenario, Topic};
use crate::sysctl::WAITS;
use crate::{condition, expect, lru, rules};

/// Writes a scenario as a file. Comments outside programs are not part of a scenario.
pub fn print(scenario: &Scenario) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = head(scenario, &mut out);
    let _ = machine(scenario, &mut out);
    let _ = tail(scenario, &mut out);
    out
}

type Written = core::fmt::Result;

fn head(scenario: &Scenario, out: &mut String) -> Written {
    writeln!(out, "format = 1\nid = {}", quoted(&scenario.id))?;
    writeln!(out, "title = {}", quoted(&scenario.title))?;
    if !scenario.story.is_empty() {
        writeln!(out, "story = {}", quoted(&scenario.story))?;
    }
    if let Some((word, ..)) = Topic::ALL
        .iter()
        .find(|(_, topic, _)| Some(*topic) == scenario.topic)
    {
        writeln!(out, "topic = \"{word}\"")?;
    }
    if scenario.hypothetical {
        writeln!(out, "hypothetical = true")?;
    }
    if let Some(bound) = &scenario.bound {
        let sibling = quoted(&bound.sibling);
        writeln!(out, "bound = {}\nsibling = {sibling}", bound.states)?;
    }
    writeln!(out, "kernel = \"{}\"", scenario.version)?;
    let preset = PatchSet::of_version(scenario.version);
    let patches = scenario.machine.patches;
    let changes: Vec<(PatchId, bool)> = PatchId::all()
        .filter(|&patch| preset.has(patch) != patches.has(patch))
        .map(|patch| (patch, patches.has(patch)))
        .collect();
    if !changes.is_empty() {
        writeln!(out, "patches = \"{}\"", expect::print_changes(&changes))?;
    }
    if !scenario.offered.is_empty() {
        let offers: Vec<&str> = scenario
            .offered
            .iter()
            .map(|patch| patch.get().id)
            .collect();
        writeln!(out, "offers = {offers:?}")?;
    }
    if scenario.seed != 1 {
        writeln!(out, "seed = {}", scenario.seed)?;
    }
    for source in &scenario.sources {
        writeln!(out, "\n[[source]]\nlabel = {}", quoted(&source.label))?;
        if !source.url_or_ref.is_empty() {
            writeln!(out, "ref = {}", quoted(&source.url_or_ref))?;
        }
    }
    Ok(())
}

fn machine(scenario: &Scenario, out: &mut String) -> Written {
    let machine = &scenario.machine;
    let zone = machine.zone;
    if let Some((word, _)) = RWSEMS
        .iter()
        .find(|(_, config)| *config == machine.rwsem && machine.rwsem != RwsemConfig::default())
    {
        writeln!(out, "\n[config]\nrwsem = {word:?}")?;
    }
    writeln!(out, "\n[zone]\ntotal = {}", size(machine, zone.total_pages))?;
    writeln!(out, "page = \"{} MB\"", zone.mb_per_page)?;
    let levels = [
        ("free", zone.free_pages),
        ("min", zone.min),
        ("low", zone.low),
        ("high", zone.high),
    ];
    for (name, pages) in levels {
        writeln!(out, "{name} = {}", size(machine, pages))?;
    }
    if let Some(cpus) = machine.cpus {
        writeln!(out, "\n[cpu]\ncount = {cpus}")?;
    }
    if let Some(kswapd) = machine.kernel_task(Kind::Kswapd) {
        writeln!(out, "\n[kswapd]\npid = {}", machine.actor(kswapd).pid)?;
    }
    for lru in &machine.lrus {
        list(machine, lru, out)?;
    }
    if machine.sysctl != Sysctl::default() {
        writeln!(out, "\n[sysctl]")?;
        match machine.sysctl.panic_on_oom {
            PanicOnOom::Never => {}
            PanicOnOom::SystemWide => writeln!(out, "panic_on_oom = 1")?,
            PanicOnOom::Always => writeln!(out, "panic_on_oom = 2")?,
        }
        flag(
            "oom_kill_allocating_task",
            machine.sysctl.oom_kill_allocating_task,
            out,
        )?;
    }
    for lock in &machine.locks {
        if let Some((kind, _)) = CLASSES.iter().find(|(_, class)| *class == lock.class) {
            writeln!(
                out,
                "\n[[lock]]\nname = {}\nkind = \"{kind}\"",
                quoted(&lock.name)
            )?;
        }
    }
    for memcg in &machine.memcgs {
        let (name, limit) = (quoted(&memcg.name), size(machine, memcg.limit));
        writeln!(out, "\n[[memcg]]\nname = {name}\nlimit = {limit}")?;
        flag("oom_group", memcg.oom_group, out)?;
    }
    for index in 0..machine.processes.len() {
        process(scenario, ProcessId(index as u8), out)?;
    }
    for task in machine.task_ids() {
        let actor = machine.actor(task);
        if actor.kind == Kind::Kthread {
            writeln!(
                out,
                "\n[[kthread]]\nname = {}\npid = {}",
                quoted(&actor.name),
                actor.pid
            )?;
            if let Some(MmId(mm)) = actor.mm {
                writeln!(out, "use_mm = {}", quoted(&machine.mms[mm as usize].name))?;
            }
            program(scenario, task, out)?;
        }
    }
    for notifier in &machine.oom_notifiers {
        writeln!(
            out,
            "\n[[oom_notifier]]\nname = {}\nfrees = {}",
            quoted(&notifier.name),
            size(machine, notifier.pages.into())
        )?;
        if let Some(lock) = notifier.lock {
            let name = &machine.locks[lock.0 as usize].name;
            writeln!(out, "lock = {}", quoted(name))?;
        }
        if let Some((wait, _)) = WAITS.iter().find(|(_, wait)| *wait == notifier.wait) {
            writeln!(out, "wait = \"{wait}\"")?;
        }
    }
    Ok(())
}

fn flag(key: &str, on: bool, out: &mut String) -> Written {
    if on {
        writeln!(out, "{key} = true")?;
    }
    Ok(())
}

/// What reclaim can find.
fn list(machine: &Machine, lru: &Lru, out: &mut String) -> Written {
    writeln!(out, "\n[[lru]]\nname = {}", quoted(&lru.name))?;
    if let Some((kind, _)) = lru::KINDS.iter().find(|(_, kind)| *kind == lru.kind) {
        writeln!(out, "kind = \"{kind}\"")?;
    }
    writeln!(out, "size = {}", size(machine, lru.pages))?;
    if let Some(lock) = lru.lock {
        let name = &machine.locks[lock.0 as usize].name;
        writeln!(out, "lock = {}", quoted(name))?;
    }
    if lru.needs > 0 {
        writeln!(out, "needs = {}", lru.needs)?;
    }
    Ok(())
}

fn process(scenario: &Scenario, id: ProcessId, out: &mut String) -> Written {
    let machine = &scenario.machine;
    let process = machine.process(id);
    let leader = machine.actor(process.leader);
    writeln!(
        out,
        "\n[[process]]\nname = {}\npid = {}",
        quoted(&process.name),
        leader.pid
    )?;
    if process.oom_score_adj != 0 {
        writeln!(out, "oom_score_adj = {}", process.oom_score_adj)?;
    }
    if let Some(parent) = process.parent {
        writeln!(out, "parent = {}", quoted(&machine.process(parent).name))?;
    }
    flag("init", process.traits.init, out)?;
    flag("in_vfork", process.traits.in_vfork, out)?;
    flag("cap_sys_admin", process.traits.cap_sys_admin, out)?;
    let mm = leader.mm.map(|MmId(mm)| &machine.mms[mm as usize]);
    let own = mm.filter(|mm| mm.name == process.name);
    if let (None, Some(mm)) = (own, mm) {
        writeln!(out, "mm = {}", quoted(&mm.name))?;
    }
    let vmas = own.map_or(&[][..], |mm| &mm.vmas);
    let plain = match vmas {
        [
            VmaInfo {
                pages,
                backing: Backing::Anon,
                locked: false,
                page_lock: None,
                i_mmap: None,
            },
        ] => Some(*pages),
        _ => None,
    };
    if let Some(pages) = plain {
        writeln!(out, "rss = {}", size(machine, pages))?;
    }
    if let Some(mm) = own {
        if let Some(memcg) = mm.memcg {
            writeln!(out, "memcg = {}", quoted(&machine.memcg(memcg).name))?;
        }
        teardown(machine, mm, out)?;
    }
    let alone = process.threads == 1 && leader.name == process.name;
    if alone {
        robust_list(machine, process.leader, out)?;
        program(scenario, process.leader, out)?;
    }
    if plain.is_none() {
        for info in vmas {
            vma(machine, info, out)?;
        }
    }
    if let Some(MmId(mm)) = leader.mm {
        let info = &machine.mms[mm as usize];
        notifier::print(machine, &info.notifiers, info.vmas.len(), out)?;
    }
    if !alone {
        for task in machine.threads(id) {
            let Actor { name, pid, .. } = machine.actor(task);
            writeln!(
                out,
                "\n[[process.thread]]\nname = {}\npid = {pid}",
                quoted(name)
            )?;
            robust_list(machine, task, out)?;
            program(scenario, task, out)?;
        }
    }
    Ok(())
}

/// What `__mmput` has to wait for.
fn teardown(machine: &Machine, mm: &MmInfo, out: &mut String) -> Written {
    if let Some(aio) = mm.aio {
        let name = &machine.completions[aio.0 as usize];
        writeln!(out, "aio = {}", quoted(name))?;
    }
    if mm.ksm {
        writeln!(out, "ksm = true")?;
    }
    if let Some((word, _)) = TEARDOWNS.iter().find(|(_, nap)| Some(*nap) == mm.teardown) {
        writeln!(out, "teardown = \"{word}\"")?;
    }
    Ok(())
}

fn vma(machine: &Machine, info: &VmaInfo, out: &mut String) -> Written {
    writeln!(
        out,
        "\n[[process.vma]]\nsize = {}",
        size(machine, info.pages)
    )?;
    if let Some((kind, _)) = BACKINGS
        .iter()
        .find(|(_, backing)| *backing == info.backing)
    {
        writeln!(out, "kind = \"{kind}\"")?;
    }
    if info.locked {
        writeln!(out, "mlocked = true")?;
    }
    if let Some(lock) = info.page_lock {
        let lock = &machine.locks[lock.0 as usize];
        debug_assert_eq!(lock.class, LockClass::PageLock);
        writeln!(out, "page_lock = {}", quoted(&lock.name))?;
    }
    if let Some(lock) = info.i_mmap {
        let lock = &machine.locks[lock.0 as usize];
        writeln!(out, "i_mmap = {}", quoted(&lock.name))?;
    }
    Ok(())
}

fn robust_list(machine: &Machine, task: TaskId, out: &mut String) -> Written {
    match machine.actor(task).robust_list {
        Some(futex) => {
            let name = &machine.completions[futex.0 as usize];
            writeln!(out, "robust_list = {}", quoted(name))
        }
        None => Ok(()),
    }
}

fn program(scenario: &Scenario, task: TaskId, out: &mut String) -> Written {
    match scenario.programs.get(task.0 as usize) {
        Some(text) if !text.is_empty() => writeln!(out, "program = {}", quoted(text)),
        _ => Ok(()),
    }
}

fn tail(scenario: &Scenario, out: &mut String) -> Written {
    if let Some(lead) = &scenario.lead {
        let run = Run {
            moves: lead.steps.iter().copied().map(Move::Step).collect(),
        };
        writeln!(
            out,
            "\n[lead]\nschedule = {}",
            quoted(&run.print(&scenario.machine))
        )?;
    }
    for marker in &scenario.markers {
        writeln!(out, "\n[[marker]]\nid = {}", quoted(&marker.id))?;
        writeln!(out, "title = {}", quoted(&marker.title))?;
        writeln!(
            out,
            "when = {}",
            quoted(&condition::print(&marker.when, &scenario.machine))
        )?;
        if let Some(say) = &marker.say {
            writeln!(out, "say = {}", quoted(say))?;
        }
    }
    for expect in &scenario.expects {
        writeln!(out, "\n[[expect]]")?;
        if !expect.when.is_empty() {
            writeln!(out, "when = \"{}\"", expect::print_changes(&expect.when))?;
        }
        writeln!(out, "rules = \"{}\"", rules::word(expect.rules))?;
        let outcomes: Vec<&str> = expect
            .outcomes
            .iter()
            .map(|outcome| outcome.word())
            .collect();
        writeln!(out, "outcomes = {outcomes:?}")?;
        if let Some(kind) = expect.kind {
            writeln!(out, "kind = \"{}\"", kind.word())?;
        }
        if let Some(kills) = expect.kills_max {
            writeln!(out, "kills_max = {kills}")?;
        }
        writeln!(out, "why = {}", quoted(&expect.why))?;
        if let Some(gap) = &expect.known_gap {
            writeln!(out, "known_gap = {}", quoted(gap))?;
        }
    }
    Ok(())
}

fn size(machine: &Machine, pages: u16) -> String {
    format!(
        "\"{} MB\"",
        u32::from(pages) * u32::from(machine.zone.mb_per_page)
    )
}

/// A TOML string; over several lines if the text has several.
fn quoted(text: &str) -> String {
    let lines = text.contains('\n');
    let mut out = String::from(if lines { "\"\"\"\n" } else { "\"" });
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push('\t'),
            '\\' => out.push_str("\\\\"),
            // In a text of several lines two in a row are fine inside; three are not.
            '"' if !lines || out.ends_with("\"\"") || chars.peek().is_none() => {
                out.push_str("\\\"");
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push_str(if lines { "\"\"\"" } else { "\"" });
    out
}
