//! `mm/oom_kill.c`, 3.19 to 6.1: who dies, and who may not die because somebody is
//! already dying.
//!
//! **Models** out_of_memory (B2 to B11) with check_panic_on_oom and
//! oom_kill_allocating_task, oom_scan_process_thread / oom_evaluate_task, oom_badness,
//! oom_kill_process (C1 to C9) with every other process that shares the victim's mm, with
//! child sacrifice and memory.oom.group,
//! task_will_free_mem, try_oom_reaper, mark_oom_victim, exit_oom_victim; facts: oom.md 1.1,
//! 4.2 to 4.6.
//! **Leaves out** cpusets and memory policies (one node, which everybody may use: the
//! constraint of an allocation that is no cgroup's is CONSTRAINT_NONE, and nobody is
//! ineligible for living elsewhere), oom_task_origin (nobody here runs
//! swapoff or unmerges ksm pages), the message that a victim is already exiting (the scan and
//! C4 are one step here, so whoever was chosen still has its mm),
//! that writing `oom_score_adj` reaches every process with the same mm from 4.8 on (the
//! cast says what each has), and release_task: a process stays on the task list after its
//! last thread exited, as a zombie does until its parent waits. K04, K05 and K07 changed
//! the order of steps inside C1 and C5, which is not visible here.
//! **Atomic because** all of it runs under `oom_lock` and reads flags that only it writes;
//! whoever could tell the middle would have to take `oom_lock` first. The callbacks of
//! `oom_notify_list` (B2) are steps of their own, for they take locks. The last attempt
//! before the scan is a step of its own under the split window (6.4 d6).

use crate::event::{Event, Observer};
use crate::kernel::{
    AdjSharer, Badness, Bookkeeping, CoreDump, Equals, ExitingTask, InitMm, InitSharer,
    KthreadSharer, OomGroup, RootBonus, Sacrifice, ShortCut, ShortCutMm, Sysrq, Vforked, coredump,
    lock, oom_reaper, signal, vfork,
};
use crate::machine::{
    Kind, Machine, MemcgId, MmId, Mode, NotifierWait, OOM_LOCK, PanicOnOom, ProcessId, TaskId,
};
use crate::state::{MmFlags, Pc, Run, State, StateFlags, TaskFlags};
use crate::step::{Cx, Next, kernel_pages};

/// What came of one call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Somebody was chosen.
    Killed,
    /// Somebody whose memory cgroup dies as a group (C9).
    KilledGroup,
    /// The caller was killed because it called (B7).
    KilledCaller,
    /// The caller became a victim itself.
    Progress,
    /// A victim is still on its way out.
    Aborted,
    /// The caller may not kill.
    Vetoed,
    /// Nobody in the memory cgroup may be killed.
    Nobody,
    /// Nobody was left.
    Panicked,
}

/// `struct oom_control`: what ran out of memory.
#[derive(Clone, Copy)]
pub(crate) struct OomControl {
    /// The caller may be marked itself, but kills nobody: it lacks `__GFP_FS`.
    pub(crate) vetoed: bool,
    /// `CONSTRAINT_MEMCG`: the cgroup at its limit; otherwise the machine.
    pub(crate) memcg: Option<MemcgId>,
    /// Order -1: sysrq-f. Who is on the way out already does not end the scan.
    pub(crate) sysrq: bool,
}

impl OomControl {
    /// `CONSTRAINT_NONE`.
    pub(crate) const GLOBAL: OomControl = OomControl {
        vetoed: false,
        memcg: None,
        sysrq: false,
    };
}

/// B3 to B11.
pub(crate) fn out_of_memory<O: Observer>(cx: &mut Cx<'_, O>, oc: OomControl) -> Verdict {
    if short_cut(cx) {
        return Verdict::Progress;
    }
    if oc.vetoed {
        return Verdict::Vetoed;
    }
    if panics(cx, oc) {
        return panic(cx, Event::PanickedOnOom { task: cx.me });
    }
    if oc.memcg.is_none()
        && let Some(process) = allocating_task(cx)
    {
        oom_kill_process(cx, oc, process, cx.me, 0);
        return if chose_group(cx) {
            Verdict::KilledGroup
        } else {
            Verdict::KilledCaller
        };
    }
    match scan(cx.machine, cx.state, oc) {
        Scan::Abort(victim) => {
            cx.emit(Event::ScanAborted {
                task: cx.me,
                victim,
            });
            Verdict::Aborted
        }
        Scan::None if oc.memcg.is_some() => Verdict::Nobody,
        Scan::None if never_panics(cx, oc) => {
            cx.emit(Event::SysrqIgnored { task: cx.me });
            Verdict::Nobody
        }
        Scan::None => panic(cx, Event::Panicked { task: cx.me }),
        Scan::Chosen(process, points) => {
            if let Some(thread) = live_thread(cx.machine, cx.state, process) {
                oom_kill_process(cx, oc, process, thread, points);
            }
            if chose_group(cx) {
                Verdict::KilledGroup
            } else {
                Verdict::Killed
            }
        }
    }
}

/// B6 and B9: whoever asks with sysrq-f does not want to lose the machine.
fn never_panics<O: Observer>(cx: &Cx<'_, O>, oc: OomControl) -> bool {
    oc.sysrq && cx.machine.kernel.sysrq == Sysrq::OrderMinusOne
}

/// B6, `check_panic_on_oom`: 1 is for the whole machine only.
fn panics<O: Observer>(cx: &Cx<'_, O>, oc: OomControl) -> bool {
    if never_panics(cx, oc) {
        return false;
    }
    match cx.machine.sysctl.panic_on_oom {
        PanicOnOom::Never => false,
        PanicOnOom::SystemWide => oc.memcg.is_none(),
        PanicOnOom::Always => true,
    }
}

fn panic<O: Observer>(cx: &mut Cx<'_, O>, event: Event) -> Verdict {
    cx.state.flags.0 |= StateFlags::PANIC;
    cx.emit(event);
    Verdict::Panicked
}

/// B7: under `vm.oom_kill_allocating_task` the caller's own process, if it may be killed.
/// Nobody asks whether a victim is on its way out, nor what the caller's memory is worth.
fn allocating_task<O: Observer>(cx: &Cx<'_, O>) -> Option<ProcessId> {
    let process = cx.machine.process_of(cx.me)?;
    live_mm(cx.machine, cx.state, cx.me)?;
    let eligible = cx.machine.sysctl.oom_kill_allocating_task
        && !cx.machine.process(process).traits.init
        && !is_adj_min(cx.machine, cx.state, process);
    eligible.then_some(process)
}

/// In [`crate::state::Task::tries`] of the killer: some callback freed pages.
const FREED: u8 = 8;

/// B2: one callback of `oom_notify_list`. It runs with `oom_lock` held; if it blocks on a lock
/// whose holder needs memory, nobody can be killed any more (S26). A lock that the caller
/// itself holds is no obstacle: i915 recognises its own `struct_mutex`.
pub(crate) fn notify<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let word = cx.state.task(cx.me);
    let at = word.tries & (FREED - 1);
    let Some(notifier) = cx.machine.oom_notifiers.get(usize::from(at)) else {
        let freed = word.tries & FREED != 0;
        cx.task_mut().tries = 0;
        cx.emit(Event::OomNotifyOver { task: cx.me, freed });
        if freed {
            lock::release(cx, OOM_LOCK);
            return Next::Go(Pc::AllocTry);
        }
        return Next::Go(Pc::AllocScan);
    };
    let (lock, wait) = (notifier.lock, notifier.wait);
    let busy = lock.filter(|&lock| {
        cx.state.task(cx.me).held.mode(lock).is_none()
            && !lock::can_trylock(cx.machine, cx.state, lock, Mode::Write)
    });
    match (busy, wait) {
        (Some(lock), NotifierWait::Blocks) => Next::Queue(lock, Mode::Write, Pc::AllocNotified),
        (Some(_), NotifierWait::Trylocks) => {
            cx.emit(Event::OomNotified {
                task: cx.me,
                notifier: at,
                pages: 0,
            });
            cx.task_mut().tries += 1;
            Next::Go(Pc::AllocNotify)
        }
        (None, _) => notified(cx, at),
    }
}

/// The callback waited for its lock, works, and gives it back.
pub(crate) fn notify_waited<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let at = cx.state.task(cx.me).tries & (FREED - 1);
    let next = notified(cx, at);
    if let Some(lock) = cx.machine.oom_notifiers[usize::from(at)].lock {
        lock::release(cx, lock);
    }
    next
}

/// The callback frees what it has, once.
fn notified<O: Observer>(cx: &mut Cx<'_, O>, at: u8) -> Next {
    let left = cx.state.notified >> at & 1 == 0;
    let has = u16::from(cx.machine.oom_notifiers[usize::from(at)].pages);
    let pages = has.min(kernel_pages(cx.machine, cx.state));
    let pages = if left { pages } else { 0 };
    cx.state.notified |= 1 << at;
    cx.emit(Event::OomNotified {
        task: cx.me,
        notifier: at,
        pages,
    });
    cx.give_pages(pages);
    let freed = if pages > 0 { FREED } else { 0 };
    let word = cx.task_mut();
    word.tries = (word.tries + 1) | freed;
    Next::Go(Pc::AllocNotify)
}

/// B3: a caller that is dying anyway becomes a victim, with a victim's reserves.
fn short_cut<O: Observer>(cx: &mut Cx<'_, O>) -> bool {
    let Some(process) = cx.machine.process_of(cx.me) else {
        return false;
    };
    let mm = live_mm(cx.machine, cx.state, cx.me);
    if mm.is_none() && cx.machine.kernel.short_cut_mm == ShortCutMm::Needed {
        return false;
    }
    let flags = cx.state.task(cx.me).flags;
    let exiting = flags.has(TaskFlags::EXITING)
        && !coredump::is_group_coredump(cx.machine, cx.state, process);
    let dying = flags.has(TaskFlags::SIGKILL) || exiting;
    let reap = match (cx.machine.kernel.short_cut, mm) {
        (ShortCut::FatalSignal, _) if dying => false,
        (ShortCut::FatalSignalReaped, mm) if dying => {
            mm.is_some_and(|mm| users_are_dying(cx.machine, cx.state, mm))
        }
        (ShortCut::WillFreeMem, Some(mm)) if will_free_mem(cx.machine, cx.state, process, mm) => {
            true
        }
        _ => return false,
    };
    mark_oom_victim(cx, cx.me);
    cx.emit(Event::MarkedItself { task: cx.me });
    if reap {
        oom_reaper::wake(cx, cx.me);
    }
    true
}

/// What the scan of the task list ends with.
enum Scan {
    /// This process is a victim that blocks the killer.
    Abort(ProcessId),
    /// Nobody is eligible.
    None,
    /// The highest badness, and how much.
    Chosen(ProcessId, i32),
}

/// The abort rule (4.3) and `oom_badness` (1.1) over the whole task list, or over the
/// processes of one memory cgroup: a victim elsewhere does not keep its killer waiting. Nor
/// does any victim keep sysrq-f waiting, which may well choose the same one again.
fn scan(machine: &Machine, state: &State, oc: OomControl) -> Scan {
    let memcg = oc.memcg;
    let mut chosen = None;
    for process in machine.process_ids() {
        if memcg.is_some() && machine.memcg_of(process) != memcg {
            continue;
        }
        if !oc.sysrq && blocks_killer(machine, state, process) {
            return Scan::Abort(process);
        }
        let points = oom_badness(machine, state, process, memcg);
        // On a tie an earlier leader keeps the choice up to 5.2.
        let last = machine.kernel.equals == Equals::Last;
        if let Some(points) = points
            && chosen.is_none_or(|(_, best)| points > best || last && points == best)
        {
            chosen = Some((process, points));
        }
    }
    match chosen {
        Some((process, points)) => Scan::Chosen(process, points),
        None => Scan::None,
    }
}

/// Whether the scan ends at this process: the heart of every livelock.
pub fn blocks_killer(machine: &Machine, state: &State, process: ProcessId) -> bool {
    if machine.process(process).traits.init {
        return false;
    }
    let threads = || machine.threads(process).map(|thread| state.task(thread));
    let marked = threads().any(|task| task.flags.has(TaskFlags::MEMDIE));
    let mm = process_mm(machine, process);
    let skip = mm.is_some_and(|mm| state.mm(mm).flags.has(MmFlags::OOM_SKIP));
    match machine.kernel.bookkeeping {
        Bookkeeping::KeepMark => {
            let exiting = machine.kernel.exiting == ExitingTask::AbortsScan
                && threads().any(|task| {
                    task.flags.has(TaskFlags::EXITING) && !task.flags.has(TaskFlags::MM_NULL)
                })
                && !coredump::is_group_coredump(machine, state, process);
            marked || exiting
        }
        Bookkeeping::ClearMark => marked,
        // 4.8 looks for a live thread's mm; without one it cannot see the flag.
        Bookkeeping::FlagSecondFailure => {
            marked && !(skip && live_thread(machine, state, process).is_some())
        }
        Bookkeeping::OomMm => {
            state
                .task(machine.process(process).leader)
                .flags
                .has(TaskFlags::OOM_MM)
                && !skip
        }
    }
}

/// Badness in pages, or `None` if the process is not eligible. `oom_score_adj` is measured
/// against all memory, or against the limit of the memory cgroup that is out of it.
pub fn oom_badness(
    machine: &Machine,
    state: &State,
    process: ProcessId,
    memcg: Option<MemcgId>,
) -> Option<i32> {
    let info = machine.process(process);
    let thread = live_thread(machine, state, process)?;
    let mm = live_mm(machine, state, thread)?;
    let unkillable = info.traits.init || is_adj_min(machine, state, process);
    let hidden = machine.kernel.bookkeeping != Bookkeeping::KeepMark
        && state.mm(mm).flags.has(MmFlags::OOM_SKIP);
    let vforked =
        machine.kernel.vforked == Vforked::Skipped && vfork::in_vfork(machine, state, process);
    if unkillable || hidden || vforked {
        return None;
    }
    let mut points = i32::from(state.mm(mm).rss());
    if info.traits.cap_sys_admin && machine.kernel.root_bonus == RootBonus::ThreePercent {
        points -= points * 3 / 100;
    }
    let total = memcg.map_or(machine.zone.total_pages, |memcg| machine.memcg(memcg).limit);
    points += i32::from(info.oom_score_adj) * i32::from(total) / 1000;
    Some(match machine.kernel.badness {
        Badness::AtLeastOne => points.max(1),
        Badness::Signed => points,
    })
}

/// `oom_score_adj` -1000: its own, or what the 4.6 reaper left behind.
fn is_adj_min(machine: &Machine, state: &State, process: ProcessId) -> bool {
    let info = machine.process(process);
    info.oom_score_adj == -1000 || state.task(info.leader).flags.has(TaskFlags::ADJ_MIN)
}

/// C1 to C8, for the thread that was chosen.
fn oom_kill_process<O: Observer>(
    cx: &mut Cx<'_, O>,
    oc: OomControl,
    process: ProcessId,
    thread: TaskId,
    points: i32,
) {
    let Some(mm) = live_mm(cx.machine, cx.state, thread) else {
        return;
    };
    let exiting = match cx.machine.kernel.short_cut {
        ShortCut::FatalSignal | ShortCut::FatalSignalReaped => {
            cx.state.task(thread).flags.has(TaskFlags::EXITING)
                && !coredump::is_group_coredump(cx.machine, cx.state, process)
        }
        ShortCut::WillFreeMem => will_free_mem(cx.machine, cx.state, process, mm),
    };
    if exiting {
        mark_oom_victim(cx, thread);
        cx.emit(Event::MarkedExiting {
            task: cx.me,
            victim: thread,
        });
        let reaped = match cx.machine.kernel.short_cut {
            ShortCut::FatalSignal => false,
            ShortCut::FatalSignalReaped => users_are_dying(cx.machine, cx.state, mm),
            ShortCut::WillFreeMem => true,
        };
        if reaped {
            oom_reaper::wake(cx, thread);
        }
        return;
    }
    let task = cx.me;
    let victim = match sacrificed(cx, oc, process, mm) {
        Some((child, thread, points)) => {
            cx.emit(Event::ChildKilled {
                task,
                parent: process,
                process: child,
                thread,
                points,
                memcg: oc.memcg,
            });
            thread
        }
        None => {
            cx.emit(Event::Killed {
                task,
                process,
                thread,
                points,
                memcg: oc.memcg,
            });
            thread
        }
    };
    kill_victim(cx, victim);
    begin_group(cx, victim);
}

/// C3: the child to kill instead, the worst of those with an mm of their own.
fn sacrificed<O: Observer>(
    cx: &Cx<'_, O>,
    oc: OomControl,
    parent: ProcessId,
    mm: MmId,
) -> Option<(ProcessId, TaskId, i32)> {
    if cx.machine.kernel.sacrifice == Sacrifice::Nobody {
        return None;
    }
    let mut worst = None;
    for child in cx.machine.process_ids() {
        let born = cx.machine.process(child).parent == Some(parent);
        let outside = oc.memcg.is_some() && cx.machine.memcg_of(child) != oc.memcg;
        if !born || outside || shares(cx.machine, cx.state, child, mm) {
            continue;
        }
        let points = oom_badness(cx.machine, cx.state, child, oc.memcg);
        if let (Some(points), Some(thread)) = (points, live_thread(cx.machine, cx.state, child))
            && points > worst.map_or(0, |(_, _, points)| points)
        {
            worst = Some((child, thread, points));
        }
    }
    worst
}

/// C5 to C8, `__oom_kill_process`.
fn kill_victim<O: Observer>(cx: &mut Cx<'_, O>, thread: TaskId) {
    let found = cx.machine.process_of(thread);
    let Some((process, mm)) = found.zip(live_mm(cx.machine, cx.state, thread)) else {
        return;
    };
    signal::send_sigkill(cx, process);
    mark_oom_victim(cx, thread);
    kill_sharers(cx, process, mm);
    if may_reap(cx, thread, mm) {
        oom_reaper::wake(cx, thread);
    }
}

/// C9, `mem_cgroup_get_oom_group`: whether the victim's cgroup dies as a whole, whoever is
/// out of memory. The killer notes whom it chose.
fn begin_group<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId) {
    let process = cx.machine.process_of(victim);
    let memcg = process.and_then(|process| cx.machine.memcg_of(process));
    let Some(memcg) = memcg.filter(|&memcg| cx.machine.memcg(memcg).oom_group) else {
        return;
    };
    if cx.machine.kernel.oom_group == OomGroup::Absent {
        return;
    }
    cx.emit(Event::GroupChosen { task: cx.me, memcg });
    let me = cx.task_mut();
    me.victim = Some(victim);
    me.tries = 0;
}

fn chose_group<O: Observer>(cx: &Cx<'_, O>) -> bool {
    cx.state.task(cx.me).victim.is_some()
}

/// C9: kills the next process of the group, the first victim's own included, thread by
/// thread: each of them is marked and handed to the reaper. Says whether there are more.
pub(crate) fn kill_group_member<O: Observer>(
    cx: &mut Cx<'_, O>,
    oom_memcg: Option<MemcgId>,
) -> bool {
    let word = cx.state.task(cx.me);
    let chosen = word.victim.and_then(|victim| cx.machine.process_of(victim));
    let memcg = chosen.and_then(|process| cx.machine.memcg_of(process));
    let from = word.tries;
    let is_next = |cx: &Cx<'_, O>, from: u8| {
        cx.machine.process_ids().find(|&process| {
            process.0 >= from
                && cx.machine.memcg_of(process) == memcg
                && !cx.machine.process(process).traits.init
                && !is_adj_min(cx.machine, cx.state, process)
                && live_thread(cx.machine, cx.state, process).is_some()
        })
    };
    if let Some(process) = is_next(cx, from) {
        let fresh = !cx.state.is_killed(cx.machine, process);
        if let Some(thread) = live_thread(cx.machine, cx.state, process)
            && fresh
        {
            cx.emit(Event::GroupKilled {
                task: cx.me,
                process,
                thread,
                memcg: oom_memcg,
            });
        }
        for thread in cx.machine.threads(process) {
            kill_victim(cx, thread);
        }
        cx.task_mut().tries = process.0 + 1;
    }
    let more = is_next(cx, cx.state.task(cx.me).tries).is_some();
    if !more {
        let me = cx.task_mut();
        me.victim = None;
        me.tries = 0;
    }
    more
}

/// C7: every other process that uses the victim's mm dies with it. Its memory is the
/// victim's, so this is no second choice.
fn kill_sharers<O: Observer>(cx: &mut Cx<'_, O>, victim: ProcessId, mm: MmId) {
    for process in cx.machine.process_ids() {
        if process == victim
            || !shares(cx.machine, cx.state, process, mm)
            || spared(cx.machine, cx.state, process).is_some()
        {
            continue;
        }
        let fresh = !cx.state.is_killed(cx.machine, process);
        if fresh {
            cx.emit(Event::SharerKilled { victim, process });
        }
        signal::send_sigkill(cx, process);
    }
}

/// Why C7 leaves a process alive that shares the victim's mm.
enum Spared {
    /// It is the global init.
    Init,
    /// Its `oom_score_adj` is -1000.
    AdjMin,
}

fn spared(machine: &Machine, state: &State, process: ProcessId) -> Option<Spared> {
    let kernel = &machine.kernel;
    if machine.process(process).traits.init {
        return (kernel.init_sharer == InitSharer::Spared).then_some(Spared::Init);
    }
    let protected = kernel.adj_sharer == AdjSharer::Spared && is_adj_min(machine, state, process);
    protected.then_some(Spared::AdjMin)
}

/// C7 and C8, `can_oom_reap`: whether the reaper may be woken for this mm, or somebody goes
/// on using it. An mm that nobody may ever reap is hidden from the killer where the kernel
/// knows that much (V08).
fn may_reap<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, mm: MmId) -> bool {
    let mut reaped = true;
    for process in cx.machine.process_ids() {
        if !shares(cx.machine, cx.state, process, mm) {
            continue;
        }
        match spared(cx.machine, cx.state, process) {
            None => {}
            Some(_) if Some(process) == cx.machine.process_of(victim) => {}
            Some(Spared::AdjMin) => reaped = false,
            Some(Spared::Init) => {
                reaped = false;
                if cx.machine.kernel.init_mm == InitMm::Hidden {
                    hide(cx, victim, cx.machine.process(process).leader, mm);
                }
            }
        }
    }
    if let Some(kthread) = kthread_user(cx.machine, cx.state, mm) {
        match cx.machine.kernel.kthread_sharer {
            KthreadSharer::NotReaped => reaped = false,
            KthreadSharer::Hidden => {
                reaped = false;
                hide(cx, victim, kthread, mm);
            }
            KthreadSharer::Reaped => {}
        }
    }
    reaped
}

fn hide<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, by: TaskId, mm: MmId) {
    cx.emit(Event::MmHidden { victim, by });
    cx.set_mm_flag(mm, MmFlags::OOM_SKIP);
}

/// `mark_oom_victim`: `TIF_MEMDIE` on one thread, from 4.9 on `oom_mm` for its group.
fn mark_oom_victim<O: Observer>(cx: &mut Cx<'_, O>, thread: TaskId) {
    // `test_and_set_tsk_thread_flag`: who is marked already is not marked again.
    if cx.state.task(thread).flags.has(TaskFlags::MEMDIE) {
        return;
    }
    cx.set_flag(thread, TaskFlags::MEMDIE, true);
    if let Some(process) = cx.machine.process_of(thread)
        && cx.machine.kernel.bookkeeping == Bookkeeping::OomMm
    {
        set_oom_mm(cx, process);
    }
    cx.disturb();
}

fn set_oom_mm<O: Observer>(cx: &mut Cx<'_, O>, process: ProcessId) {
    let leader = cx.machine.process(process).leader;
    cx.set_flag(leader, TaskFlags::OOM_MM, true);
    if let Some(mm) = process_mm(cx.machine, process) {
        cx.set_mm_flag(mm, MmFlags::OOM_VICTIM);
    }
}

/// `exit_oom_victim`: clears the mark of one thread.
pub(crate) fn exit_oom_victim<O: Observer>(cx: &mut Cx<'_, O>, thread: TaskId) {
    if cx.state.task(thread).flags.has(TaskFlags::MEMDIE) {
        cx.set_flag(thread, TaskFlags::MEMDIE, false);
        cx.emit(Event::MarkCleared { task: thread });
        cx.disturb();
    }
}

/// What the reaper leaves behind (oom.md 5.2): `reaped` says whether it freed something,
/// found nothing to do, or gave up.
pub(crate) fn reap_ended<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, end: ReapEnd) {
    let Some(mm) = cx.machine.actor(victim).mm else {
        return;
    };
    match cx.machine.kernel.bookkeeping {
        Bookkeeping::KeepMark => {
            if end == ReapEnd::Reaped {
                if let Some(process) = cx.machine.process_of(victim) {
                    let leader = cx.machine.process(process).leader;
                    cx.set_flag(leader, TaskFlags::ADJ_MIN, true);
                }
                exit_oom_victim(cx, victim);
            }
        }
        Bookkeeping::ClearMark | Bookkeeping::FlagSecondFailure => {
            let second = cx.state.mm(mm).flags.has(MmFlags::NOT_REAPABLE);
            let flags_failure = cx.machine.kernel.bookkeeping == Bookkeeping::FlagSecondFailure;
            match end {
                ReapEnd::Reaped => cx.set_mm_flag(mm, MmFlags::OOM_SKIP),
                ReapEnd::GaveUp if flags_failure && second => {
                    cx.set_mm_flag(mm, MmFlags::OOM_SKIP);
                }
                ReapEnd::GaveUp if flags_failure => cx.set_mm_flag(mm, MmFlags::NOT_REAPABLE),
                ReapEnd::GaveUp | ReapEnd::NothingToDo => {}
            }
            exit_oom_victim(cx, victim);
        }
        Bookkeeping::OomMm => cx.set_mm_flag(mm, MmFlags::OOM_SKIP),
    }
}

/// How the reaper's work on one victim ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReapEnd {
    /// It zapped what its filter lets it.
    Reaped,
    /// There was no mm any more.
    NothingToDo,
    /// Ten tries failed.
    GaveUp,
}

/// A person switched `oom_mm` on: victims that exist already get theirs.
pub(crate) fn adopt_oom_mm<O: Observer>(cx: &mut Cx<'_, O>) {
    for process in (0..cx.machine.processes.len() as u8).map(ProcessId) {
        let mut threads = cx.machine.threads(process);
        if threads.any(|thread| cx.state.task(thread).flags.has(TaskFlags::MEMDIE)) {
            set_oom_mm(cx, process);
        }
    }
}

/// Whether the task's group is a victim whose `oom_mm` is set (4.9+).
pub fn is_oom_victim(machine: &Machine, state: &State, task: TaskId) -> bool {
    machine.process_of(task).is_some_and(|process| {
        state
            .task(machine.process(process).leader)
            .flags
            .has(TaskFlags::OOM_MM)
    })
}

/// `task_will_free_mem` (4.8+): the group is exiting, the mm can still be freed, and every
/// other user of the mm is exiting too (V07).
pub(crate) fn will_free_mem(
    machine: &Machine,
    state: &State,
    process: ProcessId,
    mm: MmId,
) -> bool {
    is_dying(machine, state, process)
        && !state.mm(mm).flags.has(MmFlags::OOM_SKIP)
        && users_are_dying(machine, state, mm)
}

/// Whether the whole group is on its way out: it was killed, or its only thread exits. 4.7
/// takes a core dump for an exit; later a SIGKILL makes it one, up to 5.15.
fn is_dying(machine: &Machine, state: &State, process: ProcessId) -> bool {
    if let Some(dumper) = coredump::dumper_of(machine, state, process) {
        let killed = state.task(dumper).flags.has(TaskFlags::SIGKILL);
        return match (machine.kernel.short_cut, machine.kernel.core_dump) {
            (ShortCut::FatalSignal | ShortCut::FatalSignalReaped, _) => true,
            (ShortCut::WillFreeMem, CoreDump::InExitMm) => killed,
            (ShortCut::WillFreeMem, CoreDump::BeforeExit) => false,
        };
    }
    let info = machine.process(process);
    let exits = info.threads == 1 && state.task(info.leader).flags.has(TaskFlags::EXITING);
    let mut threads = machine.threads(process);
    let has_dumped = threads.any(|thread| state.task(thread).flags.has(TaskFlags::DUMPCORE));
    exits || has_dumped || state.is_killed(machine, process)
}

/// Whether everybody who uses this mm is on the way out. A kernel thread that adopted it
/// with `use_mm` never is.
fn users_are_dying(machine: &Machine, state: &State, mm: MmId) -> bool {
    kthread_user(machine, state, mm).is_none()
        && machine.process_ids().all(|process| {
            !shares(machine, state, process, mm) || is_dying(machine, state, process)
        })
}

/// `process_shares_mm`: a thread of the process still has this mm.
fn shares(machine: &Machine, state: &State, process: ProcessId, mm: MmId) -> bool {
    process_mm(machine, process) == Some(mm) && live_thread(machine, state, process).is_some()
}

/// A kernel thread that uses this mm after `use_mm`: it gets no SIGKILL (C7).
fn kthread_user(machine: &Machine, state: &State, mm: MmId) -> Option<TaskId> {
    machine.task_ids().find(|&task| {
        machine.actor(task).kind == Kind::Kthread
            && machine.actor(task).mm == Some(mm)
            && !state.task(task).flags.has(TaskFlags::MM_NULL)
    })
}

/// `find_lock_task_mm`: the first thread of the group that still has its mm.
pub fn live_thread(machine: &Machine, state: &State, process: ProcessId) -> Option<TaskId> {
    machine
        .threads(process)
        .find(|&thread| live_mm(machine, state, thread).is_some())
}

/// `task->mm`, `None` once the task has dropped it.
pub fn live_mm(machine: &Machine, state: &State, task: TaskId) -> Option<MmId> {
    let word = state.task(task);
    if word.flags.has(TaskFlags::MM_NULL) || word.run == Run::Exited {
        return None;
    }
    machine.actor(task).mm
}

/// The mm that the process started with.
pub fn process_mm(machine: &Machine, process: ProcessId) -> Option<MmId> {
    machine.actor(machine.process(process).leader).mm
}
