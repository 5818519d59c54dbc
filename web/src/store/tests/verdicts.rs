//! What the page says, and when it asks the worker.

use oomscope_picture::Tone;

use super::*;

#[test]
fn the_stuck_moment_is_proven_and_the_switch_clears_it() {
    let store = stuck();
    let verdict = store.verdict();
    assert_eq!(
        (verdict.word, verdict.headline.as_str()),
        ("doomed", "Livelock, proven")
    );
    assert!(
        verdict.first.starts_with("None of the "),
        "{}",
        verdict.first
    );
    assert!(!verdict.sentence.is_empty());
    let no_return = verdict.no_return.expect("doomed");
    assert!(no_return <= store.cursor());
    let badge = |id: &str| {
        let switches = store.switches();
        switches
            .into_iter()
            .find(|view| view.patch == patch(id))
            .map(|view| view.badge)
    };
    assert_eq!(badge("killable-writers"), Some(Badge::Clears));
    assert_eq!(badge("oom-reaper"), Some(Badge::On));
    let went = store.reduce(Action::GoToNoReturn);
    assert_eq!(went.cursor(), no_return);

    let switched = searched(store.reduce(flip("killable-writers", true)));
    assert_eq!(switched.verdict().word, "free");
    let end = searched(switched.reduce(Action::End));
    let words = (end.verdict().headline, end.verdict().first);
    assert_eq!(end.verdict().word, "finished", "{words:?}");
    let freed = switched.reduce(Action::NextMarker);
    let freed = searched(freed);
    let verdict = freed.verdict();
    assert_eq!(
        verdict.headline,
        format!("Cleared at step {}", freed.cursor()),
        "{}",
        verdict.first
    );
    assert!(
        verdict.first.contains("qemu-2 left the queue"),
        "{}",
        verdict.first
    );
    assert!(
        verdict.first.contains("168 MB came back"),
        "{}",
        verdict.first
    );
    assert!(
        verdict.first.contains("one process killed"),
        "{}",
        verdict.first
    );
    assert_is_replay(&freed);
}

#[test]
fn once_the_reaper_has_given_up_the_same_switch_does_not_clear() {
    let end = searched(stuck().reduce(Action::End));
    let verdict = end.verdict();
    let text: String = verdict
        .sentence
        .iter()
        .map(|span| span.text.as_str())
        .collect();
    assert_eq!(verdict.word, "doomed");
    assert!(text.contains("The reaper has given up on qemu; "), "{text}");
    let first = &verdict.first;
    assert!(first.contains("retry for ever"), "{first}");
    let switched = searched(end.reduce(flip("killable-writers", true)));
    assert_eq!(switched.verdict().word, "doomed");
}

#[test]
fn what_the_search_found_stays_true_while_scrubbing() {
    let store = searched(steps(&stuck(), 3));
    for step in 0..=store.len() {
        let there = store.reduce(Action::Seek { step });
        assert_ne!(there.verdict().word, "unknown", "step {step}");
    }
    let first = store.reduce(Action::Seek { step: 0 });
    assert_eq!(first.verdict().word, "at-risk");
    assert!(
        store
            .flags()
            .iter()
            .any(|flag| flag.label == "no way back from here")
    );
}

#[test]
fn a_cancelled_search_stays_cancelled_until_asked_again() {
    let store = queue();
    assert!(store.demand().is_active());
    let cancelled = store.reduce(Action::CancelSearch);
    assert!(!cancelled.demand().is_active());
    assert_eq!(cancelled.verdict().headline, "Unknown");
    let stepped = steps(&cancelled, 2);
    assert!(!stepped.demand().is_active());
    let again = searched(stepped.reduce(Action::SearchAgain));
    assert_eq!(again.verdict().word, "at-risk");
}

#[test]
fn stale_replies_are_dropped() {
    let store = queue();
    let job = store.demand().job();
    let moved = steps(&store, 1);
    let stale = crate::protocol::Reply::Classes {
        job,
        base: 0,
        classes: vec![2, 2],
    };
    assert_eq!(
        moved.reduce(Action::Search(stale)).verdict().word,
        "unknown"
    );
}

/// Green is for ends that cost one process.
#[test]
fn an_end_with_a_second_kill_does_not_look_like_one_with_one() {
    let start = open("#v1/own-writer-nofail");
    let one = searched(after(&start, [flip("killable-writers", true)]).reduce(Action::End));
    assert_eq!(one.verdict().headline, "Everything finished");
    assert_eq!(one.verdict().tone, Tone::Ok);
    let stuck = searched(start.reduce(Action::End));
    assert_eq!(stuck.verdict().word, "doomed");
    let cleared = searched(stuck.reduce(flip("oom-mm", true)));
    let end = searched(cleared.reduce(Action::End)).verdict();
    assert_eq!(end.word, "finished");
    assert_eq!(end.headline, "Finished after 2 kills");
    assert_eq!(end.tone, Tone::Wait);
    assert!(
        end.first.contains("2 processes killed: mysqld, "),
        "{}",
        end.first
    );
}

#[test]
fn a_machine_in_which_nothing_can_move_says_so_first() {
    let store = searched(open("#v1/own-writer-nofail").reduce(Action::End));
    let verdict = store.verdict();
    assert_eq!(
        verdict.first,
        "Nothing can move any more: 2 tasks retry for ever."
    );
    let sentence: String = verdict
        .sentence
        .iter()
        .map(|span| span.text.as_str())
        .collect();
    assert!(!sentence.contains("Nothing can move"), "{sentence}");
    assert!(sentence.len() < 190, "{sentence}");
}
