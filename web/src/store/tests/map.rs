//! The map of states and the lap of a livelock.

use super::*;
use crate::store::{Panel, Region};

fn mapped(hash: &str) -> Store {
    let store = searched(open(hash));
    let opened = store.reduce(Action::Open { panel: Panel::Map });
    assert!(opened.chart().is_none());
    searched(opened)
}

#[test]
fn the_map_has_every_state_in_its_layer_and_the_run_on_it() {
    let store = mapped("#v1/munlock-oops");
    let store = searched(steps(&store, 9));
    assert!(store.chart().is_some(), "the map is of the longer run");
    let chart = store.chart().expect("searched").clone();
    let survey = searched(store.reduce(Action::Seek { step: 0 }));
    let all: usize = chart.layers.iter().flatten().sum();
    assert_eq!(chart.states as usize, chart.spots.len());
    assert_eq!(all, chart.spots.len());
    match survey.verdict().search {
        crate::store::SearchState::Done { states } => assert_eq!(states, chart.states),
        other => panic!("{other:?}"),
    }
    assert_eq!(chart.run.len(), store.len() + 1);
    for (spot, at) in chart.spots.iter().enumerate().skip(1) {
        assert!(at.parent < spot);
        assert_eq!(chart.spots[at.parent].depth + 1, at.depth);
    }
    let class = |step: usize| store.class(step);
    for (step, &spot) in chart.run.iter().enumerate() {
        let region = chart.spots[spot].region;
        let same = match class(step) {
            Some(oomscope_explore::Class::Free) => {
                region == Region::Free || region == Region::Finished
            }
            Some(oomscope_explore::Class::AtRisk) => region == Region::AtRisk,
            Some(oomscope_explore::Class::Doomed) => region == Region::Doomed,
            None => false,
        };
        assert!(same, "step {step}: {region:?}, {:?}", class(step));
    }
}

#[test]
fn a_press_on_the_map_goes_there_by_a_shortest_schedule() {
    let store = mapped("#v1/munlock-oops");
    let chart = store.chart().expect("searched").clone();
    for spot in (1..chart.spots.len()).step_by(37) {
        let there = store.reduce(Action::GoToSpot { spot });
        assert_eq!(there.notice(), None);
        assert_eq!(there.panel(), None);
        assert_eq!(there.cursor(), chart.spots[spot].depth);
        let again = searched(there.reduce(Action::Open { panel: Panel::Map }));
        let run = &again.chart().expect("searched").run;
        assert_eq!(run.last(), Some(&spot));
        // What lies on the run is gone to along it.
        let back = again.reduce(Action::GoToSpot { spot: 0 });
        assert_eq!((back.cursor(), back.len()), (0, there.len()));
    }
}

#[test]
fn a_space_that_is_too_large_says_how_large() {
    let store = mapped("#v1/writer-in-queue-pinned");
    let chart = store.chart().expect("searched");
    assert!(chart.spots.is_empty());
    assert!(chart.states > 5_000);
}

#[test]
fn a_livelock_goes_round_and_nothing_comes_of_it() {
    let store = stuck();
    let lap = store.lap().expect("a livelock");
    assert!(!lap.steps.is_empty());
    assert_eq!((lap.pages_freed, lap.kills), (0, 0));
    for step in &lap.steps {
        assert!(!step.caption.is_empty());
        assert!(!step.task.is_empty());
    }
    assert_eq!(searched(queue()).lap(), None, "at risk is not a livelock");
}

#[test]
fn a_stall_goes_round_as_starvation() {
    let store = searched(open("#v1/nap-under-oom-lock"));
    let bad = searched(store.reduce(Action::OpenRun {
        side: crate::store::Side::Bad,
    }));
    let end = searched(bad.reduce(Action::Seek { step: bad.len() }));
    let verdict = end.verdict();
    let said: String = verdict.sentence.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(verdict.headline, "Stalled", "{said}");
    let lap = end.lap().expect("it goes round");
    assert!(!lap.steps.is_empty());
    assert_eq!((lap.pages_freed, lap.kills), (0, 0));
    assert!(
        said.starts_with(&format!(
            "Starvation, not a livelock: this lap ends as soon as {} gets a CPU.",
            lap.starved
        )),
        "{said}"
    );
    assert_eq!(stuck().lap().map(|lap| lap.starved), Some(String::new()));
}
