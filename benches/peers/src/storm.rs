//! How a search grows with the number of identical threads: the fault storm, in which half
//! of them fault and half of them map.

use oomscope_scenario::builtin::Builtin;

use crate::cast;
use crate::ours;
use crate::twins;

/// Prints one line for each number of threads, until a search would have more states.
pub fn grow(limit: u32) -> Result<(), String> {
    let storm = Builtin::named("fault-storm-2").ok_or("there is no fault-storm-2")?;
    println!("| threads | states | transitions | user time | states, reduced |");
    println!("|---|---|---|---|---|");
    for threads in 1..=16 {
        let machine = twins::machine(&cast::grown(storm.text, threads))?;
        let (sample, done) = ours::search(&machine, limit)?;
        if !done {
            println!("| {threads} | more than {limit} | | | |");
            return Ok(());
        }
        println!(
            "| {threads} | {} | {} | {:.2} s | |",
            sample.states,
            sample.transitions,
            sample.user.as_secs_f64()
        );
    }
    Ok(())
}
