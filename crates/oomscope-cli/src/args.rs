//! What can be written on the command line.

use clap::{Parser, Subcommand};

use crate::commands::check::Check;
use crate::commands::completions::Completions;
use crate::commands::draw::Draw;
use crate::commands::explain::Explain;
use crate::commands::explore::Explore;
use crate::commands::link::Link;
use crate::commands::man::Man;
use crate::commands::matrix::Matrix;
use crate::commands::merge::Merge;
use crate::commands::patches::Patches;
use crate::commands::run::Run;
use crate::commands::scenarios::Scenarios;
use crate::screen::Color;

const ABOUT: &str = "\
Shows how Linux locks up when it runs out of memory.

A scenario is a machine with a story: memory, tasks with small programs in kernel words,
and the kernel patches it offers as switches. oomscope plays it step by step, searches every
schedule for one that locks up, and says which patches clear it. SCENARIO is always the id
of a built-in one (`oomscope scenarios`), a file, `-` for standard input, or a link that the
page made.";

const AFTER: &str = "\
Exit status:
    0  done; of a search: only what is allowed can happen; of `check`: all expectations met
    1  something else can happen; of `check`: an expectation is not met
    2  the question means nothing: unknown names, broken files, broken links
    3  unknown: a bound was reached before anything bad, or what was asked for, was found
  130  stopped by Ctrl-C, which prints what was found until then (a second one does not)

Environment:
  NO_COLOR, CLICOLOR, CLICOLOR_FORCE   whether to colour, as https://no-color.org says
  TERM                                 `dumb` is not coloured

Examples:
  oomscope scenarios mmap_sem
  oomscope run writer-in-queue --to stuck
  oomscope explore writer-in-queue --patches killable-writers
  oomscope matrix writer-in-queue --kernels
  oomscope explore fault-storm-16 --shard 3/8 --json > shard-3.json
  oomscope merge shard-*.json
  oomscope check my-scenario.toml";

/// The command line.
#[derive(Parser, Debug)]
#[command(name = "oomscope", version, about = "Shows how Linux locks up when it runs out of memory", long_about = ABOUT, after_long_help = AFTER, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Answer in JSON; README.md of the crate describes its shape
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,

    /// Show no progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Run(Run),
    Explore(Explore),
    Matrix(Matrix),
    Explain(Explain),
    Draw(Draw),
    Merge(Merge),
    Check(Check),
    Link(Link),
    Scenarios(Scenarios),
    Patches(Patches),
    Completions(Completions),
    Man(Man),
}
