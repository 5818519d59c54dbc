//! `fs/xfs/kmem.c` and `fs/xfs/xfs_trans.c`, 3.19 to 6.8, and what people proposed for them.
//!
//! A file system that has dirtied half of a transaction can neither go on without memory
//! nor go back. So XFS asks the allocator again and again, every 20 ms, until it has its
//! page. If it holds the lock that the OOM victim needs, both wait for ever, and the line
//! *possible memory allocation deadlock* is the canary.
//!
//! **Models** kmem_alloc (X1 to X6) with and without `KM_MAYFAIL`, xfs_trans_alloc,
//! xfs_trans_commit and xfs_trans_cancel as the brackets of a transaction; and three ideas
//! of 2015: `__GFP_NOFAIL` instead of the loop (5.2), rollback of a transaction that ran out
//! of memory (5.3), a reserve pool per transaction (5.5, B1 to B6); facts:
//! locks-and-allocation.md 5.
//! **Leaves out** orders above 0, the log and its space, item destructors, and the shutdown
//! of the file system that cancelling a dirty transaction means: the task goes on, the
//! caption says what happened.
//! **Atomic because** X3, X4 and the start of X5 touch only the task's own variables. The
//! reservation is one addition under a lock that nobody sleeps with. Everything in which a
//! task can wait is a step of its own.
//!
//! **A lap is declared.** `retries` is a local variable that nothing reads but the modulo
//! before the warning, so the state does not carry it. A try that finds the world as the
//! try before left it cannot end differently: the task sleeps a *lap* of 100 tries, 2 s,
//! and any relevant change ends the lap and makes it try again. A whole lap without a
//! change says the warning once and parks, as a fruitless round of the allocator does. A
//! kernel whose memory changes now and then counts over the changes and may warn up to a
//! lap sooner; no decision depends on it.

use crate::event::{Event, Observer, Right};
use crate::kernel::{Kernel, KmemAlloc, RetryMayfail, TransReserve, page_alloc};
use crate::machine::{Gfp, KmemFail, Machine, Op, Parking, TaskId};
use crate::state::{Kmem, Nap, Pc, Run, State, TaskFlags, Trans};
use crate::step::{Cx, Next};

/// Pages that transactions have reserved and not yet taken: how much every watermark is
/// raised for ordinary requests (B1). Rights below `WMARK_MIN` stay what they were: victims,
/// `__GFP_HIGH`, `__GFP_NOFAIL` after the killer. Always 0 without the proposal.
pub fn reserved(state: &State) -> u16 {
    let reserves = state.reserving().map(|task| state.task(task).reserve);
    reserves.map(u16::from).sum()
}

/// Whether this request may take a page of its transaction's own reserve: below
/// `min + reserved`, never below `min` (B4). Only what the transaction itself will hold
/// dirty is flagged for it, and that is what `kmem_alloc` allocates (B5).
pub fn may_dip(machine: &Machine, state: &State, task: TaskId) -> bool {
    let word = state.task(task);
    matches!(
        machine.line(task, word.line).map(|line| line.op),
        Some(Op::KmemAlloc { .. })
    ) && matches!(word.trans, Trans::Open | Trans::RollingBack)
        && word.reserve > 0
        && state.free_pages > machine.zone.min
}

/// xfs_trans_alloc. Without reserves it only opens the transaction; with them it raises the
/// marks first (B1) and then asks like an allocator that holds nothing (B2).
pub(crate) fn trans_start<O: Observer>(cx: &mut Cx<'_, O>, pages: u8) -> Next {
    if cx.machine.kernel.trans_reserve == TransReserve::None {
        return begin(cx);
    }
    let task = cx.me;
    let word = cx.task_mut();
    word.trans = Trans::Reserving;
    word.reserve = pages;
    cx.emit(Event::TransReserving { task, pages });
    page_alloc::try_freelist(cx)
}

/// A request that is a reservation need not wait when the proposal was switched off, and
/// gives up when the task was killed: it holds nothing of the transaction yet (B2).
pub(crate) fn leaves_reservation<O: Observer>(cx: &mut Cx<'_, O>) -> Option<Next> {
    if cx.state.task(cx.me).trans != Trans::Reserving {
        return None;
    }
    if cx.machine.kernel.trans_reserve == TransReserve::None {
        return Some(begin(cx));
    }
    cx.state
        .task(cx.me)
        .flags
        .has(TaskFlags::SIGKILL)
        .then_some(Next::Failed)
}

/// The reservation stands: the transaction begins.
pub(crate) fn begin<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let task = cx.me;
    let word = cx.task_mut();
    word.trans = Trans::Open;
    word.dirty = 0;
    let reserve = word.reserve;
    cx.emit(Event::TransStarted { task, reserve });
    Next::LineDone
}

/// xfs_trans_commit: what is left of the reserve goes back last (B6). Pages taken stay
/// taken until somebody frees them.
pub(crate) fn trans_commit<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let task = cx.me;
    let reserve = close(cx);
    cx.emit(Event::TransCommitted { task, reserve });
    Next::LineDone
}

/// xfs_trans_cancel, when a line inside a transaction failed.
pub(crate) fn trans_cancel<O: Observer>(cx: &mut Cx<'_, O>) {
    let task = cx.me;
    let dirty = cx.state.task(task).dirty;
    if cx.state.task(task).trans == Trans::None {
        return;
    }
    let reserve = close(cx);
    cx.emit(Event::TransCancelled {
        task,
        reserve,
        dirty,
    });
}

/// Ends a transaction; says how much of its reserve was left.
fn close<O: Observer>(cx: &mut Cx<'_, O>) -> u8 {
    let word = cx.task_mut();
    word.trans = Trans::None;
    word.dirty = 0;
    let reserve = core::mem::take(&mut word.reserve);
    // The marks fall: a relevant change.
    if reserve > 0 {
        cx.disturb();
    }
    reserve
}

/// The proposal was switched off: no transaction has a reserve any more.
pub(crate) fn drop_reserves(state: &mut State) {
    for task in &mut state.tasks[..state.task_count as usize] {
        task.reserve = 0;
    }
}

/// Books a page that `kmem_alloc` got: dirty in the transaction, and out of its reserve if
/// it came from there.
pub(crate) fn book<O: Observer>(cx: &mut Cx<'_, O>, right: Right) {
    let word = cx.task_mut();
    if right == Right::Transaction {
        word.reserve = word.reserve.saturating_sub(1);
    }
    if word.trans == Trans::Open {
        word.dirty = (word.dirty + 1).min(DIRTY_MAX);
    }
}

/// The most pages that one transaction can hold dirty here.
pub const DIRTY_MAX: u8 = 15;

/// After the last page of a `kmem_alloc`: the line is done, or the rollback has what it
/// needs and undoes the transaction, both copies of it.
pub(crate) fn finish<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let task = cx.me;
    if cx.state.task(task).trans != Trans::RollingBack {
        return Next::LineDone;
    }
    let pages = 2 * u16::from(core::mem::take(&mut cx.task_mut().dirty));
    cx.emit(Event::RolledBack { task, pages });
    cx.give_pages(pages);
    Next::Failed
}

/// X1, `kmem_flags_convert`: `__GFP_NOWARN` always, because XFS warns itself; and what the proposals add. `KM_MAYFAIL` says so to the
/// allocator since 4.13.
pub(crate) fn kmem_flags_convert(kernel: &Kernel, gfp: Gfp, fail: KmemFail, trans: Trans) -> Gfp {
    let gfp = gfp.with(Gfp::NOWARN);
    if !gfp.has(Gfp::DIRECT_RECLAIM) {
        return gfp;
    }
    match (fail, kernel.kmem_alloc) {
        (KmemFail::May, _) if kernel.retry_mayfail == RetryMayfail::NeverKills => {
            gfp.with(Gfp::RETRY_MAYFAIL)
        }
        (KmemFail::May, _) | (KmemFail::Never, KmemAlloc::Loops) => gfp,
        (KmemFail::Never, KmemAlloc::Nofail) => gfp.with(Gfp::NOFAIL),
        // There is no way back from the way back.
        (KmemFail::Never, KmemAlloc::Fails) if trans == Trans::RollingBack => gfp,
        (KmemFail::Never, KmemAlloc::Fails) => gfp.with(Gfp::NORETRY),
    }
}

/// X3 to X5: the allocator said NULL. A caller that cannot sleep (`KM_NOSLEEP`) takes that
/// for an answer too.
pub(crate) fn null<O: Observer>(cx: &mut Cx<'_, O>, gfp: Gfp, fail: KmemFail) -> Next {
    let task = cx.me;
    let clean_round = cx.state.task(task).flags.has(TaskFlags::CLEAN_ROUND);
    cx.set_flag(task, TaskFlags::CLEAN_ROUND, false);
    if fail == KmemFail::May || !gfp.has(Gfp::DIRECT_RECLAIM) {
        return Next::Failed;
    }
    if cx.machine.kernel.kmem_alloc == KmemAlloc::Fails {
        let word = cx.task_mut();
        match word.trans {
            Trans::Open if word.dirty > 0 => {
                word.trans = Trans::RollingBack;
                word.todo = word.dirty;
                let pages = word.dirty;
                cx.emit(Event::RollbackStarts { task, pages });
                return Next::Go(Pc::AllocTry);
            }
            Trans::RollingBack => {}
            _ => return Next::Failed,
        }
    }
    cx.emit(Event::KmemNull { task });
    // A round that was one step saw nothing but the present.
    let one_step = matches!(
        cx.state.task(task).run,
        Run::Ready(Pc::Line | Pc::AllocTry | Pc::Kmem(_))
    );
    let clean = one_step || clean_round;
    if clean && cx.machine.rules.parking == Parking::On {
        cx.set_flag(task, TaskFlags::CLEAN_ROUND, true);
        return Next::Nap(Nap::Hz2, Pc::Kmem(Kmem::Lap));
    }
    Next::Nap(Nap::Hz50, Pc::Kmem(Kmem::Again))
}

/// X6 after 20 ms, or the end of a lap.
pub(crate) fn step<O: Observer>(cx: &mut Cx<'_, O>, at: Kmem) -> Next {
    match at {
        Kmem::Again => page_alloc::try_freelist(cx),
        Kmem::Lap => {
            cx.emit(Event::KmemWarns { task: cx.me });
            Next::Fruitless
        }
    }
}
