//! `cargo xtask instructions`: how many instructions the explorer needs for a state, counted
//! by valgrind. Other work on the machine does not change this number, so a test can watch it.
//!
//! The number depends on the compiler. `instructions.txt` says for which version it holds;
//! with another one it is only printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, step, tools, tree};

/// Where the number is kept.
const FILE: &str = "crates/oomscope-explore/benches/instructions.txt";
/// The exploration is compared at these two sizes.
const SIZES: [u32; 2] = [2_000, 22_000];
/// Per cent by which it may grow.
const TOLERANCE: u64 = 5;

/// What is kept.
#[derive(PartialEq, Eq)]
struct Figure {
    compiler: String,
    per_state: u64,
}

/// Counts; compares with what is kept, or with `bless` keeps what was counted.
pub(crate) fn instructions(bless: bool) -> Outcome {
    let Some(valgrind) = tools::on_path("valgrind") else {
        println!("valgrind is not installed, so the explorer's instructions are not counted.");
        return Ok(());
    };
    let program = build()?;
    let mut runs = Vec::new();
    for size in SIZES {
        runs.push(run(&valgrind, &program, size)?);
    }
    let [(first, few), (last, many)] = runs[..] else {
        unreachable!("there are two sizes");
    };
    let compiler = step::output(Command::new("rustc").arg("--version"));
    let found = Figure {
        compiler: compiler.unwrap_or_default(),
        per_state: (many - few) / (last - first).max(1),
    };
    println!("{} instructions a state", found.per_state);
    let file = tree::root().join(FILE);
    if bless {
        return keep(&file, &found);
    }
    let kept = kept(&file)?;
    if kept.compiler != found.compiler {
        println!("The number of {FILE} is for {}.", kept.compiler);
        return Ok(());
    }
    let most = kept.per_state + kept.per_state * TOLERANCE / 100;
    if found.per_state > most {
        return Err(format!(
            "The explorer needs {} instructions a state, and at most {most} are allowed ({} and {TOLERANCE} %); find out why, or run `cargo xtask instructions --bless` and say so.",
            found.per_state, kept.per_state
        ));
    }
    let least = kept.per_state - kept.per_state * TOLERANCE / 100;
    if found.per_state < least {
        println!(
            "That is better than the {} that are kept: `cargo xtask instructions --bless`.",
            kept.per_state
        );
    }
    Ok(())
}

fn build() -> Result<PathBuf, String> {
    let package = ["--package", "oomscope-explore", "--example", "instructions"];
    crate::cargo(&[&["build", "--release"], &package[..]].concat(), &[])?;
    Ok(tree::target().join("release/examples/instructions"))
}

/// States found and instructions executed by one run.
fn run(valgrind: &Path, program: &Path, states: u32) -> Result<(u64, u64), String> {
    let mut command = Command::new(valgrind);
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(program).args(["--states", &states.to_string()]);
    let output = command.output();
    let output = output.map_err(|error| format!("valgrind did not start: {error}."))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let counted = String::from_utf8_lossy(&output.stderr);
    // `==123== Collected : 456`
    let instructions = counted.lines().find_map(|line| {
        let (_, number) = line.split_once("Collected :")?;
        number.trim().parse().ok()
    });
    match (said.trim().parse(), instructions) {
        (Ok(states), Some(instructions)) => Ok((states, instructions)),
        _ => Err(format!("valgrind counted nothing:\n{said}{counted}")),
    }
}

fn kept(file: &Path) -> Result<Figure, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{FILE}: {error}."))?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.ok_or_else(|| format!("{FILE} has no line `{key}`."))
    };
    let per_state = value("instructions a state: ")?.parse();
    Ok(Figure {
        compiler: value("compiler: ")?.into(),
        per_state: per_state.map_err(|error| format!("{FILE}: {error}."))?,
    })
}

fn keep(file: &Path, figure: &Figure) -> Outcome {
    let Figure {
        compiler,
        per_state,
    } = figure;
    let text = format!(
        "# Counted by `cargo xtask instructions --bless`; {TOLERANCE} % more are an error.\ncompiler: {compiler}\ninstructions a state: {per_state}\n"
    );
    fs::write(file, text).map_err(|error| format!("{FILE}: {error}."))
}
