//! `mm/page_alloc.c`, 4.5 to 4.19: one order-0 request that may not fail.
//!
//! **Models** get_page_from_freelist's watermark test, __alloc_pages_slowpath (P0 to P12)
//! and __alloc_pages_may_oom (M1 to M6); facts: locks-and-allocation.md 4.2 to 4.4.
//! **Leaves out** reclaim, kswapd, swap and compaction: nothing is reclaimable in these
//! machines, so `should_reclaim_retry` finds free + reclaimable below the mark and goes to
//! M1 at once (4.5), and a round has no other effect than the ones below.
//! **Atomic because** P0 to P9 only read the free list and the task's own flags when there
//! is nothing to reclaim; M1 to M6 take and give back `oom_lock` around reads (and the
//! kill), so no one can tell that from one instant. Two cuts stay visible: between the
//! failed P3 and M2 a victim can finish; and a killer that naps holds `oom_lock`.

use crate::event::{Event, Observer, Right};
use crate::kernel::{KillNap, Nofs, VictimReserve, lock, memory, oom_kill};
use crate::machine::{Gfp, KillerWindow, Machine, Mode, OOM_LOCK, Op, Parking, TaskId};
use crate::state::{Nap, Pc, Run, State, TaskFlags};
use crate::step::{Cx, Next};

/// How deep a task may go below `WMARK_MIN`; P2 asks this every round.
pub fn reserve_mark(machine: &Machine, state: &State, task: TaskId) -> Option<u16> {
    match machine.kernel.reserve {
        VictimReserve::MarkedThreadAll => {
            state.task(task).flags.has(TaskFlags::MEMDIE).then_some(0)
        }
        VictimReserve::GroupHalf => {
            oom_kill::is_oom_victim(machine, state, task).then_some(machine.zone.min / 2)
        }
    }
}

/// Whether the task wants a page now.
pub fn wants_page(state: &State, task: TaskId) -> bool {
    matches!(
        state.task(task).run,
        Run::Ready(Pc::AllocTry | Pc::AllocOom | Pc::AllocScan)
            | Run::Parked(_)
            | Run::Asleep {
                pc: Pc::AllocKillNap | Pc::AllocTry,
                ..
            }
    )
}

/// Whether the task burns CPU in rounds of the slow path that find nothing. A parked one
/// does: parking is how the model says that its rounds change nothing.
pub fn is_busy(state: &State, task: TaskId) -> bool {
    wants_page(state, task) && state.task(task).held.mode(OOM_LOCK).is_none()
}

/// P0 to P9: the free list at low, at min and at the task's reserve mark.
pub(crate) fn try_freelist<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let zone = &cx.machine.zone;
    let free = cx.state.free_pages;
    let reserve = reserve_mark(cx.machine, cx.state, cx.me);
    // Watermark tests are strict.
    if free > zone.low {
        return memory::got_page(cx, Right::Low);
    }
    if free > zone.min {
        return memory::got_page(cx, Right::Min);
    }
    if reserve.is_some_and(|mark| free > mark) {
        return memory::got_page(cx, Right::Reserve);
    }
    cx.emit(Event::NoPage { task: cx.me });
    // P6: a marked thread may not loop. From 4.14 on it asks the killer once more (P11).
    if reserve.is_some() && cx.machine.kernel.reserve == VictimReserve::MarkedThreadAll {
        cx.emit(Event::AllocFailed { task: cx.me });
        return Next::Failed;
    }
    cx.set_flag(
        cx.me,
        TaskFlags::CLEAN_ROUND,
        cx.machine.rules.parking == Parking::On,
    );
    Next::Go(Pc::AllocOom)
}

/// M1 and M2, and the rest unless the killer's window is split.
pub(crate) fn may_oom<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if !lock::can_trylock(cx.machine, cx.state, OOM_LOCK, Mode::Write) {
        cx.emit(Event::OomLockBusy { task: cx.me });
        return Next::OomLockBusy;
    }
    if cx.state.free_pages > cx.machine.zone.high {
        return memory::got_page(cx, Right::High);
    }
    match cx.machine.rules.killer_window {
        KillerWindow::Closed => scan(cx),
        KillerWindow::Split => {
            lock::take(cx, OOM_LOCK, Mode::Write);
            Next::Go(Pc::AllocScan)
        }
    }
}

/// M3 to M6, P11 and P12: vetoes, `out_of_memory`, and what the caller does next.
pub(crate) fn scan<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let nofs = gfp(cx.machine, cx.state, cx.me) == Gfp::Nofs;
    let vetoed = nofs && cx.machine.kernel.nofs == Nofs::Loops;
    let verdict = if vetoed {
        oom_kill::Verdict::Vetoed
    } else {
        oom_kill::out_of_memory(cx, nofs)
    };
    if verdict == oom_kill::Verdict::Killed && cx.machine.kernel.kill_nap == KillNap::UnderOomLock {
        if cx.state.task(cx.me).held.mode(OOM_LOCK).is_none() {
            lock::take(cx, OOM_LOCK, Mode::Write);
        }
        return Next::Nap(Nap::Jiffy, Pc::AllocKillNap);
    }
    lock::release(cx, OOM_LOCK);
    after_oom(cx, verdict)
}

/// The killer wakes, gives `oom_lock` back and retries.
pub(crate) fn kill_nap_over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    lock::release(cx, OOM_LOCK);
    after_oom(cx, oom_kill::Verdict::Killed)
}

fn after_oom<O: Observer>(cx: &mut Cx<'_, O>, verdict: oom_kill::Verdict) -> Next {
    // P11: a victim that was let into its reserve and found nothing there fails.
    if cx.machine.kernel.reserve == VictimReserve::GroupHalf
        && let Some(mark) = reserve_mark(cx.machine, cx.state, cx.me)
        && cx.state.free_pages <= mark
    {
        cx.emit(Event::AllocFailed { task: cx.me });
        return Next::Failed;
    }
    match verdict {
        oom_kill::Verdict::Killed => Next::Go(Pc::AllocTry),
        oom_kill::Verdict::Vetoed => {
            cx.emit(Event::KillerVetoed { task: cx.me });
            Next::Fruitless
        }
        oom_kill::Verdict::Aborted => Next::Fruitless,
        oom_kill::Verdict::Progress | oom_kill::Verdict::Panicked => Next::Go(Pc::AllocTry),
    }
}

/// A round that changed nothing is over: parks if nothing changed since it began.
pub(crate) fn end_round<O: Observer>(cx: &mut Cx<'_, O>) {
    if !cx.state.task(cx.me).flags.has(TaskFlags::CLEAN_ROUND) {
        cx.set_run(Run::Ready(Pc::AllocTry));
        return;
    }
    cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, false);
    cx.emit(Event::Parked { task: cx.me });
    cx.set_run(Run::Parked(Pc::AllocTry));
}

/// M1 failed: naps a jiffy and retries. If nothing has changed since the round began, the
/// nap changes nothing either, and it is parked until `oom_lock` is released or something
/// else changes. Otherwise it retries, for there may be memory now, whoever holds the lock.
pub(crate) fn lost_trylock<O: Observer>(cx: &mut Cx<'_, O>) {
    let clean = cx.state.task(cx.me).flags.has(TaskFlags::CLEAN_ROUND);
    cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, false);
    match cx.machine.rules.parking {
        Parking::On if !clean => cx.set_run(Run::Ready(Pc::AllocTry)),
        Parking::On => cx.set_run(Run::Parked(Pc::AllocOom)),
        Parking::Off => cx.set_run(Run::Asleep {
            nap: Nap::Jiffy,
            pc: Pc::AllocTry,
        }),
    }
}

fn gfp(machine: &Machine, state: &State, task: TaskId) -> Gfp {
    match machine
        .line(task, state.task(task).line)
        .map(|line| line.op)
    {
        Some(Op::Alloc { gfp, .. }) => gfp,
        _ => Gfp::Kernel,
    }
}
