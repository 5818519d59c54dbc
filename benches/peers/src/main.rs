//! Compares our explorer with other checkers on machines that are the same in number of
//! states and of transitions, and with itself. README.md says what is measured and how.

mod bare;
mod cast;
mod measure;
mod models;
mod ours;
mod page;
mod rounds;
mod spin;
mod storm;
mod twins;

use std::path::PathBuf;
use std::process::ExitCode;

use measure::Sample;
use twins::Twin;

const HELP: &str = "\
oomscope-peers [COMMAND]

  compare [ROUNDS]   Spin, stateright and ours on the twins, in turn (5 rounds): one table
  counts             that all three count the same, at every size up to that
  own [ROUNDS]       ours on writer-in-queue, and what a bare hash table would take
  page               the searches that web/tests/browser/bench.mjs gives to the page, as links
  page NAME          one of them here, some times over: its states and the median user time
  storm [STATES]     how the fault storm grows with its threads, up to so many states (4000000)
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), String> {
    match *words {
        ["compare"] => rounds::compare(5, &folder()),
        ["compare", rounds] => rounds::compare(number(rounds)?, &folder()),
        ["counts"] => rounds::counts(&folder()),
        ["own"] => bare::own(5),
        ["own", rounds] => bare::own(number(rounds)?),
        ["page"] => page::list(),
        ["page", name] => page::turn(name),
        ["storm"] => storm::grow(4_000_000),
        ["storm", states] => storm::grow(number(states)?),
        // One search in a process of its own.
        ["explore", name, copies] => {
            let machine = Twin::named(name)?.machine(number(copies)?)?;
            print(&ours::search(&machine, u32::MAX)?.0);
            Ok(())
        }
        ["stateright", name, copies] => {
            let (states, transitions) = Twin::named(name)?.search(number(copies)?);
            println!("{states} {transitions} {}", measure::own_peak()?);
            Ok(())
        }
        _ => Err(HELP.into()),
    }
}

fn print(sample: &Sample) {
    println!("{} {} {}", sample.states, sample.transitions, sample.bytes);
}

fn number<N: std::str::FromStr>(word: &str) -> Result<N, String> {
    word.parse()
        .map_err(|_| format!("{word:?} is not a number"))
}

/// Where Spin's checkers are built: beside this program.
fn folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .parent()
        .map(|folder| folder.join("spin"))
        .unwrap_or_default()
}
