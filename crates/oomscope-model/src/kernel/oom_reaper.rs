//! `mm/oom_kill.c`, the `oom_reaper` thread, 4.6 to 6.1.
//!
//! **Models** wake_oom_reaper (Q1 to Q3), oom_reap_task and __oom_reap_task (T0 to T9),
//! oom_reap_task_mm; facts: oom.md 5.1 to 5.5.
//! What mmu notifiers add to T4 and T7 is in [`super::mmu_notifier`].
//! **Leaves out** that the timers of 5.18 run side by side: here the thread itself sleeps
//! before it turns to a victim, so the next victim's two seconds begin when it is done with
//! this one.
//!
//! On V15: up to 4.20 a task is refused only if it is the head of the list or has a
//! successor there. So the last one, and the one that the thread works on if it was the last
//! when it was taken off, can be put at the front again: by its own short cut (B3) while a
//! killer's call has it queued already, or by `memory.oom.group`, which comes to the first
//! victim a second time (S24). The last one then is visited twice, which frees nothing twice:
//! each entry has its reference, and all others are still visited; here it moves to the front
//! and is visited once. It is different for the one being worked on: `oom_reap_task` ends with
//! `tsk->oom_reaper_list = NULL`, and whoever was queued between its first and its second
//! time stands behind it and is cut off, never reaped and never put. Where nobody stands
//! behind it, its second visit would find what the first one left, and is left out.
//! **Atomic because** T1 to T6 test and take under the trylock that ends them; T7 is cut
//! per VMA, because the exiting victim may change `VM_LOCKED` between two of them; T8 and
//! T9 release and record, which commutes with what others do before the next lock.

use crate::event::{Event, Observer};
use crate::kernel::oom_kill::{self, ReapEnd};
use crate::kernel::{
    Complaint, ExitProtocol, Mmput, ReapDelay, ReapEnqueue, Reaper, ReaperLock, ReaperMm,
    ReaperQueue, fork, lock, memory, mmu_notifier,
};
use crate::machine::{Kind, MmId, Mode, OOM_LOCK, ProcessId, TaskId};
use crate::state::{MmFlags, Nap, Pc, Reap, Run, TaskFlags};
use crate::step::{Cx, Next, REAP_NEXT};

/// `MAX_OOM_REAP_RETRIES`: tries before the reaper gives up.
pub const MAX_OOM_REAP_RETRIES: u8 = 10;

/// Q1 to Q3: puts a victim at the front of the list and wakes the thread. Before there was
/// a list, `cmpxchg(&task_to_reap, NULL, victim)` failed while the slot named somebody else,
/// and nobody ever came back to this victim.
pub(crate) fn wake<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId) {
    if cx.machine.kernel.reaper == Reaper::Absent {
        return;
    }
    let Some(reaper) = cx.machine.kernel_task(Kind::OomReaper) else {
        return;
    };
    let busy_with = cx.state.task(reaper).victim;
    let rank = cx.state.listed_at(victim);
    if is_queued(cx, victim, reaper) {
        return;
    }
    let queued = cx.state.listed().next().is_some();
    if cx.machine.kernel.reaper_queue == ReaperQueue::Slot && (queued || busy_with.is_some()) {
        cx.emit(Event::ReaperBusy { victim });
        return;
    }
    // Everybody moves one back, or who stands before the place that it has already.
    let behind = if rank == 0 { u8::MAX } else { rank };
    for other in cx.state.listed() {
        if cx.state.listed_at(other) < behind {
            cx.state.task_mut(other).reap_rank += 1;
        }
    }
    cx.state.task_mut(victim).reap_rank = 1;
    cx.emit(Event::ReaperQueued { victim });
    if cx.state.task(reaper).run == Run::Idle {
        cx.state.task_mut(reaper).run = REAP_NEXT;
    }
}

/// Q1: whether the kernel takes this victim for queued already. The flag on the mm is never
/// cleared; that it was set once is to be seen here from the list, and afterwards nobody
/// asks again: `MMF_OOM_SKIP` keeps the killer and the short cut away.
fn is_queued<O: Observer>(cx: &Cx<'_, O>, victim: TaskId, reaper: TaskId) -> bool {
    let worker = cx.state.task(reaper);
    let works = |task: TaskId| worker.victim == Some(task);
    if cx.machine.kernel.reap_enqueue == ReapEnqueue::ByMm {
        let mm = cx.machine.actor(victim).mm;
        return cx.machine.task_ids().any(|task| {
            cx.machine.actor(task).mm == mm && (cx.state.listed_at(task) != 0 || works(task))
        });
    }
    let places = cx.state.listed().map(|task| cx.state.listed_at(task));
    let last = places.max().unwrap_or_default();
    let rank = cx.state.listed_at(victim);
    let linked = worker.flags.has(TaskFlags::REAPS_LINKED) || last == 0;
    rank == 1 || rank != 0 && rank < last || rank == 0 && works(victim) && linked
}

/// `tsk->oom_reaper_list = NULL` for the victim that is done: if it was queued again
/// meanwhile, this cuts off whoever stands behind it.
fn unlink<O: Observer>(cx: &mut Cx<'_, O>) {
    let me = cx.me;
    if cx.state.task(me).flags.has(TaskFlags::REAPS_LINKED) {
        cx.set_flag(me, TaskFlags::REAPS_LINKED, false);
    }
    let victim = cx.state.task(me).victim;
    let rank = victim.map(|victim| cx.state.listed_at(victim));
    let Some(rank) = rank.filter(|&rank| rank != 0) else {
        return;
    };
    for victim in cx.state.listed() {
        if cx.state.listed_at(victim) > rank {
            cx.state.task_mut(victim).reap_rank = 0;
            cx.emit(Event::ReaperLost { victim });
        }
    }
}

/// One step of the thread.
pub(crate) fn step<O: Observer>(cx: &mut Cx<'_, O>, at: Reap) -> Next {
    match at {
        Reap::Next => next_victim(cx),
        Reap::OomLock => lock::acquire(cx, OOM_LOCK, Mode::Write, Pc::Reap(Reap::Attempt)),
        Reap::Attempt => attempt(cx),
        Reap::Zap => zap(cx),
        Reap::GiveUp => give_up(cx),
        Reap::Timer => timer_over(cx),
    }
}

/// Takes the newest victim from the list.
fn next_victim<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let mut listed = cx.state.listed();
    let head = listed.find(|&task| cx.state.listed_at(task) == 1);
    let Some(victim) = head else {
        // With a single slot, which still named the last victim, this empties it.
        cx.task_mut().victim = None;
        return Next::Idle;
    };
    for task in cx.state.listed() {
        cx.state.task_mut(task).reap_rank -= 1;
    }
    let more = cx.state.listed().next().is_some();
    if more && cx.machine.kernel.reap_enqueue == ReapEnqueue::ByLink {
        cx.set_flag(cx.me, TaskFlags::REAPS_LINKED, true);
    }
    let me = cx.task_mut();
    me.victim = Some(victim);
    me.tries = 0;
    if cx.machine.kernel.reap_delay == ReapDelay::TwoSeconds {
        return Next::Nap(Nap::Hz2, Pc::Reap(Reap::Timer));
    }
    cx.emit(Event::ReaperStarts { victim });
    begin_attempt(cx)
}

/// Q2: the victim's two seconds are over. If it has freed its memory itself, that was it.
fn timer_over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some(victim) = cx.state.task(cx.me).victim else {
        return Next::Idle;
    };
    if is_skipped(cx, victim) {
        cx.emit(Event::ReapNotNeeded { victim });
        return next_job(cx);
    }
    cx.emit(Event::ReaperStarts { victim });
    begin_attempt(cx)
}

fn is_skipped<O: Observer>(cx: &Cx<'_, O>, victim: TaskId) -> bool {
    cx.machine
        .actor(victim)
        .mm
        .is_some_and(|mm| cx.state.mm(mm).flags.has(MmFlags::OOM_SKIP))
}

fn begin_attempt<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    match cx.machine.kernel.reaper_lock {
        ReaperLock::NotTaken => Next::Go(Pc::Reap(Reap::Attempt)),
        ReaperLock::Taken => Next::Go(Pc::Reap(Reap::OomLock)),
    }
}

/// T1 to T6: finds the mm, tries its `mmap_sem` for reading.
fn attempt<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some(victim) = cx.state.task(cx.me).victim else {
        return Next::Idle;
    };
    let found = match cx.machine.kernel.reaper_mm {
        ReaperMm::PinsUsers => cx
            .machine
            .process_of(victim)
            .and_then(|process| oom_kill::live_thread(cx.machine, cx.state, process))
            .and_then(|thread| oom_kill::live_mm(cx.machine, cx.state, thread))
            .filter(|&mm| cx.state.mm(mm).users > 0),
        ReaperMm::MmgetNotZero | ReaperMm::PinsCount => cx.machine.actor(victim).mm,
    };
    let Some(mm) = found else {
        return nothing_to_do(cx, victim);
    };
    let mmap_sem = cx.machine.mmap_sem(mm);
    if !lock::can_trylock(cx.machine, cx.state, mmap_sem, Mode::Read) {
        return failed(cx, mmap_sem);
    }
    if mmu_notifier::is_skipped(cx.machine, cx.state, mm) {
        return mmu_notifier::skip(cx, victim, mm);
    }
    match cx.machine.kernel.reaper_mm {
        ReaperMm::PinsUsers => pin(cx, mm),
        ReaperMm::MmgetNotZero if cx.state.mm(mm).users == 0 => return nothing_to_do(cx, victim),
        ReaperMm::MmgetNotZero => pin(cx, mm),
        ReaperMm::PinsCount => {
            let flags = cx.state.mm(mm).flags;
            if flags.has(MmFlags::OOM_SKIP) || flags.has(MmFlags::GONE) {
                return nothing_to_do(cx, victim);
            }
            if flags.has(MmFlags::UNSTABLE)
                && let Some(next) = refused(cx, victim, mm)
            {
                return next;
            }
        }
    }
    lock::take(cx, mmap_sem, Mode::Read);
    if cx.machine.kernel.reaper_mm != ReaperMm::PinsUsers {
        cx.set_mm_flag(mm, MmFlags::UNSTABLE);
    }
    let me = cx.task_mut();
    me.mm_job = Some(mm);
    me.todo = 0;
    me.notifier.partial = false;
    Next::Go(Pc::Reap(Reap::Zap))
}

fn pin<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) {
    cx.state.mm_mut(mm).users += 1;
    cx.set_flag(cx.me, TaskFlags::PINS_MM, true);
}

/// P01 and P02: the exiting task has claimed the mm.
fn refused<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, mm: MmId) -> Option<Next> {
    let skips = match cx.machine.kernel.exit_mmap {
        ExitProtocol::UnstableV1 => true,
        ExitProtocol::UnstableV2 => false,
        _ => return None,
    };
    cx.emit(Event::ReaperRefused { victim, mm });
    if skips {
        oom_kill::reap_ended(cx, victim, ReapEnd::NothingToDo);
    }
    Some(next_job(cx))
}

/// T7: looks at one VMA, and zaps it unless mmu notifiers come first.
fn zap<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let word = cx.state.task(cx.me);
    let Some(mm) = word.mm_job else {
        return Next::Idle;
    };
    let vma = usize::from(word.todo);
    if memory::is_reapable(cx.machine, cx.state, mm, vma) {
        return mmu_notifier::begin(cx, mm);
    }
    cx.emit(Event::VmaSkipped { mm, vma: vma as u8 });
    next_vma(cx, mm)
}

/// Goes to the next VMA; after the last one T8 and T9.
pub(crate) fn next_vma<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let Some(victim) = cx.state.task(cx.me).victim else {
        return Next::Idle;
    };
    let vmas = cx.machine.mms[mm.0 as usize].vmas.len();
    let me = cx.task_mut();
    me.notifier.at = 0;
    me.notifier.failed = false;
    if usize::from(me.todo) + 1 < vmas {
        me.todo += 1;
        return Next::Go(Pc::Reap(Reap::Zap));
    }
    if core::mem::take(&mut me.notifier.partial) {
        return partial(cx, victim, mm);
    }
    cx.emit(Event::Reaped { victim, mm });
    lock::release(cx, cx.machine.mmap_sem(mm));
    oom_kill::reap_ended(cx, victim, ReapEnd::Reaped);
    cx.task_mut().todo = 0;
    if !cx.state.task(cx.me).flags.has(TaskFlags::PINS_MM) {
        cx.task_mut().mm_job = None;
        return next_job(cx);
    }
    cx.set_flag(cx.me, TaskFlags::PINS_MM, false);
    lock::release(cx, OOM_LOCK);
    mmput(cx, mm)
}

/// T8 from 4.19 on: a notifier kept some VMA from being reaped, which counts as a failed
/// try. What is gone is gone, so trying again costs nothing.
fn partial<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, mm: MmId) -> Next {
    lock::release(cx, cx.machine.mmap_sem(mm));
    let me = cx.task_mut();
    me.mm_job = None;
    me.todo = 0;
    me.tries += 1;
    let tries = me.tries;
    cx.emit(Event::PartlyReaped { victim, mm, tries });
    nap_after_failure(cx)
}

/// T9: drops the reference that T2 or T4 took.
fn mmput<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let users = &mut cx.state.mm_mut(mm).users;
    *users -= 1;
    let last = *users == 0;
    match cx.machine.kernel.mmput {
        Mmput::Synchronous if last => return fork::mmput(cx, mm),
        Mmput::Asynchronous if last => fork::mmput_async(cx, mm),
        _ => {}
    }
    cx.task_mut().mm_job = None;
    next_job(cx)
}

/// A try failed: 100 ms, then again, after ten tries no more.
fn failed<O: Observer>(cx: &mut Cx<'_, O>, mmap_sem: crate::machine::LockId) -> Next {
    let me = cx.task_mut();
    me.tries += 1;
    let tries = me.tries;
    cx.emit(Event::TrylockFailed {
        task: cx.me,
        lock: mmap_sem,
        tries,
    });
    nap_after_failure(cx)
}

fn nap_after_failure<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    lock::release(cx, OOM_LOCK);
    let next = if cx.state.task(cx.me).tries >= MAX_OOM_REAP_RETRIES {
        Reap::GiveUp
    } else {
        match cx.machine.kernel.reaper_lock {
            ReaperLock::NotTaken => Reap::Attempt,
            ReaperLock::Taken => Reap::OomLock,
        }
    };
    Next::Nap(Nap::Hz10, Pc::Reap(next))
}

fn nothing_to_do<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId) -> Next {
    cx.emit(Event::NothingToReap { victim });
    oom_kill::reap_ended(cx, victim, ReapEnd::NothingToDo);
    next_job(cx)
}

fn give_up<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let Some(victim) = cx.state.task(cx.me).victim else {
        return Next::Idle;
    };
    if cx.machine.kernel.complaint == Complaint::UnlessSkipped && is_skipped(cx, victim) {
        cx.emit(Event::ReapNotNeeded { victim });
    } else {
        cx.emit(Event::UnableToReap { victim });
    }
    oom_kill::reap_ended(cx, victim, ReapEnd::GaveUp);
    next_job(cx)
}

/// Done with this victim: gives `oom_lock` back and looks at the list again. A single slot
/// is emptied one step later, and whoever is killed in between is lost too.
pub(crate) fn next_job<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    lock::release(cx, OOM_LOCK);
    cx.task_mut().tries = 0;
    unlink(cx);
    if cx.machine.kernel.reaper_queue == ReaperQueue::Slot {
        return Next::Go(Pc::Reap(Reap::Next));
    }
    cx.task_mut().victim = None;
    let more = cx.state.listed().next().is_some();
    if more {
        Next::Go(Pc::Reap(Reap::Next))
    } else {
        Next::Idle
    }
}

/// A person switched the reaper on: victims that nobody has reaped are handed to it.
pub(crate) fn adopt_victims<O: Observer>(cx: &mut Cx<'_, O>) {
    for process in (0..cx.machine.processes.len() as u8).map(ProcessId) {
        let mut marked = cx.machine.threads(process);
        if oom_kill::blocks_killer(cx.machine, cx.state, process)
            && let Some(victim) =
                marked.find(|&thread| cx.state.task(thread).flags.has(TaskFlags::MEMDIE))
        {
            wake(cx, victim);
        }
    }
}

/// A person switched the reaper off: it finishes an attempt under way and forgets the rest.
pub(crate) fn retire<O: Observer>(cx: &mut Cx<'_, O>) {
    for task in &mut cx.state.tasks[..cx.state.task_count as usize] {
        task.reap_rank = 0;
    }
    let Some(reaper) = cx.machine.kernel_task(Kind::OomReaper) else {
        return;
    };
    let word = cx.state.task_mut(reaper);
    let between_attempts = matches!(
        word.run,
        Run::Asleep {
            pc: Pc::Reap(_),
            ..
        } | Run::Ready(Pc::Reap(Reap::Next | Reap::OomLock))
    );
    if between_attempts {
        word.run = Run::Idle;
        word.victim = None;
        word.tries = 0;
    }
}
