//! Kernel functions on a call stack, innermost first.

use oomscope_model::kernel::CoreDump;
use oomscope_model::machine::{Kind, LockClass, Machine, Mode, Op, TaskId, WriteSite};
use oomscope_model::state::{ExitMmap, Exiting, Memcg, Moom, Pc, Reap, Run, Site, State, Vmscan};

use crate::{names, notifiers};

/// The stack below it, from where the task stands.
pub(super) fn path(machine: &Machine, state: &State, task: TaskId) -> Vec<&'static str> {
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
pub(super) fn vmscan_frames(at: Vmscan) -> &'static [&'static str] {
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

pub(super) fn site_frame(at: Site) -> &'static str {
    match at {
        Site::Unlinked => "detach_vmas",
        Site::Zap => "unmap_region",
        Site::FileLock | Site::FileUnlock => "i_mmap_rwsem",
        Site::RemotePut => "mmput",
    }
}

/// At the limit of a memory cgroup, innermost first.
pub(super) fn memcg_frames(at: Memcg) -> &'static [&'static str] {
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
pub(super) fn moom_frame(at: Moom) -> &'static str {
    match at {
        Moom::Lock => "mutex_lock",
        Moom::Notify | Moom::Notified => "blocking_notifier_call_chain",
        Moom::Scan => "select_bad_process",
        Moom::KillNap => "schedule_timeout",
        Moom::Group => "oom_kill_memcg_member",
    }
}

pub(super) fn exiting_frame(at: Exiting) -> &'static str {
    match at {
        Exiting::RobustList => "exit_robust_list",
        Exiting::ExitAio => "exit_aio",
        Exiting::KsmExit => "__ksm_exit",
        Exiting::Mrelease => "__oom_reap_task_mm",
        Exiting::CoreZap => "coredump_wait",
        Exiting::CoreDone => "exit_mm",
    }
}

pub(super) fn exit_frame(at: ExitMmap) -> &'static str {
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
