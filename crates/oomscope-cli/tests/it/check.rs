//! `oomscope check`.

use std::fs;

use crate::program::{folder, json, oomscope, say};

const SCENARIO: &str = include_str!("../../../../assets/scenarios/munlock-oops.toml");

/// Writes a scenario file outside the repository.
fn file(name: &str, text: &str) -> String {
    let path = folder().join(name);
    fs::write(&path, text).expect("a file can be written");
    path.display().to_string()
}

#[test]
fn a_file_that_comes_to_what_it_expects_is_exit_status_0() {
    let path = file("good.toml", SCENARIO);
    let said = oomscope(["check", &path]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(said.out, "1 scenario, 12 mixes: all as expected\n");
    let verbose = oomscope(["check", "--verbose", &path]);
    assert_eq!(verbose.out.matches("met: ").count(), 12);
}

#[test]
fn a_missed_expectation_is_exit_status_1_with_its_line() {
    let wrong = SCENARIO.replacen("[\"ok\", \"oops\"]", "[\"ok\", \"panic\"]", 1);
    assert_ne!(wrong, SCENARIO);
    let path = file("missed.toml", &wrong);
    let said = oomscope(["check", &path]);
    assert_eq!(said.code, 1, "{}", said.out);
    let line = 1 + wrong[..wrong.find("[\"ok\", \"panic\"]").expect("there")]
        .rfind("[[expect]]")
        .map(|at| wrong[..at].matches('\n').count())
        .expect("a block");
    let place = format!("missed: {path}:{line}: ");
    assert!(said.out.contains(&place), "{place}\n{}", said.out);
    assert!(
        said.out.contains("expected ok, panic, found ok, oops"),
        "{}",
        said.out
    );
}

#[test]
fn mistakes_are_told_with_place_and_hint() {
    let broken = SCENARIO.replacen("outcomes = [\"ok\"", "outcomes = [\"okk\"", 1);
    let path = file("broken.toml", &broken);
    let said = oomscope(["check", &path]);
    assert_eq!(said.code, 2, "{}", said.out);
    let hint = "unknown outcome \"okk\"; did you mean \"ok\"?";
    assert!(said.out.contains(hint), "{}", said.out);
    let (_, answer) = {
        let said = oomscope(["check", "--json", &path]);
        let answer: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        (said.code, answer)
    };
    assert_eq!(answer["verdict"], "broken");
    let note = &answer["files"][0]["diagnostics"][0];
    assert_eq!(note["hint"], "did you mean \"ok\"?");
    assert!(note["line"].as_u64().expect("a line") > 1);
}

#[test]
fn a_mix_too_large_is_unknown() {
    let said = say("check writer-in-queue --max-states 500");
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(
        said.out.contains("unknown: writer-in-queue: long "),
        "{}",
        said.out
    );
}

#[test]
fn several_files_are_told_in_their_order() {
    let (code, answer) = json("check munlock-oops shared-lookup robust-futex");
    assert_eq!(code, 0);
    let files: Vec<&str> = (answer["files"].as_array().expect("files").iter())
        .filter_map(|file| file["file"].as_str())
        .collect();
    assert_eq!(files, ["munlock-oops", "shared-lookup", "robust-futex"]);
}

const STORM: &str = include_str!("../../../../assets/scenarios/fault-storm-8.toml");

#[test]
fn a_bound_of_the_file_is_told_and_not_called_clear() {
    let small = STORM.replacen("bound = 60000", "bound = 1000", 1);
    assert_ne!(small, STORM);
    let path = file("bounded.toml", &small);
    let said = oomscope(["check", &path]);
    assert_eq!(said.code, 0, "{}", said.out);
    let end = ": 2 mixes only searched up to the bound that the file names\n";
    assert!(said.out.ends_with(end), "{}", said.out);
    let said = oomscope(["check", "--json", &path]);
    assert_eq!(said.code, 0);
    let answer: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(answer["verdict"], "unknown");
    assert_eq!(answer["mixes"]["bounded"], 2);
}

#[test]
fn a_bound_below_that_of_the_file_is_unknown() {
    let (code, answer) = json("check fault-storm-8 --max-states 500");
    assert_eq!(code, 3);
    assert_eq!(answer["mixes"]["bounded"], 0);
    assert_eq!(answer["files"][0]["cases"][0]["verdict"], "unknown");
    let said = say("check fault-storm-8 --max-states 500");
    assert!(said.out.contains(" unknown\n"), "{}", said.out);
    assert!(!said.out.contains("not as expected"), "{}", said.out);
}

#[test]
fn a_lead_that_does_not_fit_is_complained_of() {
    let at = SCENARIO.find("schedule = ").expect("a lead");
    let end = at + SCENARIO[at..].find('\n').expect("a line");
    let wrong = format!(
        "{}schedule = \"db*40\"{}",
        &SCENARIO[..at],
        &SCENARIO[end..]
    );
    let path = file("lead.toml", &wrong);
    let said = oomscope(["check", &path]);
    assert_eq!(said.code, 1, "{}", said.out);
    let sentence = "its lead does not fit: step ";
    assert!(said.out.contains(sentence), "{}", said.out);
    assert!(said.out.contains(" can move\n"), "{}", said.out);
    assert!(said.out.ends_with("1 file with mistakes\n"), "{}", said.out);
}
