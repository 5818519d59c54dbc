//! Where a task is, in the kernel's own function names, and its program in kernel words.
//!
//! Names are those of 4.6 on x86 (locks-and-allocation.md 9.2): what a hung-task report of
//! that time would show.

use oomscope_model::kernel::lock::{QueueRules, rules};
use oomscope_model::kernel::{CoreDump, Reaper, mmu_notifier};
use oomscope_model::machine::{
    Gfp, Kind, KmemFail, LockClass, LockId, Machine, Mode, Op, TaskId, Wait, WriteSite,
};
use oomscope_model::state::{ExitMmap, Exiting, Memcg, Moom, Pc, Reap, Run, Site, State, Vmscan};

use crate::wait::trylock_blocker;
use crate::{names, notifiers};

/// One line of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramLine {
    /// Line of the scenario text, from 1; unrolled lines share one.
    pub source: u16,
    /// The line in kernel words.
    pub text: String,
}

/// The kernel call stack, innermost function first; empty in user mode.
pub fn call_stack(machine: &Machine, state: &State, task: TaskId) -> Vec<String> {
    let mut frames = Vec::new();
    if let Some(frame) = sleeping(machine, state, task) {
        frames.push(frame);
    }
    frames.extend(path(machine, state, task).into_iter().map(String::from));
    frames
}

/// The two functions that say most about where a task is: `mmap → down_write`.
pub fn detail(machine: &Machine, state: &State, task: TaskId) -> String {
    let word = state.task(task);
    match machine.actor(task).kind {
        Kind::OomReaper => return reaper_detail(machine, state, task),
        Kind::Kworker if word.run == Run::Idle => return "no mmput handed over".to_string(),
        Kind::Kswapd if word.run == Run::Idle => return "asleep until woken".to_string(),
        _ => {}
    }
    let inner = |op: &str, at: &str| format!("{op} → {at}");
    let op = names::op(machine, state, task).map(|op| op_name(machine, op));
    match word.run {
        Run::Exited => "do_exit: gone".to_string(),
        Run::Idle => "user mode".to_string(),
        Run::Waits {
            pc: Pc::Exiting(at),
            completion,
        } => inner(exiting_frame(at), names::completion(machine, completion)),
        Run::Waits { completion, .. } => {
            let verb = match names::op(machine, state, task) {
                Some(Op::Vfork { .. }) => "vfork",
                Some(Op::CoreDump { .. }) => "coredump_wait",
                _ => "wait_for",
            };
            inner(verb, names::completion(machine, completion))
        }
        Run::Queued { on, mode, pc, .. } => {
            let verb = lock_verb(machine, on, mode, names::is_killable(machine, state, task));
            match pc {
                Pc::ExitLock | Pc::ExitDropMm => inner("exit_mm", &verb),
                Pc::Exiting(Exiting::Mrelease) => inner("process_mrelease", &verb),
                Pc::Exiting(at) => inner(exiting_frame(at), &verb),
                Pc::ExitMmap(_) => inner("exit_mmap", &verb),
                Pc::AllocLastAttempt => inner("__alloc_pages_may_oom", &verb),
                Pc::Vmscan(at) => inner(vmscan_frames(at)[0], &verb),
                _ => match names::op(machine, state, task) {
                    Some(Op::Lock { .. }) | None => inner(&verb, names::lock_title(machine, on)),
                    Some(_) => inner(&op.unwrap_or_default(), &verb),
                },
            }
        }
        Run::Ready(pc) | Run::Parked(pc) | Run::Asleep { pc, .. } => match pc {
            Pc::AllocTry => inner(&op.unwrap_or_default(), "alloc"),
            Pc::AllocOom => inner(&op.unwrap_or_default(), "reclaim"),
            Pc::AllocLastAttempt => inner("__alloc_pages_may_oom", "last attempt"),
            Pc::AllocScan => inner("out_of_memory", "select_bad_process"),
            Pc::AllocNotify | Pc::AllocNotified => {
                inner("out_of_memory", "blocking_notifier_call_chain")
            }
            Pc::AllocKillNap => inner("out_of_memory", "schedule_timeout"),
            Pc::Unwind => inner(&op.unwrap_or_default(), "-EINTR"),
            Pc::ExitLock => inner("do_exit", "exit_mm"),
            Pc::ExitDropMm => inner("exit_mm", "mmput"),
            Pc::Exiting(Exiting::RobustList) => inner("exit_mm", "exit_robust_list"),
            Pc::Exiting(Exiting::Mrelease) => inner("process_mrelease", "zap"),
            Pc::Exiting(Exiting::CoreZap) => inner("do_coredump", "zap_threads"),
            Pc::Exiting(Exiting::CoreDone) => inner("do_exit", "exit_mm"),
            Pc::Exiting(at) => inner("mmput", exiting_frame(at)),
            Pc::ExitMmap(at) => inner("exit_mmap", exit_frame(at)),
            Pc::Reap(_) => "oom_reap_task".to_string(),
            Pc::Vmscan(at @ (Vmscan::Throttled | Vmscan::ThrottledOnce)) => {
                inner(vmscan_frames(at)[0], "congestion_wait")
            }
            Pc::Vmscan(at) => vmscan_frames(at)[0].to_string(),
            Pc::Site(at) => inner(&op.unwrap_or_default(), site_frame(at)),
            Pc::Kmem(_) => inner("kmem_alloc", "congestion_wait"),
            Pc::Memcg(at) => inner(memcg_frames(at)[1], memcg_frames(at)[0]),
            Pc::Moom(at) => inner("moom_callback", moom_frame(at)),
            _ => op.unwrap_or_else(|| "user mode".to_string()),
        },
    }
}

/// The program, one entry per compiled line; [`oomscope_model::state::Task::line`] is the
/// index of the current one.
pub fn program_text(machine: &Machine, task: TaskId) -> Vec<ProgramLine> {
    machine
        .actor(task)
        .program
        .iter()
        .map(|line| ProgramLine {
            source: line.source,
            text: op_text(machine, line.op),
        })
        .collect()
}

/// One operation as a program writes it.
pub fn op_text(machine: &Machine, op: Op) -> String {
    match op {
        Op::Lock { lock, mode, wait } => {
            let verb = lock_verb(machine, lock, mode, wait == Wait::Killable);
            format!("{verb} {}", machine.locks[lock.0 as usize].name)
        }
        Op::Unlock { lock } => {
            let info = &machine.locks[lock.0 as usize];
            let verb = match info.class {
                _ if names::is_rwsem(machine, lock) => "up",
                LockClass::PageLock => "unlock_page",
                _ => "mutex_unlock",
            };
            format!("{verb} {}", info.name)
        }
        Op::Alloc {
            gfp,
            order: 0,
            pages,
        } => format!("alloc_page {}{}", gfp_name(gfp), times(pages)),
        Op::Alloc { gfp, order, .. } => format!("alloc_pages {} {order}", gfp_name(gfp)),
        Op::KmemAlloc { gfp, pages, fail } => {
            let verb = kmem_verb(fail);
            format!("{verb} {}{}", gfp_name(gfp), times(pages))
        }
        Op::TransStart { pages } => format!("trans_start{}", times(pages)),
        Op::TransCommit => "trans_commit".to_string(),
        Op::Memalloc { on } => memalloc_verb(on).to_string(),
        Op::SysrqF => "sysrq_f".to_string(),
        Op::Free { pages } => format!("free_page{}", times(pages)),
        Op::Fault { mm, pages } => format!("page_fault {}{}", names::mm(machine, mm), times(pages)),
        Op::Copy { mm } => format!("copy_from_user {}", names::mm(machine, mm)),
        Op::Mmap { mm } => format!("mmap {}", names::mm(machine, mm)),
        Op::Munmap { mm, pages } => format!("munmap {} {pages}", names::mm(machine, mm)),
        Op::MapFile { mm, i_mmap, unmap } => format!(
            "{} {} {}",
            if unmap { "munmap_file" } else { "mmap_file" },
            names::mm(machine, mm),
            machine.locks[i_mmap.0 as usize].name
        ),
        Op::WriteSite { mm, site } => format!("{} {}", site_name(site), names::mm(machine, mm)),
        Op::RemoteRead { mm, pages } => {
            format!("proc_read {}{}", names::mm(machine, mm), times(pages))
        }
        Op::Downgrade { lock } => {
            format!("downgrade_write {}", machine.locks[lock.0 as usize].name)
        }
        Op::Kill { process } => format!("kill {}", names::process(machine, process)),
        Op::Signal { task } => format!("signal {}", names::task(machine, task)),
        Op::Mrelease { mm } => format!("process_mrelease {}", names::mm(machine, mm)),
        Op::GuestAccess { mm } => format!("guest_access {}", names::mm(machine, mm)),
        Op::Vfork { process, .. } => format!("vfork {}", names::process(machine, process)),
        Op::CoreDump { .. } => "core_dump".to_string(),
        Op::Pause => "pause".to_string(),
        Op::Exit => "exit".to_string(),
        Op::WaitFor { completion } => {
            format!("wait_for {}", names::completion(machine, completion))
        }
        Op::Complete { completion } => {
            format!("complete {}", names::completion(machine, completion))
        }
    }
}

fn site_name(site: WriteSite) -> &'static str {
    match site {
        WriteSite::Khugepaged => "khugepaged_collapse",
        WriteSite::UffdRegister => "uffd_register",
    }
}

/// Allocation flags in words, as a program and, from 4.6 on, the log writes them.
pub(crate) fn gfp_name(gfp: Gfp) -> String {
    let base = match gfp.0 & (Gfp::HIGHUSER_MOVABLE.0 | Gfp::HARDER) {
        bits if bits == Gfp::HIGHUSER_MOVABLE.0 => "GFP_HIGHUSER_MOVABLE",
        bits if bits == Gfp::KERNEL.0 => "GFP_KERNEL",
        bits if bits == Gfp::NOFS.0 => "GFP_NOFS",
        bits if bits == Gfp::NOIO.0 => "GFP_NOIO",
        _ => "GFP_ATOMIC",
    };
    let modifiers = [
        (Gfp::HIGH, "__GFP_HIGH"),
        (Gfp::NOFAIL, "__GFP_NOFAIL"),
        (Gfp::NORETRY, "__GFP_NORETRY"),
        (Gfp::RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL"),
        (Gfp::MEMALLOC, "__GFP_MEMALLOC"),
        (Gfp::NOWARN, "__GFP_NOWARN"),
    ];
    let mut name = String::from(base);
    for (bit, word) in modifiers {
        if gfp.has(bit) && !(bit == Gfp::HIGH && base == "GFP_ATOMIC") {
            name.push('|');
            name.push_str(word);
        }
    }
    name
}

/// The function that a wait for this lock calls.
pub(crate) fn lock_verb(machine: &Machine, lock: LockId, mode: Mode, killable: bool) -> String {
    let verb = match (machine.locks[lock.0 as usize].class, mode) {
        (_, Mode::Read) if names::is_rwsem(machine, lock) => "down_read",
        (_, Mode::Write) if names::is_rwsem(machine, lock) => "down_write",
        (LockClass::PageLock, _) => "lock_page",
        (LockClass::Srcu, _) => return "synchronize_srcu".to_string(),
        (LockClass::NotifierCount(_), _) => return "mmu_notifier_retry".to_string(),
        _ => "mutex_lock",
    };
    if killable {
        format!("{verb}_killable")
    } else {
        verb.to_string()
    }
}

fn kmem_verb(fail: KmemFail) -> &'static str {
    match fail {
        KmemFail::Never => "kmem_alloc",
        KmemFail::May => "kmem_alloc_mayfail",
    }
}

fn memalloc_verb(on: bool) -> &'static str {
    match on {
        true => "memalloc_noreclaim_save",
        false => "memalloc_noreclaim_restore",
    }
}

fn times(pages: u8) -> String {
    if pages == 1 {
        String::new()
    } else {
        format!(" {pages}")
    }
}

fn op_name(machine: &Machine, op: Op) -> String {
    match op {
        Op::Lock { lock, mode, wait } => lock_verb(machine, lock, mode, wait == Wait::Killable),
        Op::Unlock { .. } => "unlock".to_string(),
        Op::Alloc { gfp, order: 0, .. } if gfp == Gfp::KERNEL => "alloc_page".to_string(),
        Op::Alloc { gfp, .. } => gfp_name(gfp),
        Op::KmemAlloc { .. } => "kmem_alloc".to_string(),
        Op::TransStart { .. } => "xfs_trans_alloc".to_string(),
        Op::TransCommit => "xfs_trans_commit".to_string(),
        Op::Memalloc { on } => memalloc_verb(on).to_string(),
        Op::SysrqF => "write_sysrq_trigger".to_string(),
        Op::Free { .. } => "free_page".to_string(),
        Op::Fault { .. } => "page fault".to_string(),
        Op::Copy { .. } => "copy_from_user".to_string(),
        Op::Mmap { .. } => "mmap".to_string(),
        Op::Munmap { .. } => "munmap".to_string(),
        Op::MapFile { unmap, .. } => if unmap { "munmap" } else { "mmap" }.to_string(),
        Op::WriteSite { site, .. } => site_name(site).to_string(),
        Op::RemoteRead { .. } => "proc read".to_string(),
        Op::Downgrade { .. } => "downgrade_write".to_string(),
        Op::Kill { .. } | Op::Signal { .. } => "kill".to_string(),
        Op::Mrelease { .. } => "process_mrelease".to_string(),
        Op::GuestAccess { .. } => "guest".to_string(),
        Op::Vfork { .. } => "vfork".to_string(),
        Op::CoreDump { .. } => "core_dump".to_string(),
        Op::Pause => "pause".to_string(),
        Op::Exit => "exit".to_string(),
        Op::WaitFor { .. } => "wait_for".to_string(),
        Op::Complete { .. } => "complete".to_string(),
    }
}

fn reaper_detail(machine: &Machine, state: &State, task: TaskId) -> String {
    let word = state.task(task);
    if machine.kernel.reaper == Reaper::Absent {
        return "not in this kernel".to_string();
    }
    let victim = word
        .victim
        .map(|victim| names::task(machine, victim))
        .unwrap_or("victim");
    let sem = "trylock mmap_sem";
    if let Some(Pc::Notify(at)) = names::pc(word.run) {
        return notifiers::detail(machine, state, task, at);
    }
    match word.run {
        Run::Asleep { .. } if word.tries > 0 && partly(machine, state, task) => {
            "a part stays".to_string()
        }
        Run::Asleep { .. } if word.tries > 0 => format!("{sem}: failed"),
        Run::Asleep { .. } => "schedule_timeout_idle".to_string(),
        Run::Queued {
            pc: Pc::ExitMmap(_) | Pc::Exiting(_),
            ..
        }
        | Run::Waits { .. } => "mmput: waits".to_string(),
        Run::Queued { .. } => "mutex_lock oom_lock".to_string(),
        Run::Ready(Pc::Reap(Reap::Attempt)) => sem.to_string(),
        Run::Ready(Pc::Reap(Reap::Zap)) => format!("zap {victim}"),
        Run::Ready(Pc::Reap(Reap::GiveUp)) => format!("unable to reap {victim}"),
        Run::Ready(Pc::ExitMmap(_) | Pc::Exiting(_)) => "mmput → exit_mmap".to_string(),
        Run::Ready(_) => "oom_reap_task".to_string(),
        _ => "wait_event: no victim".to_string(),
    }
}

/// Whether the reaper's next try would get `mmap_sem`, so that notifiers are the reason why
/// there is one.
fn partly(machine: &Machine, state: &State, reaper: TaskId) -> bool {
    let victim = state.task(reaper).victim;
    victim
        .and_then(|victim| machine.actor(victim).mm)
        .is_some_and(|mm| {
            mmu_notifier::has_notifiers(machine, state, mm)
                && trylock_blocker(state, machine.mmap_sem(mm)).is_none()
        })
}

/// The frame on top of a sleeper's stack.
fn sleeping(machine: &Machine, state: &State, task: TaskId) -> Option<String> {
    let frame = match state.task(task).run {
        Run::Queued { on, mode, .. } => {
            let killable = names::is_killable(machine, state, task);
            match (rules(machine, on), mode) {
                (QueueRules::Rewritten, Mode::Read) => "rwsem_down_read_slowpath",
                (QueueRules::Rewritten, Mode::Write) => "rwsem_down_write_slowpath",
                (QueueRules::Xadd, Mode::Read) => "rwsem_down_read_failed",
                (QueueRules::Xadd, Mode::Write) if killable => "rwsem_down_write_failed_killable",
                (QueueRules::Xadd, Mode::Write) => "rwsem_down_write_failed",
                (QueueRules::Spinlock, Mode::Read) => "__down_read",
                (QueueRules::Spinlock, Mode::Write) => "__down_write_common",
                _ if machine.locks[on.0 as usize].class == LockClass::PageLock => "__lock_page",
                _ if machine.locks[on.0 as usize].class == LockClass::Srcu => "__synchronize_srcu",
                (QueueRules::Srcu, _) => "tdp_page_fault",
                _ if killable => "__mutex_lock_killable_slowpath",
                _ => "__mutex_lock_slowpath",
            }
        }
        Run::Waits { .. } => "wait_for_completion",
        Run::Asleep {
            pc: Pc::AllocKillNap | Pc::Memcg(Memcg::KillNap) | Pc::Moom(_),
            ..
        } => "schedule_timeout_killable",
        Run::Asleep {
            pc: Pc::Kmem(_), ..
        } => "congestion_wait",
        Run::Asleep {
            pc: Pc::Reap(_) | Pc::Notify(_),
            ..
        } => "schedule_timeout_idle",
        Run::Asleep {
            pc: Pc::Vmscan(Vmscan::Throttled | Vmscan::ThrottledOnce),
            ..
        }
        | Run::Parked(Pc::Vmscan(_)) => "congestion_wait",
        Run::Parked(Pc::Memcg(Memcg::Slept)) => "schedule",
        Run::Asleep { .. } | Run::Parked(Pc::AllocOom) => "schedule_timeout_uninterruptible",
        _ => return None,
    };
    Some(frame.to_string())
}

/// The stack below it, from where the task stands.
fn path(machine: &Machine, state: &State, task: TaskId) -> Vec<&'static str> {
    let word = state.task(task);
    let queued = matches!(word.run, Run::Queued { .. });
    let Some(pc) = names::pc(word.run) else {
        return match word.run {
            Run::Waits { .. } => op_frames(machine, state, task, Pc::AllocTry),
            _ => Vec::new(),
        };
    };
    let mut frames = match pc {
        _ if queued => lock_frames(machine, state, task),
        Pc::AllocTry => vec!["__alloc_pages_slowpath"],
        Pc::AllocOom | Pc::AllocLastAttempt => {
            vec!["__alloc_pages_may_oom", "__alloc_pages_slowpath"]
        }
        Pc::AllocNotify | Pc::AllocNotified => vec![
            "blocking_notifier_call_chain",
            "out_of_memory",
            "__alloc_pages_slowpath",
        ],
        Pc::Memcg(at) => memcg_frames(at).to_vec(),
        Pc::AllocScan => vec![
            "select_bad_process",
            "out_of_memory",
            "__alloc_pages_may_oom",
            "__alloc_pages_slowpath",
        ],
        Pc::AllocKillNap => vec![
            "out_of_memory",
            "__alloc_pages_may_oom",
            "__alloc_pages_slowpath",
        ],
        _ => Vec::new(),
    };
    match pc {
        Pc::ExitDropMm if !queued => {
            frames.extend(["mmput", "exit_mm", "do_exit", "do_group_exit"])
        }
        Pc::ExitLock | Pc::ExitDropMm => {
            frames.extend(["exit_mm", "do_exit", "do_group_exit", "get_signal"])
        }
        Pc::ExitMmap(at) => {
            frames.extend([exit_frame(at), "exit_mmap", "mmput"]);
            frames.extend(mmput_callers(machine, task));
        }
        Pc::Exiting(Exiting::RobustList) => {
            frames.extend(["exit_robust_list", "mm_release", "exit_mm", "do_exit"]);
        }
        Pc::Exiting(Exiting::CoreZap) => {
            frames.extend(["coredump_wait", "do_coredump", "get_signal"]);
        }
        Pc::Exiting(Exiting::CoreDone) => {
            let before = machine.kernel.core_dump == CoreDump::BeforeExit;
            let waits = if before {
                "coredump_task_exit"
            } else {
                "exit_mm"
            };
            frames.extend([waits, "do_exit", "do_group_exit", "get_signal"]);
        }
        Pc::Exiting(Exiting::Mrelease) => {
            frames.extend(["__oom_reap_task_mm", "__x64_sys_process_mrelease"]);
        }
        Pc::Exiting(at) => {
            frames.extend([exiting_frame(at), "mmput"]);
            frames.extend(mmput_callers(machine, task));
        }
        Pc::Reap(Reap::Zap) => frames.extend([
            "unmap_page_range",
            "__oom_reap_task",
            "oom_reap_task",
            "oom_reaper",
        ]),
        Pc::Reap(Reap::Attempt) => frames.extend([
            "down_read_trylock",
            "__oom_reap_task",
            "oom_reap_task",
            "oom_reaper",
        ]),
        Pc::Reap(_) => frames.extend(["oom_reap_task", "oom_reaper"]),
        Pc::Vmscan(at) => {
            frames.extend(vmscan_frames(at));
            if machine.actor(task).kind != Kind::Kswapd {
                frames.extend(["try_to_free_pages", "__alloc_pages_slowpath"]);
                frames.extend(op_frames(machine, state, task, Pc::AllocTry));
            }
        }
        Pc::Notify(at) => frames.extend(notifiers::frames(machine, state, task, at)),
        Pc::Moom(at) => {
            if !queued && at != Moom::Lock {
                frames.extend([moom_frame(at), "out_of_memory"]);
            }
            frames.extend(["moom_callback", "process_one_work", "worker_thread"]);
        }
        _ => frames.extend(op_frames(machine, state, task, pc)),
    }
    frames
}

/// Who called `mmput`.
fn mmput_callers(machine: &Machine, task: TaskId) -> [&'static str; 2] {
    match machine.actor(task).kind {
        Kind::User(_) => ["exit_mm", "do_exit"],
        Kind::OomReaper => ["oom_reap_task", "oom_reaper"],
        Kind::Kthread => ["unuse_mm", "kthread"],
        Kind::Kworker | Kind::Kswapd => ["process_one_work", "worker_thread"],
    }
}

/// Where reclaim is, innermost function first.
fn vmscan_frames(at: Vmscan) -> &'static [&'static str] {
    match at {
        Vmscan::Throttled | Vmscan::ThrottledOnce => &["shrink_inactive_list", "shrink_zone"],
        Vmscan::Shrink(_) => &["shrink_slab", "shrink_zone"],
        Vmscan::Balance => &["balance_pgdat", "kswapd"],
        Vmscan::Pageout(_) => &["pageout", "shrink_page_list", "balance_pgdat", "kswapd"],
        Vmscan::KillNap => &["out_of_memory", "balance_pgdat", "kswapd"],
    }
}

/// What the current program line looks like on a stack.
fn op_frames(machine: &Machine, state: &State, task: TaskId, pc: Pc) -> Vec<&'static str> {
    let user = matches!(machine.actor(task).kind, Kind::User(_));
    // At the start of a line a task that holds nothing is in user mode, or its kernel
    // thread's loop.
    if pc == Pc::Line
        && state.task(task).holds_nothing()
        && !matches!(state.task(task).run, Run::Queued { .. })
    {
        return if user { Vec::new() } else { vec!["kthread"] };
    }
    let mut frames = match names::op(machine, state, task) {
        Some(Op::Fault { mm, .. }) if machine.actor(task).mm == Some(mm) && user => {
            return vec![
                "alloc_pages_vma",
                "handle_mm_fault",
                "__do_page_fault",
                "page_fault",
            ];
        }
        Some(Op::Fault { .. }) => vec!["alloc_pages_vma", "handle_mm_fault", "get_user_pages"],
        Some(Op::Copy { .. }) => vec![
            "alloc_pages_vma",
            "handle_mm_fault",
            "__do_page_fault",
            "copy_from_user",
        ],
        Some(Op::RemoteRead { .. }) => vec!["get_user_pages", "access_remote_vm", "mem_rw"],
        Some(Op::Mmap { .. }) => return vec!["vm_mmap_pgoff", "SyS_mmap"],
        Some(Op::Vfork { .. }) => return vec!["do_fork", "SyS_vfork"],
        Some(Op::CoreDump { .. }) => return vec!["do_coredump", "get_signal", "do_signal"],
        Some(Op::Munmap { .. }) => return vec!["vm_munmap", "SyS_munmap"],
        Some(Op::MapFile { unmap: false, .. }) if matches!(pc, Pc::Site(_)) => {
            return vec![
                "vma_link",
                "mmap_region",
                "do_mmap",
                "vm_mmap_pgoff",
                "SyS_mmap",
            ];
        }
        Some(Op::MapFile { unmap: false, .. }) => return vec!["vm_mmap_pgoff", "SyS_mmap"],
        Some(Op::MapFile { .. }) if pc == Pc::Site(Site::FileUnlock) => {
            return vec![
                "unlink_file_vma",
                "free_pgtables",
                "unmap_region",
                "SyS_munmap",
            ];
        }
        Some(Op::MapFile { .. }) => return vec!["vm_munmap", "SyS_munmap"],
        Some(Op::WriteSite {
            site: WriteSite::Khugepaged,
            ..
        }) => return vec!["collapse_huge_page", "khugepaged", "kthread"],
        Some(Op::WriteSite { .. }) => {
            return vec!["userfaultfd_register", "userfaultfd_ioctl", "SyS_ioctl"];
        }
        Some(Op::Mrelease { .. }) => return vec!["__x64_sys_process_mrelease"],
        Some(Op::GuestAccess { .. }) if user => {
            return vec!["vcpu_enter_guest", "kvm_arch_vcpu_ioctl_run", "SyS_ioctl"];
        }
        Some(Op::Alloc { .. }) => vec!["__alloc_pages_nodemask", "alloc_pages_current"],
        Some(Op::KmemAlloc { .. }) => match pc {
            Pc::Kmem(_) => vec!["kmem_alloc"],
            _ => vec!["__alloc_pages_nodemask", "__kmalloc", "kmem_alloc"],
        },
        Some(Op::TransStart { .. }) => vec!["xfs_trans_alloc"],
        Some(Op::TransCommit) => vec!["xfs_trans_commit"],
        Some(Op::SysrqF) => vec!["write_sysrq_trigger"],
        _ => Vec::new(),
    };
    frames.push(if user { "entry_SYSCALL_64" } else { "kthread" });
    frames
}

fn lock_frames(machine: &Machine, state: &State, task: TaskId) -> Vec<&'static str> {
    let Run::Queued { on, mode, .. } = state.task(task).run else {
        return Vec::new();
    };
    let killable = names::is_killable(machine, state, task);
    let is_rwsem = names::is_rwsem(machine, on);
    vec![match (machine.locks[on.0 as usize].class, mode) {
        (_, Mode::Read) if is_rwsem && killable => "down_read_killable",
        (_, Mode::Read) if is_rwsem => "down_read",
        (_, Mode::Write) if is_rwsem && killable => "down_write_killable",
        (_, Mode::Write) if is_rwsem => "down_write",
        (LockClass::PageLock, _) => "lock_page",
        (LockClass::Srcu, _) => "synchronize_srcu",
        (LockClass::NotifierCount(_), _) => "kvm_mmu_page_fault",
        _ if killable => "mutex_lock_killable",
        _ => "mutex_lock",
    }]
}

fn site_frame(at: Site) -> &'static str {
    match at {
        Site::Unlinked => "detach_vmas",
        Site::Zap => "unmap_region",
        Site::FileLock | Site::FileUnlock => "i_mmap_rwsem",
        Site::RemotePut => "mmput",
    }
}

/// At the limit of a memory cgroup, innermost first.
fn memcg_frames(at: Memcg) -> &'static [&'static str] {
    match at {
        Memcg::Oom => &["mem_cgroup_oom", "try_charge"],
        Memcg::Scan | Memcg::KillNap => &["out_of_memory", "mem_cgroup_out_of_memory"],
        Memcg::Group | Memcg::GlobalGroup => &["oom_kill_memcg_member", "oom_kill_process"],
        Memcg::FaultEnd | Memcg::Retry | Memcg::Slept => {
            &["mem_cgroup_oom_synchronize", "pagefault_out_of_memory"]
        }
    }
}

/// What the work item of sysrq-f is at.
fn moom_frame(at: Moom) -> &'static str {
    match at {
        Moom::Lock => "mutex_lock",
        Moom::Notify | Moom::Notified => "blocking_notifier_call_chain",
        Moom::Scan => "select_bad_process",
        Moom::KillNap => "schedule_timeout",
        Moom::Group => "oom_kill_memcg_member",
    }
}

fn exiting_frame(at: Exiting) -> &'static str {
    match at {
        Exiting::RobustList => "exit_robust_list",
        Exiting::ExitAio => "exit_aio",
        Exiting::KsmExit => "__ksm_exit",
        Exiting::Mrelease => "__oom_reap_task_mm",
        Exiting::CoreZap => "coredump_wait",
        Exiting::CoreDone => "exit_mm",
    }
}

fn exit_frame(at: ExitMmap) -> &'static str {
    match at {
        ExitMmap::Start => "mmu_notifier_release",
        ExitMmap::OomLock => "mutex_lock(oom_lock)",
        ExitMmap::SelfReap => "__oom_reap_task_mm",
        ExitMmap::EmptyWrite | ExitMmap::LateEmptyWrite => "down_write; up_write",
        ExitMmap::WriteLock | ExitMmap::LateWriteLock => "down_write",
        ExitMmap::ReadLock => "down_read",
        ExitMmap::MunlockClear => "munlock_vma_pages_range",
        ExitMmap::MunlockWalk => "follow_page_mask",
        ExitMmap::MunlockPtl => "pte_offset_map_lock",
        ExitMmap::MunlockPage => "lock_page",
        ExitMmap::UnlinkFileVma => "unlink_file_vma",
        ExitMmap::Unmap => "unmap_vmas",
        ExitMmap::Skip => "set MMF_OOM_SKIP",
        ExitMmap::FreePgtables => "free_pgtables",
    }
}
