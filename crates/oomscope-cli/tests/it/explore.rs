//! `oomscope explore`.

use expect_test::expect;

use crate::program::{json, say};

/// The answer without its figures of speed and memory, which differ from run to run.
fn steady(out: &str) -> String {
    let lines = out.lines().filter(|line| !line.contains("/s, "));
    lines.fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

#[test]
fn a_bad_outcome_is_exit_status_1() {
    let said = say("explore munlock-oops");
    assert_eq!(said.code, 1);
    expect![[r#"
        munlock-oops  Munlock against the reaper
        kernel 4.14; rules long: long sleeps end when nobody else can go on
          ok            21 steps  it ends, and at most one process was killed
          oops          18 steps  NULL dereference in the kernel
        361 states, 867 transitions, depth 23, at most 1 kill
        bad: oops can be reached
    "#]]
    .assert_eq(&steady(&said.out));
}

#[test]
fn a_clear_machine_is_exit_status_0() {
    let said = say("explore writer-in-queue --patches killable-writers");
    assert_eq!(said.code, 0);
    assert!(said.out.contains("clear: "), "{}", said.out);
}

#[test]
fn a_bound_says_unknown_and_which() {
    let said = say("explore writer-in-queue --patches killable-writers --max-states 100");
    assert_eq!(said.code, 3);
    assert!(
        said.out
            .contains("the bound of 100 states was reached (--max-states)"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("clear"));
    let machine = "explore writer-in-queue --patches killable-writers,clear-mark";
    let said = say(&format!("{machine} --rules adversarial --max-memory 1k"));
    assert_eq!(said.code, 3);
    assert!(said.out.contains("--max-memory"), "{}", said.out);
}

#[test]
fn what_is_found_before_a_bound_counts() {
    let (code, answer) = json("explore munlock-oops --max-states 300");
    assert_eq!(code, 1, "{answer}");
    assert_eq!(answer["verdict"], "bad");
    assert!(answer["bound"].is_string());
}

#[test]
fn what_is_allowed_is_not_bad() {
    let (code, _) = json("explore munlock-oops --patches unstable-v1");
    assert_eq!(code, 1);
    let (code, answer) = json("explore munlock-oops --patches unstable-v1 --allow extra-kill");
    assert_eq!((code, &answer["verdict"]), (0, &"clear".into()));
}

#[test]
fn a_schedule_of_the_answer_can_be_played() {
    let (_, answer) = json("explore munlock-oops");
    let oops = answer["outcomes"]
        .as_array()
        .and_then(|outcomes| outcomes.iter().find(|it| it["outcome"] == "oops"))
        .expect("reachable");
    let run = oops["run"].as_str().expect("text");
    let said = crate::program::oomscope(["run", "munlock-oops", "--run", run, "--json"]);
    let played: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(
        played["steps"].as_array().expect("steps").len(),
        oops["steps"].as_u64().expect("number") as usize
    );
    assert_eq!(played["run"], run);
}

#[test]
fn kernel_and_rules_can_be_chosen() {
    let (_, answer) = json("explore writer-in-queue --kernel 4.9 --rules adversarial");
    assert_eq!(answer["kernel"], "4.9");
    assert_eq!(answer["rules"], "adversarial");
    let patches = answer["patches"].as_array().expect("ids");
    assert!(patches.contains(&"oom-mm".into()));
    let (_, split) = json("explore writer-in-queue --rules split");
    assert_eq!(split["rules"], "long+split");
}

#[test]
fn reductions_leave_states_out_and_keep_the_verdict() {
    let outcomes = |answer: &serde_json::Value| -> Vec<String> {
        let found = answer["outcomes"].as_array().expect("a list");
        let word = |it: &serde_json::Value| it["outcome"].as_str().expect("a word").to_owned();
        found.iter().map(word).collect()
    };
    let (code, full) = json("explore fault-storm-4");
    for reduce in ["equal-tasks", "all"] {
        let (reduced_code, reduced) = json(&format!("explore fault-storm-4 --reduce {reduce}"));
        assert_eq!(reduced_code, code, "{reduce}");
        assert_eq!(outcomes(&reduced), outcomes(&full), "{reduce}");
        let states = |answer: &serde_json::Value| answer["states"].as_u64().expect("a number");
        assert!(states(&reduced) < states(&full) * 3 / 4, "{reduce}");
    }
}
