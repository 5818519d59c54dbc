//! `merge`: many answers of one search into one.

use clap::Args;
use oomscope_explore::swarm::distinct;
use oomscope_explore::{LockupKind, Outcome as Happening};
use oomscope_judge::{Confirmed, Limits, confirm};
use oomscope_model::transition::{Move, Transition};
use oomscope_scenario::run::Run;
use serde::{Deserialize, Serialize};

use crate::choice::{About, Choice, RulesChoice, Setup};
use crate::commands::explore::verdict_word;
use crate::failure::{Exit, Failure, Outcome};
use crate::outcomes::{Allowed, Reachable, kind_word, meaning, outcome_named, run_text, style};
use crate::screen::{BAD, GOOD, SOFT, STRONG, Screen, WARN, count, paint};
use crate::search::Bounds;
use crate::shard::{Report, version};

/// States behind the end of a schedule up to which a lockup is confirmed.
const STATES_MAX: u32 = 2_000_000;

/// Put the answers of `explore --shard … --json` together
///
/// Prints every outcome that any shard has reached, with the shortest of their schedules,
/// which is replayed first. The rest is `unknown` unless one of the shards has seen
/// everything. Answers about another scenario, other patches or rules, or from another
/// version of oomscope are refused.
#[derive(Args, Debug)]
pub(crate) struct Merge {
    /// Answers of shards
    #[arg(value_name = "FILES", required = true)]
    files: Vec<String>,

    #[command(flatten)]
    allowed: Allowed,
    #[command(flatten)]
    bounds: Bounds,
}

/// The answer of one shard, as far as it matters here.
#[derive(Deserialize)]
struct Answer {
    scenario: String,
    kernel: String,
    patches: Vec<String>,
    rules: String,
    outcomes: Vec<Reached>,
    kills_max: u8,
    states: u32,
    bound: Option<String>,
    shard: Option<Report>,
}

#[derive(Deserialize)]
struct Reached {
    outcome: String,
    run: String,
}

/// One shard and the file that it came from.
struct Part {
    file: String,
    answer: Answer,
    report: Report,
    digests: Vec<u64>,
}

/// The whole, for machines.
#[derive(Serialize)]
struct Merged {
    #[serde(flatten)]
    about: About,
    /// `clear`, `bad` or `unknown`.
    verdict: &'static str,
    outcomes: Vec<Reachable>,
    /// Outcomes whose schedules lead so far from any end that nobody could look behind them.
    unconfirmed: Vec<&'static str>,
    kills_max: u8,
    /// Whether one shard saw everything.
    complete: bool,
    shards: usize,
    /// Those of the same seed and number of shards that are not there.
    missing: Vec<u32>,
    /// States of all shards, those seen by several counted as often.
    states: u64,
    /// About how many different ones these are.
    distinct_states: u64,
}

pub(crate) fn merge(wanted: &Merge, screen: &mut Screen) -> Outcome<Exit> {
    let allowed = wanted.allowed.outcomes()?;
    let parts: Vec<Part> = wanted
        .files
        .iter()
        .map(|file| read(file))
        .collect::<Outcome<_>>()?;
    let [first, rest @ ..] = &parts[..] else {
        return Err(Failure::plain("there is nothing to put together"));
    };
    for part in rest {
        same(first, part)?;
    }
    no_repeats(&parts)?;
    let setup = setup(first, screen)?;
    let limits = Limits {
        states_max: wanted.bounds.max_states.unwrap_or(STATES_MAX),
        ..wanted.bounds.limits()
    };
    let (outcomes, unconfirmed) = confirmed(&setup, &parts, limits)?;
    let complete = whole(&parts)?;
    let bad = outcomes.iter().any(|reached| {
        let mut allowed = allowed.iter();
        !allowed.any(|outcome| outcome.word() == reached.outcome)
    });
    let exit = match (bad, complete) {
        (true, _) => Exit::Bad,
        (false, true) => Exit::Clean,
        (false, false) => Exit::Unknown,
    };
    let samples: Vec<(u32, &[u64])> = parts
        .iter()
        .map(|part| (part.answer.states, part.digests.as_slice()))
        .collect();
    let merged = Merged {
        about: About {
            kernel: first.answer.kernel.clone(),
            ..setup.about("merge")
        },
        verdict: verdict_word(exit),
        outcomes,
        unconfirmed,
        kills_max: parts
            .iter()
            .map(|part| part.answer.kills_max)
            .max()
            .unwrap_or(0),
        complete,
        shards: parts.len(),
        missing: missing(&parts),
        states: parts.iter().map(|part| u64::from(part.answer.states)).sum(),
        distinct_states: distinct(&samples),
    };
    match screen.is_json() {
        true => screen.json(&merged)?,
        false => print(&merged, exit, screen)?,
    }
    Ok(exit)
}

fn read(file: &str) -> Outcome<Part> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Failure::plain(format!("{file}: {error}")))?;
    let hint = "write it with `oomscope explore SCENARIO --shard I/N --json > FILE`";
    let wrong = |what: String| Failure::new(format!("{file}: {what}"), Some(hint));
    let answer: Answer = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("not the answer of a shard ({error})")))?;
    let report = answer.shard.clone();
    let report = report.ok_or_else(|| wrong("an answer, but not of a shard".into()))?;
    let digests = report.digests();
    let digests = digests.ok_or_else(|| wrong("its sample is not one".into()))?;
    Ok(Part {
        file: file.into(),
        answer,
        report,
        digests,
    })
}

/// Whether two answers are about the same, or what is not.
fn same(one: &Part, other: &Part) -> Outcome<()> {
    let files = format!("{} and {}", one.file, other.file);
    let differs = |what: &str, a: &str, b: &str| {
        Err(Failure::plain(format!(
            "{files} have different {what}: {a} and {b}"
        )))
    };
    let (a, b) = (&one.answer, &other.answer);
    if one.report.version != other.report.version {
        return differs(
            "versions of oomscope",
            &one.report.version,
            &other.report.version,
        );
    }
    if a.scenario != b.scenario {
        return differs("scenarios", &a.scenario, &b.scenario);
    }
    if a.rules != b.rules {
        return differs("rules", &a.rules, &b.rules);
    }
    if a.patches != b.patches {
        let only = |a: &[String], b: &[String]| {
            let more: Vec<&str> = a
                .iter()
                .filter(|it| !b.contains(it))
                .map(String::as_str)
                .collect();
            format!("[{}]", more.join(", "))
        };
        return differs(
            "patches",
            &only(&a.patches, &b.patches),
            &only(&b.patches, &a.patches),
        );
    }
    if one.report.link != other.report.link {
        return Err(Failure::plain(format!(
            "{files} have different texts of the scenario {}",
            a.scenario
        )));
    }
    Ok(())
}

fn no_repeats(parts: &[Part]) -> Outcome<()> {
    for (at, part) in parts.iter().enumerate() {
        let key = |part: &Part| (part.report.seed, part.report.number);
        if let Some(other) = parts[..at].iter().find(|other| key(other) == key(part)) {
            let sentence = format!(
                "{} and {} are both {}",
                other.file,
                part.file,
                part.report.words()
            );
            return Err(Failure::new(sentence, Some("leave one of them out")));
        }
    }
    Ok(())
}

/// Which shards of the first one's kind are not there.
fn missing(parts: &[Part]) -> Vec<u32> {
    let Some(first) = parts.first().map(|part| &part.report) else {
        return Vec::new();
    };
    let is_there = |number: u32| {
        let mut reports = parts.iter().map(|part| &part.report);
        reports.any(|report| report.seed == first.seed && report.number == number)
    };
    (1..=first.of).filter(|&number| !is_there(number)).collect()
}

/// The machine that all of them searched.
fn setup(part: &Part, screen: &Screen) -> Outcome<Setup> {
    if part.report.version != version() {
        return Err(Failure::plain(format!(
            "{} was written by oomscope {}, this is {}",
            part.file,
            part.report.version,
            version()
        )));
    }
    let choice = Choice {
        scenario: part.report.link.clone(),
        patches: None,
        kernel: None,
    };
    choice.setup(&RulesChoice { rules: None }, screen)
}

/// Every outcome with the shortest schedule to it, replayed; and those behind whose
/// schedules nobody could look.
fn confirmed(
    setup: &Setup,
    parts: &[Part],
    limits: Limits,
) -> Outcome<(Vec<Reachable>, Vec<&'static str>)> {
    let machine = &setup.machine;
    let mut shortest: Vec<(Happening, Vec<Transition>, &str)> = Vec::new();
    for part in parts {
        for reached in &part.answer.outcomes {
            let outcome = outcome_named(&reached.outcome)?;
            let schedule = schedule(setup, part, &reached.run)?;
            match shortest.iter_mut().find(|(other, ..)| *other == outcome) {
                Some((_, known, _)) if known.len() <= schedule.len() => {}
                Some(known) => *known = (outcome, schedule, &part.file),
                None => shortest.push((outcome, schedule, &part.file)),
            }
        }
    }
    shortest.sort_by_key(|(outcome, ..)| *outcome);
    let mut outcomes = Vec::new();
    let mut unconfirmed = Vec::new();
    for (outcome, schedule, file) in shortest {
        let kind: Option<LockupKind> = match confirm(machine, outcome, &schedule, limits) {
            Confirmed::Yes(kind) => kind.filter(|_| outcome == Happening::Lockup),
            Confirmed::Unknown => {
                unconfirmed.push(outcome.word());
                None
            }
            Confirmed::No(why) => {
                let word = outcome.word();
                return Err(from_elsewhere(
                    file,
                    &format!("its schedule to {word} does not lead there ({why})"),
                ));
            }
        };
        outcomes.push(Reachable {
            outcome: outcome.word(),
            steps: schedule.len(),
            run: run_text(machine, &schedule),
            kind: kind.map(kind_word),
        });
    }
    Ok((outcomes, unconfirmed))
}

fn schedule(setup: &Setup, part: &Part, run: &str) -> Outcome<Vec<Transition>> {
    let parsed = Run::parse(&setup.machine, run);
    let run = parsed.map_err(|note| from_elsewhere(&part.file, &note.sentence))?;
    let steps = run.moves.into_iter().map(|it| match it {
        Move::Step(transition) => Ok(transition),
        Move::Act(_) => Err(from_elsewhere(
            &part.file,
            "somebody interferes with a schedule",
        )),
    });
    steps.collect()
}

fn from_elsewhere(file: &str, sentence: &str) -> Failure {
    let hint = "it comes from another build of oomscope, or was changed";
    Failure::new(format!("{file}: {sentence}"), Some(hint))
}

/// Whether one shard saw everything. Then no other can have seen more.
fn whole(parts: &[Part]) -> Outcome<bool> {
    let Some(whole) = parts.iter().find(|part| part.answer.bound.is_none()) else {
        return Ok(false);
    };
    let all = &whole.answer.outcomes;
    for part in parts {
        let more = part.answer.outcomes.iter();
        let more = more.map(|reached| &reached.outcome);
        if let Some(outcome) = more
            .clone()
            .find(|&it| !all.iter().any(|known| known.outcome == *it))
        {
            let sentence = format!(
                "{} reaches {outcome}, and {} says that it saw everything without it",
                part.file, whole.file
            );
            return Err(Failure::new(
                sentence,
                Some("one of them comes from another build of oomscope"),
            ));
        }
    }
    Ok(true)
}

fn print(merged: &Merged, exit: Exit, screen: &mut Screen) -> Outcome<()> {
    let About {
        scenario, title, ..
    } = &merged.about;
    screen.line(format!(
        "{}  {}",
        paint(STRONG, scenario),
        paint(SOFT, title)
    ))?;
    for reached in &merged.outcomes {
        let outcome = outcome_named(reached.outcome)?;
        let kinds = [LockupKind::Livelock, LockupKind::Deadlock, LockupKind::Hang];
        let kind = kinds
            .into_iter()
            .find(|&kind| reached.kind == Some(kind_word(kind)));
        let word = paint(style(outcome), format!("{:11}", reached.outcome));
        let steps = count(reached.steps as u64, "step");
        screen.line(format!(
            "  {word}  {steps:>9}  {}",
            paint(SOFT, meaning(outcome, kind))
        ))?;
    }
    let shards = count(merged.shards as u64, "shard");
    let states = count(merged.states, "state");
    let different = count(merged.distinct_states, "different one");
    let kills = count(merged.kills_max.into(), "kill");
    screen.line(format!(
        "{shards}, {states}, about {different}, at most {kills}"
    ))?;
    if !merged.missing.is_empty() {
        let missing: Vec<String> = merged.missing.iter().map(u32::to_string).collect();
        let missing = format!("not there: {}", missing.join(", "));
        screen.line(paint(SOFT, missing))?;
    }
    if !merged.unconfirmed.is_empty() {
        let words = merged.unconfirmed.join(", ");
        let note = format!("not confirmed: {words}; what lies behind is too large (--max-states)");
        screen.line(paint(WARN, note))?;
    }
    match exit {
        Exit::Clean => screen.line(paint(GOOD, "clear: one shard saw everything")),
        Exit::Unknown => screen.line(paint(
            WARN,
            "unknown: nothing bad so far, and no shard saw everything",
        )),
        _ if merged.complete => {
            screen.line(paint(BAD, "bad: one shard saw everything, and this is all"))
        }
        _ => screen.line(paint(
            BAD,
            "bad: what is listed can be reached; no shard saw everything",
        )),
    }
}
