//! Log lines in the format of the chosen kernel version (oom.md 9).
//!
//! Lines of the kernel are the kernel's own, numbers included where the model has them. A
//! model page stands for megabytes, so sizes come out in the kernel's kB. Where the kernel
//! prints nothing at all, which is what makes these lockups so hard to see, we add a
//! [`LogKind::Note`] that begins with an ellipsis and cannot be taken for the kernel's.

mod gfp;

use oomscope_model::event::{Event, Null};
use oomscope_model::kernel::page_alloc::{self, Request};
use oomscope_model::machine::{Backing, Gfp, Kind, Machine, MemcgId, MmId, PanicOnOom, TaskId};
use oomscope_model::patches::Version;
use oomscope_model::state::State;

use crate::clock::stamp;
use crate::{names, notifiers};

/// Whose words a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum LogKind {
    /// What the kernel would print.
    Kernel,
    /// What we add, because the kernel is silent there.
    Note,
    /// What a tracepoint says, for those who would have had it on.
    Trace,
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
            memcg,
            ..
        } => killed(machine, version, state, task, (thread, points, memcg))
            .into_iter()
            .map(kernel)
            .collect(),
        Event::SharerKilled { process, .. } if version < Version(4, 4) => {
            let leader = machine.process(process).leader;
            vec![kernel(format!(
                "Kill process {} ({}) sharing same memory",
                pid(machine, leader),
                name(leader)
            ))]
        }
        Event::MmHidden { victim, by } => vec![kernel(format!(
            "oom killer {} ({}) has mm pinned by {} ({})",
            pid(machine, victim),
            name(victim),
            pid(machine, by),
            name(by)
        ))],
        Event::PanickedOnOom { task } => panic_on_oom(machine, version, state, task)
            .into_iter()
            .map(kernel)
            .collect(),
        Event::InitDied { .. } => vec![kernel(
            "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009".into(),
        )],
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
        Event::KmemWarns { task } => vec![kernel(kmem_warning(machine, version, state, task))],
        Event::RolledBack { task, .. } => vec![note(format!(
            "{} has rolled its transaction back",
            name(task)
        ))],
        Event::TransCancelled { task, dirty, .. } if dirty > 0 => vec![note(format!(
            "{} cancels a dirty transaction: XFS shuts the file system down",
            name(task)
        ))],
        Event::UnableToReap { victim } => {
            vec![kernel(format!(
                "oom_reaper: unable to reap pid:{} ({})",
                pid(machine, victim),
                name(victim)
            ))]
        }
        Event::ChildKilled {
            task,
            parent,
            thread,
            points,
            memcg,
            ..
        } => {
            let chosen = machine.process(parent).leader;
            let mut lines = killed(machine, version, state, task, (chosen, points, memcg));
            lines.pop();
            lines.push(killed_line(machine, version, state, thread, memcg));
            lines.into_iter().map(kernel).collect()
        }
        Event::GroupChosen { memcg, .. } => vec![kernel(format!(
            "Tasks in /{} are going to be killed due to memory.oom.group set",
            names::memcg(machine, memcg)
        ))],
        Event::GroupKilled { thread, memcg, .. } => {
            vec![kernel(killed_line(machine, version, state, thread, memcg))]
        }
        Event::ReaperLost { victim } => vec![note(format!(
            "{} has dropped off oom_reaper_list",
            name(victim)
        ))],
        Event::SysrqF { .. } => {
            let from = match version {
                _ if version < Version(4, 6) => "SysRq : ",
                _ if version < Version(5, 0) => "sysrq: SysRq : ",
                _ => "sysrq: ",
            };
            vec![kernel(format!("{from}Manual OOM execution"))]
        }
        Event::SysrqIgnored { task } => {
            let mut lines = nobody_in_memcg(machine, version, state, task);
            if version < Version(4, 19) {
                lines.push("OOM request ignored because killer is disabled".into());
            }
            lines.into_iter().map(kernel).collect()
        }
        Event::NobodyInMemcg { task, .. } => nobody_in_memcg(machine, version, state, task)
            .into_iter()
            .map(kernel)
            .collect(),
        Event::OverLimit { task, memcg } => vec![note(format!(
            "{} is at the limit of the memory cgroup {}",
            name(task),
            names::memcg(machine, memcg)
        ))],
        Event::AllocFailed { gfp, .. } if gfp.has(Gfp::NOWARN) => Vec::new(),
        Event::AllocFailed {
            task,
            why: Null::Limit,
            ..
        } => vec![note(format!(
            "{} gets -ENOMEM from its memory cgroup",
            name(task)
        ))],
        Event::AllocFailed {
            task, gfp, order, ..
        } => allocation_failure(machine, version, task, gfp, order)
            .into_iter()
            .map(kernel)
            .collect(),
        // STALLWARN (4.9) to NOSTALL (4.15): every ten seconds, as long as nothing changes.
        Event::Parked { task } if (Version(4, 9)..Version(4, 15)).contains(&version) => {
            vec![kernel(allocation_stall(machine, version, state, task))]
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
        Event::ZeroesCopied { task, mm } => vec![note(format!(
            "{} copied zeroes where {} had data",
            name(task),
            names::mm(machine, mm)
        ))],
        Event::UsedAfterFree { task, .. } => vec![
            kernel("BUG: KASAN: use-after-free in __oom_reap_task_mm+0x…/0x…".into()),
            kernel(format!(
                "Read of size 8 by task {}/{}",
                name(task),
                pid(machine, task)
            )),
        ],
        Event::Corrupted { mm } => vec![note(format!(
            "page tables of {} were freed while the reaper walked them: bad page state",
            names::mm(machine, mm)
        ))],
        Event::RangeStartFailed {
            mm,
            notifier,
            warned,
            ..
        } => {
            let mut lines: Vec<LogLine> = notifiers::failed_line(machine, mm, notifier)
                .into_iter()
                .map(kernel)
                .collect();
            if warned {
                lines.push(kernel(
                    "WARNING: CPU: 0 PID: 31 at mm/mmu_notifier.c __mmu_notifier_invalidate_range_start"
                        .into(),
                ));
            }
            lines
        }
        Event::NotifiersSkipped { mm, .. } => vec![note(format!(
            "reaper sleeps 1 s instead of reaping {}, which has mmu notifiers",
            names::mm(machine, mm)
        ))],
        Event::PartlyReaped { mm, tries, .. } => vec![note(format!(
            "reaper try {tries}: a part of {} could not be taken",
            names::mm(machine, mm)
        ))],
        Event::NobodyTold { mm } => vec![note(format!(
            "the second page tables over {} were not told",
            names::mm(machine, mm)
        ))],
        Event::Unpaired { mm, notifier } => vec![note(format!(
            "{} gets no range_end for its range_start",
            notifiers::name(machine, mm, notifier)
        ))],
        Event::GuestUsedFreed { task, mm } => vec![note(format!(
            "{} used memory of {} that was freed",
            name(task),
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
        Event::WrongErrno { task } => vec![note(format!(
            "{} got -EINTR from a call that never fails this way",
            name(task)
        ))],
        Event::TwoOwners { lock } => vec![note(format!(
            "{} has a writer and readers at the same time",
            names::lock(machine, lock)
        ))],
        Event::BiasLeaked { lock } => vec![note(format!(
            "nobody will get {} again: its waiting bias has leaked",
            names::lock(machine, lock)
        ))],
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

/// `page allocation stalls`, for the first time (9.4).
fn allocation_stall(machine: &Machine, version: Version, state: &State, task: TaskId) -> String {
    let Request { gfp, order } = page_alloc::request(machine, state, task);
    let (comm, mask) = (names::task(machine, task), gfp::mask(version, gfp));
    let flags = gfp::text(version, gfp);
    let mut line = format!(
        "{comm}: page allocation stalls for 10000ms, order:{order}, mode:{mask:#x}({flags})"
    );
    if version >= Version(4, 14) {
        line.push_str(", nodemask=(null)");
    }
    line
}

/// `warn_alloc` (`warn_alloc_failed` up to 4.8): first line of the report (9.4).
fn allocation_failure(
    machine: &Machine,
    version: Version,
    task: TaskId,
    gfp: Gfp,
    order: u8,
) -> Vec<String> {
    let comm = names::task(machine, task);
    let mask = gfp::mask(version, gfp);
    let head = format!("{comm}: page allocation failure: order:{order}, mode:0x{mask:x}");
    if version < Version(4, 6) {
        return vec![head];
    }
    let head = format!("{head}({})", gfp::text(version, gfp));
    if version < Version(4, 14) {
        return vec![head];
    }
    if version < Version(4, 19) {
        return vec![
            format!("{head}, nodemask=(null)"),
            format!("{comm} cpuset=/ mems_allowed=0"),
        ];
    }
    vec![format!("{head}, nodemask=(null),cpuset=/,mems_allowed=0")]
}

/// The first line of the report: who ran out of memory.
fn invoked(machine: &Machine, version: Version, state: &State, task: TaskId) -> String {
    let request = page_alloc::request(machine, state, task);
    // moom_callback says GFP_KERNEL, and order -1 (0 up to 4.2).
    let sysrq = machine.actor(task).kind == Kind::Kworker;
    let order = match (sysrq, version < Version(4, 3)) {
        (true, false) => -1,
        (true, true) => 0,
        (false, _) => i32::from(request.order),
    };
    let gfp = if sysrq { Gfp::KERNEL } else { request.gfp };
    let adj = adj(machine, task);
    let mask = format!("{:x}", gfp::mask(version, gfp));
    let flags = gfp::text(version, gfp);
    let invoker = names::task(machine, task);
    if version >= Version(4, 9) && version < Version(5, 0) {
        let nodemask = if version >= Version(4, 12) {
            "(null)"
        } else {
            "0"
        };
        format!(
            "{invoker} invoked oom-killer: gfp_mask=0x{mask}({flags}), nodemask={nodemask}, order={order}, oom_score_adj={adj}"
        )
    } else if version >= Version(4, 6) {
        format!(
            "{invoker} invoked oom-killer: gfp_mask=0x{mask}({flags}), order={order}, oom_score_adj={adj}"
        )
    } else {
        format!(
            "{invoker} invoked oom-killer: gfp_mask=0x{mask}, order={order}, oom_score_adj={adj}"
        )
    }
}

fn panic_on_oom(machine: &Machine, version: Version, state: &State, task: TaskId) -> Vec<String> {
    let kind = match machine.sysctl.panic_on_oom {
        PanicOnOom::Always => "compulsory",
        PanicOnOom::Never | PanicOnOom::SystemWide => "system-wide",
    };
    vec![
        invoked(machine, version, state, task),
        format!("Kernel panic - not syncing: Out of memory: {kind} panic_on_oom is enabled"),
    ]
}

/// Header, summary (5.0), and who died with how much.
fn killed(
    machine: &Machine,
    version: Version,
    state: &State,
    task: TaskId,
    (thread, points, memcg): (TaskId, i32, Option<MemcgId>),
) -> Vec<String> {
    let (victim, comm) = (pid(machine, thread), names::task(machine, thread));
    let pages = memcg.map_or(machine.zone.total_pages, |memcg| machine.memcg(memcg).limit);
    let score = points.max(0) * 1000 / i32::from(pages.max(1));
    let prefix = prefix(machine, memcg);
    let mut lines = vec![invoked(machine, version, state, task)];
    if version >= Version(5, 0) {
        lines.push(oom_kill_line(machine, thread, memcg));
    }
    if version < Version(5, 1) {
        lines.push(format!(
            "{prefix}: Kill process {victim} ({comm}) score {score} or sacrifice child"
        ));
    }
    lines.push(killed_line(machine, version, state, thread, memcg));
    lines
}

/// Whose request it was that could not be served.
fn prefix(machine: &Machine, memcg: Option<MemcgId>) -> &'static str {
    match memcg {
        Some(_) => "Memory cgroup out of memory",
        None if machine.sysctl.oom_kill_allocating_task => {
            "Out of memory (oom_kill_allocating_task)"
        }
        None => "Out of memory",
    }
}

/// `__oom_kill_process`: since 5.1 with the reason in front.
fn killed_line(
    machine: &Machine,
    version: Version,
    state: &State,
    thread: TaskId,
    memcg: Option<MemcgId>,
) -> String {
    let (victim, comm) = (pid(machine, thread), names::task(machine, thread));
    let line = format!(
        "Killed process {victim} ({comm}) {}",
        sizes(machine, version, state, thread)
    );
    if version < Version(5, 1) {
        return line;
    }
    format!("{}: {line}", prefix(machine, memcg))
}

/// What the victim had when it was killed; page tables are not counted here.
fn sizes(machine: &Machine, version: Version, state: &State, thread: TaskId) -> String {
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
    if version >= Version(5, 4) {
        let adj = adj(machine, thread);
        sizes.push_str(&format!(", UID:0 pgtables:0kB oom_score_adj:{adj}"));
    }
    sizes
}

/// `dump_oom_summary` (5.0): one line for programs.
fn oom_kill_line(machine: &Machine, thread: TaskId, memcg: Option<MemcgId>) -> String {
    let constraint = match memcg {
        Some(_) => "CONSTRAINT_MEMCG",
        None => "CONSTRAINT_NONE",
    };
    let domain = match memcg {
        Some(memcg) => format!("oom_memcg=/{}", names::memcg(machine, memcg)),
        None => "global_oom".into(),
    };
    let process = machine.process_of(thread);
    let home = process.and_then(|process| machine.memcg_of(process));
    let home = home.map_or("", |memcg| names::memcg(machine, memcg));
    format!(
        "oom-kill:constraint={constraint},nodemask=(null),cpuset=/,mems_allowed=0,{domain},task_memcg=/{home},task={},pid={},uid=0",
        names::task(machine, thread),
        pid(machine, thread)
    )
}

/// B9 for a memory cgroup: nothing up to 4.18, from then on the header and a warning (K14).
fn nobody_in_memcg(
    machine: &Machine,
    version: Version,
    state: &State,
    task: TaskId,
) -> Vec<String> {
    if version < Version(4, 19) {
        return Vec::new();
    }
    vec![
        invoked(machine, version, state, task),
        "Out of memory and no killable processes...".into(),
    ]
}

/// The canary (locks-and-allocation.md 9.5).
fn kmem_warning(machine: &Machine, version: Version, state: &State, task: TaskId) -> String {
    let mode = gfp::mask(version, page_alloc::request(machine, state, task).gfp);
    if version < Version(4, 4) {
        return format!("XFS: possible memory allocation deadlock in kmem_alloc (mode:0x{mode:x})");
    }
    format!(
        "XFS: {}({}) possible memory allocation deadlock size 4096 in kmem_alloc (mode:0x{mode:x})",
        names::task(machine, task),
        pid(machine, task)
    )
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
