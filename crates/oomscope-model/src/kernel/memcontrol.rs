//! `mm/memcontrol.c`, 3.19 to 6.1: memory cgroups, and what happens at their limit.
//!
//! A page that a process faults in is paid for by its memory cgroup, and so is a kernel page
//! that is asked for with `__GFP_ACCOUNT`. At the limit the cgroup is out of memory, although
//! the machine is not; then somebody in it must die.
//!
//! **Models** try_charge with the way out for dying tasks, mem_cgroup_oom and
//! mem_cgroup_oom_synchronize with the sleep of those who come second,
//! mem_cgroup_out_of_memory; facts: oom.md 1 (memcg charge retries), 4.1, 4.3, 4.5 C9, rows
//! K14 to K18. Whether the charge or the end of the fault kills is oom.md's boundary at 4.19;
//! that those who come second sleep in the years before is from memory: the sheets are silent.
//! **Leaves out** hierarchies (every cgroup hangs below the root, which has no limit),
//! `memory.high`, `memory.low`, the stock of each CPU, oom_kill_disable with its handlers in
//! user space, and reclaim inside a cgroup: its pages are anonymous and there is no swap, and
//! what reclaim can find belongs to the root. None of these decides who may die or who
//! waits. `__GFP_NOFAIL` is let over the limit without asking the killer, as up to 5.15.
//! **Atomic because** the charge is one atomic counter. The page that is to be charged goes
//! back to the free list with a charge that fails, and is asked for again: the kernel keeps
//! that one page meanwhile, which nobody can miss. The failed charge, the scan under
//! `oom_lock`, and the fault that is taken again are steps of their own.

use crate::event::{Event, Null, Observer};
use crate::kernel::oom_kill::{self, OomControl, Verdict};
use crate::kernel::{
    DyingCharge, KillNap, MemcgKiller, MemcgLock, MemcgMargin, MemcgNofs, MemcgOom, RetryMayfail,
    exit, lock, memory, page_alloc, vmscan,
};
use crate::machine::{
    Gfp, KillerWindow, Kind, Machine, MemcgId, MmId, Mode, OOM_LOCK, Op, PAGE_ALLOC_COSTLY_ORDER,
    TaskId,
};
use crate::state::{Memcg, Nap, Pc, Run, State, TaskFlags};
use crate::step::{Cx, Next};

/// Pages charged to a memory cgroup: what its address spaces map, and the kernel's.
pub fn level(machine: &Machine, state: &State, memcg: MemcgId) -> u16 {
    let mapped: u16 = machine
        .mms
        .iter()
        .zip(state.mms.iter())
        .filter(|(info, _)| info.memcg == Some(memcg))
        .map(|(_, mm)| mm.rss())
        .sum();
    mapped + state.kmem[memcg.0 as usize]
}

/// Who pays for the pages that the current line of a task asks for, and how many they are
/// at a time. Kernel threads and tasks without an mm ask in the root's name.
pub fn payer(machine: &Machine, state: &State, task: TaskId) -> Option<(MemcgId, u16)> {
    let line = machine.line(task, state.task(task).line)?;
    if let Some((mm, _)) = line.op.faults() {
        return machine.mms[mm.0 as usize].memcg.map(|memcg| (memcg, 1));
    }
    let Op::Alloc { gfp, order, .. } = line.op else {
        return None;
    };
    let process = machine.process_of(task).filter(|_| gfp.has(Gfp::ACCOUNT))?;
    oom_kill::live_mm(machine, state, task)?;
    machine.memcg_of(process).map(|memcg| (memcg, 1 << order))
}

/// The memory cgroup that has no room for what the current line of a task asks for.
pub fn full(machine: &Machine, state: &State, task: TaskId) -> Option<MemcgId> {
    let (memcg, pages) = payer(machine, state, task)?;
    let full = level(machine, state, memcg) + pages > machine.memcg(memcg).limit;
    full.then_some(memcg)
}

/// Whether the cgroup has room for so many pages more.
fn has_room<O: Observer>(cx: &Cx<'_, O>, (memcg, pages): (MemcgId, u16)) -> bool {
    level(cx.machine, cx.state, memcg) + pages <= cx.machine.memcg(memcg).limit
}

/// `try_charge`: `None` once the page is paid for.
pub(crate) fn try_charge<O: Observer>(cx: &mut Cx<'_, O>) -> Option<Next> {
    let charge = payer(cx.machine, cx.state, cx.me)?;
    if has_room(cx, charge) {
        pay(cx);
        return None;
    }
    let (memcg, _) = charge;
    cx.emit(Event::OverLimit { task: cx.me, memcg });
    let gfp = page_alloc::request(cx.machine, cx.state, cx.me).gfp;
    let dying = is_dying(cx) && cx.machine.kernel.dying_charge == DyingCharge::Forced;
    // Nor is reclaim stopped by a limit.
    if gfp.has(Gfp::NOFAIL) || page_alloc::is_memalloc(cx.state, cx.me) || dying {
        force(cx, memcg);
        return None;
    }
    page_alloc::begin_round(cx);
    Some(if may_kill(cx) {
        Next::Go(Pc::Memcg(Memcg::Oom))
    } else if defers(cx) {
        end_fault(cx);
        Next::Go(Pc::Memcg(Memcg::FaultEnd))
    } else {
        nomem(cx)
    })
}

/// Whether the charge itself calls the killer.
fn may_kill<O: Observer>(cx: &Cx<'_, O>) -> bool {
    let page_alloc::Request { gfp, order } = page_alloc::request(cx.machine, cx.state, cx.me);
    let kernel = &cx.machine.kernel;
    let mayfail = gfp.has(Gfp::RETRY_MAYFAIL) && kernel.retry_mayfail == RetryMayfail::NeverKills;
    kernel.memcg_oom == MemcgOom::InCharge
        && gfp.has(Gfp::DIRECT_RECLAIM)
        && !gfp.has(Gfp::NORETRY)
        && !mayfail
        && order <= PAGE_ALLOC_COSTLY_ORDER
        && !is_dying(cx)
}

/// Whether the killer is called once the fault has given back its locks: only for faults
/// from user mode.
fn defers<O: Observer>(cx: &Cx<'_, O>) -> bool {
    cx.machine.kernel.memcg_oom == MemcgOom::FaultEnd && user_fault(cx).is_some()
}

/// The address space, if the task faults in user mode.
fn user_fault<O: Observer>(cx: &Cx<'_, O>) -> Option<MmId> {
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line)?;
    match (cx.machine.actor(cx.me).kind, line.op) {
        (Kind::User(_), Op::Fault { mm, .. }) => Some(mm),
        _ => None,
    }
}

/// A task that will be gone soon, and gives back more than it takes.
fn is_dying<O: Observer>(cx: &Cx<'_, O>) -> bool {
    let flags = cx.state.task(cx.me).flags;
    flags.has(TaskFlags::SIGKILL) || flags.has(TaskFlags::EXITING) || flags.has(TaskFlags::MEMDIE)
}

/// Kernel pages are counted; what is mapped is counted by its address space.
fn pay<O: Observer>(cx: &mut Cx<'_, O>) {
    let Some((memcg, pages)) = payer(cx.machine, cx.state, cx.me) else {
        return;
    };
    let line = cx.machine.line(cx.me, cx.state.task(cx.me).line);
    if line.is_some_and(|line| line.op.faults().is_none()) {
        cx.state.kmem[memcg.0 as usize] += pages;
    }
}

/// The page is charged, limit or not.
fn force<O: Observer>(cx: &mut Cx<'_, O>, memcg: MemcgId) {
    pay(cx);
    cx.emit(Event::ForceCharged { task: cx.me, memcg });
}

/// `free_page` of a task: its cgroup no longer pays for these pages of the kernel.
pub(crate) fn uncharge<O: Observer>(cx: &mut Cx<'_, O>, pages: u16) {
    let process = cx.machine.process_of(cx.me);
    if let Some(memcg) = process.and_then(|process| cx.machine.memcg_of(process)) {
        let kmem = &mut cx.state.kmem[memcg.0 as usize];
        *kmem -= pages.min(*kmem);
    }
}

/// The charge failed: -ENOMEM. A fault in user mode ends with VM_FAULT_OOM and is taken
/// again (K18); anything else fails.
fn nomem<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if user_fault(cx).is_some() {
        end_fault(cx);
        return fruitless(cx);
    }
    let page_alloc::Request { gfp, order } = page_alloc::request(cx.machine, cx.state, cx.me);
    cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, false);
    cx.emit(Event::AllocFailed {
        task: cx.me,
        gfp,
        order,
        why: Null::Limit,
    });
    memory::got_null(cx)
}

/// The fault handler returns and gives `mmap_sem` back.
fn end_fault<O: Observer>(cx: &mut Cx<'_, O>) {
    if let Some(mm) = user_fault(cx) {
        lock::release(cx, cx.machine.mmap_sem(mm));
    }
}

/// Whether the task's fault has returned: it holds nothing.
fn has_left_fault<O: Observer>(cx: &Cx<'_, O>) -> bool {
    user_fault(cx).is_some_and(|mm| {
        let held = cx.state.task(cx.me).held;
        held.mode(cx.machine.mmap_sem(mm)).is_none()
    })
}

/// One step at the limit.
pub(crate) fn step<O: Observer>(cx: &mut Cx<'_, O>, at: Memcg) -> Next {
    match at {
        Memcg::Oom => call_killer(cx),
        Memcg::Scan => scan(cx),
        Memcg::Group => group(cx),
        Memcg::GlobalGroup => global_group(cx),
        Memcg::FaultEnd => synchronize(cx),
        Memcg::Retry | Memcg::Slept => retry(cx),
        Memcg::KillNap => progress(cx),
    }
}

/// `mem_cgroup_oom_synchronize`: the first of the cgroup calls the killer, the others sleep
/// until it is done or somebody uncharges pages.
fn synchronize<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let mine = payer(cx.machine, cx.state, cx.me).map(|(memcg, _)| memcg);
    let busy = cx.machine.task_ids().any(|other| {
        let kills = matches!(
            cx.state.task(other).run,
            Run::Ready(Pc::Memcg(Memcg::Scan | Memcg::Group | Memcg::KillNap))
                | Run::Asleep {
                    pc: Pc::Memcg(Memcg::KillNap),
                    ..
                }
                | Run::Queued {
                    pc: Pc::Memcg(Memcg::Scan),
                    ..
                }
        );
        let theirs = payer(cx.machine, cx.state, other).map(|(memcg, _)| memcg);
        kills && other != cx.me && theirs == mine
    });
    if busy {
        cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, false);
        cx.emit(Event::MemcgOomWaits { task: cx.me });
        return Next::Park(Pc::Memcg(Memcg::Slept));
    }
    call_killer(cx)
}

/// `mem_cgroup_out_of_memory`: takes `oom_lock`, and waits for it.
fn call_killer<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if !lock::can_trylock(cx.machine, cx.state, OOM_LOCK, Mode::Write) {
        if gives_way(cx) {
            return progress(cx);
        }
        return Next::Queue(OOM_LOCK, Mode::Write, Pc::Memcg(Memcg::Scan));
    }
    if cx.machine.rules.killer_window == KillerWindow::Split {
        lock::take(cx, OOM_LOCK, Mode::Write);
        return match late(cx) {
            true => progress(cx),
            false => Next::Go(Pc::Memcg(Memcg::Scan)),
        };
    }
    match late(cx) {
        true => progress(cx),
        false => kill(cx),
    }
}

/// K17: a killed task kills nobody.
fn gives_way<O: Observer>(cx: &Cx<'_, O>) -> bool {
    cx.machine.kernel.memcg_lock == MemcgLock::Killable && is_dying(cx)
}

/// Whether the killer is not needed any more, as far as this kernel looks again.
fn late<O: Observer>(cx: &Cx<'_, O>) -> bool {
    let asks = cx.machine.kernel.memcg_margin == MemcgMargin::AskedAgain;
    let room = || payer(cx.machine, cx.state, cx.me).is_none_or(|charge| has_room(cx, charge));
    gives_way(cx) || asks && room()
}

/// It has `oom_lock`: because it waited for it, or after the split window.
fn scan<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let split = cx.machine.rules.killer_window == KillerWindow::Split;
    if !split && late(cx) {
        return progress(cx);
    }
    kill(cx)
}

fn kill<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some((memcg, _)) = payer(cx.machine, cx.state, cx.me) else {
        return progress(cx);
    };
    let fs = page_alloc::request(cx.machine, cx.state, cx.me)
        .gfp
        .has(Gfp::FS);
    let verdict = oom_kill::out_of_memory(
        cx,
        OomControl {
            vetoed: !fs && cx.machine.kernel.memcg_nofs == MemcgNofs::Vetoed,
            memcg: Some(memcg),
            ..OomControl::GLOBAL
        },
    );
    if verdict == Verdict::KilledGroup {
        if cx.state.task(cx.me).held.mode(OOM_LOCK).is_none() {
            lock::take(cx, OOM_LOCK, Mode::Write);
        }
        return Next::Go(Pc::Memcg(Memcg::Group));
    }
    if verdict == Verdict::Killed && naps(cx) {
        return nap(cx);
    }
    over(cx);
    match verdict {
        Verdict::Vetoed => {
            cx.emit(Event::KillerVetoed { task: cx.me });
            fruitless(cx)
        }
        Verdict::Aborted => fruitless(cx),
        Verdict::Nobody => nobody_to_kill(cx, memcg),
        Verdict::Killed
        | Verdict::KilledGroup
        | Verdict::KilledCaller
        | Verdict::Progress
        | Verdict::Panicked => again(cx),
    }
}

/// The next of the group, then back to the charge.
fn group<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let memcg = payer(cx.machine, cx.state, cx.me).map(|(memcg, _)| memcg);
    if oom_kill::kill_group_member(cx, memcg) {
        return Next::Go(Pc::Memcg(Memcg::Group));
    }
    if naps(cx) {
        return nap(cx);
    }
    progress(cx)
}

/// B10: whether the killer of a cgroup sleeps a jiffy, as the killer of the machine does.
fn naps<O: Observer>(cx: &Cx<'_, O>) -> bool {
    let kernel = &cx.machine.kernel;
    kernel.memcg_killer == MemcgKiller::OutOfMemory && kernel.kill_nap == KillNap::UnderOomLock
}

/// Sleeps it with `oom_lock` held.
fn nap<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if cx.state.task(cx.me).held.mode(OOM_LOCK).is_none() {
        lock::take(cx, OOM_LOCK, Mode::Write);
    }
    Next::Nap(Nap::Jiffy, Pc::Memcg(Memcg::KillNap))
}

/// The next of the group, then back to whoever called the killer for the machine.
fn global_group<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if oom_kill::kill_group_member(cx, None) {
        return Next::Go(Pc::Memcg(Memcg::GlobalGroup));
    }
    if cx.machine.actor(cx.me).kind == Kind::Kswapd {
        return vmscan::killed(cx);
    }
    page_alloc::killed(cx, Verdict::Killed)
}

/// Nothing was to do, or somebody has done it.
fn progress<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    over(cx);
    again(cx)
}

/// Gives `oom_lock` back, and wakes those who slept because somebody was at it already.
fn over<O: Observer>(cx: &mut Cx<'_, O>) {
    lock::release(cx, OOM_LOCK);
    let at = cx.state.task(cx.me).run;
    if !matches!(
        at,
        Run::Ready(Pc::Memcg(Memcg::Scan | Memcg::Group | Memcg::KillNap))
    ) {
        return;
    }
    let mine = payer(cx.machine, cx.state, cx.me).map(|(memcg, _)| memcg);
    for other in cx.machine.task_ids() {
        let theirs = payer(cx.machine, cx.state, other).map(|(memcg, _)| memcg);
        let sleeps = cx.state.task(other).run == Run::Parked(Pc::Memcg(Memcg::Slept));
        if sleeps && theirs == mine {
            cx.state.task_mut(other).run = Run::Ready(Pc::Memcg(Memcg::Retry));
        }
    }
}

/// Nobody in the cgroup may be killed. A charge that asks in its own place is let over the
/// limit up to 5.15; everybody else asks again.
fn nobody_to_kill<O: Observer>(cx: &mut Cx<'_, O>, memcg: MemcgId) -> Next {
    cx.emit(Event::NobodyInMemcg { task: cx.me, memcg });
    if has_left_fault(cx) {
        return fruitless(cx);
    }
    if cx.machine.kernel.dying_charge == DyingCharge::Fails {
        return nomem(cx);
    }
    match page_alloc::freelist(cx) {
        Some(right) => {
            force(cx, memcg);
            memory::take_page(cx, right)
        }
        None => again(cx),
    }
}

/// Asks for the page again, or takes the fault again.
fn again<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, false);
    Next::Go(next_round(cx))
}

fn next_round<O: Observer>(cx: &Cx<'_, O>) -> Pc {
    if has_left_fault(cx) {
        Pc::Memcg(Memcg::Retry)
    } else {
        Pc::AllocTry
    }
}

/// This changed nothing: the same again, as soon as anything is different.
fn fruitless<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if is_dying(cx) || !cx.state.task(cx.me).flags.has(TaskFlags::CLEAN_ROUND) {
        return again(cx);
    }
    cx.set_flag(cx.me, TaskFlags::CLEAN_ROUND, false);
    cx.emit(Event::Parked { task: cx.me });
    Next::Park(next_round(cx))
}

/// Back in user mode, where a killed task dies, and into the same fault again. The pages
/// that it has mapped already stay.
fn retry<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    cx.set_flag(cx.me, TaskFlags::SIGNAL, false);
    if cx.state.task(cx.me).flags.has(TaskFlags::SIGKILL) {
        return exit::exit_mm(cx);
    }
    match user_fault(cx) {
        Some(mm) => lock::acquire(cx, cx.machine.mmap_sem(mm), Mode::Read, Pc::AllocTry),
        None => Next::Go(Pc::AllocTry),
    }
}

/// A sleeper for `oom_lock` was killed and does not get it (K17).
pub(crate) fn left_queue<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    again(cx)
}
