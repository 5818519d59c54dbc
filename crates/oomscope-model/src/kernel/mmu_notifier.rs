//! `mm/mmu_notifier.c` and its users, 4.6 to 5.12, as the `oom_reaper` thread meets them.
//!
//! Some hardware and some hypervisors have page tables of their own over a process's
//! memory. Whoever unmaps that memory must first tell them: `invalidate_range_start`, then
//! the pages go, then `invalidate_range_end`. Both calls run code of drivers, which takes
//! the drivers' locks; and the reaper is the one thread that must never wait for somebody
//! who waits for memory. How the reaper treats such an address space changed five times.
//!
//! **Models** invalidate_range_start and invalidate_range_end over an ordered list, once
//! per VMA (T7), what the reaper does with such an mm in each era (T4), mmu_notifier_release
//! (M1) with its synchronize_srcu, and who in a driver is left behind by a start without an
//! end; facts: oom.md 7. Users of notifiers are rows of [`Ops`], not code.
//! **Leaves out** notifiers that a program's own munmap calls, the `->release` callbacks
//! themselves, and the worker that i915 and xen flush: the caller stands in the queue of the
//! lock that the worker needs, which is the same wait.
//! **Atomic because** one callback runs under its driver's own locks; the cuts are between
//! two callbacks and where a callback waits. A lock that is free is taken and given back
//! within the callback, which nobody can tell from not taking it.

use crate::event::{Event, Observer};
use crate::kernel::oom_kill::{self, ReapEnd};
use crate::kernel::{HmmStart, Kernel, NotifierPairing, ReaperNotifiers};
use crate::kernel::{lock, memory, oom_reaper, srcu};
use crate::machine::{LockClass, LockId, Machine, MmId, Mode, Notifier, TaskId};
use crate::state::{MmFlags, Nap, Notify, Pc, State, StateFlags, TaskFlags};
use crate::step::{Cx, Next};

/// Who registered a notifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum User {
    /// KVM: a spinlock and a count.
    Kvm,
    /// i915 userptr: in blocking mode flushes a work item that needs `struct_mutex`.
    I915,
    /// amdgpu: holds its rwsem from start to end.
    Amdgpu,
    /// radeon: a mutex in start.
    Radeon,
    /// Xen's gntdev: a mutex in start.
    XenGntdev,
    /// InfiniBand on-demand paging: tries its rwsem in start and *waits* for it in end.
    Odp,
    /// HMM: nothing in start and a wait in end (4.19), or a trylock in start (4.20).
    Hmm,
    /// A module of somebody's own.
    OutOfTree {
        /// What its range_start does.
        start: Start,
        /// What its range_end does.
        end: End,
    },
}

/// How `invalidate_range_start` takes the driver's lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// It sleeps for nothing.
    NoLock,
    /// Waits for it in blocking mode; otherwise tries it, and fails with -EAGAIN.
    Tries,
    /// Waits for it in either mode.
    Waits,
    /// In blocking mode, and if an object lies in the range: waits for it.
    WaitsForObject,
    /// Fails with -EAGAIN whenever it may not block.
    Refuses,
}

/// What `invalidate_range_end` does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// There is none.
    None,
    /// It sleeps for nothing.
    Quiet,
    /// Waits for the driver's lock: nothing tells it that its caller must not block.
    Waits,
}

/// What stays behind from start to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeps {
    /// Nothing.
    Nothing,
    /// A count above zero, at which the driver's own faults are retried.
    Count,
    /// The driver's lock, held for reading by nobody in particular.
    Lock,
}

/// One row of the table of users (oom.md 7.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ops {
    /// How range_start takes its lock.
    pub start: Start,
    /// In non-blocking mode an object in the range makes range_start fail with -EAGAIN.
    pub fails_on_object: bool,
    /// What stays behind until range_end.
    pub keeps: Keeps,
    /// What range_end does.
    pub end: End,
    /// Maps pages without holding a reference on them: whoever frees them without telling
    /// leaves it with memory of somebody else.
    pub borrows: bool,
}

/// The row of a user in this kernel.
pub fn ops(kernel: &Kernel, user: User) -> Ops {
    let row = |start, fails_on_object, keeps, end, borrows| Ops {
        start,
        fails_on_object,
        keeps,
        end,
        borrows,
    };
    match user {
        User::Kvm => row(Start::NoLock, false, Keeps::Count, End::Quiet, true),
        User::I915 => row(
            Start::WaitsForObject,
            true,
            Keeps::Nothing,
            End::None,
            false,
        ),
        User::Amdgpu => row(Start::Waits, true, Keeps::Lock, End::Quiet, false),
        User::Radeon => row(Start::Tries, true, Keeps::Nothing, End::None, false),
        User::XenGntdev => row(Start::Tries, true, Keeps::Nothing, End::None, false),
        User::Odp => row(Start::Tries, true, Keeps::Count, End::Waits, true),
        User::Hmm => match kernel.hmm {
            HmmStart::Counts => row(Start::NoLock, false, Keeps::Nothing, End::Waits, true),
            HmmStart::Refuses => row(Start::Refuses, false, Keeps::Nothing, End::Waits, true),
            HmmStart::Tries => row(Start::Tries, false, Keeps::Nothing, End::None, true),
        },
        User::OutOfTree { start, end } => row(start, false, Keeps::Nothing, end, true),
    }
}

/// Whether the driver may call itself `MMU_INVALIDATE_DOES_NOT_BLOCK` (4.16 to 4.19).
fn does_not_block(ops: Ops) -> bool {
    ops.start == Start::NoLock && ops.end != End::Waits
}

/// `mm_has_notifiers`: false once M1 has emptied the list.
pub fn has_notifiers(machine: &Machine, state: &State, mm: MmId) -> bool {
    !machine.mms[mm.0 as usize].notifiers.is_empty()
        && !state.mm(mm).flags.has(MmFlags::NOTIFIERS_GONE)
}

/// T4: whether the reaper leaves this mm alone because of its notifiers.
pub fn is_skipped(machine: &Machine, state: &State, mm: MmId) -> bool {
    let may_block = || {
        let mut notifiers = machine.mms[mm.0 as usize].notifiers.iter();
        notifiers.any(|notifier| !does_not_block(ops(&machine.kernel, notifier.user)))
    };
    has_notifiers(machine, state, mm)
        && match machine.kernel.notifiers {
            ReaperNotifiers::Ignored | ReaperNotifiers::NonBlocking | ReaperNotifiers::Blocking => {
                false
            }
            ReaperNotifiers::SkipMm => true,
            ReaperNotifiers::SkipBlockable => may_block(),
        }
}

/// Whether T7 of this mm calls the notifiers at all.
fn are_called<O: Observer>(cx: &Cx<'_, O>, mm: MmId) -> bool {
    cx.machine.kernel.notifiers != ReaperNotifiers::Ignored
        && has_notifiers(cx.machine, cx.state, mm)
}

/// T4 of 4.14: drops `mmap_sem`, which nobody could see, and sleeps a second as if that
/// were a reap, with `oom_lock` held.
pub(crate) fn skip<O: Observer>(cx: &mut Cx<'_, O>, victim: TaskId, mm: MmId) -> Next {
    cx.emit(Event::NotifiersSkipped { victim, mm });
    Next::Nap(Nap::Hz, Pc::Notify(Notify::Skipped))
}

/// T7 on the VMA in `todo`, which the reaper may take: the first call, or at once the zap.
pub(crate) fn begin<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    if !are_called(cx, mm) {
        let vma = usize::from(cx.state.task(cx.me).todo);
        borrow_freed(cx, mm, vma);
        memory::zap(cx, mm, vma);
        return oom_reaper::next_vma(cx, mm);
    }
    let call = &mut cx.task_mut().notifier;
    call.at = 0;
    call.failed = false;
    if let Some(domain) = srcu::domain(cx.machine) {
        srcu::read_lock(cx, domain);
    }
    range_start(cx, mm)
}

/// One step inside the calls of one VMA.
pub(crate) fn step<O: Observer>(cx: &mut Cx<'_, O>, at: Notify) -> Next {
    let task = cx.state.task(cx.me);
    match (at, task.mm_job, task.victim) {
        (Notify::Skipped, _, Some(victim)) => {
            oom_kill::reap_ended(cx, victim, ReapEnd::Reaped);
            oom_reaper::next_job(cx)
        }
        (Notify::Start, Some(mm), _) => range_start(cx, mm),
        (Notify::StartLocked, Some(mm), _) => {
            goes_on(cx, mm);
            let next = start_locked(cx, mm);
            give_back_unless_kept(cx, mm);
            finish_start(cx, mm, next)
        }
        (Notify::Zap, Some(mm), _) => zap(cx, mm),
        (Notify::End, Some(mm), _) => range_end(cx, mm),
        (Notify::EndLocked, Some(mm), _) => {
            goes_on(cx, mm);
            if let Some(held) = notifier(cx, mm).and_then(|notifier| notifier.lock) {
                lock::release(cx, held);
            }
            end_called(cx, mm)
        }
        _ => Next::Idle,
    }
}

fn goes_on<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) {
    let (task, notifier) = (cx.me, cx.state.task(cx.me).notifier.at);
    cx.emit(Event::CallbackGoesOn { task, mm, notifier });
}

/// Only amdgpu returns from range_start with its lock held.
fn give_back_unless_kept<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) {
    let held = notifier(cx, mm).and_then(|notifier| notifier.lock);
    if let (Some(held), Keeps::Nothing | Keeps::Count) = (held, keeps(cx, mm)) {
        lock::release(cx, held);
    }
}

fn notifier<'m, O>(cx: &Cx<'m, O>, mm: MmId) -> Option<&'m Notifier> {
    let at = usize::from(cx.state.tasks[cx.me.0 as usize].notifier.at);
    cx.machine.mms[mm.0 as usize].notifiers.get(at)
}

fn row<O>(cx: &Cx<'_, O>, mm: MmId) -> Option<Ops> {
    notifier(cx, mm).map(|notifier| ops(&cx.machine.kernel, notifier.user))
}

fn keeps<O>(cx: &Cx<'_, O>, mm: MmId) -> Keeps {
    row(cx, mm).map_or(Keeps::Nothing, |ops| ops.keeps)
}

/// Whether an object of the current notifier lies in the current VMA.
fn has_object<O>(cx: &Cx<'_, O>, mm: MmId) -> bool {
    let vma = cx.state.tasks[cx.me.0 as usize].todo;
    notifier(cx, mm).is_some_and(|notifier| notifier.vmas >> vma & 1 != 0)
}

/// How a driver takes its own lock: readers may share an rwsem, a mutex has one owner.
fn mode(machine: &Machine, lock: LockId) -> Mode {
    match machine.locks[lock.0 as usize].class {
        LockClass::Rwsem => Mode::Read,
        _ => Mode::Write,
    }
}

/// What one call came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Well,
    Again,
}

/// `invalidate_range_start` of the notifier in `at`.
fn range_start<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let (Some(notifier), Some(ops)) = (notifier(cx, mm), row(cx, mm)) else {
        return starts_done(cx, mm);
    };
    let index = cx.state.task(cx.me).notifier.at;
    let task = cx.me;
    cx.emit(Event::RangeStart {
        task,
        mm,
        notifier: index,
    });
    let blocks = cx.machine.kernel.notifiers != ReaperNotifiers::NonBlocking;
    let waits = match ops.start {
        Start::NoLock => false,
        Start::Tries => blocks,
        Start::Waits => true,
        Start::WaitsForObject => blocks && has_object(cx, mm),
        Start::Refuses => false,
    };
    let came = match notifier.lock {
        // Somebody in this thread has it already: amdgpu counts how deep.
        Some(lock) if cx.state.task(cx.me).held.mode(lock).is_some() => start_locked(cx, mm),
        Some(lock) if waits => {
            let mode = mode(cx.machine, lock);
            if !lock::can_lock(cx.machine, cx.state, lock, mode) {
                return Next::Queue(lock, mode, Pc::Notify(Notify::StartLocked));
            }
            lock::take(cx, lock, mode);
            let came = start_locked(cx, mm);
            give_back_unless_kept(cx, mm);
            came
        }
        Some(lock)
            if ops.start == Start::Tries
                && !lock::can_trylock(cx.machine, cx.state, lock, mode(cx.machine, lock)) =>
        {
            Came::Again
        }
        _ if ops.start == Start::Refuses && !blocks => Came::Again,
        _ => start_locked(cx, mm),
    };
    finish_start(cx, mm, came)
}

/// The rest of range_start, after its lock: what it keeps, and whether an object is in the
/// way. ODP counts first and does not take that back; amdgpu gives its lock back.
fn start_locked<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Came {
    let (Some(notifier), Some(ops)) = (notifier(cx, mm), row(cx, mm)) else {
        return Came::Well;
    };
    let blocks = cx.machine.kernel.notifiers != ReaperNotifiers::NonBlocking;
    let fails = ops.fails_on_object && !blocks && has_object(cx, mm);
    if ops.keeps == Keeps::Count
        && let Some(count) = notifier.count
    {
        srcu::read_lock(cx, count);
    }
    if fails && ops.keeps == Keeps::Lock {
        let leaked = is_leaked(cx, mm);
        if let (Some(held), false) = (notifier.lock, leaked) {
            lock::release(cx, held);
        }
    }
    if fails { Came::Again } else { Came::Well }
}

/// All starts are called, also after one has failed; the last error wins.
fn finish_start<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, came: Came) -> Next {
    let at = cx.state.task(cx.me).notifier.at;
    if came == Came::Again {
        let paired = cx.machine.kernel.pairing == NotifierPairing::Paired;
        cx.emit(Event::RangeStartFailed {
            task: cx.me,
            mm,
            notifier: at,
            warned: paired && row(cx, mm).is_some_and(|ops| ops.end != End::None),
        });
        cx.task_mut().notifier.failed = true;
    }
    cx.task_mut().notifier.at = at + 1;
    if notifier(cx, mm).is_some() {
        return Next::Go(Pc::Notify(Notify::Start));
    }
    starts_done(cx, mm)
}

/// After the last range_start.
fn starts_done<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    if !cx.state.task(cx.me).notifier.failed {
        leave_srcu(cx);
        return Next::Go(Pc::Notify(Notify::Zap));
    }
    cx.task_mut().notifier.partial = true;
    match cx.machine.kernel.pairing {
        NotifierPairing::Paired => next_end(cx, mm, 0),
        NotifierPairing::Unpaired => {
            leave_srcu(cx);
            leak(cx, mm);
            oom_reaper::next_vma(cx, mm)
        }
    }
}

fn leave_srcu<O: Observer>(cx: &mut Cx<'_, O>) {
    if let Some(domain) = srcu::domain(cx.machine) {
        lock::release(cx, domain);
    }
}

/// The zap itself; the ends come next.
fn zap<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let vma = usize::from(cx.state.task(cx.me).todo);
    memory::zap(cx, mm, vma);
    next_end(cx, mm, 0)
}

/// Pages went while somebody who holds no reference on them was not told.
fn borrow_freed<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, vma: usize) {
    let kernel = &cx.machine.kernel;
    let untold = kernel.notifiers == ReaperNotifiers::Ignored
        && has_notifiers(cx.machine, cx.state, mm)
        && cx.state.mm(mm).vmas[vma].pages > 0;
    let borrowed = cx.machine.mms[mm.0 as usize]
        .notifiers
        .iter()
        .any(|it| ops(kernel, it.user).borrows && it.vmas >> vma & 1 != 0);
    if untold && borrowed {
        cx.state.mm_mut(mm).flags.0 |= MmFlags::STALE;
        cx.emit(Event::NobodyTold { mm });
    }
}

/// Goes to the first notifier from this place on that has a range_end.
fn next_end<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, from: u8) -> Next {
    let kernel = &cx.machine.kernel;
    let found = cx.machine.mms[mm.0 as usize]
        .notifiers
        .iter()
        .enumerate()
        .skip(usize::from(from))
        .find(|(_, it)| ops(kernel, it.user).end != End::None);
    match found {
        Some((at, _)) => {
            cx.task_mut().notifier.at = at as u8;
            Next::Go(Pc::Notify(Notify::End))
        }
        None => {
            leave_srcu(cx);
            oom_reaper::next_vma(cx, mm)
        }
    }
}

/// `invalidate_range_end` of the notifier in `at`.
fn range_end<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let Some(domain) = srcu::domain(cx.machine) else {
        return oom_reaper::next_vma(cx, mm);
    };
    let inside = cx.state.task(cx.me).held.mode(domain).is_some();
    if !inside && !has_notifiers(cx.machine, cx.state, mm) {
        // M1 came between start and end: there is nobody on the list to call.
        leak(cx, mm);
        return oom_reaper::next_vma(cx, mm);
    }
    srcu::read_lock(cx, domain);
    let (Some(notifier), Some(ops)) = (notifier(cx, mm), row(cx, mm)) else {
        return next_end(cx, mm, u8::MAX);
    };
    let index = cx.state.task(cx.me).notifier.at;
    cx.emit(Event::RangeEnd {
        task: cx.me,
        mm,
        notifier: index,
    });
    match notifier.lock {
        Some(lock) if ops.end == End::Waits && cx.state.task(cx.me).held.mode(lock).is_none() => {
            let mode = mode(cx.machine, lock);
            if !lock::can_lock(cx.machine, cx.state, lock, mode) {
                return Next::Queue(lock, mode, Pc::Notify(Notify::EndLocked));
            }
            end_called(cx, mm)
        }
        _ => end_called(cx, mm),
    }
}

/// range_end has what it wanted: gives back what range_start kept.
fn end_called<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let at = cx.state.task(cx.me).notifier.at;
    let leaked = is_leaked(cx, mm);
    let kept = notifier(cx, mm).and_then(|notifier| match keeps(cx, mm) {
        Keeps::Nothing => None,
        Keeps::Count => notifier.count,
        Keeps::Lock => notifier.lock,
    });
    if let (Some(kept), false) = (kept, leaked) {
        lock::release(cx, kept);
    }
    next_end(cx, mm, at + 1)
}

fn is_leaked<O>(cx: &Cx<'_, O>, mm: MmId) -> bool {
    let at = cx.state.tasks[cx.me.0 as usize].notifier.at;
    let flags = cx.state.mms[mm.0 as usize].flags;
    flags.has(MmFlags::UNPAIRED << at)
}

/// Every start that left something behind and will never see its end.
fn leak<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) {
    for (at, notifier) in cx.machine.mms[mm.0 as usize].notifiers.iter().enumerate() {
        let kept = match ops(&cx.machine.kernel, notifier.user).keeps {
            Keeps::Nothing => None,
            Keeps::Count => notifier.count,
            Keeps::Lock => notifier.lock,
        };
        let bit = MmFlags::UNPAIRED << at;
        let held = kept.is_some_and(|kept| cx.state.task(cx.me).held.mode(kept).is_some());
        if held && !cx.state.mm(mm).flags.has(bit) {
            cx.state.mm_mut(mm).flags.0 |= bit;
            cx.emit(Event::Unpaired {
                mm,
                notifier: at as u8,
            });
        }
    }
}

/// M1: the list becomes empty, and nobody of it is called again; then waits until no
/// callback of any mm is under way. `None` when there is nothing to wait for.
pub(crate) fn release<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId, pc: Pc) -> Option<Next> {
    if !has_notifiers(cx.machine, cx.state, mm) {
        return None;
    }
    cx.state.mm_mut(mm).flags.0 |= MmFlags::NOTIFIERS_GONE;
    cx.emit(Event::NotifiersReleased { task: cx.me, mm });
    let domain = srcu::domain(cx.machine)?;
    srcu::synchronize(cx, domain, pc)
}

/// `guest_access`: a vcpu or a device touches memory through its own page tables. A fault
/// there is retried while an invalidation is under way; a vcpu that has left the guest and
/// was killed goes no further.
pub(crate) fn guest_access<O: Observer>(cx: &mut Cx<'_, O>, mm: MmId) -> Next {
    let task = cx.me;
    if cx.state.mm(mm).flags.has(MmFlags::STALE) && has_notifiers(cx.machine, cx.state, mm) {
        cx.state.flags.0 |= StateFlags::CORRUPT;
        cx.emit(Event::GuestUsedFreed { task, mm });
        return out_of_guest(cx);
    }
    let mut counts = cx.machine.mms[mm.0 as usize]
        .notifiers
        .iter()
        .filter_map(|it| it.count);
    let raised = counts.find(|&count| !srcu::is_quiet(cx.state, count));
    let Some(count) = raised else {
        cx.emit(Event::GuestAccess { task, mm });
        return out_of_guest(cx);
    };
    if is_killed(cx) {
        return out_of_guest(cx);
    }
    Next::Queue(count, Mode::Write, Pc::LineDone)
}

fn is_killed<O>(cx: &Cx<'_, O>) -> bool {
    let task = &cx.state.tasks[cx.me.0 as usize];
    task.flags.has(TaskFlags::SIGKILL)
}

fn out_of_guest<O: Observer>(cx: &mut Cx<'_, O>) -> Next {
    if is_killed(cx) && cx.state.task(cx.me).held.is_empty() {
        return Next::Go(Pc::ExitLock);
    }
    Next::LineDone
}
