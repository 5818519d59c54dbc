//! Actions in, one line out. The worker's desk answers at once here.

mod links;
mod log;
mod map;
mod matrix;
mod verdicts;
mod why;

use oomscope_model::machine::{TaskId, Timing};
use oomscope_model::patches::PatchId;
use oomscope_scenario::builtin::BUILTIN;

use super::{Action, Badge, EmbedControls, Speed, Start, Store, Tab, View};
use crate::worker::Desk;

fn open(hash: &str) -> Store {
    let start = Start {
        base: "https://example.org/".to_string(),
        hash: hash.to_string(),
        width: 1440,
        height: 900,
        ..Start::default()
    };
    Store::start(&start).expect("a built-in scenario is readable")
}

fn queue() -> Store {
    open("#v1/writer-in-queue")
}

/// Lets the worker answer everything that is open.
fn searched(store: Store) -> Store {
    let mut store = store;
    let mut desk = Desk::default();
    while store.demand().is_active() {
        let job = store.job();
        desk.begin(job, 0.0)
            .expect("the store asks what the worker understands");
        loop {
            let slice = desk.work(|| false);
            for reply in slice.replies {
                store = store.reduce(Action::Search(reply));
            }
            if !slice.more {
                break;
            }
        }
    }
    store
}

fn after(store: &Store, actions: impl IntoIterator<Item = Action>) -> Store {
    let start = store.clone();
    actions
        .into_iter()
        .fold(start, |store, action| store.reduce(action))
}

fn steps(store: &Store, n: usize) -> Store {
    after(store, std::iter::repeat_n(Action::StepForward, n))
}

fn patch(id: &str) -> PatchId {
    PatchId::named(id).expect("a known patch")
}

fn flip(id: &str, on: bool) -> Action {
    Action::Switch {
        patch: patch(id),
        on,
    }
}

/// `7/9 doomed 0000000000000000 +killable-writers`.
fn line(store: &Store) -> String {
    format!(
        "{}/{} {} {:016x} {}",
        store.cursor(),
        store.len(),
        store.verdict().word,
        store.state().digest(),
        store.machine().patches.ids()
    )
}

/// Where the reaper's tries have begun: doomed under 4.6 rules.
fn stuck() -> Store {
    searched(open("#v1/writer-in-queue?at=stuck"))
}

/// Everything that follows from the truth is the same as when it is made anew.
fn assert_is_replay(store: &Store) {
    let again = open(&store.hash());
    assert!(again.notice().is_none(), "{:?}", again.notice());
    assert_eq!(again.cursor(), store.cursor());
    assert_eq!(again.len(), store.len());
    assert_eq!(again.samples(), store.samples());
    assert_eq!(again.markers(), store.markers());
    for step in 0..=store.len() {
        let (old, new) = (
            store.reduce(Action::Seek { step }),
            again.reduce(Action::Seek { step }),
        );
        assert_eq!(old.state(), new.state(), "step {step}");
        assert_eq!(old.events(), new.events(), "step {step}");
        assert_eq!(old.time_usec(step), new.time_usec(step), "step {step}");
        assert_eq!(old.machine().patches, new.machine().patches, "step {step}");
    }
}

#[test]
fn stepping_goes_on_and_back_through_the_same_states() {
    let store = steps(&queue(), 20);
    assert_eq!((store.cursor(), store.len()), (20, 20));
    let digests: Vec<u64> = (0..=20)
        .map(|step| store.reduce(Action::Seek { step }).state().digest())
        .collect();
    let mut back = store.clone();
    for step in (0..20).rev() {
        back = back.reduce(Action::StepBack);
        assert_eq!(back.state().digest(), digests[step]);
    }
    assert_eq!(line(&back.reduce(Action::StepBack)), line(&back));
    assert_is_replay(&store);
}

#[test]
fn seeking_beyond_the_end_stays_at_the_end() {
    let store = steps(&queue(), 5);
    assert_eq!(store.reduce(Action::Seek { step: 1_000 }).cursor(), 5);
}

#[test]
fn one_store_is_not_changed_by_what_another_does() {
    let store = steps(&queue(), 8);
    let before = line(&store);
    let other = after(
        &store,
        [flip("killable-writers", true), Action::StepForward],
    );
    let third = steps(&store, 4);
    assert_eq!(line(&store), before);
    assert_eq!(steps(&store, 4).state(), third.state());
    assert_ne!(other.machine().patches, third.machine().patches);
    assert_is_replay(&other);
    assert_is_replay(&third);
}

#[test]
fn a_switch_cuts_the_future_and_undo_brings_it_back() {
    let store = steps(&queue(), 18).reduce(Action::Seek { step: 9 });
    let forked = store.reduce(flip("killable-writers", true));
    assert_eq!((forked.cursor(), forked.len()), (10, 10));
    assert!(forked.machine().patches.has(patch("killable-writers")));
    assert!(
        forked
            .markers()
            .iter()
            .any(|marker| marker.id == "+killable-writers" && marker.step == 10)
    );
    assert_is_replay(&forked);
    let back = forked.reduce(Action::Undo);
    assert_eq!(line(&back), line(&store));
    assert_eq!(back.samples(), store.samples());
    assert!(!back.can_undo());
}

#[test]
fn what_a_patch_needs_comes_with_it() {
    let store = queue();
    let offered = store.switches();
    let view = offered
        .iter()
        .find(|view| view.patch == patch("oom-mm"))
        .expect("offered");
    assert!(!view.on);
    assert_eq!(
        view.also,
        [(patch("clear-mark"), true), (patch("reap-twice"), true)]
    );
    let on = store.reduce(flip("oom-mm", true));
    assert_eq!(on.cursor(), 3);
    assert!(on.machine().patches.check().is_ok());
    let off = on.reduce(flip("clear-mark", false));
    assert_eq!(off.cursor(), 6);
    assert!(!off.machine().patches.has(patch("oom-mm")));
}

#[test]
fn restart_with_the_same_seed_is_the_same_run() {
    let first = steps(&queue(), 60);
    let again = steps(&queue(), 60);
    assert_eq!(line(&first), line(&again));
    let restarted = first.reduce(Action::Restart { new_seed: false });
    assert_eq!((restarted.cursor(), restarted.len()), (0, first.len()));
    let other = first.reduce(Action::Restart { new_seed: true });
    assert_eq!((other.cursor(), other.len()), (0, 0));
    assert_eq!(line(&other.reduce(Action::Undo)), line(&first));
}

#[test]
fn choosing_who_goes_next_cuts_the_future_unless_it_is_the_same_choice() {
    let store = steps(&queue(), 6).reduce(Action::Seek { step: 3 });
    let choices = store.choices();
    assert!(choices.len() > 1);
    let chosen: Vec<Store> = choices
        .iter()
        .map(|&task| store.reduce(Action::Choose { task }))
        .collect();
    assert_eq!(chosen.iter().filter(|store| store.len() == 6).count(), 1);
    assert!(chosen.iter().all(|store| store.cursor() == 4));
    let nobody = store.reduce(Action::Choose { task: TaskId(30) });
    assert_eq!(line(&nobody), line(&store));
}

#[test]
fn playing_goes_at_its_speed_and_stops_at_the_end() {
    let store = queue()
        .reduce(Action::SetSpeed { speed: Speed::X64 })
        .reduce(Action::Play);
    let store = after(
        &store,
        std::iter::repeat_n(Action::Tick { millis: 125.0 }, 2),
    );
    assert_eq!(store.cursor(), 16);
    let rush = store.reduce(Action::Tick { millis: 60_000.0 });
    assert_eq!(rush.cursor(), 32, "a sleeping page does not catch up");
    let end = after(
        &store,
        std::iter::repeat_n(Action::Tick { millis: 250.0 }, 100),
    );
    assert!(!end.is_playing());
    assert!(!end.can_step());
    let calm = queue()
        .reduce(Action::Motion { reduced: true })
        .reduce(Action::SetSpeed { speed: Speed::X64 });
    let calm = after(
        &calm.reduce(Action::Play),
        std::iter::repeat_n(Action::Tick { millis: 250.0 }, 4),
    );
    assert_eq!(calm.cursor(), 2, "two steps a second at most");
}

#[test]
fn other_rules_replay_the_run_as_far_as_they_allow() {
    let store = steps(&queue(), 40);
    let adversarial = store.reduce(Action::SetTiming {
        timing: Timing::Adversarial,
    });
    assert_eq!(
        adversarial.len(),
        store.len(),
        "more is possible, never less"
    );
    assert!(adversarial.verdict().rules.contains("any moment"));
    assert_is_replay(&adversarial);
    let back = steps(
        &adversarial.reduce(Action::SetTiming {
            timing: Timing::SleepsAreLong,
        }),
        1,
    );
    assert_is_replay(&back);
}

#[test]
fn a_kernel_starts_the_run_again_with_its_patches() {
    let store = steps(&queue(), 5);
    let version = oomscope_model::patches::Version(4, 9);
    let newer = store.reduce(Action::OpenKernel { version });
    assert_eq!((newer.cursor(), newer.len()), (0, 0));
    assert_eq!(newer.kernel_label(), "Kernel 4.9");
    // What the scenario has on that came later is told apart from the release.
    assert_eq!(store.kernel_label(), "Kernel 4.6 + 1 patch");
    let version = oomscope_model::patches::Version(4, 6);
    let as_released = store.reduce(Action::OpenKernel { version });
    assert_eq!(as_released.kernel_label(), "Kernel 4.6");
    assert_eq!(line(&newer.reduce(Action::Undo)), line(&store));
}

#[test]
fn markers_are_reached_in_both_directions() {
    let mut store = queue();
    let mut seen = vec![store.cursor()];
    for _ in 0..4 {
        store = store.reduce(Action::NextMarker);
        seen.push(store.cursor());
    }
    let named: Vec<usize> = store.markers().iter().map(|marker| marker.step).collect();
    assert_eq!(named, seen);
    for &step in seen.iter().rev().skip(1) {
        store = store.reduce(Action::PrevMarker);
        assert_eq!(store.cursor(), step);
    }
}

#[test]
fn a_long_run_is_cheap_to_reach_anywhere() {
    // The run goes round and round: a task is chosen by hand where the machine would park.
    let mut store = queue().reduce(Action::SetTiming {
        timing: Timing::Adversarial,
    });
    for round in 0..400 {
        store = store.reduce(Action::StepForward);
        if store.len() <= round {
            store = store.reduce(flip("killable-writers", round % 2 == 0));
        }
    }
    assert!(store.len() >= 400, "{}", store.len());
    assert_is_replay(&store);
}

#[test]
fn a_hundred_thousand_steps_are_a_run_like_any_other() {
    // 4.7 clears the mark and chooses the same victim again, for ever.
    let mut store = open("#v1/writer-in-queue?p=clear-mark");
    while store.can_step() && store.len() < 100_000 {
        store = store.reduce(Action::End);
    }
    assert_eq!(store.len(), 100_000);
    assert_eq!(store.samples().len(), 100_001);
    let there = store.reduce(Action::Seek { step: 77_777 });
    assert_eq!(there.reduce(Action::StepForward).cursor(), 77_778);
    let hash = store.hash();
    assert_eq!(open(&hash).state(), store.state());
}

#[test]
fn the_tab_follows_a_selected_task() {
    use super::Selection;
    let store = queue().reduce(Action::Select {
        what: Some(Selection::Task(TaskId(0))),
    });
    assert_eq!(store.tab(), Tab::Task);
    let detail = store.task_detail().expect("selected");
    assert_eq!((detail.name.as_str(), detail.pid), ("qemu", 1041));
    assert_eq!(store.reduce(Action::Close).selection(), None);
}
