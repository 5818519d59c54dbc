//! `drivers/tty/sysrq.c`, 3.19 to 6.1: an OOM kill that a person asks for.
//!
//! **Models** sysrq_handle_moom and moom_callback: the request is a work item, and a kworker
//! calls out_of_memory for it, with order -1, which leaves out the abort rule; facts: oom.md
//! 4.1 (other entries), 4.2 B2, B6 and B9, 4.3, row K06.
//! **Leaves out** the keyboard, and every kworker but one: while that one waits in somebody's
//! exit_mmap the request waits too. In the kernel that happens if there is no memory for
//! another kworker, which is when people press the keys.
//! **Atomic because** what out_of_memory does is one step as it is for an allocator
//! ([`super::page_alloc`]); the wait for `oom_lock`, the callbacks of `oom_notify_list` and
//! the jiffy after the kill are steps of their own. Up to 4.1 there is no lock to hold over
//! them.

use crate::event::{Event, Observer};
use crate::kernel::oom_kill::{self, OomControl, Verdict};
use crate::kernel::{KillNap, Sysrq, SysrqNotified, fork, lock};
use crate::machine::{Kind, Mode, OOM_LOCK};
use crate::state::{Moom, Nap, Pc, Run, StateFlags};
use crate::step::{Cx, Next};

/// `sysrq_handle_moom`: `schedule_work(&moom_work)`. Who presses twice before the kworker
/// begins has pressed once.
pub(crate) fn handle_moom<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    cx.emit(Event::SysrqF { task: cx.me });
    cx.state.flags.0 |= StateFlags::MOOM;
    if let Some(kworker) = cx.machine.kernel_task(Kind::Kworker)
        && cx.state.task(kworker).run == Run::Idle
    {
        let me = core::mem::replace(&mut cx.me, kworker);
        let next = next_work(cx);
        cx.settle(next);
        cx.me = me;
    }
    Next::LineDone
}

/// What the kworker does next: this, or an address space that was handed to it.
pub(crate) fn next_work<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if !cx.state.flags.has(StateFlags::MOOM) {
        return fork::next_mmput(cx);
    }
    cx.state.flags.0 &= !StateFlags::MOOM;
    Next::Go(Pc::Moom(Moom::Lock))
}

/// One step of `moom_callback`.
pub(crate) fn step<O: Observer>(cx: &mut Cx<'_, O>, at: Moom) -> Next {
    match at {
        Moom::Lock => mutex_lock(cx),
        Moom::Notify => notified(cx, oom_kill::notify),
        Moom::Notified => notified(cx, oom_kill::notify_waited),
        Moom::Scan => out_of_memory(cx),
        Moom::KillNap => over(cx),
        Moom::Group if oom_kill::kill_group_member(cx, None) => Next::Go(Pc::Moom(Moom::Group)),
        Moom::Group => killed(cx),
    }
}

/// Waits for `oom_lock` uninterruptibly. It is held where somebody else could tell.
fn mutex_lock<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    cx.task_mut().tries = 0;
    let notifies = !cx.machine.oom_notifiers.is_empty();
    let then = Pc::Moom(if notifies { Moom::Notify } else { Moom::Scan });
    match cx.machine.kernel.sysrq {
        Sysrq::ForceKill if notifies => Next::Go(then),
        Sysrq::ForceKill => out_of_memory(cx),
        Sysrq::OrderMinusOne if notifies => lock::acquire(cx, OOM_LOCK, Mode::Write, then),
        Sysrq::OrderMinusOne if !lock::can_trylock(cx.machine, cx.state, OOM_LOCK, Mode::Write) => {
            Next::Queue(OOM_LOCK, Mode::Write, then)
        }
        Sysrq::OrderMinusOne => out_of_memory(cx),
    }
}

/// B2 as for an allocator, but what comes next is a step of the work item.
fn notified<O: Observer>(cx: &mut Cx<'_, O>, call: fn(&mut Cx<'_, O>) -> Next) -> Next {
    match call(cx) {
        Next::Go(Pc::AllocNotify) => Next::Go(Pc::Moom(Moom::Notify)),
        Next::Queue(on, mode, Pc::AllocNotified) => Next::Queue(on, mode, Pc::Moom(Moom::Notified)),
        // Something was freed, and `oom_lock` is given back.
        Next::Go(Pc::AllocTry) => match cx.machine.kernel.sysrq_notified {
            SysrqNotified::Enough => over(cx),
            SysrqNotified::KillsAnyway => out_of_memory(cx),
        },
        _ => out_of_memory(cx),
    }
}

/// B5 to B9.
fn out_of_memory<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    let oc = OomControl {
        sysrq: true,
        ..OomControl::GLOBAL
    };
    match oom_kill::out_of_memory(cx, oc) {
        Verdict::Killed => killed(cx),
        Verdict::KilledGroup => {
            hold(cx);
            Next::Go(Pc::Moom(Moom::Group))
        }
        _ => over(cx),
    }
}

/// B10.
fn killed<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if cx.machine.kernel.kill_nap == KillNap::None {
        return over(cx);
    }
    hold(cx);
    Next::Nap(Nap::Jiffy, Pc::Moom(Moom::KillNap))
}

/// From here on somebody else could tell that `oom_lock` is taken.
fn hold<O: Observer>(cx: &mut Cx<'_, O>) {
    let held = cx.state.task(cx.me).held.mode(OOM_LOCK).is_some();
    if !held && cx.machine.kernel.sysrq == Sysrq::OrderMinusOne {
        lock::take(cx, OOM_LOCK, Mode::Write);
    }
}

fn over<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    lock::release(cx, OOM_LOCK);
    next_work(cx)
}
