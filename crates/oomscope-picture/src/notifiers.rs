//! Mmu notifiers in words: whose callback it is, what it does, where the reaper is in it.

use oomscope_model::event::Event;
use oomscope_model::kernel::ReaperNotifiers;
use oomscope_model::kernel::mmu_notifier::User;
use oomscope_model::machine::{LockClass, LockId, Machine, MmId, TaskId};
use oomscope_model::state::{Notify, Pc, Run, State};

use crate::names;
use crate::words::Words;

/// What people call the one who registered it.
pub(crate) fn user_name(user: User) -> &'static str {
    match user {
        User::Kvm => "KVM",
        User::I915 => "i915",
        User::Amdgpu => "amdgpu",
        User::Radeon => "radeon",
        User::XenGntdev => "gntdev",
        User::Odp => "ODP",
        User::Hmm => "HMM",
        User::OutOfTree { .. } => "a module",
    }
}

/// The notifier's user, by its place in the list.
pub(crate) fn name(machine: &Machine, mm: MmId, notifier: u8) -> &'static str {
    machine.mms[mm.0 as usize]
        .notifiers
        .get(usize::from(notifier))
        .map_or("a notifier", |it| user_name(it.user))
}

/// The kernel's names of its two callbacks.
pub(crate) fn functions(user: User) -> (&'static str, &'static str) {
    match user {
        User::Kvm => (
            "kvm_mmu_notifier_invalidate_range_start",
            "kvm_mmu_notifier_invalidate_range_end",
        ),
        User::I915 => ("i915_gem_userptr_mn_invalidate_range_start", ""),
        User::Amdgpu => (
            "amdgpu_mn_invalidate_range_start_gfx",
            "amdgpu_mn_invalidate_range_end",
        ),
        User::Radeon => ("radeon_mn_invalidate_range_start", ""),
        User::XenGntdev => ("mn_invl_range_start", ""),
        User::Odp => (
            "ib_umem_notifier_invalidate_range_start",
            "ib_umem_notifier_invalidate_range_end",
        ),
        User::Hmm => ("hmm_invalidate_range_start", "hmm_invalidate_range_end"),
        User::OutOfTree { .. } => (
            "invalidate_range_start [module]",
            "invalidate_range_end [module]",
        ),
    }
}

/// The module a callback is in, as `%pS` prints it; nothing for what is built in.
fn module(user: User) -> &'static str {
    match user {
        User::Kvm => " [kvm]",
        User::I915 => " [i915]",
        User::Amdgpu => " [amdgpu]",
        User::Radeon => " [radeon]",
        User::XenGntdev => " [xen_gntdev]",
        User::Odp => " [ib_core]",
        User::Hmm | User::OutOfTree { .. } => "",
    }
}

/// The callback that the reaper is in, innermost frames first.
pub(crate) fn frames(
    machine: &Machine,
    state: &State,
    task: TaskId,
    at: Notify,
) -> Vec<&'static str> {
    let word = state.task(task);
    let notifiers = word.mm_job.map(|mm| &machine.mms[mm.0 as usize].notifiers);
    let user = notifiers
        .and_then(|list| list.get(usize::from(word.notifier.at)))
        .map(|it| it.user);
    let mut frames = Vec::new();
    match (at, user) {
        (Notify::Start | Notify::StartLocked, Some(user)) => {
            if user == User::I915 && matches!(word.run, Run::Queued { .. }) {
                frames.push("flush_workqueue");
            }
            frames.extend([functions(user).0, "__mmu_notifier_invalidate_range_start"]);
        }
        (Notify::End | Notify::EndLocked, Some(user)) => {
            frames.extend([functions(user).1, "__mmu_notifier_invalidate_range_end"]);
        }
        (Notify::Zap, _) => frames.push("unmap_page_range"),
        _ => {}
    }
    frames.extend(["__oom_reap_task_mm", "oom_reap_task", "oom_reaper"]);
    frames
}

/// Where the reaper is, for its box.
pub(crate) fn detail(machine: &Machine, state: &State, task: TaskId, at: Notify) -> String {
    let word = state.task(task);
    let who = word
        .mm_job
        .map_or("", |mm| name(machine, mm, word.notifier.at));
    let wait = match word.run {
        Run::Queued { on, .. } => format!(" → {}", names::lock_title(machine, on)),
        _ => String::new(),
    };
    match at {
        Notify::Start | Notify::StartLocked => format!("range_start {who}{wait}"),
        Notify::End | Notify::EndLocked => format!("range_end {who}{wait}"),
        Notify::Zap => "unmap_page_range".to_string(),
        Notify::Skipped => "schedule_timeout_idle".to_string(),
    }
}

/// Whether a task spins in a fault of its guest: it stands in the queue of a count.
pub(crate) fn retries(machine: &Machine, run: Run) -> bool {
    matches!(run, Run::Queued { on, .. } if is_count(machine, on))
}

pub(crate) fn is_count(machine: &Machine, lock: LockId) -> bool {
    matches!(
        machine.locks[lock.0 as usize].class,
        LockClass::NotifierCount(_)
    )
}

/// The list of an address space for its readers: in call order, and who is owed an end.
pub fn list(machine: &Machine, state: &State, mm: MmId) -> Option<String> {
    let info = &machine.mms[mm.0 as usize];
    if info.notifiers.is_empty() {
        return None;
    }
    let flags = state.mm(mm).flags;
    let calling = state.tasks().find_map(|(_, task)| {
        let pc = names::pc(task.run)?;
        (task.mm_job == Some(mm) && matches!(pc, Pc::Notify(at) if at != Notify::Zap))
            .then_some(task.notifier.at)
    });
    let names: Vec<String> = info
        .notifiers
        .iter()
        .enumerate()
        .map(|(at, it)| {
            let unpaired = flags.has(oomscope_model::state::MmFlags::UNPAIRED << at);
            let mut text = user_name(it.user).to_string();
            if calling == Some(at as u8) {
                text.push_str(" (being called)");
            }
            if unpaired {
                text.push_str(" (owed an end)");
            }
            text
        })
        .collect();
    Some(names.join(", "))
}

/// `kvm_mmu_notifier_invalidate_range_start+0x0/0x… [kvm] callback failed …`.
pub(crate) fn failed_line(machine: &Machine, mm: MmId, notifier: u8) -> Option<String> {
    let it = machine.mms[mm.0 as usize]
        .notifiers
        .get(usize::from(notifier))?;
    let non = if machine.kernel.notifiers == ReaperNotifiers::NonBlocking {
        "non-"
    } else {
        ""
    };
    let function = functions(it.user).0.split(' ').next().unwrap_or_default();
    Some(format!(
        "{function}+0x0/0x…{} callback failed with -11 in {non}blockable context.",
        module(it.user)
    ))
}

impl Words<'_> {
    pub(crate) fn notifier_clause(&self, event: &Event) -> Option<String> {
        let who = |mm, notifier| name(self.machine, mm, notifier);
        Some(match *event {
            Event::NotifiersSkipped { mm, .. } => format!(
                "oom_reaper leaves {} alone because it has mmu notifiers, and will call that done",
                self.mm(mm)
            ),
            Event::RangeStart { mm, notifier, .. } => format!(
                "oom_reaper tells {} that a part of {} goes: invalidate_range_start",
                who(mm, notifier),
                self.mm(mm)
            ),
            Event::CallbackGoesOn { mm, notifier, .. } => format!(
                "{} has its lock now, and its callback goes on",
                who(mm, notifier)
            ),
            Event::RangeStartFailed { mm, notifier, .. } => format!(
                "{} may not block and answers -EAGAIN: this part of {} stays",
                who(mm, notifier),
                self.mm(mm)
            ),
            Event::RangeEnd { mm, notifier, .. } => format!(
                "oom_reaper tells {} that it is over: invalidate_range_end",
                who(mm, notifier)
            ),
            Event::Unpaired { mm, notifier } => format!(
                "{} has had a range_start of {} and will never get its range_end",
                who(mm, notifier),
                self.mm(mm)
            ),
            Event::NobodyTold { mm } => format!(
                "whoever maps {} a second time is not told and goes on using what is free now",
                self.mm(mm)
            ),
            Event::GuestUsedFreed { task, mm } => format!(
                "{} uses a page of {} that was freed and may be somebody else’s by now",
                self.task(task),
                self.mm(mm)
            ),
            Event::GuestAccess { task, mm } => {
                format!("{} touches memory of {}", self.task(task), self.mm(mm))
            }
            Event::NotifiersReleased { task, mm } => format!(
                "{} empties the list of mmu notifiers of {}: none of them is called again",
                self.task(task),
                self.mm(mm)
            ),
            Event::WaitedOut { task, .. } => {
                format!(
                    "{} goes on: nobody is inside a callback any more",
                    self.task(task)
                )
            }
            Event::PartlyReaped { mm, tries, .. } => format!(
                "oom_reaper got only a part of {}: {} stay ({tries} of 10)",
                self.mm(mm),
                self.size(self.state.mm(mm).rss())
            ),
            _ => return None,
        })
    }
}
