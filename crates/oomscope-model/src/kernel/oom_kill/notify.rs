//! `oom_notify_list` (B2): each callback is a step of its own.

use crate::event::{Event, Observer};
use crate::kernel::lock;
use crate::machine::{Mode, NotifierWait, OOM_LOCK};
use crate::state::Pc;
use crate::step::{Cx, Next, kernel_pages};

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
