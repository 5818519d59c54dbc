//! Changes from outside: a patch switched, a signal sent, pages given back.

use crate::event::{Event, Observer};
use crate::kernel::{
    Bookkeeping, Kernel, Reaper, TransReserve, coredump, lock, oom_kill, oom_reaper, signal,
    vmscan, xfs,
};
use crate::machine::{LockId, Machine, TaskId};
use crate::patches::InvalidMix;
use crate::state::State;
use crate::transition::Act;

use super::Cx;

/// Why an act could not be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The patches would mean nothing together. See [`crate::patches::PatchSet::switch`].
    InvalidMix(InvalidMix),
    /// That task has no process to kill, or it was killed already, or it is init.
    NotKillable,
    /// The kernel itself does not hold that many pages.
    NoSuchPages,
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Refused::InvalidMix(mix) => mix.fmt(f),
            Refused::NotKillable => f.write_str("that task cannot be killed"),
            Refused::NoSuchPages => f.write_str("the kernel does not hold that many pages"),
        }
    }
}

/// Does what a person asked for. Changes the machine only by patches.
///
/// # Errors
/// Says why nothing was done; machine and state are then as before.
pub fn act<O: Observer>(
    machine: &mut Machine,
    state: &mut State,
    act: Act,
    observer: &mut O,
) -> Result<(), Refused> {
    match act {
        Act::Switch { patch, on } => {
            let patches = machine.patches.with(patch, on);
            patches.check().map_err(Refused::InvalidMix)?;
            let before = machine.kernel;
            machine.patches = patches;
            machine.kernel = Kernel::of(patches);
            let mut cx = Cx {
                machine,
                state,
                me: TaskId(0),
                observer,
            };
            cx.emit(Event::Switched { patch, on });
            reconsider(&mut cx, &before);
        }
        Act::Kill { task } => {
            let process = machine.process_of(task).ok_or(Refused::NotKillable)?;
            if state.is_killed(machine, process) || machine.process(process).traits.init {
                return Err(Refused::NotKillable);
            }
            let mut cx = Cx {
                machine,
                state,
                me: task,
                observer,
            };
            signal::send_sigkill(&mut cx, process);
        }
        Act::AddPages { pages } => {
            if u16::from(pages) > kernel_pages(machine, state) {
                return Err(Refused::NoSuchPages);
            }
            let mut cx = Cx {
                machine,
                state,
                me: TaskId(0),
                observer,
            };
            cx.give_pages(u16::from(pages));
        }
    }
    if cfg!(debug_assertions)
        && let Err(broken) = state.check(machine)
    {
        panic!("{broken} after {act:?}");
    }
    Ok(())
}

/// Pages that are neither free nor mapped by any mm nor reclaimable: the kernel's own.
pub fn kernel_pages(machine: &Machine, state: &State) -> u16 {
    let mapped: u16 = state.mms[..state.mm_count as usize]
        .iter()
        .map(|mm| mm.rss())
        .sum();
    let listed: u16 = state.lrus[..state.lru_count as usize]
        .iter()
        .map(|lru| lru.pages + u16::from(lru.isolated))
        .sum();
    machine.zone.total_pages - state.free_pages - mapped - listed
}

/// After a switch: sleepers look again under the new rules, and what the new kernel would
/// have recorded about victims that already exist is recorded now.
fn reconsider<O: Observer>(cx: &mut Cx<'_, O>, before: &Kernel) {
    let kernel = cx.machine.kernel;
    for task in cx.machine.task_ids() {
        signal::wake_if_pending(cx, task);
    }
    let code = |kernel: &Kernel| {
        (
            kernel.rwsem,
            kernel.xadd_bail,
            kernel.spinlock_bail,
            kernel.inode_lock_kind,
        )
    };
    if code(&kernel) != code(before) {
        for lock in (0..cx.machine.locks.len() as u8).map(LockId) {
            lock::reconsider(cx, lock);
        }
    }
    vmscan::look_again(cx.state);
    coredump::reconsider(cx);
    if kernel.bookkeeping == Bookkeeping::OomMm && before.bookkeeping != Bookkeeping::OomMm {
        oom_kill::adopt_oom_mm(cx);
    }
    if kernel.reaper != before.reaper {
        match kernel.reaper {
            Reaper::Present => oom_reaper::adopt_victims(cx),
            Reaper::Absent => oom_reaper::retire(cx),
        }
    }
    if kernel.trans_reserve == TransReserve::None {
        xfs::drop_reserves(cx.state);
    }
    cx.disturb();
}
