//! `oomscope` on the command line: runs, searches, judges and draws scenarios.
//!
//! One file per command in `commands/`. What they share: `input` (from a name to a
//! scenario), `choice` (from a scenario to a machine), `search` (bounds, progress,
//! Ctrl-C), `schedule` (which run to play), `outcomes` (words for what can happen),
//! `figure` and `raster` (pictures),
//! `screen` (text, colour, JSON) and `failure` (sentences and exit codes).

mod args;
mod choice;
mod commands;
mod events;
mod failure;
mod figure;
mod input;
mod outcomes;
mod raster;
mod schedule;
mod screen;
mod search;
mod shard;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::{Exit, Failure, Outcome};
use screen::{BAD, Screen, paint};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut screen = Screen::new(arguments.color, arguments.json, arguments.quiet);
    let exit = match search::listen().and_then(|()| dispatch(arguments.command, &mut screen)) {
        Ok(_) if search::is_stopped() => Exit::Interrupted,
        Ok(exit) => exit,
        Err(Failure::Pipe) => Exit::Pipe,
        Err(Failure::Unknown(exit, sentence)) => {
            screen.note(sentence);
            exit
        }
        Err(Failure::Input(sentences)) => {
            for sentence in sentences {
                screen.note(format!("{}: {sentence}", paint(BAD, "error")));
            }
            Exit::Usage
        }
    };
    ExitCode::from(exit as u8)
}

fn dispatch(command: Command, screen: &mut Screen) -> Outcome<Exit> {
    match command {
        Command::Run(run) => commands::run::run(&run, screen),
        Command::Explore(explore) => commands::explore::explore(&explore, screen),
        Command::Merge(merge) => commands::merge::merge(&merge, screen),
        Command::Check(check) => commands::check::check(&check, screen),
        Command::Draw(draw) => commands::draw::draw(&draw, screen),
        Command::Explain(explain) => commands::explain::explain(&explain, screen),
        Command::Matrix(matrix) => commands::matrix::matrix(&matrix, screen),
        Command::Patches(patches) => commands::patches::patches(&patches, screen),
        Command::Scenarios(scenarios) => commands::scenarios::scenarios(&scenarios, screen),
        Command::Link(link) => commands::link::link(&link, screen),
        Command::Completions(completions) => {
            commands::completions::completions(&completions, screen)
        }
        Command::Man(man) => commands::man::man(&man, screen),
    }
}
