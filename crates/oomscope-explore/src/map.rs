//! The whole state space as something one can draw: every state in the layer of its
//! distance from the start, with its region.

use oomscope_model::state::State;
use oomscope_model::transition::Transition;

use crate::explorer::Explorer;
use crate::graph::successors;
use crate::mark;
use crate::{Class, Outcome};

/// One state on the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    /// Steps from the start.
    pub depth: u32,
    /// Its region.
    pub class: Class,
    /// Whether everything is at its end.
    pub finished: bool,
}

/// All states, in the order in which they were found, which goes by depth.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Map {
    /// The states.
    pub spots: Vec<Spot>,
    /// From which to which, ascending.
    pub arrows: Vec<(u32, u32)>,
}

impl Explorer {
    /// The map of everything. `None`: more than `states_max` states, or not done.
    pub fn map(&self, states_max: u32) -> Option<Map> {
        let regions = self.regions.as_ref()?;
        let states = self.store.len();
        if states > states_max {
            return None;
        }
        let mut depths = vec![0u32; states as usize];
        let mut map = Map::default();
        for index in 0..states {
            let depth = if index == 0 {
                0
            } else {
                depths[self.parent(index) as usize] + 1
            };
            depths[index as usize] = depth;
            map.spots.push(Spot {
                depth,
                class: regions.class(&self.graph(), index),
                finished: self.marks[index as usize] & mark::FINISHED != 0,
            });
            let targets = successors(&self.offsets, &self.targets, index);
            map.arrows
                .extend(targets.iter().map(|&target| (index, target)));
        }
        Some(map)
    }

    /// The place of a state on the map.
    pub fn spot(&self, state: &State) -> Option<u32> {
        self.find(state)
    }

    /// The shortest schedule to a place on the map.
    pub fn path_to_spot(&self, spot: u32) -> Option<Vec<Transition>> {
        (spot < self.store.len()).then(|| self.path_to(spot))
    }

    /// Where an outcome shows first, on the map.
    pub fn spot_of(&self, outcome: Outcome) -> Option<u32> {
        self.first[outcome as usize]
    }
}
