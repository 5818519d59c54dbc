//! The deciding step, and the two runs that part there.

use super::*;
use crate::protocol::Reply;
use crate::store::{Side, WhyView};

fn decided(store: &Store) -> (String, usize, Option<Side>) {
    let WhyView { sentence, decides } = store.why();
    let decides = decides.unwrap_or_else(|| panic!("{sentence}"));
    (sentence, decides.step, decides.shown)
}

fn open_run(store: &Store, side: Side) -> Store {
    searched(store.reduce(Action::OpenRun { side }))
}

#[test]
fn a_doomed_run_is_held_against_the_nearest_good_one() {
    let store = stuck();
    let (sentence, step, shown) = decided(&store);
    assert_eq!(store.verdict().no_return, Some(step));
    assert!(
        sentence.starts_with(&format!("Step {step} decides: it locks up ")),
        "{sentence}"
    );
    assert_eq!(shown, None, "the cursor is further on");

    let bad = open_run(&store, Side::Bad);
    assert_eq!((bad.cursor(), bad.len()), (step, store.len()));
    assert!(!bad.can_undo(), "this is the run itself");
    assert_eq!(bad.verdict().word, "doomed");
    assert_eq!(decided(&bad), (sentence.clone(), step, Some(Side::Bad)));

    let good = open_run(&bad, Side::Good);
    assert_eq!(good.cursor(), step);
    assert_ne!(good.verdict().word, "doomed");
    assert_eq!(decided(&good), (sentence.clone(), step, Some(Side::Good)));
    assert_is_replay(&good);
    let end = searched(good.reduce(Action::End));
    assert_eq!(end.verdict().word, "finished");
    assert_eq!(decided(&end), (sentence.clone(), step, None));

    // Back and forth, and then back to where one was.
    let again = open_run(&end, Side::Bad);
    assert_eq!(decided(&again), (sentence, step, Some(Side::Bad)));
    let undone = after(&again, [Action::Undo, Action::Undo]);
    assert_eq!(line(&undone.reduce(Action::End)), line(&store));
}

#[test]
fn at_risk_the_shortest_way_into_it_is_shown() {
    let store = searched(queue());
    let (_, step, shown) = decided(&store);
    assert_eq!((store.verdict().word, shown), ("at-risk", None));
    let bad = open_run(&store, Side::Bad);
    assert_eq!((bad.cursor(), bad.verdict().word), (step, "doomed"));
    let before = searched(bad.reduce(Action::StepBack));
    assert_eq!(before.verdict().word, "at-risk");
    let good = open_run(&bad, Side::Good);
    assert_eq!(good.cursor(), step);
    assert_ne!(good.verdict().word, "doomed");
}

#[test]
fn another_run_forgets_the_pair() {
    let good = open_run(&searched(queue()), Side::Good);
    let (_, _, shown) = decided(&good);
    assert_eq!(shown, Some(Side::Good));
    let cleared = searched(good.reduce(flip("killable-writers", true)));
    assert_eq!(cleared.verdict().word, "free");
    assert_eq!(cleared.why().decides, None);
    assert!(
        cleared.why().sentence.starts_with("Nothing goes wrong"),
        "{}",
        cleared.why().sentence
    );
}

#[test]
fn what_has_broken_is_explained_even_at_the_end() {
    let store = searched(open("#v1/munlock-oops"));
    let bad = open_run(&store, Side::Bad);
    let (sentence, step, _) = decided(&bad);
    assert!(sentence.contains("it comes to an oops"), "{sentence}");
    let end = searched(bad.reduce(Action::End));
    let (again, same, _) = decided(&end);
    assert_eq!((again, same), (sentence, step));
}

#[test]
fn a_bounded_search_says_unknown() {
    let store = queue();
    assert_eq!(store.why().sentence, "Looking for the step that decides…");
    let limit = Reply::Limit {
        job: store.demand().job(),
        states: 2_000_000,
        depth: 40,
    };
    for stopped in [Action::Search(limit), Action::CancelSearch] {
        let why = store.reduce(stopped).why();
        assert_eq!(why.decides, None);
        assert!(why.sentence.contains("is unknown"), "{}", why.sentence);
    }
    assert!(
        queue()
            .reduce(Action::Play)
            .why()
            .sentence
            .starts_with("Pause")
    );
}

/// Whatever is opened can be played, and is what it says.
#[test]
fn every_small_scenario_keeps_its_promise() {
    let mut good_ones = 0;
    for id in [
        "imutex-livelock",
        "munlock-page-lock",
        "notifier-eras",
        "memcg-limit",
    ] {
        if BUILTIN.iter().all(|builtin| builtin.id != id) {
            continue;
        }
        let store = searched(open(&format!("#v1/{id}")));
        let Some(decides) = store.why().decides else {
            continue;
        };
        let [bad, good] = [Side::Bad, Side::Good].map(|side| open_run(&store, side));
        assert_eq!((bad.notice(), good.notice()), (None, None), "{id}");
        assert_eq!([bad.cursor(), good.cursor()], [decides.step; 2], "{id}");
        let end = searched(good.reduce(Action::Seek { step: good.len() }));
        assert_eq!(end.verdict().word, "finished", "{id}");
        good_ones += 1;
    }
    assert!(good_ones >= 2);
}
