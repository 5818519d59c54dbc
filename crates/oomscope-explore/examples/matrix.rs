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
    let Some(outcome) = Outcome::ALL
        .into_iter()
        .find(|known| known.word() == outcome)
    else {
        let known = Outcome::ALL.map(Outcome::word).join(", ");
        return println!("unknown outcome {outcome:?}; known are {known}");
    };
    if rules::named(word).is_none() {
        return println!("unknown rules {word:?}; known are long, adversarial, each with +split");
    }
    let wanted: Vec<&str> = patches.split(',').filter(|id| *id != "-").collect();
    let offered = |id: &str| scenario.offered.iter().any(|patch| patch.get().id == id);
    if let Some(id) = wanted.iter().find(|id| !offered(id)) {
        return println!(
            "{id:?} is not among the patches that {} offers",
            scenario.id
        );
    }
    let mut set = scenario.machine.patches;
    for &patch in &scenario.offered {
        set = set.with(patch, wanted.contains(&patch.get().id));
    }
    if let Err(mix) = set.check() {
        return println!("{mix}");
    }
    let machine = machine(scenario, set, word);
    let Some(schedule) = explorer(&machine).witness(outcome) else {
        return println!("{} cannot be reached", outcome.word());
    };
    let mut state = State::start(&machine);
    for transition in schedule {
        let mut events = Vec::new();
        step(&machine, &mut state, transition, &mut events);
        let name = &machine.actor(transition.0).name;
        println!("{name:12} free {:3}  {events:?}", state.free_pages);
    }
}
