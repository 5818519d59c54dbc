//! `mm/page_alloc.c`, 3.19 to 6.1: __alloc_pages_slowpath and who calls the killer.
//!
//! **Models** the watermark test, gfp_to_alloc_flags, __alloc_pages_slowpath (P0 to P12) and
//! __alloc_pages_may_oom (M1 to M6) with the vetoes of every era, and `PF_MEMALLOC` as a
//! state of the task; facts: locks-and-allocation.md 4.1 to 4.4, 4.7. At P5 the sheets let a
//! `__GFP_NOFAIL` request with `PF_MEMALLOC` fail in 3.19 and 4.2. It does not come that far:
//! up to 4.4 __alloc_pages_high_priority, before P5, goes round until it has a page. So such
//! a request loops in every version, and never calls the killer.
//! **Leaves out** zones, compaction and fragmentation: a request of order n needs 2^n pages
//! and finds them in one piece. `__GFP_THISNODE`, suspended storage: nobody here is one of
//! them. `GFP_ATOMIC` with `__GFP_NOFAIL` is no request that the language knows.
//! **Atomic because** P0 to P9 only read the free list and the task's own flags where reclaim
//! ([`super::vmscan`]) waits for nobody; M1 to M6 take and give back `oom_lock` around reads
//! (and the kill), so no one can tell that from one instant. These cuts stay visible: between
//! the failed P3 and M2 a victim can finish; drivers on `oom_notify_list` are called with
//! `oom_lock` held; and a killer that naps holds it too.

use crate::event::{Event, Null, Observer, Right};
use crate::kernel::{
    Favor, KillNap, Nofail, NofailReserve, Nofs, OomLockWait, RetryMayfail, VictimFails,
    VictimReserve, lock, memory, oom_kill, vmscan, xfs,
};
use crate::machine::{
    Gfp, KillerWindow, Machine, Mode, OOM_LOCK, Op, PAGE_ALLOC_COSTLY_ORDER, Parking, TaskId,
};
use crate::state::{Kmem, Memcg, Nap, Pc, Run, State, Task, TaskFlags, Trans, Vmscan};
use crate::step::{Cx, Next, step};
use crate::transition::Transition;

/// The most steps that one fruitless round can take: seventeen passes of reclaim, and the
/// killer.
const ROUND_MAX: u32 = 64;

/// What the current line of a task asks of the allocator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Its flags.
    pub gfp: Gfp,
    /// 2^order pages in one piece.
    pub order: u8,
}

/// The request that the current line of a task makes; a page fault where it makes none.
pub fn request(machine: &Machine, state: &State, task: TaskId) -> Request {
    let line = machine.line(task, state.task(task).line);
    match line.map(|line| line.op) {
        Some(Op::Alloc { gfp, order, .. }) => Request { gfp, order },
        Some(Op::KmemAlloc { gfp, fail, .. }) => Request {
            gfp: xfs::kmem_flags_convert(&machine.kernel, gfp, fail, state.task(task).trans),
            order: 0,
        },
        // What reserves a transaction's memory holds nothing yet.
        Some(Op::TransStart { .. }) => Request {
            gfp: Gfp::KERNEL,
            order: 0,
        },
        _ => Request {
            gfp: Gfp::HIGHUSER_MOVABLE,
            order: 0,
        },
    }
}

/// `__zone_watermark_ok`: strictly more than the mark is left after all but one page.
pub fn watermark_ok(free: u16, order: u8, mark: u16) -> bool {
    free.checked_sub((1 << order) - 1)
        .is_some_and(|rest| rest > mark)
}

/// P2, `gfp_to_alloc_flags`: the mark below `WMARK_MIN` that the task may go down to, and by
/// which right. Asked again every round, because the task may have become a victim.
pub fn reserve(machine: &Machine, state: &State, task: TaskId) -> Option<(u16, Right)> {
    let gfp = request(machine, state, task).gfp;
    let min = machine.zone.min;
    if gfp.has(Gfp::MEMALLOC) || is_memalloc(state, task) {
        return Some((0, Right::Memalloc));
    }
    let victim = is_victim(machine, state, task);
    if victim && machine.kernel.reserve == VictimReserve::MarkedThreadAll {
        return Some((0, Right::Reserve));
    }
    let favored = is_favored(machine, state, task);
    let high = if gfp.has(Gfp::HIGH) || favored {
        min - min / 2
    } else {
        min
    };
    match (victim, gfp.has(Gfp::HARDER)) {
        (true, _) => Some((high - high / 2, Right::Reserve)),
        (false, true) => Some((high - high / 4, Right::Atomic)),
        (false, false) if favored => Some((high, Right::Favored)),
        (false, false) => gfp.has(Gfp::HIGH).then_some((high, Right::Atomic)),
    }
}

/// Whether the task has `PF_MEMALLOC`.
pub fn is_memalloc(state: &State, task: TaskId) -> bool {
    state.task(task).flags.has(TaskFlags::MEMALLOC)
}

/// `memalloc_noreclaim_save` and `memalloc_noreclaim_restore`, also on the way out of a
/// system call that failed in between. Nobody else's round reads this flag.
pub(crate) fn set_memalloc<O: Observer>(cx: &mut Cx<'_, O>, on: bool) {
    if is_memalloc(cx.state, cx.me) != on {
        cx.set_flag(cx.me, TaskFlags::MEMALLOC, on);
        cx.emit(Event::Memalloc { task: cx.me, on });
    }
}

/// Whether the task gets `ALLOC_HIGH` for what it is (never merged).
fn is_favored(machine: &Machine, state: &State, task: TaskId) -> bool {
    match machine.kernel.favor {
        Favor::Nobody => false,
        Favor::KthreadsAndDying => {
            machine.process_of(task).is_none() || state.task(task).flags.has(TaskFlags::SIGKILL)
        }
    }
}

/// The mark of [`reserve`].
pub fn reserve_mark(machine: &Machine, state: &State, task: TaskId) -> Option<u16> {
    reserve(machine, state, task).map(|(mark, _)| mark)
}

/// Whether the allocator treats the task as an OOM victim: up to 4.13 the one marked thread,
/// from then on every thread whose group has an `oom_mm`.
fn is_victim(machine: &Machine, state: &State, task: TaskId) -> bool {
    match machine.kernel.reserve {
        VictimReserve::MarkedThreadAll => state.task(task).flags.has(TaskFlags::MEMDIE),
        VictimReserve::GroupHalf => oom_kill::is_oom_victim(machine, state, task),
    }
}

/// Whether the task wants a page now.
pub fn wants_page(state: &State, task: TaskId) -> bool {
    wants(state.task(task))
}

/// The same, of a task by itself. kswapd never does: it works for others.
pub fn wants(task: &Task) -> bool {
    matches!(
        task.run,
        Run::Ready(Pc::AllocTry | Pc::AllocOom | Pc::AllocScan | Pc::AllocLastAttempt)
            | Run::Ready(Pc::AllocNotify | Pc::AllocNotified)
            | Run::Ready(Pc::Kmem(_) | Pc::Memcg(_))
            | Run::Parked(Pc::AllocTry | Pc::AllocOom | Pc::Kmem(_) | Pc::Memcg(_))
            | Run::Queued {
                pc: Pc::AllocLastAttempt | Pc::AllocNotified | Pc::Memcg(_),
                ..
            }
            | Run::Asleep {
                pc: Pc::AllocKillNap | Pc::AllocTry | Pc::Kmem(_) | Pc::Memcg(_),
                ..
            }
    ) || is_in_reclaim(task)
}

/// Whether the task is a direct reclaimer that waits for somebody, or goes on after it did.
fn is_in_reclaim(task: &Task) -> bool {
    let (Run::Ready(pc) | Run::Parked(pc) | Run::Asleep { pc, .. } | Run::Queued { pc, .. }) =
        task.run
    else {
        return false;
    };
    matches!(
        pc,
        Pc::Vmscan(Vmscan::Throttled | Vmscan::ThrottledOnce | Vmscan::Shrink(_))
    )
}

/// Whether the task burns CPU in rounds of the slow path that find nothing. A parked one
/// does: parking is how the model says that its rounds change nothing. So does one that is
/// awake in a queue, for it runs: a killed allocator that waits killably for `oom_lock` gets
/// -EINTR before it ever sleeps, and retries.
pub fn is_busy(state: &State, task: TaskId) -> bool {
    let word = state.task(task);
    let sleeps = matches!(
        word.run,
        Run::Queued { awake: false, .. }
            | Run::Asleep {
                pc: Pc::Vmscan(_) | Pc::Kmem(_),
                ..
            }
            | Run::Parked(Pc::Vmscan(_) | Pc::Kmem(_) | Pc::Memcg(Memcg::Slept))
    );
    wants_page(state, task) && !sleeps && word.held.mode(OOM_LOCK).is_none()
}

/// P0 to P9: the free list at low, at min and at the task's reserve mark.
pub(crate) fn try_freelist<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if let Some(next) = xfs::leaves_reservation(cx) {
        return next;
    }
    if let Some(right) = freelist(cx) {
        if right != Right::Low {
            vmscan::wakeup_kswapd(cx);
        }
        return got_page(cx, right);
    }
    cx.emit(match cx.state.task(cx.me).trans {
        Trans::Reserving => Event::TransWaits { task: cx.me },
        _ => Event::NoPage { task: cx.me },
    });
    vmscan::wakeup_kswapd(cx);
    let Request { gfp, .. } = request(cx.machine, cx.state, cx.me);
    // P4.
    if !gfp.has(Gfp::DIRECT_RECLAIM) {
        return fail_early(cx, Null::NoReclaim);
    }
    // P5: nobody reclaims inside reclaim, nor calls the killer from there.
    if is_memalloc(cx.state, cx.me) {
        return fail_early(cx, Null::Memalloc);
    }
    // P6.
    if cx.machine.kernel.victim_fails == VictimFails::BeforeKiller
        && is_victim(cx.machine, cx.state, cx.me)
        && !gfp.has(Gfp::NOFAIL)
    {
        return fail_early(cx, Null::Victim);
    }
    begin_round(cx);
    vmscan::direct_reclaim(cx)
}

/// The free list once more, after reclaim made progress.
pub(crate) fn try_again<O: Observer>(cx: &mut Cx<'_, O>) -> Option<Next> {
    freelist(cx).map(|right| got_page(cx, right))
}

/// P8: one pass was enough.
pub(crate) fn no_retry<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if xfs::may_dip(cx.machine, cx.state, cx.me) {
        return got_page(cx, Right::Transaction);
    }
    fail(cx, Null::NoRetry)
}

/// The request is over and counts no rounds any more.
fn got_page<O: Observer>(cx: &mut Cx<'_, O>, right: Right) -> Next {
    cx.task_mut().tries = 0;
    memory::got_page(cx, right)
}

/// Lets a parked task make once more the round that changed nothing, so that people can see
/// it: [`Parking`] leaves out what this puts back. Says whether the task was parked.
pub fn another_round(state: &mut State, task: TaskId) -> bool {
    if !state.task(task).is_parked() {
        return false;
    }
    let Run::Parked(pc) = state.task(task).run else {
        return false;
    };
    state.task_mut(task).run = match pc {
        // kswapd's try for `oom_lock`; otherwise too many pages are isolated.
        Pc::Vmscan(Vmscan::Balance) => Run::Asleep {
            nap: Nap::Jiffy,
            pc,
        },
        Pc::Vmscan(_) => Run::Asleep { nap: Nap::Hz10, pc },
        Pc::Memcg(_) => Run::Ready(Pc::Memcg(Memcg::Retry)),
        _ => Run::Ready(Pc::AllocTry),
    };
    true
}

/// Whether a task leaves no CPU to whoever holds `oom_lock`. A parked one is asked for the
/// round it stands for: if that waits for `oom_lock` in a queue, as at the limit of a memory
/// cgroup, the task sleeps while somebody else has it.
pub fn burns_cpu(machine: &Machine, state: &State, task: TaskId) -> bool {
    if !is_busy(state, task) {
        return false;
    }
    let mut round = state.clone();
    if !another_round(&mut round, task) {
        return true;
    }
    for _ in 0..ROUND_MAX {
        step(machine, &mut round, Transition(task), &mut ());
        if !is_busy(&round, task) {
            return false;
        }
        if matches!(round.task(task).run, Run::Parked(_)) {
            return true;
        }
    }
    true
}

/// From here on a change would be seen by this round too late.
pub(crate) fn begin_round<O: Observer>(cx: &mut Cx<'_, O>) {
    let on = cx.machine.rules.parking == Parking::On;
    cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, on);
}

/// FAIL before the killer was asked; `__GFP_NOFAIL` has then seen all there is.
fn fail_early<O: Observer>(cx: &mut Cx<'_, O>, why: Null) -> Next {
    if request(cx.machine, cx.state, cx.me).gfp.has(Gfp::NOFAIL) {
        begin_round(cx);
    }
    fail(cx, why)
}

/// P0 and P3: by which right the free list gives a page now.
pub(crate) fn freelist<O: Observer>(cx: &Cx<'_, O>) -> Option<Right> {
    let zone = &cx.machine.zone;
    let Request { order, .. } = request(cx.machine, cx.state, cx.me);
    let reserved = xfs::reserved(cx.state);
    let marks = [
        (zone.low + reserved, Right::Low),
        (zone.min + reserved, Right::Min),
    ];
    marks
        .into_iter()
        .chain(reserve(cx.machine, cx.state, cx.me))
        .find(|&(mark, _)| watermark_ok(cx.state.free_pages, order, mark))
        .map(|(_, right)| right)
}

/// M1 and M2, and the rest unless the killer's window is split.
pub(crate) fn may_oom<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if let Some(next) = xfs::leaves_reservation(cx) {
        return next;
    }
    if xfs::may_dip(cx.machine, cx.state, cx.me) {
        return got_page(cx, Right::Transaction);
    }
    if vmscan::killer_is_kswapd(cx.machine) {
        return leave_it_to_kswapd(cx);
    }
    if !lock::can_trylock(cx.machine, cx.state, OOM_LOCK, Mode::Write) {
        return match cx.machine.kernel.oom_lock_wait {
            OomLockWait::Trylock => {
                cx.emit(Event::OomLockBusy { task: cx.me });
                Next::OomLockBusy
            }
            OomLockWait::KillableMutex => Next::Queue(OOM_LOCK, Mode::Write, Pc::AllocLastAttempt),
        };
    }
    if let Some(right) = last_attempt(cx) {
        return got_page(cx, right);
    }
    call_killer(cx)
}

/// M3 and M4, in as many steps as others can tell apart: at once, or with `oom_lock` held
/// over the callbacks of `oom_notify_list` (B2) and, under the split window, up to the scan.
fn call_killer<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let reaches_it = matches!(veto(cx), Veto::None | Veto::NoVictim);
    let notifies = reaches_it && !cx.machine.oom_notifiers.is_empty();
    if !notifies && cx.machine.rules.killer_window == KillerWindow::Closed {
        return scan(cx);
    }
    if cx.state.task(cx.me).held.mode(OOM_LOCK).is_none() {
        lock::take(cx, OOM_LOCK, Mode::Write);
    }
    cx.task_mut().tries = 0;
    Next::Go(if notifies {
        Pc::AllocNotify
    } else {
        Pc::AllocScan
    })
}

/// M2: the free list once more, now that nobody else can be killing.
fn last_attempt<O: Observer>(cx: &Cx<'_, O>) -> Option<Right> {
    let Request { order, .. } = request(cx.machine, cx.state, cx.me);
    let (mark, right) = match cx.machine.kernel.oom_lock_wait {
        OomLockWait::Trylock => (cx.machine.zone.high, Right::High),
        OomLockWait::KillableMutex => (cx.machine.zone.min, Right::Min),
    };
    let mark = mark + xfs::reserved(cx.state);
    watermark_ok(cx.state.free_pages, order, mark).then_some(right)
}

/// It waited for `oom_lock` and has it.
pub(crate) fn waited_for_oom_lock<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if let Some(right) = last_attempt(cx) {
        lock::release(cx, OOM_LOCK);
        return got_page(cx, right);
    }
    call_killer(cx)
}

/// Proposal A, A1: no allocator calls the killer; it fails where it may fail, or retries.
fn leave_it_to_kswapd<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    match veto(cx) {
        Veto::Fails => fail(cx, Null::Vetoed),
        Veto::None | Veto::NoVictim | Veto::Loops => after_oom(cx, oom_kill::Verdict::Vetoed),
    }
}

/// What M3 makes of a request before `out_of_memory` is called.
enum Veto {
    /// It may call the killer.
    None,
    /// It may call it, but `out_of_memory` kills nobody for it (4.7+).
    NoVictim,
    /// It may not, and loops.
    Loops,
    /// It may not, and fails.
    Fails,
}

fn veto<O: Observer>(cx: &Cx<'_, O>) -> Veto {
    let Request { gfp, order } = request(cx.machine, cx.state, cx.me);
    let kernel = &cx.machine.kernel;
    if gfp.has(Gfp::NOFAIL) && kernel.nofail == Nofail::OverridesVetoes {
        return Veto::None;
    }
    let mayfail = gfp.has(Gfp::RETRY_MAYFAIL) && kernel.retry_mayfail == RetryMayfail::NeverKills;
    // What a core dump asks for is not worth a kill (A4).
    let dumps = cx.state.task(cx.me).flags.has(TaskFlags::DUMPCORE);
    if order > PAGE_ALLOC_COSTLY_ORDER || mayfail || dumps {
        return Veto::Fails;
    }
    match kernel.nofs {
        _ if gfp.has(Gfp::FS) => Veto::None,
        Nofs::Fails => Veto::Fails,
        Nofs::Loops => Veto::Loops,
        Nofs::AfterShortCut => Veto::NoVictim,
    }
}

/// M3 to M6, P11 and P12: vetoes, `out_of_memory`, and what the caller does next.
pub(crate) fn scan<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let verdict = match veto(cx) {
        Veto::None => oom_kill::out_of_memory(cx, oom_kill::OomControl::GLOBAL),
        Veto::NoVictim => oom_kill::out_of_memory(
            cx,
            oom_kill::OomControl {
                vetoed: true,
                ..oom_kill::OomControl::GLOBAL
            },
        ),
        Veto::Loops => {
            lock::release(cx, OOM_LOCK);
            return after_oom(cx, oom_kill::Verdict::Vetoed);
        }
        Veto::Fails => {
            lock::release(cx, OOM_LOCK);
            return fail(cx, Null::Vetoed);
        }
    };
    if verdict == oom_kill::Verdict::KilledGroup {
        if cx.state.task(cx.me).held.mode(OOM_LOCK).is_none() {
            lock::take(cx, OOM_LOCK, Mode::Write);
        }
        return Next::Go(Pc::Memcg(Memcg::GlobalGroup));
    }
    killed(cx, verdict)
}

/// B10 for the first and for all others: the killer naps, or goes on.
pub(crate) fn killed<O: Observer>(cx: &mut Cx<'_, O>, verdict: oom_kill::Verdict) -> Next {
    if verdict == oom_kill::Verdict::Killed && cx.machine.kernel.kill_nap == KillNap::UnderOomLock {
        if cx.state.task(cx.me).held.mode(OOM_LOCK).is_none() {
            lock::take(cx, OOM_LOCK, Mode::Write);
        }
        return Next::Nap(Nap::Jiffy, Pc::AllocKillNap);
    }
    somebody_progresses(cx, verdict)
}

/// The killer wakes, gives `oom_lock` back and retries.
pub(crate) fn kill_nap_over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    somebody_progresses(cx, oom_kill::Verdict::Killed)
}

/// M5 and M6: `out_of_memory` came back true, so `__GFP_NOFAIL` may take any page now.
fn somebody_progresses<O: Observer>(cx: &mut Cx<'_, O>, verdict: oom_kill::Verdict) -> Next {
    lock::release(cx, OOM_LOCK);
    let Request { gfp, order } = request(cx.machine, cx.state, cx.me);
    if gfp.has(Gfp::NOFAIL)
        && cx.machine.kernel.nofail_reserve == NofailReserve::AfterOom
        && verdict != oom_kill::Verdict::Panicked
        && watermark_ok(cx.state.free_pages, order, 0)
    {
        return got_page(cx, Right::Nofail);
    }
    after_oom(cx, verdict)
}

fn after_oom<O: Observer>(cx: &mut Cx<'_, O>, verdict: oom_kill::Verdict) -> Next {
    if gives_up(cx) {
        return fail(cx, Null::Victim);
    }
    match verdict {
        oom_kill::Verdict::Killed | oom_kill::Verdict::KilledGroup => Next::Go(Pc::AllocTry),
        oom_kill::Verdict::Vetoed => {
            cx.emit(Event::KillerVetoed { task: cx.me });
            Next::Fruitless
        }
        // Who was marked already, or killed, finds what it found: only a fresh mark or signal
        // is a change.
        oom_kill::Verdict::Aborted
        | oom_kill::Verdict::Progress
        | oom_kill::Verdict::KilledCaller => Next::Fruitless,
        oom_kill::Verdict::Panicked | oom_kill::Verdict::Nobody => Next::Go(Pc::AllocTry),
    }
}

/// P11: a victim that was let into its reserve and found nothing there fails, whether it
/// came to the killer or lost the trylock.
fn gives_up<O: Observer>(cx: &Cx<'_, O>) -> bool {
    cx.machine.kernel.victim_fails == VictimFails::AfterKiller
        && is_victim(cx.machine, cx.state, cx.me)
        && freelist(cx).is_none()
}

/// FAIL: NULL, unless the caller said `__GFP_NOFAIL`; then from 4.12 on a last look at
/// `ALLOC_HARDER`, and another round.
fn fail<O: Observer>(cx: &mut Cx<'_, O>, why: Null) -> Next {
    let Request { gfp, order } = request(cx.machine, cx.state, cx.me);
    if !gfp.has(Gfp::NOFAIL) {
        cx.task_mut().tries = 0;
        cx.emit(Event::AllocFailed {
            task: cx.me,
            gfp,
            order,
            why,
        });
        return memory::got_null(cx);
    }
    let min = cx.machine.zone.min;
    let harder = cx.machine.kernel.nofail == Nofail::ObeysVetoes
        && watermark_ok(cx.state.free_pages, order, min - min / 4);
    if harder {
        return got_page(cx, Right::Nofail);
    }
    Next::Fruitless
}

/// A round that changed nothing is over: parks if nothing changed since it began.
pub(crate) fn end_round<O: Observer>(cx: &mut Cx<'_, O>) {
    if !cx.state.task(cx.me).flags.has(TaskFlags::CLEAN_ROUND) {
        cx.set_run(Run::Ready(Pc::AllocTry));
        return;
    }
    cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, false);
    cx.emit(Event::Parked { task: cx.me });
    let pc = match cx.state.task(cx.me).run {
        Run::Ready(Pc::Kmem(_)) => Pc::Kmem(Kmem::Again),
        _ => Pc::AllocTry,
    };
    cx.set_run(Run::Parked(pc));
}

/// M1 failed: naps a jiffy and, unless P11 ends it, retries. If nothing has changed since the
/// round began, the nap changes nothing either, and it is parked until `oom_lock` is released
/// or something else changes. Otherwise it retries, for there may be memory now, whoever
/// holds the lock.
pub(crate) fn lost_trylock<O: Observer>(cx: &mut Cx<'_, O>) {
    let nofail = request(cx.machine, cx.state, cx.me).gfp.has(Gfp::NOFAIL);
    if !nofail && gives_up(cx) {
        let next = fail(cx, Null::Victim);
        return cx.settle(next);
    }
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
