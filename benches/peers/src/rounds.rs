//! Rounds: every checker once, on every twin, again and again, so that what else the machine
//! does meets all of them alike. Figures are medians, ratios are medians of the rounds' ratios.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::measure::{self, Sample};
use crate::spin::{self, Order};
use crate::twins::{TWINS, Twin};

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
    let mut samples = vec![vec![Vec::new(); ALL.len()]; TWINS.len()];
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for (twin, samples) in TWINS.iter().zip(&mut samples) {
            for (checker, samples) in ALL.into_iter().zip(samples) {
                samples.push(checker.search(twin, twin.copies, folder)?);
            }
        }
    }
    println!(
        "| machine | checker | states | transitions | user time | states per second | bytes a state | oomscope is |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (twin, samples) in TWINS.iter().zip(&samples) {
        same_counts(twin, samples)?;
        for (checker, own) in ALL.into_iter().zip(samples) {
            row(twin, checker, own, &samples[0]);
        }
    }
    Ok(())
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
            same_counts(twin, &samples)?;
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
fn same_counts(twin: &Twin, samples: &[Vec<Sample>]) -> Result<(), String> {
    let counts = |sample: &Sample| (sample.states, sample.transitions);
    let ours = counts(&samples[0][0]);
    for (checker, samples) in ALL.into_iter().zip(samples) {
        if let Some(other) = samples.iter().map(counts).find(|&other| other != ours) {
            return Err(format!(
                "{}: oomscope counts {ours:?} states and transitions, {} {other:?}",
                twin.name,
                checker.words()
            ));
        }
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
