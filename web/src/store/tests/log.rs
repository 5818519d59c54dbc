//! The kernel's log, and the tracepoints that one may have beside it.

use oomscope_model::patches::Version;
use oomscope_picture::LogKind;

use super::*;

const ON: Action = Action::Tracepoints { on: true };

/// The same cast under this release, run until nothing new can happen.
fn ran(version: Version) -> Store {
    after(&queue(), [Action::OpenKernel { version }, Action::End])
}

fn texts(store: &Store, wanted: impl Fn(LogKind) -> bool) -> Vec<String> {
    let lines = store.log().into_iter();
    lines
        .filter(|line| wanted(line.kind))
        .map(|line| line.text)
        .collect()
}

#[test]
fn tracepoints_are_off_until_somebody_wants_them() {
    let store = ran(Version(4, 19));
    assert!(store.has_tracepoints());
    assert!(!store.tracepoints());
    assert!(texts(&store, |kind| kind == LogKind::Trace).is_empty());
    let on = store.reduce(ON);
    assert!(!texts(&on, |kind| kind == LogKind::Trace).is_empty());
    assert_eq!(line(&on), line(&store), "it is a matter of the window");
    let off = on.reduce(Action::Tracepoints { on: false });
    assert_eq!(off.log(), store.log());
}

#[test]
fn tracepoints_stand_between_the_lines_in_the_order_of_time() {
    let store = ran(Version(4, 19));
    let on = store.reduce(ON);
    let all = texts(&on, |_| true);
    assert!(all.is_sorted_by_key(|text| text[..text.find(']').unwrap_or(0)].to_string()));
    let quiet = texts(&on, |kind| kind != LogKind::Trace);
    assert_eq!(quiet, texts(&store, |_| true));
    for text in texts(&on, |kind| kind == LogKind::Trace) {
        assert!(text.contains("] oom:") && text.contains(": pid="), "{text}");
    }
    let at = |words: &str| all.iter().position(|text| text.contains(words));
    let (chosen, marked, killed) = (
        at("Out of memory: Kill process"),
        at("oom:mark_victim"),
        at("] Killed process"),
    );
    assert!(
        chosen.is_some() && chosen < marked && marked < killed,
        "{all:#?}"
    );
}

#[test]
fn the_log_at_a_step_says_nothing_of_what_comes_later() {
    let on = ran(Version(4, 19)).reduce(ON);
    assert!(
        on.reduce(Action::Restart { new_seed: false })
            .log()
            .is_empty()
    );
    let mut before = 0;
    for step in 0..=on.len() {
        let lines = on.reduce(Action::Seek { step }).log();
        assert!(lines.len() >= before, "step {step}");
        before = lines.len();
    }
    let cut = on.reduce(Action::Seek { step: 3 }).log();
    assert_eq!(on.log()[..cut.len()], cut);
}

#[test]
fn a_kernel_without_tracepoints_has_none_and_the_wish_is_kept() {
    let old = ran(Version(4, 9)).reduce(ON);
    assert!(!old.has_tracepoints());
    assert!(old.tracepoints());
    assert!(!texts(&old, |_| true).is_empty());
    assert!(texts(&old, |kind| kind == LogKind::Trace).is_empty());
    let version = Version(4, 14);
    let newer = after(&old, [Action::OpenKernel { version }, Action::End]);
    assert!(newer.has_tracepoints());
    assert!(!texts(&newer, |kind| kind == LogKind::Trace).is_empty());
}
