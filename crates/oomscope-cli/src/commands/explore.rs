//! `explore`: everything that can become of one machine.

use clap::{Args, ValueEnum};
use oomscope_explore::{Outcome as Happening, Reductions};
use serde::Serialize;

use crate::choice::{About, Choice, RulesChoice, Setup, rules_words};
use crate::failure::{Exit, Outcome};
use crate::outcomes::{Allowed, Reachable, exit, meaning, reachable, run_text, style, witnesses};
use crate::screen::{BAD, GOOD, SOFT, STRONG, Screen, WARN, bytes, count, paint};
use crate::search::{Bounds, Searched, Size, bound_words};
use crate::shard::{Part, Report};

/// Search every schedule and say what can happen
///
/// Lists every outcome that is reachable, each with the length of a shortest schedule to it,
/// and how large the search was. A bound that was reached is part of the answer: it then
/// says `unknown`, never ok. Print a schedule with `oomscope run SCENARIO --witness OUTCOME`.
#[derive(Args, Debug)]
pub(crate) struct Explore {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    rules: RulesChoice,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    allowed: Allowed,

    /// Print the shortest schedules too
    #[arg(long)]
    schedules: bool,

    /// Leave out states that change no verdict
    ///
    /// What goes round for ever and which step decides are told of single runs: `run` and
    /// `explain` always search all states.
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "shard")]
    reduce: Option<Reduce>,

    #[command(flatten)]
    part: Part,
}

/// What a search may leave out.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Reduce {
    /// Which of several equal tasks is where; schedules stay the shortest
    EqualTasks,
    /// Also the order of steps that concern nobody else; schedules may be longer
    All,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    about: About,
    /// `clear`, `bad` or `unknown`.
    verdict: &'static str,
    outcomes: Vec<Reachable>,
    kills_max: u8,
    #[serde(flatten)]
    size: Size,
    /// Which bound ended the search, if one did: then what is not listed is unknown.
    bound: Option<String>,
    /// Which part of a search by many this is: what `oomscope merge` reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Report>,
}

pub(crate) fn explore(wanted: &Explore, screen: &mut Screen) -> Outcome<Exit> {
    let allowed = wanted.allowed.outcomes()?;
    let setup = wanted.choice.setup(&wanted.rules, screen)?;
    let reductions = match wanted.reduce {
        None => Reductions::NONE,
        Some(Reduce::EqualTasks) => Reductions::SYMMETRY,
        Some(Reduce::All) => Reductions::ALL,
    };
    let searcher = wanted.part.searcher(&wanted.bounds, screen);
    let searcher = searcher.reducing(reductions);
    let (searched, shard) = match wanted.part.shard {
        None => (searcher.search(&setup.machine, &setup.scenario().id), None),
        Some(shard) => {
            let seed = wanted.part.seed;
            let (searched, sample) = searcher.shard(&setup.machine, seed, shard.number);
            (searched, Some(Report::new(&setup, shard, seed, &sample)))
        }
    };
    let exit = exit(&searched.found, &allowed);
    let bound = searched.found.bound;
    let bound = bound.map(|bound| bound_words(bound, searcher.limits()));
    if screen.is_json() {
        screen.json(&Answer {
            about: setup.about("explore"),
            verdict: verdict_word(exit),
            outcomes: reachable(&setup.machine, &searched.found),
            kills_max: searched.found.kills_max,
            size: searched.size(),
            bound,
            shard,
        })?;
        return Ok(exit);
    }
    print(wanted, &setup, &searched, bound, screen)?;
    verdict(&searched, exit, &allowed, screen)?;
    Ok(exit)
}

fn print(
    wanted: &Explore,
    setup: &Setup,
    searched: &Searched,
    bound: Option<String>,
    screen: &mut Screen,
) -> Outcome<()> {
    let scenario = setup.scenario();
    let title = paint(SOFT, &scenario.title);
    screen.line(format!("{}  {title}", paint(STRONG, &scenario.id)))?;
    screen.line(format!(
        "{}; {}",
        setup.kernel_words(),
        rules_words(setup.machine.rules)
    ))?;
    let found = &searched.found;
    for (outcome, kind, schedule) in witnesses(found) {
        let word = paint(style(outcome), format!("{:11}", outcome.word()));
        let steps = count(schedule.len() as u64, "step");
        let meaning = meaning(outcome, kind);
        screen.line(format!("  {word}  {steps:>9}  {}", paint(SOFT, meaning)))?;
        if wanted.schedules {
            let run = run_text(&setup.machine, schedule);
            screen.line(format!("               {run}"))?;
        }
    }
    let size = searched.size();
    let states = count(size.states.into(), "state");
    let transitions = count(size.transitions, "transition");
    let kills = count(found.kills_max.into(), "kill");
    screen.line(format!(
        "{states}, {transitions}, depth {}, at most {kills}",
        size.depth
    ))?;
    // Memory comes in chunks: among few states they say nothing about one.
    let each = match size.states {
        0..10_000 => String::new(),
        _ => format!(" ({:.0} bytes a state)", size.bytes_per_state()),
    };
    screen.line(paint(
        SOFT,
        format!(
            "{:.2} s, {}/s, {}{each}",
            size.seconds,
            count(size.states_per_second() as u64, "state"),
            bytes(size.bytes),
        ),
    ))?;
    if let Some(bound) = bound {
        let word = paint(WARN, "unknown");
        screen.line(format!(
            "{word} what lies behind: {bound} at depth {}",
            size.depth
        ))?;
    }
    Ok(())
}

fn verdict(
    searched: &Searched,
    exit: Exit,
    allowed: &[Happening],
    screen: &mut Screen,
) -> Outcome<()> {
    let bad: Vec<&str> = (searched.found.outcomes())
        .filter(|outcome| !allowed.contains(outcome))
        .map(Happening::word)
        .collect();
    match exit {
        Exit::Clean => screen.line(paint(GOOD, "clear: no schedule leads to anything else")),
        Exit::Unknown => screen.line(paint(
            WARN,
            "unknown: nothing bad so far, and not all was seen",
        )),
        _ => screen.line(paint(
            BAD,
            format!("bad: {} can be reached", bad.join(", ")),
        )),
    }
}

/// The verdict of a search, for machines.
pub(crate) fn verdict_word(exit: Exit) -> &'static str {
    match exit {
        Exit::Clean => "clear",
        Exit::Unknown => "unknown",
        _ => "bad",
    }
}
