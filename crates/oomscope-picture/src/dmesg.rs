//! Log lines in the format of the chosen kernel version (oom.md 9).
//!
//! Lines of the kernel are the kernel's own, numbers included where the model has them. A
//! model page stands for megabytes, so sizes come out in the kernel's kB. Where the kernel
//! prints nothing at all, which is what makes these lockups so hard to see, we add a
//! [`LogKind::Note`] that begins with an ellipsis and cannot be taken for the kernel's.

use oomscope_model::event::Event;
use oomscope_model::machine::{Backing, Gfp, Machine, MmId, Op, TaskId};
use oomscope_model::patches::Version;
use oomscope_model::state::State;

use crate::clock::stamp;
use crate::names;

/// Whose words a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum LogKind {
    /// What the kernel would print.
    Kernel,
    /// What we add, because the kernel is silent there.
    Note,
}

/// One line of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// With its time stamp.
    pub text: String,
    /// Whose words.
    pub kind: LogKind,
}

/// The lines that one event makes; `state` is the state after the step, `t_usec` the time
/// from [`crate::clock`].
pub fn log_lines(
    machine: &Machine,
    version: Version,
    event: &Event,
    state: &State,
    t_usec: u64,
) -> Vec<LogLine> {
    let kernel = |text: String| LogLine {
        text: format!("{}{text}", stamp(t_usec)),
        kind: LogKind::Kernel,
    };
    let note = |text: String| LogLine {
        text: format!("{}… {text}", stamp(t_usec)),
        kind: LogKind::Note,
    };
    let name = |task: TaskId| names::task(machine, task);
    match *event {
        Event::Killed {
            task,
            thread,
            points,
            ..
        } => killed(machine, version, state, task, thread, points)
            .into_iter()
            .map(kernel)
            .collect(),
        Event::Reaped { victim, mm } => {
            let rss = rss(machine, state, mm);
            vec![kernel(format!(
                "oom_reaper: reaped process {} ({}), now anon-rss:{}kB, file-rss:0kB, shmem-rss:{}kB",
                pid(machine, victim),
                name(victim),
                rss.0,
                rss.1
            ))]
        }
        Event::UnableToReap { victim } => {
            vec![kernel(format!(
                "oom_reaper: unable to reap pid:{} ({})",
                pid(machine, victim),
                name(victim)
            ))]
        }
        Event::Panicked { .. } => panic_lines(version)
            .into_iter()
            .map(|text| kernel(text.into()))
            .collect(),
        Event::Oopsed { task, .. } => oops_lines(version)
            .into_iter()
            .map(|text| kernel(text.into()))
            .chain([kernel(format!(
                "CPU: 0 PID: {} Comm: {}",
                pid(machine, task),
                name(task)
            ))])
            .collect(),
        Event::Corrupted { mm } => vec![note(format!(
            "page tables of {} were freed while the reaper walked them: bad page state",
            names::mm(machine, mm)
        ))],
        Event::TrylockFailed { lock, tries, .. } => {
            vec![note(format!(
                "reaper try {tries}: {} not available",
                names::lock(machine, lock)
            ))]
        }
        Event::ScanAborted { task, victim } => vec![note(format!(
            "{} kills nobody: {} is still on its way out",
            name(task),
            names::process(machine, victim)
        ))],
        Event::WaiterLeft { task, lock, .. } => {
            vec![note(format!(
                "{} left the queue of {} with -EINTR",
                name(task),
                names::lock(machine, lock)
            ))]
        }
        Event::Switched { patch, on } => {
            let verb = if on { "on" } else { "off" };
            vec![note(format!(
                "patch switched {verb}: {}",
                patch.get().title
            ))]
        }
        _ => Vec::new(),
    }
}

/// The flags of an order-0 request, in numbers as they were in that version and in words.
fn gfp_mask(version: Version, gfp: Option<Gfp>) -> (&'static str, &'static str) {
    let era = usize::from(version >= Version(4, 12)) + usize::from(version >= Version(4, 19));
    match gfp {
        Some(Gfp::Kernel) => (["24000c0", "14000c0", "6000c0"][era], "GFP_KERNEL"),
        Some(Gfp::Nofs) => (["2400040", "1400040", "600040"][era], "GFP_NOFS"),
        None => (
            ["24200ca", "14200ca", "6200ca"][era],
            "GFP_HIGHUSER_MOVABLE",
        ),
    }
}

fn killed(
    machine: &Machine,
    version: Version,
    state: &State,
    task: TaskId,
    thread: TaskId,
    points: u16,
) -> Vec<String> {
    let (gfp, adj) = (gfp(machine, state, task), adj(machine, task));
    let (mask, flags) = gfp_mask(version, gfp);
    let invoker = names::task(machine, task);
    let invoked = if version >= Version(4, 9) && version < Version(5, 0) {
        let nodemask = if version >= Version(4, 12) {
            "(null)"
        } else {
            "0"
        };
        format!(
            "{invoker} invoked oom-killer: gfp_mask=0x{mask}({flags}), nodemask={nodemask}, order=0, oom_score_adj={adj}"
        )
    } else if version >= Version(4, 6) {
        format!(
            "{invoker} invoked oom-killer: gfp_mask=0x{mask}({flags}), order=0, oom_score_adj={adj}"
        )
    } else {
        format!("{invoker} invoked oom-killer: gfp_mask=0x{mask}, order=0, oom_score_adj={adj}")
    };
    let (victim, comm) = (pid(machine, thread), names::task(machine, thread));
    let total = u32::from(machine.zone.total_pages.max(1));
    let score = u32::from(points) * 1000 / total;
    let (anon, shmem) = machine
        .actor(thread)
        .mm
        .map_or((0, 0), |mm| rss(machine, state, mm));
    let mut sizes = format!(
        "total-vm:{}kB, anon-rss:{anon}kB, file-rss:0kB",
        anon + shmem
    );
    if version >= Version(4, 5) {
        sizes.push_str(&format!(", shmem-rss:{shmem}kB"));
    }
    vec![
        invoked,
        format!("Out of memory: Kill process {victim} ({comm}) score {score} or sacrifice child"),
        format!("Killed process {victim} ({comm}) {sizes}"),
    ]
}

fn panic_lines(version: Version) -> Vec<&'static str> {
    if version >= Version(4, 19) {
        vec![
            "Out of memory and no killable processes...",
            "Kernel panic - not syncing: System is deadlocked on memory",
        ]
    } else {
        vec!["Kernel panic - not syncing: Out of memory and no killable processes..."]
    }
}

/// The oops of CVE-2018-1000200: the page-table lock of a table that is no longer there.
/// Addresses and offsets differ from build to build, so they are left out.
fn oops_lines(version: Version) -> Vec<&'static str> {
    let ip = if version >= Version(4, 14) {
        "IP: follow_page_mask+0x…/0x…"
    } else {
        "IP: [<ffffffff…>] follow_page_mask+0x…/0x…"
    };
    vec![
        "BUG: unable to handle kernel NULL pointer dereference at           (null)",
        ip,
    ]
}

fn pid(machine: &Machine, task: TaskId) -> u16 {
    machine.actor(task).pid
}

/// The flags of an explicit allocation; none for a page fault.
fn gfp(machine: &Machine, state: &State, task: TaskId) -> Option<Gfp> {
    match names::op(machine, state, task) {
        Some(Op::Alloc { gfp, .. }) => Some(gfp),
        _ => None,
    }
}

fn adj(machine: &Machine, task: TaskId) -> i16 {
    machine
        .process_of(task)
        .map_or(0, |process| machine.process(process).oom_score_adj)
}

/// Anonymous and shared memory of an address space, in kB.
fn rss(machine: &Machine, state: &State, mm: MmId) -> (u32, u32) {
    let kb = u32::from(machine.zone.mb_per_page) * 1024;
    let infos = &machine.mms[mm.0 as usize].vmas;
    let (mut anon, mut shared) = (0, 0);
    for (info, vma) in infos.iter().zip(&state.mm(mm).vmas) {
        match info.backing {
            Backing::Anon | Backing::File => anon += u32::from(vma.pages) * kb,
            Backing::Shared => shared += u32::from(vma.pages) * kb,
            Backing::Hugetlb | Backing::Pfnmap => {}
        }
    }
    (anon, shared)
}
