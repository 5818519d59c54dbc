//! The map of all states that can be reached since the last switch, and the lap of a
//! livelock, step by step.

use std::rc::Rc;

use oomscope_model::kernel::page_alloc::another_round;
use oomscope_model::machine::TaskId;
use oomscope_model::transition::{Move, Transition};
use oomscope_scenario::scenario::Scenario;

use super::demand::Segment;
use super::why::{play, steps_of};
use super::{Panel, Store};
use crate::protocol::StateMap;

/// Where a state lies, for the map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Region {
    /// Everything is at its end.
    Finished,
    /// No schedule locks up.
    Free,
    /// Some do, some do not.
    AtRisk,
    /// All do.
    Doomed,
}

impl Region {
    /// All of them, best first: so they stand in a layer, from the top.
    pub const ALL: [Region; 4] = [
        Region::Finished,
        Region::Free,
        Region::AtRisk,
        Region::Doomed,
    ];

    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Region::Finished => "finished",
            Region::Free => "free",
            Region::AtRisk => "at risk",
            Region::Doomed => "doomed",
        }
    }

    fn of(digit: u8) -> Region {
        match digit {
            0 => Region::Free,
            1 => Region::AtRisk,
            3 => Region::Finished,
            _ => Region::Doomed,
        }
    }
}

/// One state on the map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    /// Where it lies.
    pub region: Region,
    /// Steps from where the map begins.
    pub depth: usize,
    /// Its place in its layer, from the top.
    pub place: usize,
    /// The state before it on a shortest schedule.
    pub parent: usize,
}

/// The map.
#[derive(Clone, Debug)]
pub struct Chart {
    /// How many states there are.
    pub states: u32,
    /// The states; none if there are too many for a map.
    pub spots: Vec<Spot>,
    /// How many states each layer has in each region.
    pub layers: Vec<[usize; 4]>,
    /// The places of the run's states, from the first step of the map on.
    pub run: Vec<usize>,
    /// The step of the run with which the map begins.
    pub base: usize,
    scenario: Rc<Scenario>,
    segment: Segment,
    moves: Vec<Move>,
    via: Vec<u8>,
}

impl Chart {
    fn new(map: StateMap, scenario: Rc<Scenario>, segment: Segment, moves: Vec<Move>) -> Chart {
        let mut spots: Vec<Spot> = Vec::with_capacity(map.spots.len());
        let mut layers: Vec<[usize; 4]> = Vec::new();
        for (&digit, &parent) in map.spots.iter().zip(&map.parents) {
            let parent = parent as usize;
            let depth = spots.get(parent).map_or(0, |before| before.depth + 1);
            let region = Region::of(digit);
            if layers.len() <= depth {
                layers.resize(depth + 1, [0; 4]);
            }
            layers[depth][region as usize] += 1;
            spots.push(Spot {
                region,
                depth,
                place: layers[depth][region as usize] - 1,
                parent,
            });
        }
        // Within a layer the regions stand one below the other.
        for spot in &mut spots {
            let above = layers[spot.depth].iter().take(spot.region as usize);
            spot.place += above.sum::<usize>();
        }
        Chart {
            states: map.states,
            run: map.run.iter().map(|&spot| spot as usize).collect(),
            base: segment.base(),
            spots,
            layers,
            scenario,
            segment,
            moves,
            via: map.via,
        }
    }

    /// The shortest schedule to a place.
    fn path(&self, mut spot: usize) -> Vec<Move> {
        let mut path = Vec::new();
        while let (true, Some(&via)) = (spot != 0, self.via.get(spot)) {
            path.push(Move::Step(Transition(TaskId(via))));
            spot = self.spots.get(spot).map_or(0, |at| at.parent);
        }
        path.reverse();
        path
    }
}

/// One step of a lap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LapStep {
    /// Who takes it.
    pub task: String,
    /// What happens.
    pub caption: String,
}

/// What goes round for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LapView {
    /// So many steps lead from the cursor into it.
    pub stem: usize,
    /// One lap.
    pub steps: Vec<LapStep>,
    /// Pages freed in one lap.
    pub pages_freed: u32,
    /// Processes killed in one lap.
    pub kills: u32,
    /// Who could end it and gets no CPU; nobody, if it is a livelock.
    pub starved: String,
}

impl Store {
    /// The map of the segment that the cursor is in, if it is known.
    pub fn chart(&self) -> Option<&Chart> {
        let chart = self.chart.as_deref()?;
        let fits = Rc::ptr_eq(&chart.scenario, &self.track.scenario)
            && chart.segment == self.current_segment()
            && chart.moves == self.segment_moves();
        fits.then_some(chart)
    }

    /// Somebody wants to see a map that is not there.
    pub(crate) fn wants_map(&self) -> bool {
        self.panel == Some(Panel::Map) && self.chart().is_none()
    }

    pub(crate) fn learn_map(&mut self, map: StateMap) {
        let scenario = Rc::clone(&self.track.scenario);
        let (segment, moves) = (self.current_segment(), self.segment_moves());
        self.chart = Some(Rc::new(Chart::new(map, scenario, segment, moves)));
    }

    /// The run up to the end of the segment.
    fn segment_moves(&self) -> Vec<Move> {
        let mut moves = self.moves();
        moves.truncate(self.segment_end());
        moves
    }

    /// To a place on the map: along the run if it lies there, else by a shortest schedule.
    pub(crate) fn go_to_spot(&mut self, spot: usize) {
        let Some(chart) = self.chart() else {
            return;
        };
        let (base, path) = (chart.base, chart.path(spot));
        let on_run = chart.run.iter().position(|&at| at == spot);
        self.panel = None;
        if let Some(steps) = on_run {
            return self.go(base + steps);
        }
        self.remember();
        self.track.cut(base);
        let whole = path.into_iter().all(|entry| self.track.push(entry));
        self.cursor = self.track.len;
        self.touched = true;
        self.look();
        if !whole {
            let step = self.track.len;
            self.complain(format!("This schedule is possible up to step {step} only"));
        }
    }

    /// What goes round from here, if that is a livelock, or starvation.
    pub fn lap(&self) -> Option<LapView> {
        let lap = self.track.known.survey(self.cursor)?.lap.as_ref()?;
        let machine = &self.here.machine;
        let (stem, cycle) = (
            steps_of(machine, &lap.stem)?,
            steps_of(machine, &lap.cycle)?,
        );
        let mut state = self.here.state.clone();
        let stem_len = stem.len();
        for transition in stem {
            play(machine, &mut state, transition);
        }
        let mut lap_step = |transition: Transition| {
            // What the machine has parked makes its round again.
            another_round(&mut state, transition.0);
            let events = play(machine, &mut state, transition);
            LapStep {
                task: machine.actor(transition.0).name.clone(),
                caption: oomscope_picture::caption_of(machine, transition.0, &events, &state),
            }
        };
        Some(LapView {
            stem: stem_len,
            steps: cycle.into_iter().map(&mut lap_step).collect(),
            pages_freed: lap.pages_freed,
            kills: lap.kills,
            starved: lap.starved.clone(),
        })
    }
}
