//! `oomscope scenarios` and `oomscope patches`.

use crate::program::{json, oomscope, oomscope_with, say};

#[test]
fn scenarios_stand_under_their_topics() {
    let said = say("scenarios");
    assert_eq!(said.code, 0);
    assert!(
        said.out.contains("Locks in the way\n  writer-in-queue "),
        "{}",
        said.out
    );
    let (_, answer) = json("scenarios --topic reaper");
    let reaper = answer["scenarios"].as_array().expect("a list");
    assert!(!reaper.is_empty());
    assert!(reaper.iter().all(|scenario| scenario["topic"] == "reaper"));
}

#[test]
fn scenarios_can_be_searched() {
    let (_, answer) = json("scenarios KVM count");
    let found = answer["scenarios"].as_array().expect("a list");
    assert!(
        found
            .iter()
            .any(|scenario| scenario["id"] == "kvm-count-leak")
    );
    let (_, answer) = json("scenarios --patch munlock-fix");
    let found = answer["scenarios"].as_array().expect("a list");
    assert!(found.iter().all(|scenario| {
        let offers = scenario["offers"].as_array().expect("ids");
        offers.contains(&"munlock-fix".into())
    }));
    assert!(!found.is_empty());
}

#[test]
fn a_scenario_can_be_told_and_copied() {
    let said = say("scenarios --show writer-in-queue");
    for part in [
        "vhost worker has adopted",
        "page_fault qemu 4",
        "killable-writers",
        "stuck",
    ] {
        assert!(said.out.contains(part), "{part}");
    }
    let text = say("scenarios --text munlock-oops").out;
    assert_eq!(
        text,
        include_str!("../../../../assets/scenarios/munlock-oops.toml")
    );
    let again = oomscope_with(["check", "-"], &text);
    assert_eq!(again.code, 0, "{}", again.out);
}

#[test]
fn patches_can_be_filtered() {
    let (_, answer) = json("patches --kind proposed");
    let proposed = answer["patches"].as_array().expect("a list");
    assert!(!proposed.is_empty());
    assert!(proposed.iter().all(|patch| patch["kind"] == "proposed"));
    let (_, answer) = json("patches --kernel 4.9 --after 4.8");
    let ids = answer["patches"].as_array().expect("a list");
    assert!(ids.iter().all(|patch| patch["version"] == "4.9"));
    assert!(ids.iter().any(|patch| patch["id"] == "oom-mm"));
    let (_, answer) = json("patches --offered-by munlock-oops");
    assert_eq!(answer["patches"].as_array().expect("a list").len(), 5);
}

#[test]
fn one_patch_is_told_in_detail() {
    let said = say("patches oom-reaper");
    assert!(
        said.out.contains("mm, oom: introduce oom reaper"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("offered by  writer-in-queue, "),
        "{}",
        said.out
    );
    let said = say("patches oom-reapr");
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("did you mean \"oom-reaper\"?"),
        "{}",
        said.err
    );
}

#[test]
fn unknown_topics_are_told() {
    let said = oomscope(["scenarios", "--topic", "locs"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("known are locks,"), "{}", said.err);
}

#[test]
fn the_file_of_a_link_can_be_copied() {
    let text = include_str!("../../../../assets/scenarios/munlock-oops.toml");
    let link = say("link munlock-oops");
    let said = oomscope(["scenarios", "--text", link.out.trim_end()]);
    assert_eq!((said.code, said.out.as_str()), (0, text), "{}", said.err);
    let said = say("scenarios --text #v1/munlock-oops");
    assert_eq!((said.code, said.out.as_str()), (0, text), "{}", said.err);
}

#[test]
fn details_fit_on_a_screen() {
    for line in ["patches munlock-fix", "scenarios --show munlock-oops"] {
        let said = say(line);
        let long = said.out.lines().find(|line| line.chars().count() > 80);
        let long = long.filter(|line| line.trim().contains(' '));
        assert_eq!(long, None, "{line}");
        assert!(!said.out.contains("oom.md"), "{line}");
    }
}
