//! `oomscope explore --shard` and `oomscope merge`.

use std::path::PathBuf;
use std::process::Command;

use crate::program::{folder, json, say};

/// Runs a shard and leaves its answer in a file.
fn shard(file: &str, line: &str) -> (i32, serde_json::Value) {
    let (code, answer) = json(line);
    let text = serde_json::to_string(&answer).expect("JSON");
    std::fs::write(folder().join(file), text).expect("the folder is there");
    (code, answer)
}

#[test]
fn shards_find_what_is_too_deep_for_one_search() {
    let scenario = "explore fault-storm-8 --max-states 4000";
    let (_, whole) = json(scenario);
    assert_eq!(whole["outcomes"], serde_json::json!([]));
    let mut files = String::new();
    for number in 1..=3 {
        let file = format!("deep-{number}.json");
        let (code, answer) = shard(&file, &format!("{scenario} --shard {number}/4"));
        assert_eq!(code, 3);
        assert_eq!(answer["outcomes"][0]["outcome"], "ok");
        files.push_str(&format!(" {file}"));
    }
    let (code, merged) = json(&format!("merge{files}"));
    assert_eq!(code, 3);
    assert_eq!(merged["verdict"], "unknown");
    assert_eq!(merged["complete"], false);
    assert_eq!(merged["missing"], serde_json::json!([4]));
    assert_eq!(merged["outcomes"][0]["outcome"], "ok");
    let distinct = merged["distinct_states"].as_u64().expect("a number");
    let all = merged["states"].as_u64().expect("a number");
    assert!(distinct > all / 2 && distinct <= all, "{distinct} of {all}");
    let run = merged["outcomes"][0]["run"].as_str().expect("a run");
    let played = crate::program::oomscope(["run", "fault-storm-8", "--json", "--run", run]);
    assert!(played.out.contains("\"finished\": true"));
}

#[test]
fn a_shard_that_sees_everything_is_exact() {
    let scenario = "explore writer-in-queue --shard";
    let (_, exact) = json("explore writer-in-queue");
    let (code, answer) = shard("whole-1.json", &format!("{scenario} 1/2"));
    assert_eq!(code, 1);
    for key in ["outcomes", "states", "verdict", "kills_max", "bound"] {
        assert_eq!(answer[key], exact[key], "{key}");
    }
    shard("whole-2.json", &format!("{scenario} 2/2 --max-states 500"));
    let (code, merged) = json("merge whole-1.json whole-2.json");
    assert_eq!(code, 1);
    assert_eq!(merged["complete"], true);
    assert_eq!(merged["outcomes"], exact["outcomes"]);
    let said = say("merge whole-2.json whole-1.json");
    assert!(said.out.contains("this is all"), "{}", said.out);
}

#[test]
fn lockups_of_a_part_are_looked_at_again() {
    let adversarial = "explore writer-in-queue --rules adversarial --max-states 4000";
    let machine = format!("{adversarial} --patches killable-writers");
    for number in 1..=2 {
        shard(
            &format!("part-{number}.json"),
            &format!("{machine} --shard {number}/2 --seed 9"),
        );
    }
    let (code, merged) = json("merge part-1.json part-2.json");
    assert_eq!(code, 1);
    let outcomes = merged["outcomes"].as_array().expect("a list");
    let lockup = outcomes.iter().find(|it| it["outcome"] == "lockup");
    assert_eq!(lockup.expect("it is reachable")["kind"], "livelock");
    assert_eq!(merged["unconfirmed"], serde_json::json!([]));
}

#[test]
fn the_same_shard_is_the_same_everywhere() {
    let line = "explore fault-storm-8 --shard 2/3 --seed 5 --max-states 1000";
    let steady = |line: &str| {
        let (_, mut answer) = json(line);
        answer["seconds"] = serde_json::Value::Null;
        answer
    };
    assert_eq!(steady(line), steady(line));
    let other = line.replace("--seed 5", "--seed 6");
    assert_ne!(
        steady(line)["shard"]["sample"],
        steady(&other)["shard"]["sample"]
    );
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let small = "--max-states 200 --shard";
    shard("one.json", &format!("explore writer-in-queue {small} 1/2"));
    shard("two.json", &format!("explore writer-in-queue {small} 2/2"));
    shard(
        "rules.json",
        &format!("explore writer-in-queue --rules adversarial {small} 2/2"),
    );
    shard(
        "patch.json",
        &format!("explore writer-in-queue --patches killable-writers {small} 2/2"),
    );
    shard("story.json", &format!("explore munlock-oops {small} 2/2"));
    let (_, plain) = json("explore writer-in-queue");
    let write = |file: &str, text: &str| {
        std::fs::write(folder().join(file), text).expect("the folder is there");
    };
    write("plain.json", &plain.to_string());
    write("broken.json", "{");
    let one = std::fs::read_to_string(folder().join("one.json")).expect("written above");
    write(
        "old.json",
        &one.replace("\"version\":\"", "\"version\":\"0.0."),
    );
    write(
        "changed.json",
        &one.replace("\"run\":\"", "\"run\":\"cc1*99 "),
    );
    let cases = [
        (
            "one.json rules.json",
            "have different rules: long and adversarial",
        ),
        (
            "one.json patch.json",
            "have different patches: [] and [killable-writers]",
        ),
        (
            "one.json story.json",
            "have different scenarios: writer-in-queue and munlock-oops",
        ),
        ("two.json old.json", "have different versions of oomscope"),
        ("old.json", "was written by oomscope 0.0."),
        (
            "one.json one.json",
            "are both shard 1/2 of seed 1; leave one of them out",
        ),
        (
            "one.json plain.json",
            "plain.json: an answer, but not of a shard; write it with",
        ),
        ("broken.json", "broken.json: not the answer of a shard"),
        ("nowhere.json", "nowhere.json: No such file"),
        (
            "two.json changed.json",
            "it comes from another build of oomscope, or was changed",
        ),
    ];
    for (files, sentence) in cases {
        let said = say(&format!("merge {files}"));
        assert_eq!(said.code, 2, "{files}: {}{}", said.out, said.err);
        assert!(said.err.contains(sentence), "{files}: {}", said.err);
        assert_eq!(said.out, "", "{files}");
    }
    let said = say("explore writer-in-queue --shard 3/2");
    assert!(said.err.contains("numbered from 1 to 2"), "{}", said.err);
}

/// The block of docs/sweeps.md that uses GNU parallel, as it stands there, but quicker.
#[test]
fn the_documented_sweep_works() {
    let found = Command::new("parallel").arg("--version").output();
    let is_gnu = found.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("GNU"));
    if !is_gnu {
        println!("GNU parallel is not installed, so docs/sweeps.md is not tried out.");
        return;
    }
    let page = include_str!("../../../../docs/sweeps.md");
    let (_, rest) = page.split_once("## One machine").expect("its section");
    let (_, rest) = rest.split_once("```sh\n").expect("its block");
    let (block, _) = rest.split_once("```").expect("its end");
    let block = block.replace("fault-storm-16", "fault-storm-8");
    let block = block.replace("--max-states 1000000", "--max-states 500");
    let folder = folder().join("sweep");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let program = PathBuf::from(env!("CARGO_BIN_EXE_oomscope"));
    let own = program.parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([own].into_iter().chain(std::env::split_paths(&path)));
    let mut shell = Command::new("sh");
    shell.args(["-c", &block]).current_dir(&folder);
    // GNU parallel keeps things in its user's home.
    shell
        .env("HOME", &folder)
        .env("PATH", path.expect("a path"));
    let output = shell.output().expect("a shell");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{out}{err}");
    assert!(out.contains("8 shards, "), "{out}{err}");
}
