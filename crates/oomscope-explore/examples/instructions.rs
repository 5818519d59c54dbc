//! Searches the largest mix of `writer-in-queue` until so many states are found, and prints
//! how many they are: what `cargo xtask instructions` runs under valgrind.
//!
//! `cargo run --release -p oomscope-explore --example instructions -- --states 20000`

use oomscope_explore::Explorer;
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::Timing;
use oomscope_model::patches::PatchId;
use oomscope_model::state::State;
use oomscope_scenario::builtin::Builtin;

/// States expanded between two looks at how many there are.
const SLICE: u32 = 64;

fn main() {
    let mut words = std::env::args().skip_while(|word| word != "--states");
    let wanted = words.nth(1).and_then(|number| number.parse::<u32>().ok());
    let wanted = wanted.expect("--states NUMBER");
    let scenario = Builtin::named("writer-in-queue").and_then(Builtin::scenario);
    let mut machine = scenario.expect("built in").machine;
    for patch in ["killable-writers", "clear-mark", "reap-twice"] {
        let patch = PatchId::named(patch).expect("in the table");
        machine.patches = machine.patches.with(patch, true);
    }
    machine.kernel = Kernel::of(machine.patches);
    machine.rules.timing = Timing::Adversarial;
    let mut explorer = Explorer::new(&machine, &State::start(&machine));
    let mut progress = explorer.progress();
    while !progress.done && progress.states < wanted {
        progress = explorer.advance(SLICE);
    }
    println!("{}", progress.states);
}
