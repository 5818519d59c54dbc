//! `oomscope matrix`.

use expect_test::expect;

use serde_json::{Value, json};

use crate::program::{Said, json, say};

#[test]
fn every_mix_has_a_row_and_the_smallest_cures_are_named() {
    let said = say("matrix munlock-oops");
    assert_eq!(said.code, 0);
    expect![[r#"
        munlock-oops  Munlock against the reaper
        kernel 4.14
        rules long: long sleeps end when nobody else can go on
          +-- munlock-fix
          | +-- unstable-v1
          | | +-- unstable-v2
          | | | +-- write-lock-2017
          | | | | +-- write-lock-2018
          . . . . .  ok 21, oops 18  1 kill, 361 states
          + . . . .  ok 22  1 kill, 328 states
          . + . . .  ok 20, extra-kill 15  3 kills, 3,363 states
          . . + . .  ok 20  1 kill, 315 states
          . . . + .  ok 21, oops 18  1 kill, 357 states
          . . . . +  ok 21  1 kill, 346 states
        clear with: munlock-fix
        clear with: unstable-v2
        clear with: write-lock-2018
        no lockup, oops or panic, at a cost, with: unstable-v1
    "#]]
    .assert_eq(&said.out);
}

#[test]
fn rows_for_machines() {
    let (code, answer) = json("matrix munlock-oops --rules long,adversarial --kernels");
    assert_eq!(code, 0);
    assert_eq!(answer["mixes"].as_array().expect("rows").len(), 12);
    let kernels = answer["kernels"].as_array().expect("rows");
    let oops = kernels.iter().filter(|row| {
        let mut outcomes = row["outcomes"].as_array().expect("outcomes").iter();
        row["rules"] == "long" && outcomes.any(|outcome| outcome["outcome"] == "oops")
    });
    let oops: Vec<&str> = oops.filter_map(|row| row["kernel"].as_str()).collect();
    assert_eq!(oops, ["4.14", "4.15", "4.16"]);
    let sets = &answer["clears"][0]["sets"];
    assert_eq!(sets[0][0], "munlock-fix");
    assert_eq!(answer["clears"][1]["rules"], "adversarial");
}

#[test]
fn no_cure_is_exit_status_1_and_no_answer_3() {
    let line = "matrix munlock-oops --patches -munlock-fix,unstable-v1 --rules split";
    assert_eq!(say(line).code, 0);
    let (code, _) = json("matrix writer-in-queue-pinned --max-states 10");
    assert_eq!(code, 3);
    let said = say("matrix out-of-tree-notifier");
    assert_eq!(said.code, 1, "{}", said.out);
}

/// What is said below the rows.
fn below_rows(said: &Said) -> String {
    let rows = |line: &&str| line.starts_with("  .") || line.starts_with("  +");
    let lines: Vec<&str> = said.out.lines().collect();
    let last = lines.iter().rposition(rows).expect("rows");
    lines[last + 1..].join("\n")
}

#[test]
fn a_larger_mix_that_hit_its_bound_is_unknown_and_not_bad() {
    let line = "matrix fault-storm-2 --max-states 430";
    let said = say(line);
    assert_eq!(said.code, 0);
    expect![[r#"
        clear with: all of them off
          of some mixes that have such a set in them it is not known
          unknown: 1 of 2 mixes, not searched to the end"#]]
    .assert_eq(&below_rows(&said));
    let (_, answer) = json(line);
    assert_eq!(answer["clears"][0]["larger_too"], Value::Null);
    let (_, answer) = json("matrix fault-storm-2");
    assert_eq!(answer["clears"][0]["larger_too"], true);
    let (_, answer) = json("matrix writeback-chain --max-states 1700");
    assert_eq!(answer["clears"][0]["larger_too"], false, "one row is bad");
}

#[test]
fn no_set_is_the_smallest_while_a_smaller_one_is_unknown() {
    let line = "matrix robust-futex --max-states 80";
    let said = say(line);
    assert_eq!(said.code, 0);
    expect![[r#"
        clear with: delay-reaper; a smaller set was not searched to its end
          unknown: 1 of 2 mixes, not searched to the end"#]]
    .assert_eq(&below_rows(&said));
    let (_, answer) = json(line);
    let clears = &answer["clears"][0];
    assert_eq!(clears["sets"], json!([]));
    assert_eq!(clears["perhaps"], json!([["delay-reaper"]]));
    assert_eq!((&clears["unknown"], &clears["of"]), (&json!(1), &json!(2)));
}

#[test]
fn what_was_found_before_the_bound_is_known() {
    let line = "matrix self-reap-over-kill --max-states 90";
    let said = say(line);
    assert_eq!(
        below_rows(&said),
        "clear with: delay-reaper and exit-read-lock"
    );
    let (_, answer) = json(line);
    let (clears, survives) = (&answer["clears"][0], &answer["survives"][0]);
    assert_eq!((&clears["unknown"], &clears["of"]), (&json!(0), &json!(4)));
    assert_eq!(survives["unknown"], 3, "worse may come");
    assert_eq!(survives["perhaps"], clears["sets"]);
    let said = say("matrix out-of-tree-notifier --max-states 30");
    assert_eq!(said.code, 1);
    assert_eq!(below_rows(&said), "no mix of these patches is clear");
}

#[test]
fn where_nothing_is_known_it_says_of_how_many() {
    let said = say("matrix munlock-oops --max-states 10");
    assert_eq!(said.code, 3);
    expect![[r#"
        no mix is known to be clear
          unknown: 6 of 6 mixes, not searched to the end"#]]
    .assert_eq(&below_rows(&said));
}
