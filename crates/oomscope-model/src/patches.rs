//! The only place that knows kernel history: which patch sets which axis of [`Kernel`].
//!
//! One entry per patch, merged ones in merge order, then proposals. The table feeds the
//! switches of the page, the kernel-version presets and the documentation. A hash is
//! given only where the fact sheets call it verified.

use alloc::string::String;
use alloc::vec::Vec;

use crate::kernel::{
    Bookkeeping, ExitProtocol, ExitingTask, Kernel, KillNap, KthreadSharer, Mmput, Nofs, Reaper,
    ReaperLock, ReaperMm, ShortCut, SiteWait, Unstable, VictimReserve,
};

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
    Version(4, 5),
    Version(4, 6),
    Version(4, 7),
    Version(4, 8),
    Version(4, 9),
    Version(4, 14),
    Version(4, 15),
    Version(4, 17),
    Version(4, 19),
];

/// The kernel before the first entry of the table: 4.5.
const BASE: Kernel = Kernel {
    exiting: ExitingTask::AbortsScan,
    reaper: Reaper::Absent,
    bookkeeping: Bookkeeping::KeepMark,
    reaper_lock: ReaperLock::NotTaken,
    reaper_mm: ReaperMm::PinsUsers,
    mmput: Mmput::Synchronous,
    exit_mmap: ExitProtocol::Plain,
    kill_nap: KillNap::UnderOomLock,
    reserve: VictimReserve::MarkedThreadAll,
    short_cut: ShortCut::FatalSignal,
    kthread_sharer: KthreadSharer::NotReaped,
    nofs: Nofs::Loops,
    unstable: Unstable::Ignored,
    mmap_writers: SiteWait::Uninterruptible,
    inode_lock: SiteWait::Uninterruptible,
};

/// All patches: merged ones in merge order, then proposals, then hypothetical ones.
pub const PATCHES: &[Patch] = &[
    Patch {
        id: "exiting-is-scored",
        title: "Exiting tasks are scored",
        subject: "mm: oom_kill: don't ignore oom score on exiting tasks",
        author: "Johannes Weiner",
        commit: Some("6a618957ad17"),
        kind: PatchKind::Merged(Version(4, 6)),
        change: "A task that merely exits no longer ends the victim scan.",
        why: "An exiting task may itself be stuck, and then nobody was ever killed.",
        source: "oom.md K08",
        requires: &[],
        excludes: &[],
        apply: |kernel| kernel.exiting = ExitingTask::IsScored,
    },
    Patch {
        id: "oom-reaper",
        title: "oom_reaper",
        subject: "mm, oom: introduce oom reaper",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 6)),
        change: "A kernel thread frees the victim's anonymous memory under mmap_sem, which it only tries to lock.",
        why: "A victim that is stuck on a lock cannot free its memory itself.",
        source: "oom.md R01, V01",
        requires: &[],
        excludes: &[],
        apply: |kernel| kernel.reaper = Reaper::Present,
    },
    Patch {
        id: "killable-writers",
        title: "Killable mmap_sem writers",
        subject: "mm: make mmap_sem for write waits killable for mm syscalls",
        author: "Michal Hocko",
        commit: Some("dc0ef0df7b6a"),
        kind: PatchKind::Merged(Version(4, 7)),
        change: "A killed task that waits for mmap_sem for writing leaves the queue.",
        why: "A queued writer makes the reaper's trylock fail, even while only readers hold the lock.",
        source: "locks-and-allocation.md 2.1 K1 to K4, 3.1",
        requires: &[],
        excludes: &[],
        apply: |kernel| kernel.mmap_writers = SiteWait::Killable,
    },
    Patch {
        id: "reaper-oom-lock",
        title: "Reaper takes oom_lock",
        subject: "oom_reaper: close race with exiting task",
        author: "Michal Hocko",
        commit: Some("e2fe14564d33"),
        kind: PatchKind::Merged(Version(4, 7)),
        change: "The reaper holds oom_lock during each attempt.",
        why: "Otherwise the killer could pick a second victim while the reaper is about to free the first.",
        source: "oom.md R06, 6.4 a4",
        requires: &["oom-reaper"],
        excludes: &[],
        apply: |kernel| kernel.reaper_lock = ReaperLock::Taken,
    },
    Patch {
        id: "mmput-async",
        title: "Reaper hands mmput over",
        subject: "mm, oom_reaper: do not mmput synchronously from the oom reaper context",
        author: "Michal Hocko",
        commit: Some("ec8d7c14ea14"),
        kind: PatchKind::Merged(Version(4, 7)),
        change: "If the reaper drops the last reference, a kworker runs exit_mmap.",
        why: "exit_mmap can block, and a blocked reaper reaps nobody else.",
        source: "oom.md R05, 6.4 a2",
        requires: &["oom-reaper"],
        excludes: &[],
        apply: |kernel| kernel.mmput = Mmput::Asynchronous,
    },
    Patch {
        id: "nofs-short-cut",
        title: "NOFS callers reach the short cut",
        subject: "mm, oom: move GFP_NOFS check to out_of_memory",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 7)),
        change: "A dying GFP_NOFS caller is marked as victim instead of looping.",
        why: "It may hold the very lock that keeps the victim from exiting.",
        source: "oom.md K09",
        requires: &[],
        excludes: &[],
        apply: |kernel| kernel.nofs = Nofs::AfterShortCut,
    },
    Patch {
        id: "clear-mark",
        title: "Clear TIF_MEMDIE also after failure",
        subject: "mm, oom_reaper: clear TIF_MEMDIE for all tasks queued for oom_reaper",
        author: "Michal Hocko",
        commit: Some("449d777d7ad6"),
        kind: PatchKind::Merged(Version(4, 7)),
        change: "When the reaper gives up, the victim's mark is cleared, so the killer may choose again; victims that took a short cut are reaped too.",
        why: "A victim nobody can reap otherwise blocks the killer for ever.",
        source: "oom.md V02, V03, V04, 6.4 a3",
        requires: &[],
        excludes: &[],
        apply: |kernel| {
            kernel.bookkeeping = Bookkeeping::ClearMark;
            kernel.short_cut = ShortCut::FatalSignalReaped;
        },
    },
    Patch {
        id: "reap-twice",
        title: "Give up after two rounds",
        subject: "oom, oom_reaper: do not attempt to reap a task more than twice",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 8)),
        change: "After the second round of ten failed tries the mm is flagged and the killer passes over it; the short cut for dying tasks holds only while their mm can still be freed.",
        why: "Under the 4.7 rule the same stuck victim is selected again and again.",
        source: "oom.md V07, V08, 4.4, locks-and-allocation.md 7",
        requires: &["clear-mark"],
        excludes: &[],
        apply: |kernel| {
            kernel.bookkeeping = Bookkeeping::FlagSecondFailure;
            kernel.short_cut = ShortCut::WillFreeMem;
        },
    },
    Patch {
        id: "hide-kthread-mm",
        title: "Pass over an mm that a kernel thread uses",
        subject: "mm, oom: hide mm which is shared with kthread or global init",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 8)),
        change: "The killer passes at once over a victim whose mm a kernel thread uses too.",
        why: "Nobody reaps such an mm, so it would block the killer for ever.",
        source: "oom.md V08, 4.5 C7",
        requires: &["clear-mark"],
        excludes: &[],
        apply: |kernel| kernel.kthread_sharer = KthreadSharer::Hidden,
    },
    Patch {
        id: "oom-mm",
        title: "oom_mm and MMF_OOM_SKIP",
        subject: "mm, oom: get rid of signal_struct::oom_victims",
        author: "Michal Hocko",
        commit: Some("862e3073b3ee"),
        kind: PatchKind::Merged(Version(4, 9)),
        change: "The killed process keeps its mm visible; it blocks the killer until MMF_OOM_SKIP is set, which the reaper does at its end in any case.",
        why: "The mark went away when one thread left, although the memory was still there.",
        source: "oom.md V09, V10, 4.3",
        requires: &["reap-twice"],
        excludes: &[],
        apply: |kernel| {
            kernel.bookkeeping = Bookkeeping::OomMm;
            kernel.reaper_mm = ReaperMm::MmgetNotZero;
            kernel.exit_mmap = ExitProtocol::SkipAtEnd;
        },
    },
    Patch {
        id: "reap-kthread-mm",
        title: "Reap an mm that a kernel thread uses",
        subject: "oom, oom_reaper: allow to reap mm shared by the kthreads",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 9)),
        change: "A kernel thread that adopted the victim's mm with use_mm no longer keeps the reaper away.",
        why: "A victim with a vhost worker was never reaped.",
        source: "oom.md V11, 4.5 C7",
        requires: &[],
        excludes: &[],
        apply: |kernel| kernel.kthread_sharer = KthreadSharer::Reaped,
    },
    Patch {
        id: "kthread-sigbus",
        title: "Kernel threads do not refault reaped memory",
        subject: "mm: make sure that kthreads will not refault oom reaped memory",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 9)),
        change: "A kernel thread that faults on a reaped mm gets SIGBUS.",
        why: "It would read zeroes where its owner had written data.",
        source: "oom.md V12, 5.5",
        requires: &["oom-mm"],
        excludes: &[],
        apply: |kernel| kernel.unstable = Unstable::KthreadSigbus,
    },
    Patch {
        id: "unstable-sigbus",
        title: "Nobody refaults reaped memory",
        subject: "mm, oom: fix potential data corruption when oom_reaper races with writer",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 14)),
        change: "Every anonymous fault on a reaped mm gets SIGBUS.",
        why: "A victim that still runs would fill its memory again, with zeroes.",
        source: "oom.md V13, 5.5",
        requires: &["oom-mm"],
        excludes: &[],
        apply: |kernel| kernel.unstable = Unstable::Sigbus,
    },
    Patch {
        id: "group-reserve",
        title: "Reserves for the whole victim",
        subject: "mm, oom: do not rely on TIF_MEMDIE for memory reserves access",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Merged(Version(4, 14)),
        change: "Every thread of the victim may go down to half of the min watermark.",
        why: "One marked thread got everything, the others nothing.",
        source: "oom.md K12, locks-and-allocation.md 4.2",
        requires: &["oom-mm"],
        excludes: &[],
        apply: |kernel| kernel.reserve = VictimReserve::GroupHalf,
    },
    Patch {
        id: "reap-without-mmget",
        title: "Reap while exit_mmap runs",
        subject: "mm: oom: let oom_reap_task and exit_mmap run concurrently",
        author: "Andrea Arcangeli",
        commit: Some("212925802454"),
        kind: PatchKind::Merged(Version(4, 14)),
        change: "The reaper works even when mm_users is zero; exit_mmap sets MMF_OOM_SKIP after unmap and waits for the reaper before it frees page tables.",
        why: "A victim stuck late in its exit could not be reaped, and an innocent died for it.",
        source: "oom.md R08, 6.3 b",
        requires: &["oom-mm"],
        excludes: &[],
        apply: |kernel| {
            kernel.reaper_mm = ReaperMm::PinsCount;
            kernel.exit_mmap = ExitProtocol::SkipAfterUnmap;
        },
    },
    Patch {
        id: "oom-victim-flag",
        title: "The mm remembers that it is a victim",
        subject: "mm, oom_reaper: fix memory corruption",
        author: "Michal Hocko",
        commit: Some("4837fe37adff"),
        kind: PatchKind::Merged(Version(4, 15)),
        change: "exit_mmap asks the mm, not the current task, whether the reaper may be inside.",
        why: "The last reference may be dropped by a task that is no victim.",
        source: "oom.md V14, 6.4 b5",
        requires: &["reap-without-mmget"],
        excludes: &[],
        apply: |kernel| kernel.exit_mmap = ExitProtocol::SkipAfterUnmapByMm,
    },
    Patch {
        id: "munlock-fix",
        title: "Exiting victim reaps itself first",
        subject: "mm, oom: fix concurrent munlock and oom reaper unmap, v3",
        author: "David Rientjes",
        commit: Some("27ae357fa82b"),
        kind: PatchKind::Merged(Version(4, 17)),
        change: "exit_mmap of a victim reaps, sets MMF_OOM_SKIP and waits for the reaper, all before it munlocks.",
        why: "The munlock pass and the reaper walked the same page tables: CVE-2018-1000200.",
        source: "oom.md R13, 6.3 d",
        requires: &["reap-without-mmget"],
        excludes: &[],
        apply: |kernel| kernel.exit_mmap = ExitProtocol::SelfReapUnderOomLock,
    },
    Patch {
        id: "no-kill-nap",
        title: "No nap under oom_lock",
        subject: "mm, oom: remove sleep from under oom_lock",
        author: "Michal Hocko",
        commit: Some("9bfe5ded054b"),
        kind: PatchKind::Merged(Version(4, 19)),
        change: "The killer no longer sleeps a jiffy with oom_lock held.",
        why: "The jiffy became minutes when reclaimers kept the CPU: CVE-2016-10723.",
        source: "oom.md K13",
        requires: &[],
        excludes: &[],
        apply: |kernel| kernel.kill_nap = KillNap::None,
    },
    Patch {
        id: "reaper-no-oom-lock",
        title: "Reaper without oom_lock",
        subject: "mm, oom: remove oom_lock from oom_reaper",
        author: "Michal Hocko",
        commit: Some("af5679fbc669"),
        kind: PatchKind::Merged(Version(4, 19)),
        change: "Neither the reaper nor exit_mmap takes oom_lock.",
        why: "Whoever held oom_lock could keep the memory from coming back.",
        source: "oom.md R14, 6.3 d'",
        requires: &["reaper-oom-lock", "munlock-fix"],
        excludes: &[],
        apply: |kernel| {
            kernel.reaper_lock = ReaperLock::NotTaken;
            kernel.exit_mmap = ExitProtocol::SelfReap;
        },
    },
    Patch {
        id: "unstable-v1",
        title: "MMF_UNSTABLE hand-off, v1",
        subject: "mm, oom: fix concurrent munlock and oom reaper unmap (v1, 2018-04-17)",
        author: "David Rientjes",
        commit: None,
        kind: PatchKind::Proposed,
        change: "exit_mmap claims the mm with MMF_UNSTABLE; a reaper that comes later counts it as done.",
        why: "Keeps the reaper away from the munlock pass.",
        source: "oom.md P01, 6.4 c1a",
        requires: &["reap-without-mmget"],
        excludes: &[
            "unstable-v2",
            "write-lock-2017",
            "write-lock-2018",
            "munlock-fix",
        ],
        apply: |kernel| kernel.exit_mmap = ExitProtocol::UnstableV1,
    },
    Patch {
        id: "unstable-v2",
        title: "MMF_UNSTABLE hand-off, v2",
        subject: "mm, oom: fix concurrent munlock and oom reaper unmap (v2, 2018-04-18)",
        author: "David Rientjes",
        commit: None,
        kind: PatchKind::Proposed,
        change: "As v1, but a reaper that finds the mm claimed leaves MMF_OOM_SKIP alone.",
        why: "v1 let the killer choose an innocent while the victim was still freeing memory.",
        source: "oom.md P02, 6.4 c2a",
        requires: &["reap-without-mmget"],
        excludes: &[
            "unstable-v1",
            "write-lock-2017",
            "write-lock-2018",
            "munlock-fix",
        ],
        apply: |kernel| kernel.exit_mmap = ExitProtocol::UnstableV2,
    },
    Patch {
        id: "write-lock-2017",
        title: "Write lock over page tables",
        subject: "mm, oom: allow oom reaper to race with exit_mmap (2017)",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Proposed,
        change: "exit_mmap of a victim holds mmap_sem for writing while it frees page tables.",
        why: "A plain lock instead of an empty write section.",
        source: "oom.md P03, 6.3 c3",
        requires: &["reap-without-mmget"],
        excludes: &[
            "unstable-v1",
            "unstable-v2",
            "write-lock-2018",
            "munlock-fix",
        ],
        apply: |kernel| kernel.exit_mmap = ExitProtocol::LateWriteLock,
    },
    Patch {
        id: "write-lock-2018",
        title: "Write lock over exit_mmap",
        subject: "Re: mm, oom: fix concurrent munlock and oom reaper unmap (counter-proposal, 2018-04)",
        author: "Michal Hocko",
        commit: None,
        kind: PatchKind::Proposed,
        change: "exit_mmap of a victim holds mmap_sem for writing from before munlock to the end.",
        why: "The simplest protocol that cannot race; the reaper may give up while teardown is slow.",
        source: "oom.md P04, 6.4 c4",
        requires: &["reap-without-mmget"],
        excludes: &[
            "unstable-v1",
            "unstable-v2",
            "write-lock-2017",
            "munlock-fix",
        ],
        apply: |kernel| kernel.exit_mmap = ExitProtocol::WriteLock,
    },
    Patch {
        id: "killable-inode-lock",
        title: "Killable inode lock",
        subject: "mutex_lock_killable for i_mutex",
        author: "",
        commit: None,
        kind: PatchKind::Hypothetical,
        change: "A killed task that waits for the inode lock leaves the queue.",
        why: "Then the victim does not depend on the task that holds the lock.",
        source: "locks-and-allocation.md L1, row mutex_lock_killable",
        requires: &[],
        excludes: &[],
        apply: |kernel| kernel.inode_lock = SiteWait::Killable,
    },
];

/// A set of patches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, PartialOrd, Ord)]
pub struct PatchSet(pub u64);

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
