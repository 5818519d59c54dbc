//! One part of a search by many: which one, and what it leaves for `oomscope merge`.

use clap::Args;
use oomscope_scenario::link::{self, Shared};
use oomscope_scenario::replay::Replay;
use serde::{Deserialize, Serialize};

use crate::choice::Setup;
use crate::screen::Screen;
use crate::search::{Bounds, Searcher};

/// States after which a shard gives up unless it is told otherwise. A bound by memory would
/// be the memory of one machine, which shards may have to share.
const STATES_MAX: u32 = 1_000_000;

/// Searching a part of what is too large to be searched to the end.
#[derive(Args, Clone, Debug)]
pub(crate) struct Part {
    /// Search part I of N, in an order of its own, up to --max-states (1,000,000)
    ///
    /// For spaces that are too large for one machine: every shard sees another part of
    /// them, none needs to know of the others, and `oomscope merge` puts their answers
    /// (--json) together. The same seed, number and bound give the same answer anywhere.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<Shard>,

    /// Decides the orders of all shards
    #[arg(long, value_name = "S", requires = "shard", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Which part of how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shard {
    pub(crate) number: u32,
    pub(crate) of: u32,
}

/// What a shard says beside the ordinary answer.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Report {
    /// From 1.
    pub(crate) number: u32,
    pub(crate) of: u32,
    pub(crate) seed: u64,
    /// The oomscope that searched.
    pub(crate) version: String,
    /// Scenario, patches and rules, as a link: all that decides the answer.
    pub(crate) link: String,
    /// The smallest digests of the states seen, in hexadecimal: they tell the overlap.
    pub(crate) sample: Vec<String>,
}

impl Part {
    pub(crate) fn searcher(&self, bounds: &Bounds, screen: &Screen) -> Searcher {
        let mut bounds = bounds.clone();
        if self.shard.is_some() && bounds.max_states.is_none() {
            bounds.max_states = Some(STATES_MAX);
        }
        bounds.searcher(screen)
    }
}

impl Report {
    pub(crate) fn new(setup: &Setup, shard: Shard, seed: u64, sample: &[u64]) -> Report {
        let replay = Replay::new(setup.machine.clone());
        let shared = Shared::of(setup.input.origin.clone(), &replay, 0);
        Report {
            number: shard.number,
            of: shard.of,
            seed,
            version: version(),
            link: link::encode(&shared),
            sample: sample.iter().map(|it| format!("{it:016x}")).collect(),
        }
    }

    /// The digests, if all of them are.
    pub(crate) fn digests(&self) -> Option<Vec<u64>> {
        let digests = self.sample.iter();
        digests.map(|it| u64::from_str_radix(it, 16).ok()).collect()
    }

    /// `shard 3/8 of seed 1`.
    pub(crate) fn words(&self) -> String {
        let Report {
            number, of, seed, ..
        } = self;
        format!("shard {number}/{of} of seed {seed}")
    }
}

/// This oomscope.
pub(crate) fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

fn shard(text: &str) -> Result<Shard, String> {
    let wrong = || String::from("write it as 3/8: the third of eight");
    let (number, of) = text.split_once('/').ok_or_else(wrong)?;
    let (number, of) = match (number.parse(), of.parse()) {
        (Ok(number), Ok(of)) => (number, of),
        _ => return Err(wrong()),
    };
    match 1 <= number && number <= of {
        true => Ok(Shard { number, of }),
        false => Err(format!("the shards of {of} are numbered from 1 to {of}")),
    }
}
