//! The only place that knows kernel history: which patch sets which axis of [`Kernel`].
//!
//! One entry per patch, merged ones in merge order, then proposals. The table feeds the
//! switches of the page, the kernel-version presets and the documentation. A hash is
//! given only where the fact sheets call it verified.

use alloc::string::String;
use alloc::vec::Vec;

use crate::kernel::{
    AdjSharer, Badness, Bookkeeping, Complaint, CoreDump, DyingCharge, Equals, ExitProtocol,
    ExitingTask, Favor, HmmStart, InitMm, InitSharer, InodeLock, Isolation, Kernel, KillNap,
    KillerCaller, KmemAlloc, KthreadSharer, MemcgKiller, MemcgLock, MemcgMargin, MemcgNofs,
    MemcgOom, Mlocked, Mmput, Mrelease, Munmap, Nofail, NofailReserve, Nofs, NotifierPairing,
    OomGroup, OomLockWait, ReaderBail, ReaderSteal, ReapDelay, ReapEnqueue, Reaper, ReaperLock,
    ReaperMm, ReaperNotifiers, ReaperQueue, ReclaimRetry, RetryMayfail, RootBonus, RwsemCode,
    Sacrifice, ShortCut, ShortCutMm, SiteWait, SpinlockBail, Sysrq, SysrqNotified, TransReserve,
    Unstable, VforkWait, Vforked, VictimFails, VictimReserve, VmaList, XaddBail,
};

mod table;

pub use table::PATCHES;

/// Index of a patch in [`PATCHES`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct PatchId(pub u8);

/// One patch, or a few that only make sense together.
#[derive(Clone, Copy, Debug)]
pub struct Patch {
    /// Stable id, used in scenarios, links and on the command line.
    pub id: &'static str,
    /// Short name for a switch.
    pub title: &'static str,
    /// Subject line of the commit or mail.
    pub subject: &'static str,
    /// Author of the public patch.
    pub author: &'static str,
    /// Commit, where verified.
    pub commit: Option<&'static str>,
    /// Whether and when it was merged.
    pub kind: PatchKind,
    /// What it changes, in one sentence.
    pub change: &'static str,
    /// Why, in one sentence.
    pub why: &'static str,
    /// Section or row of the fact sheet.
    pub source: &'static str,
    /// Patches that must be on for this one to mean anything.
    pub requires: &'static [&'static str],
    /// Patches that decide the same thing differently; at most one may be on.
    pub excludes: &'static [&'static str],
    /// Sets the axes.
    pub apply: fn(&mut Kernel),
}

/// Merged, proposed or invented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatchKind {
    /// First mainline release that has it.
    Merged(Version),
    /// Posted, never merged.
    Proposed,
    /// Never posted; for the sake of argument.
    Hypothetical,
}

/// A kernel release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Version(pub u8, pub u8);

impl core::fmt::Display for Version {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Releases the table is complete for, as far as the modelled systems go.
pub const VERSIONS: &[Version] = &[
    Version(3, 19),
    Version(4, 0),
    Version(4, 2),
    Version(4, 5),
    Version(4, 6),
    Version(4, 7),
    Version(4, 8),
    Version(4, 9),
    Version(4, 12),
    Version(4, 13),
    Version(4, 14),
    Version(4, 15),
    Version(4, 16),
    Version(4, 17),
    Version(4, 19),
    Version(4, 20),
    Version(5, 4),
    Version(5, 12),
    Version(5, 15),
    Version(5, 16),
    Version(5, 17),
    Version(5, 18),
    Version(6, 1),
];

/// The kernel before the first entry of the table: 3.19.
const BASE: Kernel = Kernel {
    exiting: ExitingTask::AbortsScan,
    reaper: Reaper::Absent,
    reaper_queue: ReaperQueue::List,
    bookkeeping: Bookkeeping::KeepMark,
    reaper_lock: ReaperLock::NotTaken,
    reaper_mm: ReaperMm::PinsUsers,
    mmput: Mmput::Synchronous,
    exit_mmap: ExitProtocol::Plain,
    mlocked: Mlocked::Munlocked,
    mrelease: Mrelease::Absent,
    vma_list: VmaList::Dangling,
    reap_delay: ReapDelay::None,
    core_dump: CoreDump::InExitMm,
    vfork_wait: VforkWait::Killable,
    favor: Favor::Nobody,
    complaint: Complaint::Always,
    kill_nap: KillNap::UnderOomLock,
    sysrq: Sysrq::ForceKill,
    sysrq_notified: SysrqNotified::Enough,
    reserve: VictimReserve::MarkedThreadAll,
    short_cut: ShortCut::FatalSignal,
    short_cut_mm: ShortCutMm::NotAsked,
    kthread_sharer: KthreadSharer::NotReaped,
    nofs: Nofs::Fails,
    nofail: Nofail::OverridesVetoes,
    nofail_reserve: NofailReserve::None,
    victim_fails: VictimFails::BeforeKiller,
    retry_mayfail: RetryMayfail::CostlyOnly,
    retry: ReclaimRetry::WhileProgress,
    isolation: Isolation::ForEver,
    killer_caller: KillerCaller::Allocators,
    oom_lock_wait: OomLockWait::Trylock,
    init_sharer: InitSharer::Killed,
    init_mm: InitMm::NotReaped,
    adj_sharer: AdjSharer::Spared,
    vforked: Vforked::Scored,
    root_bonus: RootBonus::ThreePercent,
    unstable: Unstable::Ignored,
    mmap_writers: SiteWait::Uninterruptible,
    inode_lock: SiteWait::Uninterruptible,
    remote_readers: SiteWait::Uninterruptible,
    i_mmap: SiteWait::Uninterruptible,
    inode_lock_kind: InodeLock::Mutex,
    rwsem: RwsemCode::TwoVariants,
    xadd_bail: XaddBail::WakesFollowers,
    spinlock_bail: SpinlockBail::Forgets,
    reader_bail: ReaderBail::Unlinks,
    reader_steal: ReaderSteal::No,
    munmap: Munmap::WriteToTheEnd,
    memcg_oom: MemcgOom::FaultEnd,
    memcg_killer: MemcgKiller::Own,
    memcg_nofs: MemcgNofs::Vetoed,
    memcg_lock: MemcgLock::Unkillable,
    memcg_margin: MemcgMargin::NotAsked,
    dying_charge: DyingCharge::Forced,
    oom_group: OomGroup::Absent,
    reap_enqueue: ReapEnqueue::ByLink,
    sacrifice: Sacrifice::Child,
    badness: Badness::AtLeastOne,
    equals: Equals::First,
    kmem_alloc: KmemAlloc::Loops,
    trans_reserve: TransReserve::None,
    notifiers: ReaperNotifiers::Ignored,
    pairing: NotifierPairing::Unpaired,
    hmm: HmmStart::Counts,
};

/// A set of patches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, PartialOrd, Ord)]
pub struct PatchSet(pub u128);

/// A mix of patches that means nothing, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidMix {
    /// The first needs the second.
    Missing(PatchId, PatchId),
    /// The two decide the same thing differently.
    Conflict(PatchId, PatchId),
}

impl core::fmt::Display for InvalidMix {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            InvalidMix::Missing(patch, needs) => {
                write!(
                    f,
                    "{} needs {}, which is off",
                    patch.get().id,
                    needs.get().id
                )
            }
            InvalidMix::Conflict(a, b) => {
                write!(
                    f,
                    "{} and {} decide the same thing; switch one off",
                    a.get().id,
                    b.get().id
                )
            }
        }
    }
}

impl PatchId {
    /// The table entry.
    pub fn get(self) -> &'static Patch {
        &PATCHES[self.0 as usize]
    }

    /// The patch with this id.
    pub fn named(id: &str) -> Option<PatchId> {
        PATCHES
            .iter()
            .position(|patch| patch.id == id)
            .map(|index| PatchId(index as u8))
    }

    /// All patches, in table order.
    pub fn all() -> impl Iterator<Item = PatchId> {
        (0..PATCHES.len() as u8).map(PatchId)
    }
}

impl PatchSet {
    /// Every patch merged up to and including this release.
    pub fn of_version(version: Version) -> PatchSet {
        let mut set = PatchSet(0);
        for patch in PatchId::all() {
            if matches!(patch.get().kind, PatchKind::Merged(merged) if merged <= version) {
                set = set.with(patch, true);
            }
        }
        set
    }

    /// Whether the patch is in.
    pub fn has(self, patch: PatchId) -> bool {
        self.0 >> patch.0 & 1 != 0
    }

    /// The set with this one patch switched on or off and nothing else touched.
    pub fn with(self, patch: PatchId, on: bool) -> PatchSet {
        let bit = 1 << patch.0;
        PatchSet(if on { self.0 | bit } else { self.0 & !bit })
    }

    /// The patches in the set, in table order.
    pub fn iter(self) -> impl Iterator<Item = PatchId> {
        PatchId::all().filter(move |&patch| self.has(patch))
    }

    /// The first thing that is wrong with this mix, if any.
    pub fn check(self) -> Result<(), InvalidMix> {
        for patch in self.iter() {
            for needs in patch
                .get()
                .requires
                .iter()
                .filter_map(|id| PatchId::named(id))
            {
                if !self.has(needs) {
                    return Err(InvalidMix::Missing(patch, needs));
                }
            }
            for other in patch
                .get()
                .excludes
                .iter()
                .filter_map(|id| PatchId::named(id))
            {
                if self.has(other) {
                    return Err(InvalidMix::Conflict(patch, other));
                }
            }
        }
        Ok(())
    }

    /// The smallest change that switches `patch` to `on` and leaves a valid mix: what it
    /// needs comes on with it, what needs or excludes it goes off. The list starts with
    /// what must move first and ends with `patch` itself or what hangs on it.
    pub fn switch(self, patch: PatchId, on: bool) -> Vec<(PatchId, bool)> {
        let mut moves = Vec::new();
        self.switch_into(patch, on, &mut moves);
        moves
    }

    fn switch_into(self, patch: PatchId, on: bool, moves: &mut Vec<(PatchId, bool)>) {
        let settled = |moves: &[(PatchId, bool)], other: PatchId| {
            moves
                .iter()
                .find_map(|&(moved, to)| (moved == other).then_some(to))
                .unwrap_or(self.has(other))
        };
        if settled(moves, patch) == on {
            return;
        }
        if on {
            for needs in patch
                .get()
                .requires
                .iter()
                .filter_map(|id| PatchId::named(id))
            {
                self.switch_into(needs, true, moves);
            }
            for other in PatchId::all() {
                let clash = patch.get().excludes.contains(&other.get().id)
                    || other.get().excludes.contains(&patch.get().id);
                if clash {
                    self.switch_into(other, false, moves);
                }
            }
        } else {
            for other in PatchId::all() {
                if other.get().requires.contains(&patch.get().id) {
                    self.switch_into(other, false, moves);
                }
            }
        }
        if settled(moves, patch) != on {
            moves.push((patch, on));
        }
    }

    /// The ids, joined with commas, as scenarios and links write them.
    pub fn ids(self) -> String {
        let mut text = String::new();
        for patch in self.iter() {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(patch.get().id);
        }
        text
    }
}

impl Kernel {
    /// The kernel that has exactly these patches.
    pub fn of(patches: PatchSet) -> Kernel {
        let mut kernel = BASE;
        for patch in patches.iter() {
            (patch.get().apply)(&mut kernel);
        }
        kernel
    }
}
