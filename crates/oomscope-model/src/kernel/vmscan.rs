//! `mm/vmscan.c`, 3.19 to 4.19: what there is to reclaim, and who waits for what on the way.
//!
//! **Models** try_to_free_pages as one pass of a direct reclaimer (P7), shrink_inactive_list
//! with too_many_isolated, shrinkers that take a file system lock, pageout by kswapd,
//! balance_pgdat, and should_reclaim_retry (which lives in page_alloc.c); facts:
//! locks-and-allocation.md 4.2, 4.3, 4.5, 4.6, 5.4, 7 L5 and L8.
//! **Leaves out** priorities, aging and swap: what can be reclaimed is what the cast says.
//! Whoever scans dirty pages isolates one model page at a time; that GFP_NOFS callers may
//! isolate eight times as much is finer than a model page. Writing takes no time of its own.
//! The share that 4.7 to 4.9 took off what is reclaimable shortens a loop and changes no
//! decision; zone_reclaimable (up to 4.6) is over after a bounded number of scans.
//! **Atomic because** a pass that waits for nobody is a walk over lists under their own
//! spinlocks. Every wait is a cut: for a shrinker's lock, for pages that others isolated,
//! for the nap between two rounds. Up to seventeen rounds that find the same are one step
//! where fruitless rounds park, and seventeen where they spin. The pass of kswapd that finds
//! nothing is one step up to its try for `oom_lock`.

use crate::event::{Event, Observer};
use crate::kernel::page_alloc::{self, Request};
use crate::kernel::{Isolation, KillNap, KillerCaller, ReclaimRetry, lock, oom_kill, xfs};
use crate::machine::{
    Gfp, Kind, LockClass, LockId, LruKind, Machine, Mode, OOM_LOCK, PAGE_ALLOC_COSTLY_ORDER,
    Parking, TaskId,
};
use crate::state::{Memcg, Nap, Pc, Run, State, TaskFlags, Vmscan};
use crate::step::{Cx, Next};

/// `MAX_RECLAIM_RETRIES`: rounds without progress before the killer is asked (4.7+).
pub const MAX_RECLAIM_RETRIES: u8 = 16;

/// What came of one pass of a direct reclaimer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing.
    None,
    /// It counts as progress, but nothing is free that was not before: a page that its user
    /// took back at once, or the bail-out of a killed task.
    Empty,
    /// It freed a page.
    Freed,
}

/// Pages on the lists that count as reclaimable: the LRU, not the slab; with those that
/// somebody has isolated.
pub fn reclaimable(machine: &Machine, state: &State) -> u16 {
    lists(machine)
        .filter(|&(_, kind)| kind != LruKind::Slab)
        .map(|(at, _)| state.lrus[at].pages + u16::from(state.lrus[at].isolated))
        .sum()
}

fn lists(machine: &Machine) -> impl Iterator<Item = (usize, LruKind)> {
    machine.lrus.iter().map(|lru| lru.kind).enumerate()
}

/// Whether this task is kswapd.
fn is_kswapd(machine: &Machine, task: TaskId) -> bool {
    machine.actor(task).kind == Kind::Kswapd
}

/// P1: wakes kswapd. It sleeps above the high mark, or because a whole pass found nothing.
pub(crate) fn wakeup_kswapd<O: Observer>(cx: &mut Cx<'_, O>) {
    let Some(kswapd) = cx.machine.kernel_task(Kind::Kswapd) else {
        return;
    };
    if cx.state.task(kswapd).run == Run::Idle {
        cx.state.task_mut(kswapd).run = Run::Ready(Pc::Vmscan(Vmscan::Balance));
        cx.emit(Event::KswapdWoken {
            task: cx.me,
            kswapd,
        });
    }
}

/// One step inside reclaim.
pub(crate) fn step<O: Observer>(cx: &mut Cx<'_, O>, at: Vmscan) -> Next {
    match at {
        Vmscan::Throttled => throttle_over(cx, true),
        Vmscan::ThrottledOnce => throttle_over(cx, false),
        Vmscan::Shrink(list) => shrink_locked(cx, usize::from(list)),
        Vmscan::Balance => balance_pgdat(cx),
        Vmscan::Pageout(list) => pageout(cx, usize::from(list)),
        Vmscan::KillNap => kill_nap_over(cx),
    }
}

/// P7 to P9: one pass, and whether the round goes on to the killer.
pub(crate) fn direct_reclaim<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if too_many_isolated(cx.machine, cx.state) {
        return throttle(cx);
    }
    shrink(cx, 0)
}

/// Whether more of the inactive list is in the hands of others than is left on it. kswapd
/// does not ask.
pub fn too_many_isolated(machine: &Machine, state: &State) -> bool {
    let lru = || lists(machine).filter(|&(_, kind)| kind != LruKind::Slab);
    let isolated: u16 = lru()
        .map(|(at, _)| u16::from(state.lrus[at].isolated))
        .sum();
    let inactive: u16 = lru().map(|(at, _)| state.lrus[at].pages).sum();
    isolated > inactive
}

/// `congestion_wait(HZ/10)`. Until 4.13 the wait is tested again and again, so it is parked
/// until that test would read something else; a killed task leaves after this sleep.
fn throttle<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    cx.emit(Event::TooManyIsolated { task: cx.me });
    let killed = cx.state.task(cx.me).flags.has(TaskFlags::SIGKILL);
    match cx.machine.kernel.isolation {
        Isolation::Once => Next::Nap(Nap::Hz10, Pc::Vmscan(Vmscan::ThrottledOnce)),
        Isolation::ForEver if killed || cx.machine.rules.parking == Parking::Off => {
            Next::Nap(Nap::Hz10, Pc::Vmscan(Vmscan::Throttled))
        }
        Isolation::ForEver => Next::Park(Pc::Vmscan(Vmscan::Throttled)),
    }
}

/// The sleep is over. Whoever was killed returns as if it had reclaimed a batch.
fn throttle_over<O: Observer>(cx: &mut Cx<'_, O>, again: bool) -> Next {
    if cx.state.task(cx.me).flags.has(TaskFlags::SIGKILL) {
        return after_reclaim(cx, Progress::Empty);
    }
    match (too_many_isolated(cx.machine, cx.state), again) {
        (true, true) => throttle(cx),
        (true, false) => shrink(cx, first_slab(cx.machine)),
        (false, _) => shrink(cx, 0),
    }
}

/// Those who wait for isolated pages finish their sleep and look again: the lists changed,
/// or they were killed.
pub(crate) fn look_again(state: &mut State) {
    for index in 0..usize::from(state.task_count) {
        if state.tasks[index].run == Run::Parked(Pc::Vmscan(Vmscan::Throttled)) {
            state.tasks[index].run = Run::Asleep {
                nap: Nap::Hz10,
                pc: Pc::Vmscan(Vmscan::Throttled),
            };
        }
    }
}

/// The lists changed: every round in the allocator reads them.
fn lists_changed<O: Observer>(cx: &mut Cx<'_, O>) {
    look_again(cx.state);
    cx.disturb();
}

/// Lists stand with the slab last.
fn first_slab(machine: &Machine) -> usize {
    lists(machine)
        .find(|&(_, kind)| kind == LruKind::Slab)
        .map_or(machine.lrus.len(), |(at, _)| at)
}

/// The lock that a list needs, and how it is taken.
fn lock_of(machine: &Machine, list: usize) -> Option<(LockId, Mode)> {
    let lock = machine.lrus[list].lock?;
    let mode = match machine.locks[lock.0 as usize].class {
        LockClass::Rwsem | LockClass::MmapSem(_) => Mode::Read,
        _ => Mode::Write,
    };
    Some((lock, mode))
}

/// `shrink_lruvec`, then `shrink_slab`, by a direct reclaimer, from this list on. It stops
/// after the first page.
fn shrink<O: Observer>(cx: &mut Cx<'_, O>, from: usize) -> Next {
    let gfp = page_alloc::request(cx.machine, cx.state, cx.me).gfp;
    for list in from..cx.machine.lrus.len() {
        if cx.state.lrus[list].pages == 0 {
            continue;
        }
        match cx.machine.lrus[list].kind {
            LruKind::Clean => {
                reclaim(cx, list, 1);
                return after_reclaim(cx, Progress::Freed);
            }
            LruKind::Hot => {
                cx.emit(Event::Refaulted {
                    task: cx.me,
                    list: list as u8,
                });
                return after_reclaim(cx, Progress::Empty);
            }
            // Only kswapd writes file pages.
            LruKind::Dirty => {}
            LruKind::Slab => match lock_of(cx.machine, list) {
                None => {
                    reclaim(cx, list, 1);
                    return after_reclaim(cx, Progress::Freed);
                }
                // A shrinker leaves without __GFP_FS; what its caller holds it cannot take.
                Some((lock, _))
                    if !gfp.has(Gfp::FS) || cx.state.task(cx.me).held.mode(lock).is_some() =>
                {
                    cx.emit(Event::ShrinkerSkipped {
                        task: cx.me,
                        list: list as u8,
                    });
                }
                Some((lock, mode)) => {
                    let at = Pc::Vmscan(Vmscan::Shrink(list as u8));
                    return lock::acquire(cx, lock, mode, at);
                }
            },
        }
    }
    after_reclaim(cx, Progress::None)
}

/// The shrinker has its lock: frees what is still there.
fn shrink_locked<O: Observer>(cx: &mut Cx<'_, O>, list: usize) -> Next {
    let found = cx.state.lrus[list].pages > 0;
    if found {
        reclaim(cx, list, 1);
    }
    if let Some((lock, _)) = lock_of(cx.machine, list) {
        lock::release(cx, lock);
    }
    if found {
        after_reclaim(cx, Progress::Freed)
    } else {
        shrink(cx, list + 1)
    }
}

/// Moves pages from a list to the free list.
fn reclaim<O: Observer>(cx: &mut Cx<'_, O>, list: usize, pages: u16) {
    cx.state.lrus[list].pages -= pages;
    cx.emit(Event::Reclaimed {
        task: cx.me,
        list: list as u8,
        pages,
    });
    look_again(cx.state);
    cx.give_pages(pages);
}

/// The end of P7, P8, and P9: the free list after progress, `__GFP_NORETRY`, another round
/// or the killer.
fn after_reclaim<O: Observer>(cx: &mut Cx<'_, O>, progress: Progress) -> Next {
    if progress != Progress::None
        && let Some(next) = page_alloc::try_again(cx)
    {
        return next;
    }
    let Request { gfp, order } = page_alloc::request(cx.machine, cx.state, cx.me);
    if gfp.has(Gfp::NORETRY) {
        return page_alloc::no_retry(cx);
    }
    let progressed = progress != Progress::None && order <= PAGE_ALLOC_COSTLY_ORDER;
    match cx.machine.kernel.retry {
        ReclaimRetry::WhileProgress if progressed => retry(progress),
        ReclaimRetry::WhileProgress => to_the_killer(cx),
        ReclaimRetry::Bounded => should_reclaim_retry(cx, progress, progressed),
    }
}

fn retry(progress: Progress) -> Next {
    match progress {
        Progress::Freed => Next::Go(Pc::AllocTry),
        Progress::None | Progress::Empty => Next::Fruitless,
    }
}

/// 4.5, from 4.7 on.
fn should_reclaim_retry<O: Observer>(
    cx: &mut Cx<'_, O>,
    progress: Progress,
    progressed: bool,
) -> Next {
    let Request { gfp, order } = page_alloc::request(cx.machine, cx.state, cx.me);
    let costly = order > PAGE_ALLOC_COSTLY_ORDER;
    let available = reclaimable(cx.machine, cx.state) + cx.state.free_pages;
    let enough = page_alloc::watermark_ok(
        available,
        order,
        cx.machine.zone.min + xfs::reserved(cx.state),
    );
    if !enough || costly && !gfp.has(Gfp::RETRY_MAYFAIL) {
        return to_the_killer(cx);
    }
    if progressed {
        cx.task_mut().tries = 0;
        return retry(progress);
    }
    // If nothing has changed since this round began, the rounds up to the last would find what
    // it has found.
    let clean = cx.state.task(cx.me).flags.has(TaskFlags::CLEAN_ROUND);
    let rounds = match cx.machine.rules.parking {
        Parking::On if clean => MAX_RECLAIM_RETRIES + 1,
        Parking::On | Parking::Off => cx.state.task(cx.me).tries + 1,
    };
    let dirty: u16 = lists(cx.machine)
        .filter(|&(_, kind)| kind == LruKind::Dirty)
        .map(|(at, _)| cx.state.lrus[at].pages + u16::from(cx.state.lrus[at].isolated))
        .sum();
    let congested = 2 * dirty > reclaimable(cx.machine, cx.state);
    let waited = cx.state.task(cx.me).tries >= MAX_RECLAIM_RETRIES;
    if rounds > MAX_RECLAIM_RETRIES && (waited || !congested) {
        cx.emit(Event::RetriesExhausted {
            task: cx.me,
            rounds,
        });
        return to_the_killer(cx);
    }
    cx.task_mut().tries = rounds.min(MAX_RECLAIM_RETRIES);
    if congested {
        return Next::Nap(Nap::Hz10, Pc::AllocTry);
    }
    Next::Go(Pc::AllocTry)
}

/// P10; P12 will begin to count again.
fn to_the_killer<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    cx.task_mut().tries = 0;
    Next::Go(Pc::AllocOom)
}

/// `balance_pgdat`: takes the next thing that can be reclaimed, until free memory is above
/// the high mark.
fn balance_pgdat<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let high = cx.machine.zone.high + xfs::reserved(cx.state);
    if cx.state.free_pages > high {
        cx.emit(Event::KswapdSleeps { task: cx.me });
        return Next::Idle;
    }
    let missing = high + 1 - cx.state.free_pages;
    for list in 0..cx.machine.lrus.len() {
        let pages = cx.state.lrus[list].pages;
        let info = &cx.machine.lrus[list];
        if pages == 0 || info.kind == LruKind::Hot {
            continue;
        }
        let at = Pc::Vmscan(Vmscan::Pageout(list as u8));
        if info.kind == LruKind::Dirty {
            // writepage allocates with PF_MEMALLOC, and gets NULL rather than wait (P5).
            if u16::from(info.needs) > cx.state.free_pages {
                cx.emit(Event::WritepageFailed {
                    task: cx.me,
                    list: list as u8,
                });
                continue;
            }
            cx.state.lrus[list].pages -= 1;
            cx.state.lrus[list].isolated = true;
            cx.emit(Event::Isolated {
                task: cx.me,
                list: list as u8,
            });
            lists_changed(cx);
            return match lock_of(cx.machine, list) {
                Some((lock, mode)) => lock::acquire(cx, lock, mode, at),
                None => Next::Go(at),
            };
        }
        match lock_of(cx.machine, list) {
            Some((lock, mode)) => return lock::acquire(cx, lock, mode, at),
            None => {
                reclaim(cx, list, pages.min(missing));
                return Next::Go(Pc::Vmscan(Vmscan::Balance));
            }
        }
    }
    // A page that its user took back is progress for kswapd too.
    let hot = lists(cx.machine)
        .find(|&(list, kind)| kind == LruKind::Hot && cx.state.lrus[list].pages > 0);
    if let Some((list, _)) = hot {
        cx.emit(Event::Refaulted {
            task: cx.me,
            list: list as u8,
        });
        return Next::Idle;
    }
    // A2: and the reserves are low.
    let low = cx.state.free_pages <= cx.machine.zone.min + xfs::reserved(cx.state);
    if low && cx.machine.kernel.killer_caller == KillerCaller::Kswapd {
        return kswapd_may_oom(cx);
    }
    cx.emit(Event::KswapdGaveUp { task: cx.me });
    Next::Idle
}

/// kswapd has the lock: writes the page that it isolated, or runs the shrinker.
fn pageout<O: Observer>(cx: &mut Cx<'_, O>, list: usize) -> Next {
    let high = cx.machine.zone.high + xfs::reserved(cx.state);
    let word = &mut cx.state.lrus[list];
    let missing = (high + 1).saturating_sub(cx.state.free_pages).max(1);
    let pages = if word.isolated && cx.machine.lrus[list].kind == LruKind::Dirty {
        word.isolated = false;
        word.pages += 1;
        1
    } else {
        word.pages.min(missing)
    };
    if let Some((lock, _)) = lock_of(cx.machine, list) {
        lock::release(cx, lock);
    }
    if pages > 0 {
        reclaim(cx, list, pages);
    }
    Next::Go(Pc::Vmscan(Vmscan::Balance))
}

/// Proposal A, A2: a pass that freed nothing, with free memory at the min mark, asks for a
/// victim, with no lock held and no `GFP_NOFS` to respect. If somebody else has `oom_lock`, it
/// naps a jiffy and makes its pass again. The pass was this one step, so it saw the present,
/// and the nap is parked until `oom_lock` is released or something else changes.
fn kswapd_may_oom<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if !lock::can_trylock(cx.machine, cx.state, OOM_LOCK, Mode::Write) {
        cx.emit(Event::OomLockBusy { task: cx.me });
        let again = Pc::Vmscan(Vmscan::Balance);
        return match cx.machine.rules.parking {
            Parking::On => Next::Park(again),
            Parking::Off => Next::Nap(Nap::Jiffy, again),
        };
    }
    let verdict = oom_kill::out_of_memory(cx, oom_kill::OomControl::GLOBAL);
    if verdict == oom_kill::Verdict::KilledGroup {
        lock::take(cx, OOM_LOCK, Mode::Write);
        return Next::Go(Pc::Memcg(Memcg::GlobalGroup));
    }
    if verdict != oom_kill::Verdict::Killed {
        return Next::Idle;
    }
    killed(cx)
}

/// B10 for kswapd.
pub(crate) fn killed<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if cx.machine.kernel.kill_nap == KillNap::UnderOomLock {
        if cx.state.task(cx.me).held.mode(OOM_LOCK).is_none() {
            lock::take(cx, OOM_LOCK, Mode::Write);
        }
        return Next::Nap(Nap::Jiffy, Pc::Vmscan(Vmscan::KillNap));
    }
    lock::release(cx, OOM_LOCK);
    Next::Go(Pc::Vmscan(Vmscan::Balance))
}

fn kill_nap_over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    lock::release(cx, OOM_LOCK);
    Next::Go(Pc::Vmscan(Vmscan::Balance))
}

/// Whether allocators leave the killer to kswapd: only where there is one.
pub fn killer_is_kswapd(machine: &Machine) -> bool {
    machine.kernel.killer_caller == KillerCaller::Kswapd
        && machine.task_ids().any(|task| is_kswapd(machine, task))
}
