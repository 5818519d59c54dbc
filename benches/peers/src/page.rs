//! The searches that the page's worker is timed with, as links that the page opens, and what
//! they take natively.

use std::time::Duration;

use oomscope_model::machine::Machine;
use oomscope_scenario::link::{Origin, Shared, encode};
use oomscope_scenario::replay::Replay;

use crate::ours;
use crate::rounds::median;
use crate::twins::{TWINS, Twin};

/// Natively the searches of one turn take about so long.
const TURN: Duration = Duration::from_millis(250);

/// Prints a line for each search: name and link, with a tab between.
pub fn list() -> Result<(), String> {
    for search in all()? {
        let start = Replay::new(search.machine);
        let link = encode(&Shared::of(search.origin, &start, 0));
        println!("{}\t{link}", search.name);
    }
    Ok(())
}

/// One turn of the search with this name: prints its states and seconds of user time, with a
/// tab between.
pub fn turn(name: &str) -> Result<(), String> {
    let named = all()?.into_iter().find(|search| search.name == name);
    let Search { machine, .. } = named.ok_or_else(|| format!("`page` lists no {name:?}"))?;
    let mut samples = vec![ours::search(&machine, u32::MAX)?.0];
    let often = TURN.as_secs_f64() / samples[0].user.as_secs_f64();
    for _ in 1..often.clamp(1.0, 20.0).round() as u32 {
        samples.push(ours::search(&machine, u32::MAX)?.0);
    }
    let seconds = median(samples.iter().map(|it| it.user.as_secs_f64()));
    println!("{}\t{seconds:.4}", samples[0].states);
    Ok(())
}

struct Search {
    name: String,
    origin: Origin,
    machine: Machine,
}

fn all() -> Result<Vec<Search>, String> {
    let twin = |twin: &Twin| {
        Ok(Search {
            name: format!("twin {}", twin.name),
            origin: Origin::Text(twin.text(twin.copies)),
            machine: twin.machine(twin.copies)?,
        })
    };
    let mut all: Vec<Search> = TWINS.iter().map(twin).collect::<Result<_, String>>()?;
    all.push(Search {
        name: "writer-in-queue, largest mix".into(),
        origin: Origin::Builtin("writer-in-queue".into()),
        machine: ours::writer_in_queue(true)?,
    });
    Ok(all)
}
