//! Which machines are compared, and how large they are.

use oomscope_model::machine::Machine;

use crate::cast;
use crate::models::{self, mutexes::Mutexes, oom::Oom, rwsem::Rwsem};

/// One machine in three languages.
pub struct Twin {
    /// Its name, and that of its files.
    pub name: &'static str,
    /// How many of each of its two kinds of tasks it gets when speed is measured.
    pub copies: u8,
    text: &'static str,
    /// For Spin.
    pub promela: &'static str,
    search: fn(u8) -> (u64, u64),
}

/// The twins, simplest first.
pub const TWINS: [Twin; 3] = [
    Twin {
        name: "rwsem",
        copies: 3,
        text: include_str!("../twins/rwsem.toml"),
        promela: include_str!("../twins/rwsem.pml"),
        search: models::search::<Rwsem>,
    },
    Twin {
        name: "mutexes",
        copies: 4,
        text: include_str!("../twins/mutexes.toml"),
        promela: include_str!("../twins/mutexes.pml"),
        search: models::search::<Mutexes>,
    },
    Twin {
        name: "oom",
        copies: 2,
        text: include_str!("../twins/oom.toml"),
        promela: include_str!("../twins/oom.pml"),
        search: models::search::<Oom>,
    },
];

impl Twin {
    /// The twin of this name.
    pub fn named(name: &str) -> Result<&'static Twin, String> {
        let found = TWINS.iter().find(|twin| twin.name == name);
        found.ok_or_else(|| format!("there is no twin {name:?}"))
    }

    /// Ours.
    pub fn machine(&self, copies: u8) -> Result<Machine, String> {
        machine(&self.text(copies))
    }

    /// Ours, as a scenario file.
    pub fn text(&self, copies: u8) -> String {
        cast::grown(self.text, 2 * usize::from(copies))
    }

    /// Lets stateright search it: states and transitions.
    pub fn search(&self, copies: u8) -> (u64, u64) {
        (self.search)(copies)
    }
}

/// The machine of a scenario's text.
pub fn machine(text: &str) -> Result<Machine, String> {
    let parsed = oomscope_scenario::parse::parse(text);
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(diagnostic.to_string());
    }
    let scenario = parsed.scenario.ok_or("the text has no scenario")?;
    Ok(scenario.machine)
}
