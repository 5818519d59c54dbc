//! What the allocator, its callers and memory cgroups do when there is no page.

/// K01, K02 and K09 (locks-and-allocation.md 4.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nofs {
    /// It may not kill, and therefore fails (3.19).
    Fails,
    /// Loops without calling the killer (4.0 to 4.6).
    Loops,
    /// Reaches the short cut, then loops (4.7+).
    AfterShortCut,
}

/// K10: `__GFP_NOFAIL` and the vetoes before `out_of_memory` (locks-and-allocation.md 4.3 M3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nofail {
    /// It overrides them: a caller with file system locks selects a victim (up to 4.11).
    OverridesVetoes,
    /// It obeys them; instead of failing it goes down to `ALLOC_HARDER` and loops (4.12+).
    ObeysVetoes,
}

/// NOFAILRES (locks-and-allocation.md 4.3 M5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NofailReserve {
    /// No: it loops at its mark (up to 4.4).
    None,
    /// Any page, after `out_of_memory` said that somebody makes progress (4.5+).
    AfterOom,
}

/// P6 and P11 (locks-and-allocation.md 4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VictimFails {
    /// As soon as its reserve is empty (up to 4.11).
    BeforeKiller,
    /// After it called the killer once more (4.12+).
    AfterKiller,
}

/// MAYFAIL (locks-and-allocation.md 4.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RetryMayfail {
    /// As `__GFP_REPEAT` it means something only above the costly order (up to 4.12).
    CostlyOnly,
    /// A request of any order fails instead of calling the killer (4.13+).
    NeverKills,
}

/// DETECT (locks-and-allocation.md 4.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReclaimRetry {
    /// As long as a pass makes any progress (up to 4.6).
    WhileProgress,
    /// While what is reclaimable could satisfy the request, and at most sixteen rounds
    /// without progress (4.7+).
    Bounded,
}

/// ISOLATED (locks-and-allocation.md 4.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Isolation {
    /// 100 ms, again and again (up to 4.13).
    ForEver,
    /// 100 ms, once (4.14+).
    Once,
}

/// M1 (locks-and-allocation.md 4.3, 4.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OomLockWait {
    /// Only tries it; sleeps a jiffy and goes through reclaim again.
    Trylock,
    /// `mutex_lock_killable`, then a last attempt at the min mark (never merged).
    KillableMutex,
}

/// Proposal A (locks-and-allocation.md 5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillerCaller {
    /// The allocator that finds nothing.
    Allocators,
    /// kswapd, when a whole pass frees nothing.
    Kswapd,
}

/// Memory cgroups and the killer (oom.md 1, memcg charge retries).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgOom {
    /// Faults of user mode, when they have given back their locks; what the kernel asks for
    /// fails (3.12 to 4.18).
    FaultEnd,
    /// Every charge, where it stands, with whatever locks it holds (4.19+).
    InCharge,
}

/// Who kills for a memory cgroup (oom.md 4.2 B10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgKiller {
    /// `mem_cgroup_out_of_memory` has a scan of its own, and gives `oom_lock` back at once
    /// (up to 4.8).
    Own,
    /// It calls `out_of_memory`, with the jiffy that this sleeps after a kill (4.9+).
    OutOfMemory,
}

/// K16.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgNofs {
    /// It retries for ever (up to 5.3).
    Vetoed,
    /// It kills like any other (5.4+).
    Kills,
}

/// K17: `mem_cgroup_out_of_memory` and `oom_lock`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgLock {
    /// It waits uninterruptibly, and then kills, whatever has become of its caller
    /// (up to 5.0).
    Unkillable,
    /// SIGKILL ends the wait, and a caller that was killed kills nobody (5.1+).
    Killable,
}

/// K15: `memory.oom.group`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OomGroup {
    /// No such thing (up to 4.18).
    Absent,
    /// After the victim every other process of its cgroup is killed, -1000 excepted (4.19+).
    Present,
}

/// V15: the guard of `wake_oom_reaper` (oom.md 5.1 Q1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReapEnqueue {
    /// Who is the head of the list or has a successor there is on it; the last one is not
    /// recognised (up to 4.20).
    ByLink,
    /// A flag on the mm (5.0+).
    ByMm,
}

/// `oom_kill_process` and children (oom.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sacrifice {
    /// The worst child with memory of its own dies in the parent's place (up to 5.0).
    Child,
    /// Who is chosen dies (5.1+).
    Nobody,
}

/// `oom_badness` below one (oom.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Badness {
    /// It counts as one (up to 5.8).
    AtLeastOne,
    /// It stays what it is (5.9+).
    Signed,
}

/// The scan and equal badness (oom.md 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Equals {
    /// The one that stands first on the task list (up to 5.2).
    First,
    /// The last one (5.3+).
    Last,
}

/// The margin of a memory cgroup and parallel OOMs (oom.md 4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemcgMargin {
    /// Whoever has failed to charge kills somebody (up to 5.8).
    NotAsked,
    /// Only if there is still no room once it has `oom_lock` (5.9+).
    AskedAgain,
}

/// Charges of tasks that have been killed or exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DyingCharge {
    /// They succeed, limit or not, and so does a charge in whose cgroup nobody may be
    /// killed (up to 5.15).
    Forced,
    /// They fail (5.16+).
    Fails,
}

/// `kmem_alloc` of XFS (locks-and-allocation.md 5.1 to 5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KmemAlloc {
    /// Counts, sleeps 20 ms and asks again, for ever (3.19 to 6.8).
    Loops,
    /// Asks once, with `__GFP_NOFAIL` (proposed in 2015, merged for 6.9).
    Nofail,
    /// Asks in a way that can fail, and rolls the transaction back (never written).
    Fails,
}

/// Proposal B of 2015 (locks-and-allocation.md 5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransReserve {
    /// None: every kernel.
    None,
    /// A transaction raises the watermarks by what it may need, and takes from that when
    /// an ordinary request would loop.
    PerTransaction,
}
