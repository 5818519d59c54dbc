//! Searching for people: within bounds, with progress, and stopped by Ctrl-C.

use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use oomscope_explore::{Progress, Reductions};
use oomscope_judge::{Bound, Found, Limits};
use oomscope_model::machine::Machine;
use serde::Serialize;

use crate::failure::Failure;
use crate::screen::{Screen, bytes, count};

/// Pressed Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// How far to search.
#[derive(Args, Clone, Debug)]
pub(crate) struct Bounds {
    /// Give up after so many states
    #[arg(long, value_name = "N", value_parser = states)]
    pub(crate) max_states: Option<u32>,

    /// Give up before the search takes more memory than this, for example 500M or 2G
    ///
    /// By default half of what the machine has available.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_memory: Option<u64>,
}

/// A search within bounds that shows how far it is.
pub(crate) struct Searcher {
    limits: Limits,
    reductions: Reductions,
    line: RefCell<Line>,
}

/// A finished search and how long it took.
pub(crate) struct Searched {
    pub(crate) found: Found,
    pub(crate) time: Duration,
}

/// How large a search was, for machines.
#[derive(Serialize, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) states: u32,
    pub(crate) transitions: u64,
    /// Steps from the start to the farthest state.
    pub(crate) depth: u32,
    /// Memory used.
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
}

/// Lets Ctrl-C stop searches; a second one stops the program.
pub(crate) fn listen() -> Result<(), Failure> {
    let heard = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(crate::failure::Exit::Interrupted as i32);
        }
    });
    heard.map_err(|error| Failure::plain(format!("cannot listen for Ctrl-C: {error}")))
}

/// The clock, for figures of speed alone.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a search took is told, and decides nothing"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Whether Ctrl-C was pressed.
pub(crate) fn is_stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

impl Bounds {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            states_max: self.max_states.unwrap_or(u32::MAX),
            bytes_max: self.max_memory.unwrap_or_else(|| available_bytes() / 2),
        }
    }

    pub(crate) fn searcher(&self, screen: &Screen) -> Searcher {
        Searcher::new(self.limits(), screen.shows_progress())
    }
}

impl Searcher {
    pub(crate) fn new(limits: Limits, visible: bool) -> Searcher {
        Searcher {
            limits,
            reductions: Reductions::NONE,
            line: RefCell::new(Line::new(visible)),
        }
    }

    /// The same searcher, which need not tell all states apart.
    pub(crate) fn reducing(self, reductions: Reductions) -> Searcher {
        Searcher { reductions, ..self }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Explores a machine; `what` stands before the progress.
    pub(crate) fn search(&self, machine: &Machine, what: &str) -> Searched {
        let begin = now();
        let watch = |progress| self.watch(progress, what, begin);
        let found = oomscope_judge::search_with(machine, self.reductions, self.limits, watch);
        self.done();
        Searched {
            found,
            time: begin.elapsed(),
        }
    }

    /// Explores a part of a machine's space, in the order of this shard.
    pub(crate) fn shard(&self, machine: &Machine, seed: u64, number: u32) -> (Searched, Vec<u64>) {
        let begin = now();
        let what = format!("shard {number}");
        let shard = oomscope_judge::shard(machine, self.limits, seed, number, |progress| {
            self.watch(progress, &what, begin)
        });
        self.line.borrow_mut().clear();
        let searched = Searched {
            found: shard.found,
            time: begin.elapsed(),
        };
        (searched, shard.sample)
    }

    /// Takes the progress away.
    pub(crate) fn done(&self) {
        self.line.borrow_mut().clear();
    }

    /// Shows the progress; breaks after Ctrl-C.
    pub(crate) fn watch(&self, progress: Progress, what: &str, begin: Instant) -> ControlFlow<()> {
        self.line.borrow_mut().show(progress, what, begin.elapsed());
        match is_stopped() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl Searched {
    pub(crate) fn size(&self) -> Size {
        let Progress {
            states,
            transitions,
            depth,
            bytes,
            ..
        } = self.found.progress;
        Size {
            states,
            transitions,
            depth,
            bytes,
            seconds: self.time.as_secs_f64(),
        }
    }
}

impl Size {
    pub(crate) fn states_per_second(&self) -> f64 {
        f64::from(self.states) / self.seconds.max(1e-6)
    }

    pub(crate) fn bytes_per_state(&self) -> f64 {
        self.bytes as f64 / f64::from(self.states.max(1))
    }
}

/// Which bound it was, in words.
pub(crate) fn bound_words(bound: Bound, limits: Limits) -> String {
    match bound {
        Bound::States => {
            let states = count(limits.states_max.into(), "state");
            format!("the bound of {states} was reached (--max-states)")
        }
        Bound::Bytes => {
            let size = bytes(limits.bytes_max);
            format!("the bound of {size} was reached (--max-memory)")
        }
        Bound::Size => String::from(
            "the bound of 4 billion states or steps was reached (there are no numbers for more)",
        ),
        Bound::Stopped => String::from("it was stopped"),
    }
}

/// One line on standard error that is written over again and again.
struct Line {
    visible: bool,
    last: Option<Duration>,
}

impl Line {
    fn new(visible: bool) -> Line {
        Line {
            visible,
            last: None,
        }
    }

    fn show(&mut self, progress: Progress, what: &str, time: Duration) {
        const PAUSE: Duration = Duration::from_millis(150);
        let due = time >= self.last.unwrap_or_default() + PAUSE;
        if !self.visible || !due {
            return;
        }
        self.last = Some(time);
        let rate = f64::from(progress.states) / time.as_secs_f64().max(1e-6);
        let states = count(progress.states.into(), "state");
        let rate = count(rate as u64, "state");
        let (depth, size) = (progress.depth, bytes(progress.bytes));
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(
            std::io::stderr(),
            "\r\x1b[K{what}: {states}, depth {depth}, {size}, {rate}/s"
        );
    }

    fn clear(&mut self) {
        if self.visible && self.last.take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// What Linux says could be used without swapping; 4 GB where nobody says.
fn available_bytes() -> u64 {
    let read = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = read
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok());
    kilobytes.map_or(4 << 30, |kilobytes: u64| kilobytes << 10)
}

fn states(text: &str) -> Result<u32, String> {
    let digits = text.replace([',', '_'], "");
    let number = digits.parse().ok().filter(|&number: &u32| number > 0);
    number.ok_or_else(|| format!("not a number of states from 1 to {}", u32::MAX))
}

fn size(text: &str) -> Result<u64, String> {
    let letters = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(letters);
    let shift = match unit
        .to_ascii_lowercase()
        .trim_end_matches('b')
        .trim_end_matches('i')
    {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err(String::from("write it as 500M or 2G")),
    };
    let number: Option<u64> = digits.parse().ok().filter(|&number| number > 0);
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| String::from("write it as 500M or 2G"))
}
