//! Searches with our own explorer.

use oomscope_explore::{Explorer, Reductions};
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Timing};
use oomscope_model::patches::PatchId;
use oomscope_model::state::State;
use oomscope_scenario::builtin::Builtin;

use crate::measure::{Sample, own_user};

/// States between two looks at the limit.
const SLICE: u32 = 1 << 16;

/// Explores a machine, regions included, until it is done or has this many states.
pub fn search(machine: &Machine, limit: u32) -> Result<(Sample, bool), String> {
    reduced(machine, Reductions::NONE, limit)
}

/// The same, with these reductions.
pub fn reduced(
    machine: &Machine,
    reductions: Reductions,
    limit: u32,
) -> Result<(Sample, bool), String> {
    let before = own_user()?;
    let mut explorer = Explorer::with_reductions(machine, &State::start(machine), reductions);
    let mut progress = explorer.progress();
    while !progress.done && progress.full.is_none() && progress.states < limit {
        progress = explorer.advance(SLICE);
    }
    let sample = Sample {
        states: u64::from(progress.states),
        transitions: progress.transitions,
        bytes: progress.bytes,
        user: own_user()? - before,
    };
    Ok((sample, progress.done))
}

/// The largest mix of `writer-in-queue`, and the scenario as it stands.
pub fn writer_in_queue(largest: bool) -> Result<Machine, String> {
    let scenario = Builtin::named("writer-in-queue").and_then(Builtin::scenario);
    let mut machine = scenario.ok_or("writer-in-queue is not built in")?.machine;
    if largest {
        for id in ["killable-writers", "clear-mark", "reap-twice"] {
            let patch = PatchId::named(id).ok_or_else(|| format!("there is no patch {id}"))?;
            machine.patches = machine.patches.with(patch, true);
        }
        machine.kernel = Kernel::of(machine.patches);
        machine.rules.timing = Timing::Adversarial;
    }
    Ok(machine)
}
