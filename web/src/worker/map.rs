//! What is drawn of an exploration: the map of its states, and the lap of a livelock.

use std::collections::BTreeMap;

use oomscope_explore::{Class, Explorer};
use oomscope_model::machine::Machine;
use oomscope_model::transition::Transition;

use super::run_text;
use crate::protocol::{Lap, StateMap};

/// More states than this are no picture any more.
const MAP_STATES_MAX: u32 = 5_000;

/// The map of everything that was explored, with the places of a run's states.
pub(super) fn map_of(explorer: &Explorer, run: Vec<u32>) -> StateMap {
    let states = explorer.progress().states;
    let Some(map) = explorer.map(MAP_STATES_MAX) else {
        return StateMap {
            states,
            ..StateMap::default()
        };
    };
    let mut drawn = StateMap {
        states,
        run,
        ..StateMap::default()
    };
    let mut known = BTreeMap::new();
    for (index, spot) in (0..).zip(&map.spots) {
        let path = explorer.path_to_spot(index).unwrap_or_default();
        let path: Vec<u8> = path.into_iter().map(|Transition(task)| task.0).collect();
        let before = path.split_last();
        let parent = before.and_then(|(_, before)| known.get(before).copied());
        drawn.via.push(path.last().copied().unwrap_or_default());
        drawn.parents.push(parent.unwrap_or_default());
        drawn.spots.push(match spot.class {
            _ if spot.finished => 3,
            Class::Free => 0,
            Class::AtRisk => 1,
            Class::Doomed => 2,
        });
        known.insert(path, index);
    }
    drawn
}

/// The livelock nearest to where the exploration began, or else what goes round there while
/// somebody gets no CPU.
pub(super) fn lap_of(explorer: &Explorer, machine: &Machine) -> Option<Lap> {
    let lasso = explorer.livelock().or_else(|| explorer.starvation())?;
    let starved = lasso.starved.iter();
    let starved: Vec<&str> = starved
        .map(|&task| machine.actor(task).name.as_str())
        .collect();
    Some(Lap {
        stem: run_text(machine, lasso.stem),
        cycle: run_text(machine, lasso.cycle),
        pages_freed: lasso.pages_freed,
        kills: lasso.kills,
        starved: starved.join(", "),
    })
}
