//! `check`: whether scenario files mean something, and come to what they expect.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use clap::Args;
use oomscope_judge::{Limits, Verdict, cases, judge, machine, sibling_complaint};
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::diagnostic::{Diagnostic, Severity};
use oomscope_scenario::parse::parse;
use oomscope_scenario::rules;
use oomscope_scenario::scenario::Scenario;
use serde::Serialize;

use crate::choice::ids;
use crate::failure::{Exit, Outcome, at};
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
/// 3: a mix is too large to be searched to the end within the bounds.
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
    cases: Vec<CaseAnswer>,
    #[serde(skip)]
    exit: Exit,
    #[serde(skip)]
    lines: Vec<String>,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    format: u8,
    command: &'static str,
    /// `clear`, `bad`, `broken` or `unknown`.
    verdict: &'static str,
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
    if screen.is_json() {
        let verdict = match exit {
            Exit::Usage => "broken",
            other => super::explore::verdict_word(other),
        };
        screen.json(&Answer {
            format: 1,
            command: "check",
            verdict,
            files: answers,
        })?;
        return Ok(exit);
    }
    let cases: usize = answers.iter().map(|answer| answer.cases.len()).sum();
    let bad = answers.iter().filter(|it| it.exit != Exit::Clean).count();
    let (files, cases) = (
        count(answers.len() as u64, "scenario"),
        count(cases as u64, "mix").replace("mixs", "mixes"),
    );
    screen.line(match bad {
        0 => paint(GOOD, format!("{files}, {cases}: all as expected")),
        _ => paint(BAD, format!("{files}, {cases}: {bad} not as expected")),
    })?;
    Ok(exit)
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
        cases: Vec::new(),
        exit: Exit::Clean,
        lines: Vec::new(),
    };
    for diagnostic in &parsed.diagnostics {
        let word = match diagnostic.severity {
            Severity::Error => paint(BAD, "error"),
            Severity::Warning => paint(WARN, "warning"),
        };
        let line = at(&source.place, diagnostic);
        answer.lines.push(format!("{word}: {line}"));
    }
    if parsed.has_errors() {
        answer.exit = Exit::Usage;
    }
    let Some(scenario) = parsed.scenario else {
        answer.exit = Exit::Usage;
        return answer;
    };
    examine_cases(source, &scenario, limits, searcher, verbose, &mut answer);
    answer
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
    let cases = cases(scenario);
    if cases.is_empty() {
        answer.exit = worst([answer.exit, Exit::Bad]);
        let line = format!("{}: {place}: it expects nothing", paint(BAD, "missed"));
        answer.lines.push(line);
    }
    if let Some(sentence) = sibling_complaint(scenario) {
        answer.exit = worst([answer.exit, Exit::Bad]);
        let line = format!("{}: {place}: {sentence}", paint(BAD, "missed"));
        answer.lines.push(line);
    }
    for case in cases {
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
        let told = paint(style, word);
        let number = line.map_or(String::new(), |line| format!(":{line}"));
        let tail = match (&sentence, exit) {
            (Some(sentence), _) => sentence.clone(),
            (None, Exit::Unknown) => format!("not searched to the end: {found}"),
            (None, _) => paint(SOFT, &found),
        };
        if verbose || exit != Exit::Clean {
            let text = format!("{told}: {place}{number}: {words}: {tail}");
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
