//! Short digests, over explicit little-endian words, so that every platform agrees.

use oomscope_model::kernel::mmu_notifier::User;
use oomscope_model::machine::{
    Backing, Gfp, Kind, KmemFail, LockClass, LruKind, Machine, Mode, NotifierWait, Op, PanicOnOom,
    ProcessId, RwsemConfig, Sysctl, Traits, Wait,
};
use oomscope_model::state::{Run, State};

use crate::notifier::{self, KINDS};

/// A CRC-32 (IEEE) being computed.
#[derive(Clone, Copy)]
pub(crate) struct Crc(u32);

impl Crc {
    pub(crate) fn new() -> Self {
        Crc(!0)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 ^= u32::from(byte);
            for _ in 0..8 {
                self.0 = (self.0 >> 1) ^ ((self.0 & 1) * 0xEDB8_8320);
            }
        }
    }

    fn word(&mut self, word: u32) {
        self.bytes(&word.to_le_bytes());
    }

    /// Four small numbers as one word.
    fn small(&mut self, a: u8, b: u8, c: u8, d: u8) {
        self.bytes(&[a, b, c, d]);
    }

    fn name(&mut self, name: &str) {
        self.word(name.len() as u32);
        self.bytes(name.as_bytes());
    }

    pub(crate) fn finish(self) -> u32 {
        !self.0
    }
}

/// CRC-32 (IEEE) of some bytes.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.bytes(bytes);
    crc.finish()
}

/// What a person sees in a state: who holds what, who waits where, how much is free and
/// who was killed. A link carries it, so that a changed model is noticed.
pub fn seen_digest(machine: &Machine, state: &State) -> u32 {
    let mut crc = Crc::new();
    crc.word(state.free_pages.into());
    for process in (0..machine.processes.len() as u8).map(ProcessId) {
        crc.word(state.is_killed(machine, process).into());
    }
    for (id, task) in state.tasks() {
        for (lock, mode) in task.held.locks() {
            crc.small(b'h', id.0, lock.0, mode_word(mode));
        }
        if let Run::Queued { on, mode, rank, .. } = task.run {
            crc.small(b'q', id.0, on.0, mode_word(mode));
            crc.word(rank.into());
        }
    }
    crc.finish()
}

/// What decides how a machine runs, patches and rules left out: zone, cast, locks,
/// programs. Two machines with the same digest give the same meaning to a run; story,
/// pids, comments and markers do not count.
pub fn cast_digest(machine: &Machine) -> u32 {
    digest_by(op_words, machine)
}

/// Whether a link carries the digest of this cast, as it is made now or as it was made
/// when `process_mrelease` still shared its number with `xfs_trans_alloc`.
pub(crate) fn is_cast_digest(machine: &Machine, digest: u32) -> bool {
    cast_digest(machine) == digest || digest_by(former_op_words, machine) == digest
}

fn digest_by(op_words: fn(Op) -> [u8; 3], machine: &Machine) -> u32 {
    let mut crc = Crc::new();
    let zone = machine.zone;
    for pages in [
        zone.total_pages,
        zone.mb_per_page,
        zone.free_pages,
        zone.min,
        zone.low,
        zone.high,
    ] {
        crc.word(pages.into());
    }
    if let Some(cpus) = machine.cpus {
        crc.small(b'c', cpus, 0, 0);
    }
    for process in &machine.processes {
        crc.name(&process.name);
        crc.small(process.leader.0, process.threads, 0, 0);
        crc.word(i32::from(process.oom_score_adj) as u32);
        if let Some(parent) = process.parent {
            crc.small(b'p', parent.0, 0, 0);
        }
        let Traits {
            init,
            in_vfork,
            cap_sys_admin,
        } = process.traits;
        if process.traits != Traits::default() {
            crc.small(b't', init.into(), in_vfork.into(), cap_sys_admin.into());
        }
    }
    let sysctl = machine.sysctl;
    if sysctl != Sysctl::default() {
        let panic_on_oom = match sysctl.panic_on_oom {
            PanicOnOom::Never => 0,
            PanicOnOom::SystemWide => 1,
            PanicOnOom::Always => 2,
        };
        let allocating = sysctl.oom_kill_allocating_task.into();
        crc.small(b's', panic_on_oom, allocating, 0);
    }
    for memcg in &machine.memcgs {
        crc.name(&memcg.name);
        crc.word(memcg.limit.into());
        crc.small(b'g', memcg.oom_group.into(), 0, 0);
    }
    for notifier in &machine.oom_notifiers {
        let lock = notifier.lock.map_or(0, |lock| lock.0 + 1);
        let blocks = notifier.wait == NotifierWait::Blocks;
        crc.small(b'n', notifier.pages, lock, blocks.into());
    }
    for lock in &machine.locks {
        crc.name(&lock.name);
        crc.word(match lock.class {
            LockClass::OomLock => 0,
            LockClass::MmapSem(mm) => 0x100 + u32::from(mm.0),
            LockClass::InodeMutex => 1,
            LockClass::Mutex => 2,
            LockClass::Rwsem => 3,
            LockClass::PageLock => 4,
            LockClass::Srcu => 5,
            LockClass::NotifierCount(mm) => 0x200 + u32::from(mm.0),
        });
    }
    for lru in &machine.lrus {
        let kind = match lru.kind {
            LruKind::Clean => 0,
            LruKind::Hot => 1,
            LruKind::Dirty => 2,
            LruKind::Slab => 3,
        };
        crc.word(lru.pages.into());
        let lock = lru.lock.map_or(0, |lock| lock.0 + 1);
        crc.small(b'l', kind, lock, lru.needs);
    }
    if machine.rwsem != RwsemConfig::Xadd {
        crc.small(b'r', machine.rwsem as u8, 0, 0);
    }
    for mm in &machine.mms {
        crc.name(&mm.name);
        if let Some(memcg) = mm.memcg {
            crc.small(b'g', memcg.0, 0, 0);
        }
        if let Some(nap) = mm.teardown {
            crc.small(b't', nap as u8, 0, 0);
        }
        for vma in &mm.vmas {
            crc.word(vma.pages.into());
            let backing = match vma.backing {
                Backing::Anon => 0,
                Backing::Shared => 1,
                Backing::File => 2,
                Backing::Hugetlb => 3,
                Backing::Pfnmap => 4,
            };
            let page_lock = vma.page_lock.map_or(0, |lock| lock.0 + 1);
            crc.small(b'v', backing, vma.locked.into(), page_lock);
            if let Some(lock) = vma.i_mmap {
                crc.small(b'i', lock.0, 0, 0);
            }
        }
        for it in &mm.notifiers {
            let user = KINDS
                .iter()
                .position(|(word, _)| *word == notifier::word(it.user));
            crc.small(
                b'n',
                user.unwrap_or_default() as u8,
                it.lock.map_or(0, |lock| lock.0 + 1),
                it.vmas,
            );
            if let User::OutOfTree { start, end } = it.user {
                crc.small(b'o', start as u8, end as u8, 0);
            }
        }
        if mm.aio.is_some() || mm.ksm {
            let aio = mm.aio.map_or(0, |completion| completion.0 + 1);
            crc.small(b'm', aio, mm.ksm.into(), 0);
        }
    }
    for actor in &machine.tasks {
        crc.name(&actor.name);
        let mm = actor.mm.map_or(0, |mm| mm.0 + 1);
        crc.word(
            match actor.kind {
                Kind::User(process) => 0x1_0000 + u32::from(process.0) * 256,
                Kind::Kthread => 0x2_0000,
                Kind::Kworker => 0x3_0000,
                Kind::OomReaper => 0x4_0000,
                Kind::Kswapd => 0x5_0000,
            } + u32::from(mm),
        );
        if let Some(futex) = actor.robust_list {
            crc.small(b'r', futex.0, 0, 0);
        }
        for line in &actor.program {
            let [a, b, c] = op_words(line.op);
            crc.small(a, b, c, line.resume);
        }
    }
    crc.finish()
}

fn mode_word(mode: Mode) -> u8 {
    match mode {
        Mode::Read => 1,
        Mode::Write => 2,
    }
}

fn op_words(op: Op) -> [u8; 3] {
    match op {
        Op::Lock { lock, mode, wait } => {
            let killable = match wait {
                Wait::Uninterruptible => 0,
                Wait::Killable => 4,
                Wait::Interruptible => 8,
            };
            [1, lock.0, mode_word(mode) + killable]
        }
        Op::Unlock { lock } => [2, lock.0, 0],
        Op::Alloc { gfp, order, pages } => alloc_words(gfp, order, pages),
        Op::KmemAlloc { gfp, pages, fail } => {
            let word = match fail {
                KmemFail::Never => 28,
                KmemFail::May => 29,
            };
            [word | (gfp.0 >> 8 << 5) as u8, gfp.0 as u8, pages]
        }
        Op::TransStart { pages } => [30, 0, pages],
        Op::TransCommit => [31, 0, 0],
        Op::Memalloc { on } => [b'm', u8::from(on), 0],
        Op::SysrqF => [b's', 0, 0],
        Op::Free { pages } => [4, 0, pages],
        Op::Munmap { mm, pages } => [20, mm.0, pages],
        Op::MapFile { mm, i_mmap, unmap } => [21 + u8::from(unmap), mm.0, i_mmap.0],
        Op::WriteSite { mm, site } => [23, mm.0, site as u8],
        Op::RemoteRead { mm, pages } => [24, mm.0, pages],
        Op::Downgrade { lock } => [25, lock.0, 0],
        Op::Kill { process } => [26, process.0, 0],
        Op::Signal { task } => [27, task.0, 0],
        Op::Fault { mm, pages } => [5, mm.0, pages],
        Op::Copy { mm } => [9, mm.0, 0],
        Op::Mmap { mm } => [6, mm.0, 0],
        Op::Mrelease { mm } => [32, mm.0, 0],
        Op::Pause => [b'p', 0, 0],
        Op::Vfork {
            process,
            completion,
        } => [b'v', process.0, completion.0],
        Op::CoreDump { startup, finish } => [b'c', startup.0, finish.0],
        Op::Exit => [b'x', 0, 0],
        Op::WaitFor { completion } => [7, completion.0, 0],
        Op::GuestAccess { mm } => [70, mm.0, 0],
        Op::Complete { completion } => [8, completion.0, 0],
    }
}

/// The words of an operation in links of before.
fn former_op_words(op: Op) -> [u8; 3] {
    match op {
        Op::Mrelease { mm } => [30, mm.0, 0],
        op => op_words(op),
    }
}

/// What the first links knew keeps its words: `GFP_KERNEL` is 0 and `GFP_NOFS` is 1.
fn alloc_words(gfp: Gfp, order: u8, pages: u8) -> [u8; 3] {
    match (gfp, order) {
        (Gfp::KERNEL, 0) => [3, 0, pages],
        (Gfp::NOFS, 0) => [3, 1, pages],
        (Gfp(bits), order) => [0x40 | (bits >> 8) as u8, bits as u8, pages << 3 | order & 7],
    }
}

#[cfg(test)]
mod tests {
    use oomscope_model::machine::{MmId, Op};

    #[test]
    fn a_transaction_and_process_mrelease_have_numbers_of_their_own() {
        let release = super::op_words(Op::Mrelease { mm: MmId(0) });
        assert_ne!(super::op_words(Op::TransStart { pages: 0 }), release);
    }

    #[test]
    fn crc_32_is_the_usual_one() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
    }
}
