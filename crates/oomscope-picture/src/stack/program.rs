//! Programs as text, line by line, and the words that lines share with call stacks.

use oomscope_model::machine::{
    Gfp, KmemFail, LockClass, LockId, Machine, Mode, Op, TaskId, Wait, WriteSite,
};

use crate::names;

/// One line of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramLine {
    /// Line of the scenario text, from 1; unrolled lines share one.
    pub source: u16,
    /// The line in kernel words.
    pub text: String,
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
pub(crate) fn op_text(machine: &Machine, op: Op) -> String {
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

pub(super) fn op_name(machine: &Machine, op: Op) -> String {
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
