//! The matrix: what is asked, what comes in, what a press opens.

use oomscope_explore::Outcome;
use oomscope_judge::{Good, Harm};

use super::*;
use crate::protocol::{Mix, Reply, Way};
use crate::store::{MatrixView, MixName, Panel, SearchState};
use crate::worker::Matrix;

fn opened(hash: &str) -> Store {
    open(hash).reduce(Action::Open {
        panel: Panel::Matrix,
    })
}

/// Lets the worker search everything, or the first `limit` mixes.
fn filled(store: Store, limit: usize) -> Store {
    let mut store = store;
    let mut desk = Matrix::default();
    let question = store.matrix_question().expect("a matrix was begun");
    desk.begin(question, 0.0).expect("a sound question");
    loop {
        let slice = desk.work(|| true);
        for reply in slice.replies {
            store = store.reduce(Action::MatrixHeard(reply));
            if store.matrix().is_some_and(|view| view.done >= limit) {
                return store;
            }
        }
        if !slice.more {
            return store;
        }
    }
}

#[test]
fn every_mix_and_every_release_gets_its_row_and_the_smallest_sets_are_marked() {
    let store = opened("#v1/munlock-oops");
    assert!(store.matrix_job().is_some());
    let store = filled(store, usize::MAX);
    assert_eq!(store.matrix_job(), None);
    let view = store.matrix().expect("open");
    assert_eq!(view.done, view.rows.len());
    assert!(matches!(view.state, SearchState::Done { .. }));
    let mixes = store.scenario().combinations().len();
    let kernels = oomscope_model::patches::VERSIONS.len();
    assert_eq!(view.rows.len(), mixes + kernels);
    for row in &view.rows {
        let mix = row.mix.as_ref().expect("searched");
        let oops = mix.ways.iter().any(|way| way.outcome == "oops");
        assert!(!oops || row.harm == Some(Harm::Bad));
        assert!(row.cure.is_none() || row.harm == Some(Harm::None));
        assert!(row.cure.is_none() || matches!(row.name, MixName::Mix(_)));
    }
    assert!(view.rows.iter().any(|row| row.is_here));
    let (leaves, cures) = view.told();
    assert_eq!(leaves, Harm::None, "something clears it");
    assert_eq!(
        (cures.perhaps.len(), cures.unknown, cures.of),
        (0, 0, mixes)
    );
    let marked = view.rows.iter().filter_map(|row| row.cure);
    assert!(marked.clone().all(|cure| cure.is_smallest));
    assert_eq!(marked.count(), cures.sets.len());
}

/// The worker says what mixes came to: the outcome that each can end in, if any was found,
/// and whether it was searched to the end.
fn heard(store: Store, mixes: &[(Option<Outcome>, bool)]) -> MatrixView {
    let job = store.matrix_job().expect("a matrix was begun");
    let mixes = mixes.iter().zip(0..);
    let store = mixes.fold(store, |store, (&(outcome, whole), row)| {
        let way = outcome.map(|outcome| Way {
            outcome: outcome.word().to_string(),
            steps: 0,
            run: String::new(),
        });
        let mix = Mix {
            bounded: !whole,
            ways: way.into_iter().collect(),
            ..Mix::default()
        };
        store.reduce(Action::MatrixHeard(Reply::Mix { job, row, mix }))
    });
    store.matrix().expect("open")
}

#[test]
fn what_was_not_searched_to_the_end_is_neither_clear_nor_bad() {
    let store = opened("#v1/munlock-oops");
    let of = store.scenario().combinations().len();
    let ok = (Some(Outcome::Ok), true);
    let large = (Some(Outcome::Ok), false);
    let oops = (Some(Outcome::Oops), false);
    let stall = (Some(Outcome::Stall), false);

    // All patches off is unknown: the first patch may not be needed.
    let view = heard(store.clone(), &[large, ok, oops]);
    assert_eq!((view.clears.sets.len(), view.clears.perhaps.len()), (0, 1));
    assert_eq!((view.clears.unknown, view.clears.of), (of - 2, of));
    let cure = view.rows[1].cure.expect("it clears");
    assert_eq!((cure.leaves, cure.is_smallest), (Harm::None, false));

    // A larger mix that is unknown is not bad.
    let view = heard(store.clone(), &[ok, oops, large]);
    assert_eq!(view.clears.larger_too, Good::No);
    let view = heard(store.clone(), &[ok, ok, large]);
    assert_eq!(view.clears.larger_too, Good::Unknown);

    // What has a cost clears nothing, wherever its search ended; worse may come.
    let view = heard(store.clone(), &[stall, ok, oops]);
    assert_eq!((view.clears.sets.len(), view.clears.perhaps.len()), (1, 0));
    assert_eq!(view.survives.perhaps.len(), 1);
    assert_eq!(view.clears.unknown, of - 3);

    // Mixes that nobody has searched are not bad either.
    let view = heard(store.clone(), &[oops, oops]);
    assert!(view.told().1.is_empty());
    assert_eq!(view.clears.unknown, of - 2);
    let view = heard(store, &vec![oops; of]);
    assert_eq!((view.clears.is_empty(), view.clears.unknown), (true, 0));
}

#[test]
fn a_press_opens_the_mix_at_its_witness_and_undo_comes_back() {
    let store = filled(opened("#v1/munlock-oops"), usize::MAX);
    let before = line(&store);
    let view = store.matrix().expect("open");
    for row in &view.rows {
        for way in &row.mix.as_ref().expect("searched").ways {
            let outcome = Outcome::ALL
                .into_iter()
                .find(|it| it.word() == way.outcome)
                .expect("known");
            let there = store.reduce(Action::OpenMix {
                row: row.row,
                outcome: Some(outcome),
            });
            assert_eq!(there.notice(), None);
            assert_eq!(there.panel(), None);
            assert_eq!(
                (there.cursor(), there.len()),
                (way.steps as usize, way.steps as usize)
            );
            let on: Vec<bool> = (view.offered.iter())
                .map(|&patch| there.machine().patches.has(patch))
                .collect();
            assert_eq!(on, row.on);
            assert_eq!(line(&there.reduce(Action::Undo)), before);
        }
        let worst = store.reduce(Action::OpenMix {
            row: row.row,
            outcome: None,
        });
        assert_is_replay(&worst);
    }
}

#[test]
fn a_stopped_matrix_keeps_what_it_has_and_goes_on_from_there() {
    let some = filled(opened("#v1/munlock-oops"), 2);
    let stopped = some.reduce(Action::StopMatrix);
    assert_eq!(stopped.matrix_job(), None);
    let view = stopped.matrix().expect("open");
    assert_eq!((view.done, view.state), (2, SearchState::Cancelled));
    // What an old worker still says is not heard.
    let late = Reply::Done { job: 1 };
    assert_eq!(
        stopped.reduce(Action::MatrixHeard(late)).matrix(),
        Some(view)
    );

    let closed = some.reduce(Action::Close);
    assert_eq!(closed.matrix_job(), None, "nobody looks");
    let again = closed.reduce(Action::Open {
        panel: Panel::Matrix,
    });
    assert_ne!(again.matrix_job(), some.matrix_job());
    assert_eq!(again.matrix().expect("open").done, 2);
    let rest = again.matrix_question().expect("begun").rows.len();
    assert_eq!(rest + 2, again.matrix().expect("open").rows.len());
}

#[test]
fn other_rules_or_another_scenario_are_searched_anew() {
    let some = filled(opened("#v1/munlock-oops"), 3).reduce(Action::Close);
    let done = |store: &Store| {
        let open = store.reduce(Action::Open {
            panel: Panel::Matrix,
        });
        open.matrix().expect("open").done
    };
    assert_eq!(done(&some), 3);
    let timing = Timing::Adversarial;
    assert_eq!(done(&some.reduce(Action::SetTiming { timing })), 0);
    let id = "munlock-page-lock".to_string();
    assert_eq!(done(&some.reduce(Action::OpenScenario { id })), 0);
}
