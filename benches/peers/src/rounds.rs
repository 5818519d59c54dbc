//! Rounds: every checker in its turn, on every twin, again and again, so that what else the
//! machine does meets all of them alike. Figures are medians, ratios are medians of the rounds'
//! ratios. What is user time and what is system time the kernel guesses from a few ticks, so
//! where a search takes some hundredths of a second, the checkers take several turns in a round.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::measure::{self, Sample};
use crate::spin::{self, Order};
use crate::twins::{TWINS, Twin};

/// In a round ours searches about so long.
const ROUND: Duration = Duration::from_millis(500);

/// Who searches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checker {
    /// Ours; everything is compared with it.
    Oomscope,
    /// Spin, breadth first or depth first.
    Spin(Order),
    /// stateright, breadth first, one thread.
    Stateright,
}

const ALL: [Checker; 4] = [
    Checker::Oomscope,
    Checker::Spin(Order::Breadth),
    Checker::Spin(Order::Depth),
    Checker::Stateright,
];

impl Checker {
    fn words(self) -> &'static str {
        match self {
            Checker::Oomscope => "oomscope",
            Checker::Spin(Order::Breadth) => "Spin, breadth first",
            Checker::Spin(Order::Depth) => "Spin, depth first",
            Checker::Stateright => "stateright",
        }
    }

    fn search(self, twin: &Twin, copies: u8, folder: &Path) -> Result<Sample, String> {
        let number = copies.to_string();
        match self {
            Checker::Oomscope => child(&["explore", twin.name, &number]),
            Checker::Stateright => child(&["stateright", twin.name, &number]),
            Checker::Spin(order) => spin::search(&spin::pan(twin, copies, order, folder)),
        }
    }
}

/// This program again, for one search in a process of its own.
pub fn child(words: &[&str]) -> Result<Sample, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let (said, user) = measure::run(Command::new(program).args(words))?;
    let numbers: Result<Vec<u64>, _> = said.split_whitespace().map(str::parse).collect();
    match numbers.as_deref() {
        Ok(&[states, transitions, bytes]) => Ok(Sample {
            states,
            transitions,
            bytes,
            user,
        }),
        _ => Err(format!("{words:?} printed {said:?}")),
    }
}

/// Builds what Spin needs, runs the rounds, prints one table.
pub fn compare(rounds: usize, folder: &Path) -> Result<(), String> {
    for twin in &TWINS {
        build(twin, twin.copies, folder)?;
    }
    let mut turns = Vec::new();
    for twin in &TWINS {
        let once = Checker::Oomscope.search(twin, twin.copies, folder)?.user;
        let often = ROUND.as_secs_f64() / once.as_secs_f64();
        turns.push(often.clamp(1.0, 20.0).round() as u32);
    }
    let mut samples = vec![vec![Vec::new(); ALL.len()]; TWINS.len()];
    for number in 1..=rounds {
        eprintln!("round {number} of {rounds}");
        for ((twin, &turns), samples) in TWINS.iter().zip(&turns).zip(&mut samples) {
            for (of_round, samples) in round(twin, turns, folder)?.into_iter().zip(samples) {
                samples.push(of_round);
            }
        }
    }
    println!(
        "| machine | checker | states | transitions | user time | states per second | bytes a state | oomscope is |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (twin, samples) in TWINS.iter().zip(&samples) {
        all_same_counts(twin, samples)?;
        for (checker, own) in ALL.into_iter().zip(samples) {
            row(twin, checker, own, &samples[0]);
        }
    }
    Ok(())
}

/// So many turns of every checker: what each found, and the user time of one of its searches.
fn round(twin: &Twin, turns: u32, folder: &Path) -> Result<Vec<Sample>, String> {
    let mut samples: Vec<Sample> = Vec::new();
    for turn in 0..turns {
        for (at, checker) in ALL.into_iter().enumerate() {
            let sample = checker.search(twin, twin.copies, folder)?;
            same_counts(twin, checker, &sample, samples.first().unwrap_or(&sample))?;
            match samples.get_mut(at) {
                Some(sum) if turn > 0 => sum.user += sample.user,
                _ => samples.push(sample),
            }
        }
    }
    for sample in &mut samples {
        sample.user /= turns;
    }
    Ok(samples)
}

/// Holds all checkers against each other, and against `twins/counts.txt`, at every size.
pub fn counts(folder: &Path) -> Result<(), String> {
    let mut found = String::new();
    for twin in &TWINS {
        for copies in 1..=twin.copies {
            build(twin, copies, folder)?;
            let mut samples = Vec::new();
            for checker in ALL {
                samples.push(vec![checker.search(twin, copies, folder)?]);
            }
            all_same_counts(twin, &samples)?;
            let Sample {
                states,
                transitions,
                ..
            } = samples[0][0];
            let name = twin.name;
            found.push_str(&format!("{name} {copies} {states} {transitions}\n"));
        }
    }
    print!("{found}");
    let pinned = include_str!("../twins/counts.txt");
    let pinned = pinned.lines().filter(|line| !line.starts_with('#'));
    if !pinned.eq(found.lines()) {
        return Err("All agree, but twins/counts.txt says something else.".into());
    }
    Ok(())
}

fn build(twin: &Twin, copies: u8, folder: &Path) -> Result<(), String> {
    if !spin::is_there() {
        return Err("Spin is not installed; on Debian and Ubuntu it is the package `spin`.".into());
    }
    for order in [Order::Breadth, Order::Depth] {
        spin::build(twin, copies, order, folder)?;
    }
    Ok(())
}

/// The proof that the twins are the same machine.
fn all_same_counts(twin: &Twin, samples: &[Vec<Sample>]) -> Result<(), String> {
    for (checker, own) in ALL.into_iter().zip(samples) {
        for sample in own {
            same_counts(twin, checker, sample, &samples[0][0])?;
        }
    }
    Ok(())
}

fn same_counts(twin: &Twin, who: Checker, sample: &Sample, other: &Sample) -> Result<(), String> {
    let counts = |sample: &Sample| (sample.states, sample.transitions);
    if counts(sample) != counts(other) {
        return Err(format!(
            "{}: {} counts {:?} states and transitions, and before that it was {:?}",
            twin.name,
            who.words(),
            counts(sample),
            counts(other),
        ));
    }
    Ok(())
}

fn row(twin: &Twin, checker: Checker, samples: &[Sample], ours: &[Sample]) {
    let user = median(samples.iter().map(|sample| sample.user.as_secs_f64()));
    let ratios = samples.iter().zip(ours);
    let ratio = median(ratios.map(|(sample, ours)| ratio(sample.user, ours.user)));
    let Sample {
        states,
        transitions,
        bytes,
        ..
    } = samples[0];
    println!(
        "| {} | {} | {states} | {transitions} | {user:.2} s | {:.2} M | {} | {ratio:.2} times as fast |",
        twin.name,
        checker.words(),
        states as f64 / user / 1e6,
        bytes / states,
    );
}

fn ratio(other: Duration, ours: Duration) -> f64 {
    other.as_secs_f64() / ours.as_secs_f64()
}

/// The one in the middle; of two the upper.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
