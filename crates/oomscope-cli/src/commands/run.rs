//! `run`: plays a run and tells what happens, step by step.

use clap::{Args, ValueEnum};
use oomscope_model::event::Event;
use oomscope_model::machine::Machine;
use oomscope_model::state::State;

use oomscope_picture::{LogKind, LogLine, caption_of_move, chain, clock, log_with_traces};
use oomscope_scenario::condition;
use oomscope_scenario::replay::Replay;
use oomscope_scenario::run::Run as RunText;
use oomscope_scenario::scenario::Marker;
use serde::Serialize;
use serde_json::Value;

use crate::choice::{About, Choice, RulesChoice, Setup, rules_words};
use crate::events::Told;
use crate::failure::{Exit, Failure, Outcome};
use crate::schedule::{End, Plan, Played};
use crate::screen::{BAD, GOOD, SOFT, STRONG, Screen, WARN, count, paint};

/// Play a run and print what happens, step by step
///
/// Plays the scenario's lead, or the run that one of the options names, and tells each step:
/// who moved, what happened, what the kernel would have logged, and who waits for whom
/// whenever that changes. `--run ''` prints the start alone.
#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    rules: RulesChoice,
    #[command(flatten)]
    plan: Plan,

    /// What to print of each step
    #[arg(
        long,
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "words,dmesg,chain"
    )]
    show: Vec<Show>,
}

/// What to print of each step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Show {
    /// One sentence
    Words,
    /// Every event with its numbers
    Events,
    /// What the kernel would log, and what we note where it is silent
    Dmesg,
    /// The tracepoints oom:*, from 4.14 on
    Trace,
    /// Who waits for whom, whenever it changes
    Chain,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    about: About,
    /// The run, as `--run` reads it.
    run: String,
    steps: Vec<Step>,
    /// Why it ends there.
    end: String,
    /// Whether every task is through.
    finished: bool,
    kills: u8,
    /// What a link promised and this model does not do.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

/// One move and what it did.
#[derive(Serialize)]
struct Step {
    /// From 1: step 0 is the start.
    step: usize,
    /// The task that moved, or the act.
    r#move: String,
    /// Microseconds since boot.
    time_usec: u64,
    caption: String,
    events: Vec<Value>,
    log: Vec<String>,
    trace: Vec<String>,
    /// Who waits for whom, in one sentence.
    chain: Option<String>,
    free_mb: u32,
    /// Markers that are reached here for the first time.
    markers: Vec<String>,
    #[serde(skip)]
    lines: Vec<LogLine>,
    #[serde(skip)]
    told: Vec<String>,
}

pub(crate) fn run(wanted: &Run, screen: &mut Screen) -> Outcome<Exit> {
    let setup = wanted.choice.setup(&wanted.rules, screen)?;
    let played = wanted.plan.play(&setup, screen)?;
    let steps = tell(&setup, &played.replay)?;
    let exit = match played.end {
        End::NotReached(_) => Exit::Bad,
        _ => Exit::Clean,
    };
    if let Some(trouble) = &played.trouble {
        screen.note(format!("{}: {trouble}", paint(WARN, "warning")));
    }
    let end = end_words(&played);
    if screen.is_json() {
        let moves = played.replay.moves().to_vec();
        screen.json(&Answer {
            about: setup.about("run"),
            run: RunText { moves }.print(&setup.machine),
            steps,
            end,
            finished: played.replay.tip().is_finished(),
            kills: played.replay.tip().kills(played.replay.tip_machine()),
            trouble: played.trouble,
        })?;
        return Ok(exit);
    }
    print(wanted, &setup, &steps, screen)?;
    let style = match (&played.end, played.replay.tip().is_finished()) {
        (End::NotReached(_), _) => BAD,
        _ if played.beyond.is_some() => WARN,
        (_, true) => GOOD,
        _ => SOFT,
    };
    screen.line(paint(style, end))?;
    Ok(exit)
}

/// Goes through the run once more and notes what each move does.
fn tell(setup: &Setup, replay: &Replay) -> Outcome<Vec<Step>> {
    let mut tape = Replay::new(setup.machine.clone());
    let mut markers: Vec<&Marker> = setup.scenario().markers.iter().collect();
    markers.retain(|marker| !condition::holds(&marker.when, &setup.machine, tape.tip()));
    let mut time = clock::START_USEC;
    let mut steps = Vec::new();
    for &next in replay.moves() {
        let events = tape.push(next).map_err(Failure::plain)?;
        time = clock::after(time, &events);
        let (machine, state) = (tape.tip_machine(), tape.tip());
        let lines = log(setup, machine, state, &events, time);
        let texts = |kind: fn(LogKind) -> bool| {
            let lines = lines.iter().filter(|line| kind(line.kind));
            lines.map(|line| line.text.clone()).collect()
        };
        let told: Vec<Told> = events.iter().map(|it| Told::new(machine, it)).collect();
        let mut reached = Vec::new();
        markers.retain(|marker| {
            let holds = condition::holds(&marker.when, machine, state);
            if holds {
                reached.push(marker.id.clone());
            }
            !holds
        });
        let moves = vec![next];
        steps.push(Step {
            step: tape.len(),
            r#move: RunText { moves }.print(machine),
            time_usec: time,
            caption: caption_of_move(machine, next, &events, state),
            events: told.iter().map(Told::json).collect(),
            log: texts(|kind| kind != LogKind::Trace),
            trace: texts(|kind| kind == LogKind::Trace),
            chain: chain(machine, state).map(|chain| chain.text()),
            free_mb: u32::from(state.free_pages) * u32::from(machine.zone.mb_per_page),
            markers: reached,
            told: told.iter().map(Told::text).collect(),
            lines,
        });
    }
    Ok(steps)
}

fn log(
    setup: &Setup,
    machine: &Machine,
    state: &State,
    events: &[Event],
    time: u64,
) -> Vec<LogLine> {
    let lines = events
        .iter()
        .map(|event| log_with_traces(machine, setup.version, event, state, time));
    lines.flatten().collect()
}

fn print(wanted: &Run, setup: &Setup, steps: &[Step], screen: &mut Screen) -> Outcome<()> {
    let scenario = setup.scenario();
    let title = paint(SOFT, &scenario.title);
    screen.line(format!("{}  {title}", paint(STRONG, &scenario.id)))?;
    screen.line(format!(
        "{}; {}",
        setup.kernel_words(),
        rules_words(setup.machine.rules)
    ))?;
    let names = steps.iter().map(|step| step.r#move.chars().count());
    let width = names.max().unwrap_or_default().min(24);
    let mut chain = None;
    for step in steps {
        print_step(wanted, setup, step, width, &mut chain, screen)?;
    }
    Ok(())
}

fn print_step(
    wanted: &Run,
    setup: &Setup,
    step: &Step,
    width: usize,
    chain: &mut Option<String>,
    screen: &mut Screen,
) -> Outcome<()> {
    let shows = |what: Show| wanted.show.contains(&what);
    if shows(Show::Words) {
        let who = paint(STRONG, format!("{:width$}", step.r#move));
        let number = paint(SOFT, format!("{:4}", step.step));
        screen.line(format!("{number}  {who}  {}", step.caption))?;
    }
    for text in step.told.iter().filter(|_| shows(Show::Events)) {
        screen.line(paint(SOFT, format!("      {text}")))?;
    }
    for line in &step.lines {
        match line.kind {
            LogKind::Kernel if shows(Show::Dmesg) => screen.line(&line.text)?,
            LogKind::Note if shows(Show::Dmesg) => screen.line(paint(SOFT, &line.text))?,
            LogKind::Trace if shows(Show::Trace) => screen.line(&line.text)?,
            _ => {}
        }
    }
    if shows(Show::Chain) && *chain != step.chain {
        let text = step.chain.as_deref().unwrap_or("nobody waits");
        screen.line(paint(WARN, format!("      => {text}")))?;
    }
    chain.clone_from(&step.chain);
    for id in step.markers.iter().filter(|_| shows(Show::Words)) {
        let mut markers = setup.scenario().markers.iter();
        if let Some(marker) = markers.find(|marker| marker.id == *id) {
            let say = marker.say.as_deref().unwrap_or_default();
            let title = paint(STRONG, format!("-- {} ({id})", marker.title));
            screen.line(format!("{title} {say}"))?;
        }
    }
    Ok(())
}

fn end_words(played: &Played) -> String {
    let steps = count(played.replay.len() as u64, "step");
    let finished = match played.replay.tip().is_finished() {
        true => ", and every task is through",
        false => "",
    };
    match &played.end {
        End::RunOver => match &played.beyond {
            Some(beyond) => format!("the run ends after {steps}; {beyond}"),
            None => format!("the run ends after {steps}{finished}"),
        },
        End::Reached => format!("reached after {steps}{finished}"),
        End::NotReached(what) => {
            format!("{what} was not reached; the run stops after {steps}{finished}")
        }
        End::Finished => format!("every task is through after {steps}"),
        End::NothingMoves => format!("nothing can move after {steps}"),
        End::StepsSpent => format!("stopped after {steps} (--max-steps)"),
        End::Stopped => format!("stopped after {steps}"),
    }
}
