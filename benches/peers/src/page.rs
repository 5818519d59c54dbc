//! The searches that the page's worker is timed with, as links that the page opens, and what
//! they take natively.

use oomscope_model::machine::Machine;
use oomscope_scenario::link::{Origin, Shared, encode};
use oomscope_scenario::replay::Replay;

use crate::measure::Sample;
use crate::ours;
use crate::rounds::median;
use crate::twins::TWINS;

/// Prints a line for each search: name, link, states, seconds of user time, with tabs
/// between.
pub fn print(rounds: usize) -> Result<(), String> {
    for twin in &TWINS {
        let text = twin.text(twin.copies);
        let machine = twin.machine(twin.copies)?;
        let name = format!("twin {}", twin.name);
        line(&name, Origin::Text(text), &machine, rounds)?;
    }
    let largest = ours::writer_in_queue(true)?;
    let origin = Origin::Builtin("writer-in-queue".into());
    line("writer-in-queue, largest mix", origin, &largest, rounds)
}

fn line(name: &str, origin: Origin, machine: &Machine, rounds: usize) -> Result<(), String> {
    let link = encode(&Shared::of(origin, &Replay::new(machine.clone()), 0));
    let mut samples = Vec::new();
    for _ in 0..rounds.max(1) {
        samples.push(ours::search(machine, u32::MAX)?.0);
    }
    let states = samples.first().map_or(0, |sample: &Sample| sample.states);
    let seconds = median(samples.iter().map(|it| it.user.as_secs_f64()));
    println!("{name}\t{link}\t{states}\t{seconds:.4}");
    Ok(())
}
