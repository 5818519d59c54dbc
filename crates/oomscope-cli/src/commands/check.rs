//! `check`: whether scenario files mean something, and come to what they expect.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use clap::Args;
use oomscope_judge::{Limits, Verdict, cases, judge, machine, sibling_complaint};
use oomscope_model::step::enabled;
use oomscope_model::transition::Move;
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::diagnostic::{Diagnostic, Severity, list_words};
use oomscope_scenario::parse::parse;
use oomscope_scenario::replay::Replay;
use oomscope_scenario::rules;
use oomscope_scenario::scenario::Scenario;
use serde::Serialize;

use crate::choice::ids;
use crate::failure::{Exit, Outcome, told};
use crate::input::Source;
use crate::screen::{BAD, GOOD, SOFT, Screen, WARN, count, paint};
use crate::search::{Bounds, Searcher, is_stopped};

/// States beyond which a scenario is not exhausted, as in the tests.
const STATES_MAX: u32 = 4_000_000;

/// Hold scenario files against their own expectations
///
/// Reads each file, tells every mistake in it with its place, and explores every valid mix
/// of the offered patches under every rule that the file names, as the tests of oomscope do.
/// Exit status 0: every expectation is met. 1: one is not. 2: a file has mistakes.
/// 3: a mix is too large to be searched to the end within `--max-states` and `--max-memory`.
/// Of mixes that are searched as far as a bound that the file itself states, the summary
/// says so, and the status stays 0 if nothing came that the file does not expect.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Scenario files or ids; every built-in scenario if there are none
    #[arg(value_name = "FILES")]
    files: Vec<String>,

    #[command(flatten)]
    bounds: Bounds,

    /// Print every mix with what it comes to, not only what is wrong
    #[arg(short, long)]
    verbose: bool,
}

/// One mix of patches under one rule.
#[derive(Serialize)]
struct CaseAnswer {
    rules: &'static str,
    patches: Vec<&'static str>,
    /// Which of the offered patches are on and which off.
    mix: String,
    /// `met`, `bounded`, `missed` or `unknown`.
    verdict: &'static str,
    /// What was found.
    found: String,
    /// Line of the expectation.
    line: Option<u32>,
    /// What is not as expected.
    sentence: Option<String>,
}

/// One complaint about a file.
#[derive(Serialize)]
struct Note {
    /// `error` or `warning`.
    severity: &'static str,
    line: u32,
    column: u32,
    sentence: String,
    hint: Option<String>,
}

/// One file.
#[derive(Serialize)]
struct FileAnswer {
    file: String,
    scenario: Option<String>,
    diagnostics: Vec<Note>,
    /// What is wrong with the file as a whole: its lead, its sibling, no expectation.
    complaints: Vec<String>,
    cases: Vec<CaseAnswer>,
    #[serde(skip)]
    exit: Exit,
    #[serde(skip)]
    lines: Vec<String>,
}

/// How many mixes came to what.
#[derive(Serialize, Default)]
struct Mixes {
    /// As expected.
    met: usize,
    /// Nothing unexpected up to the bound that the file names; the rest was not searched.
    bounded: usize,
    /// Not as expected.
    missed: usize,
    /// Not searched to the end, because of another bound.
    unknown: usize,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    format: u8,
    command: &'static str,
    /// `clear`, `bad`, `broken` or `unknown`; `unknown` as well if a mix was searched no
    /// further than to the bound of its file.
    verdict: &'static str,
    mixes: Mixes,
    files: Vec<FileAnswer>,
}

pub(crate) fn check(wanted: &Check, screen: &mut Screen) -> Outcome<Exit> {
    let names: Vec<String> = match wanted.files.is_empty() {
        true => BUILTIN.iter().map(|builtin| builtin.id.into()).collect(),
        false => wanted.files.clone(),
    };
    let sources: Outcome<Vec<Source>> = names.iter().map(|name| Source::find(name)).collect();
    let sources = sources?;
    let answers = examine_all(&sources, wanted, screen)?;
    let exit = worst(answers.iter().map(|answer| answer.exit));
    let mixes = Mixes::of(&answers);
    if screen.is_json() {
        let verdict = match exit {
            Exit::Usage => "broken",
            Exit::Clean if mixes.bounded > 0 => "unknown",
            other => super::explore::verdict_word(other),
        };
        screen.json(&Answer {
            format: 1,
            command: "check",
            verdict,
            mixes,
            files: answers,
        })?;
        return Ok(exit);
    }
    let style = match exit {
        Exit::Clean if mixes.bounded == 0 => GOOD,
        Exit::Clean | Exit::Unknown => WARN,
        _ => BAD,
    };
    screen.line(paint(style, summary(&answers, &mixes)))?;
    Ok(exit)
}

impl Mixes {
    fn of(answers: &[FileAnswer]) -> Mixes {
        let mut mixes = Mixes::default();
        for case in answers.iter().flat_map(|answer| &answer.cases) {
            match case.verdict {
                "met" => mixes.met += 1,
                "bounded" => mixes.bounded += 1,
                "missed" => mixes.missed += 1,
                _ => mixes.unknown += 1,
            }
        }
        mixes
    }

    fn all(&self) -> usize {
        self.met + self.bounded + self.missed + self.unknown
    }
}

/// What came of all files, on one line.
fn summary(answers: &[FileAnswer], mixes: &Mixes) -> String {
    let broken = |answer: &&FileAnswer| answer.exit == Exit::Usage || !answer.complaints.is_empty();
    let broken = answers.iter().filter(broken).count();
    let whole = format!(
        "{}, {}",
        count(answers.len() as u64, "scenario"),
        mixes_words(mixes.all())
    );
    if mixes.met == mixes.all() && broken == 0 && !is_stopped() {
        return format!("{whole}: all as expected");
    }
    let parts = [
        (mixes.met, format!("{} as expected", mixes.met)),
        (mixes.missed, format!("{} not as expected", mixes.missed)),
        (mixes.unknown, format!("{} unknown", mixes.unknown)),
        (
            mixes.bounded,
            format!(
                "{} only searched up to the bound that the file names",
                mixes_words(mixes.bounded)
            ),
        ),
        (
            broken,
            format!("{} with mistakes", count(broken as u64, "file")),
        ),
        (usize::from(is_stopped()), String::from("stopped")),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(_, words)| words).collect();
    format!("{whole}: {}", parts.join(", "))
}

fn mixes_words(number: usize) -> String {
    count(number as u64, "mix").replace("mixs", "mixes")
}

/// Examines the files on all processors and prints each as soon as it and those before it
/// are done.
fn examine_all(
    sources: &[Source],
    wanted: &Check,
    screen: &mut Screen,
) -> Outcome<Vec<FileAnswer>> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, |number| number.get());
    let workers = workers.min(sources.len()).max(1);
    let mut limits = wanted.bounds.limits();
    limits.states_max = wanted.bounds.max_states.unwrap_or(STATES_MAX);
    limits.bytes_max /= workers as u64;
    let visible = screen.shows_progress() && workers == 1;
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for sender in std::iter::repeat_n(sender, workers) {
            scope.spawn(|| {
                let sender = sender;
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(source) = sources.get(index)
                {
                    let searcher = |limits| Searcher::new(limits, visible);
                    let answer = examine(source, limits, wanted.verbose, &searcher);
                    if sender.send((index, answer)).is_err() {
                        break;
                    }
                }
            });
        }
        let mut waiting: Vec<Option<FileAnswer>> = sources.iter().map(|_| None).collect();
        let mut done = Vec::new();
        for (index, answer) in receiver {
            waiting[index] = Some(answer);
            while let Some(answer) = waiting.get_mut(done.len()).and_then(Option::take) {
                let lines = if screen.is_json() {
                    &[]
                } else {
                    &answer.lines[..]
                };
                for line in lines {
                    screen.line(line)?;
                }
                done.push(answer);
            }
        }
        Ok(done)
    })
}

fn examine(
    source: &Source,
    limits: Limits,
    verbose: bool,
    searcher: &dyn Fn(Limits) -> Searcher,
) -> FileAnswer {
    let parsed = parse(&source.text);
    let mut answer = FileAnswer {
        file: source.place.clone(),
        scenario: parsed.scenario.as_ref().map(|it| it.id.clone()),
        diagnostics: parsed.diagnostics.iter().map(note).collect(),
        complaints: Vec::new(),
        cases: Vec::new(),
        exit: Exit::Clean,
        lines: Vec::new(),
    };
    for diagnostic in &parsed.diagnostics {
        answer.lines.push(told(&source.place, diagnostic));
    }
    if parsed.has_errors() {
        answer.exit = Exit::Usage;
    }
    let Some(scenario) = parsed.scenario else {
        answer.exit = Exit::Usage;
        return answer;
    };
    examine_whole(&source.place, &scenario, &mut answer);
    examine_cases(source, &scenario, limits, searcher, verbose, &mut answer);
    answer
}

/// What can be wrong with a file although every mix of it comes to what it expects.
fn examine_whole(place: &str, scenario: &Scenario, answer: &mut FileAnswer) {
    let silent = cases(scenario).is_empty();
    answer.complaints = [
        silent.then(|| String::from("it expects nothing")),
        sibling_complaint(scenario),
        lead_complaint(scenario),
    ]
    .into_iter()
    .flatten()
    .collect();
    for sentence in &answer.complaints {
        answer.exit = worst([answer.exit, Exit::Bad]);
        let line = format!("{}: {place}: {sentence}", paint(BAD, "missed"));
        answer.lines.push(line);
    }
}

/// Which step of the lead is not possible on the file's own machine, if one is not.
fn lead_complaint(scenario: &Scenario) -> Option<String> {
    let lead = scenario.lead.as_ref()?;
    let mut replay = Replay::new(scenario.machine.clone());
    let wrong = lead
        .steps
        .iter()
        .find_map(|&next| replay.push(Move::Step(next)).err())?;
    let names: Vec<&str> = enabled(replay.tip_machine(), replay.tip())
        .map(|possible| scenario.machine.actor(possible.0).name.as_str())
        .collect();
    let can = match names.is_empty() {
        true => String::from("nobody can move there"),
        false => format!("there {} can move", list_words(names)),
    };
    Some(format!("its lead does not fit: {wrong}; {can}"))
}

fn examine_cases(
    source: &Source,
    scenario: &Scenario,
    mut limits: Limits,
    searcher: &dyn Fn(Limits) -> Searcher,
    verbose: bool,
    answer: &mut FileAnswer,
) {
    let place = &source.place;
    if let Some(bound) = &scenario.bound {
        limits.states_max = limits.states_max.min(bound.states);
    }
    let searcher = searcher(limits);
    for case in cases(scenario) {
        if is_stopped() {
            answer.exit = worst([answer.exit, Exit::Unknown]);
            break;
        }
        let machine = machine(scenario, case.patches, case.rules);
        let searched = searcher.search(&machine, &scenario.id);
        let verdict = judge(scenario, case, &searched.found);
        let words = case.words(scenario);
        let found = searched.found.summary();
        let (word, style, exit) = match &verdict {
            Verdict::Met => ("met", GOOD, Exit::Clean),
            Verdict::Bounded => ("bounded", GOOD, Exit::Clean),
            Verdict::Missed { .. } => ("missed", BAD, Exit::Bad),
            Verdict::Unknown => ("unknown", WARN, Exit::Unknown),
        };
        answer.exit = worst([answer.exit, exit]);
        let (line, sentence) = match verdict {
            Verdict::Missed { line, sentence } => (line, Some(sentence)),
            _ => (None, None),
        };
        let painted = paint(style, word);
        let number = line.map_or(String::new(), |line| format!(":{line}"));
        let tail = match (&sentence, exit) {
            (Some(sentence), _) => sentence.clone(),
            (None, Exit::Unknown) => format!("not searched to the end: {found}"),
            (None, _) => paint(SOFT, &found),
        };
        if verbose || exit != Exit::Clean {
            let text = format!("{painted}: {place}{number}: {words}: {tail}");
            answer.lines.push(text);
        }
        answer.cases.push(CaseAnswer {
            rules: rules::word(case.rules),
            patches: ids(case.patches),
            mix: scenario.combination_in_words(case.patches),
            verdict: word,
            found,
            line,
            sentence,
        });
    }
}

fn note(diagnostic: &Diagnostic) -> Note {
    Note {
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        line: diagnostic.line,
        column: diagnostic.column,
        sentence: diagnostic.sentence.clone(),
        hint: diagnostic.hint.clone(),
    }
}

/// What counts most: mistakes in a file, then what is not as expected, then what is unknown.
fn worst(exits: impl IntoIterator<Item = Exit>) -> Exit {
    let weight = |exit: &Exit| match exit {
        Exit::Usage => 3,
        Exit::Bad => 2,
        Exit::Unknown => 1,
        _ => 0,
    };
    exits.into_iter().max_by_key(weight).unwrap_or(Exit::Clean)
}
