//! The OOM killer: whom it sees, whom it chooses, why it does nothing.

use oomscope_model::event::Event;
use oomscope_model::kernel::vmscan;
use oomscope_model::machine::OOM_LOCK;

use super::Words;
use crate::names;

impl Words<'_> {
    pub(super) fn killer_clause(&self, event: &Event) -> Option<String> {
        let process = |process| names::process(self.machine, process);
        Some(match *event {
            Event::OomLockBusy { task } => {
                let holder = self
                    .state
                    .holders(OOM_LOCK)
                    .find(|(holder, _)| *holder != task);
                let by = holder.map_or(String::new(), |(holder, _)| {
                    format!(" by {}", self.task(holder))
                });
                format!(
                    "{} finds oom_lock taken{by} and naps one jiffy",
                    self.task(task)
                )
            }
            Event::KillerVetoed { task } if vmscan::killer_is_kswapd(self.machine) => format!(
                "{} leaves the OOM killer to kswapd and tries again",
                self.task(task)
            ),
            Event::KillerVetoed { task } => format!(
                "{} may not call the OOM killer ({}) and tries again",
                self.task(task),
                self.request(task)
            ),
            Event::OomNotified {
                task,
                notifier,
                pages: 0,
            } => format!(
                "{} calls {}, which frees nothing",
                self.task(task),
                self.machine.oom_notifiers[usize::from(notifier)].name
            ),
            Event::OomNotified {
                task,
                notifier,
                pages,
            } => format!(
                "{} calls {}, which frees {}: nobody is killed",
                self.task(task),
                self.machine.oom_notifiers[usize::from(notifier)].name,
                self.size(pages)
            ),
            Event::OomNotifyOver { task, freed: true } => format!(
                "{} has asked all of oom_notify_list, which freed something: nobody is killed",
                self.task(task)
            ),
            Event::OomNotifyOver { task, freed: false } => format!(
                "{} has asked all of oom_notify_list, which freed nothing, and will choose a victim",
                self.task(task)
            ),
            Event::SysrqF { task } => format!(
                "{} asks for an OOM kill (sysrq-f), which a kworker will see to",
                self.task(task)
            ),
            Event::SysrqIgnored { task } => format!(
                "{} calls the OOM killer for sysrq-f, and nobody can be killed",
                self.task(task)
            ),
            Event::ScanAborted { task, victim } => format!(
                "{} calls the OOM killer, which kills nobody: {} is still on its way out",
                self.task(task),
                process(victim)
            ),
            Event::MarkedItself { task } => format!(
                "{} calls the OOM killer and, being killed itself, is marked as the victim",
                self.task(task)
            ),
            Event::MarkedExiting { task, victim } => format!(
                "{} calls the OOM killer, which only marks {}: it is exiting already",
                self.task(task),
                self.task(victim)
            ),
            Event::ChildKilled {
                task,
                parent,
                process: child,
                ..
            } => format!(
                "{} calls the OOM killer, which chooses {} and kills its child {} instead",
                self.task(task),
                process(parent),
                process(child)
            ),
            Event::GroupChosen { memcg, .. } => format!(
                "all of the memory cgroup {} are to die (memory.oom.group)",
                names::memcg(self.machine, memcg)
            ),
            Event::GroupKilled {
                process: member, ..
            } => format!(
                "{} dies with the others of its memory cgroup",
                process(member)
            ),
            Event::MemcgOomWaits { task } => format!(
                "{} sleeps: somebody else calls the OOM killer for its memory cgroup",
                self.task(task)
            ),
            Event::NobodyInMemcg { task, memcg } => format!(
                "{} calls the OOM killer for the memory cgroup {}, in which nobody can be killed",
                self.task(task),
                names::memcg(self.machine, memcg)
            ),
            Event::Killed {
                task,
                process: victim,
                memcg: Some(memcg),
                ..
            } => format!(
                "{} calls the OOM killer for the memory cgroup {}, which kills {}",
                self.task(task),
                names::memcg(self.machine, memcg),
                process(victim)
            ),
            Event::Killed {
                task,
                process: victim,
                ..
            } => format!(
                "{} calls the OOM killer, which kills {}",
                self.task(task),
                process(victim)
            ),
            Event::SharerKilled {
                victim,
                process: too,
            } => format!(
                "{} dies too: it shares the memory of {}",
                process(too),
                process(victim)
            ),
            Event::MmHidden { victim, by } => format!(
                "the killer will look past the memory of {}: {} goes on using it",
                self.task(victim),
                self.task(by)
            ),
            Event::PanickedOnOom { task } => format!(
                "{} calls the OOM killer, which panics instead (vm.panic_on_oom)",
                self.task(task)
            ),
            Event::InitDied { task } => {
                format!("{} was init: the kernel panics", self.task(task))
            }
            Event::Panicked { .. } => "nobody is left to kill: the kernel panics".to_string(),
            Event::Signalled { task } => format!("SIGKILL reaches {}", self.task(task)),
            Event::MarkCleared { task } => {
                format!("{} is no longer marked as a victim", self.task(task))
            }
            Event::Switched { patch, on } => {
                format!(
                    "“{}” is switched {}",
                    patch.get().title,
                    if on { "on" } else { "off" }
                )
            }
            _ => return None,
        })
    }
}
