//! Prints what every valid combination of a scenario's offered patches comes to, or, with a
//! combination and an outcome, the shortest schedule that shows it, event by event:
//!
//! ```text
//! cargo run --release -p oomscope-explore --example matrix -- FILE
//! cargo run --release -p oomscope-explore --example matrix -- FILE long PATCHES OUTCOME
//! ```
//!
//! PATCHES are the offered patches that are on, joined with commas, or `-` for none.

use oomscope_explore::{Explorer, Outcome};
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::Machine;
use oomscope_model::patches::PatchSet;
use oomscope_model::state::State;
use oomscope_model::step::step;
use oomscope_scenario::parse::parse;
use oomscope_scenario::rules;
use oomscope_scenario::scenario::Scenario;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(file) = arguments.first() else {
        return println!("which scenario file?");
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return println!("{file}: {error}"),
    };
    let parsed = parse(&text);
    for diagnostic in &parsed.diagnostics {
        println!("{diagnostic}");
    }
    let Some(scenario) = parsed.scenario else {
        return;
    };
    match &arguments[1..] {
        [word, patches, outcome] => witness(&scenario, word, patches, outcome),
        _ => matrix(&scenario),
    }
}

fn explorer(machine: &Machine) -> Explorer {
    let mut explorer = Explorer::new(machine, &State::start(machine));
    while !explorer.advance(100_000).done {}
    explorer
}

fn machine(scenario: &Scenario, patches: PatchSet, word: &str) -> Machine {
    let mut machine = scenario.machine.clone();
    machine.patches = patches;
    machine.kernel = Kernel::of(patches);
    machine.rules = rules::named(word).unwrap_or(machine.rules);
    machine
}

fn matrix(scenario: &Scenario) {
    for word in ["long", "adversarial"] {
        for patches in scenario.combinations() {
            let explorer = explorer(&machine(scenario, patches, word));
            let states = explorer.progress().states;
            let outcomes: Vec<String> = explorer
                .outcomes()
                .into_iter()
                .map(|outcome| {
                    let steps = explorer
                        .witness(outcome)
                        .map_or(0, |schedule| schedule.len());
                    format!("{} {steps}", outcome.word())
                })
                .collect();
            let combination = scenario.combination_in_words(patches);
            println!(
                "{word:11} {combination} | {states} states | kills {} | {}",
                explorer.kills_max(),
                outcomes.join(", ")
            );
        }
    }
}

fn witness(scenario: &Scenario, word: &str, patches: &str, outcome: &str) {
    let wanted: Vec<&str> = patches.split(',').collect();
    let mut set = scenario.machine.patches;
    for &patch in &scenario.offered {
        set = set.with(patch, wanted.contains(&patch.get().id));
    }
    let machine = machine(scenario, set, word);
    let explorer = explorer(&machine);
    let outcome = Outcome::ALL
        .into_iter()
        .find(|known| known.word() == outcome);
    let schedule = outcome
        .and_then(|outcome| explorer.witness(outcome))
        .unwrap_or_default();
    let mut state = State::start(&machine);
    for transition in schedule {
        let mut events = Vec::new();
        step(&machine, &mut state, transition, &mut events);
        let name = &machine.actor(transition.0).name;
        println!("{name:12} free {:3}  {events:?}", state.free_pages);
    }
}
