//! How a search grows with the number of identical threads: the fault storm, in which half
//! of them fault and half of them map; with every state, without telling equal threads apart,
//! and with all reductions.

use oomscope_explore::Reductions;
use oomscope_scenario::builtin::Builtin;

use crate::cast;
use crate::ours;
use crate::twins;

const WAYS: [Reductions; 3] = [Reductions::NONE, Reductions::SYMMETRY, Reductions::ALL];

/// Prints one line for each number of threads; a search that would have more states is left
/// out from there on.
pub fn grow(limit: u32) -> Result<(), String> {
    let storm = Builtin::named("fault-storm-2").ok_or("there is no fault-storm-2")?;
    println!(
        "| threads | states | user time | symmetry | user time | all reductions | user time |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut fits = [true; WAYS.len()];
    for threads in 1..=16 {
        let machine = twins::machine(&cast::grown(storm.text, threads))?;
        let mut line = format!("| {threads} |");
        for (fits, way) in fits.iter_mut().zip(WAYS) {
            if !*fits {
                line.push_str(" | |");
                continue;
            }
            let (sample, done) = ours::reduced(&machine, way, limit)?;
            *fits = done;
            if done {
                let user = sample.user.as_secs_f64();
                line.push_str(&format!(" {} | {user:.2} s |", sample.states));
            } else {
                line.push_str(&format!(" more than {limit} | |"));
            }
        }
        println!("{line}");
        if fits == [false; WAYS.len()] {
            break;
        }
    }
    Ok(())
}
