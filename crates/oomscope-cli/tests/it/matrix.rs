//! `oomscope matrix`.

use expect_test::expect;

use crate::program::{json, say};

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
