//! `oomscope run`.

use expect_test::expect;

use crate::program::{json, oomscope, oomscope_with, say};

#[test]
fn the_lead_is_told_step_by_step() {
    let said = say("run writer-in-queue --to writer");
    assert_eq!(said.code, 0);
    expect![[r#"
        writer-in-queue  A writer in the queue
        kernel 4.6 with reap-kthread-mm; rules long: long sleeps end when nobody else can go on
           1  cc1         cc1 takes cc1.mmap_sem for reading.
              => qemu waits for vhost-1187 to complete flush; vhost-1187 runs.
           2  cc1         cc1 gets a page, 16 MB are left.
           3  vhost-1187  vhost-1187 takes mmap_sem for reading.
        -- The lock is taken (lock) The worker holds qemu's mmap_sem for reading and copies from user memory.
           4  vhost-1187  vhost-1187 gets a page, 12 MB are left.
           5  vhost-1187  vhost-1187 gets a page, 8 MB are left.
              => qemu waits for vhost-1187 to complete flush, vhost-1187 needs a page; the OOM killer has chosen nobody yet.
           6  qemu-2      qemu-2 queues for mmap_sem as a writer, place 1.
        -- The writer queues (writer) From here on nobody may pass the writer, not even a reader that only tries.
        reached after 6 steps
    "#]].assert_eq(&said.out);
}

#[test]
fn the_kernel_log_can_be_had_alone() {
    let said = say("run writer-in-queue --to kill --show dmesg");
    assert!(said.out.contains("Out of memory: Kill process 1041 (qemu)"));
    assert!(!said.out.contains("=> "));
}

#[test]
fn events_bear_names() {
    let said = say("run writer-in-queue --to 1 --show events");
    assert!(
        said.out
            .contains("LockTaken task=cc1 lock=cc1.mmap_sem mode=Read"),
        "{}",
        said.out
    );
    let (_, answer) = json("run writer-in-queue --to 1");
    let event = &answer["steps"][0]["events"][0];
    assert_eq!(
        (&event["event"], &event["task"]),
        (&"LockTaken".into(), &"cc1".into())
    );
}

#[test]
fn a_marker_that_does_not_come_is_exit_status_1() {
    let said = say("run writer-in-queue --seed 3 --to free --max-steps 3");
    assert_eq!(said.code, 1);
    assert!(
        said.out
            .contains("the marker \"free\" was not reached; the run stops after 3 steps"),
        "{}",
        said.out
    );
}

#[test]
fn the_same_seed_plays_the_same_run() {
    let [a, b, c] = [7, 7, 8].map(|seed| say(&format!("run munlock-oops --seed {seed}")).out);
    assert_eq!(a, b);
    assert_ne!(a, c);
}

#[test]
fn a_patch_can_be_switched_in_the_middle() {
    let run = "cc1*2 vhost-1187*3 qemu-2 +killable-writers";
    let (code, answer) = {
        let said = oomscope(["run", "writer-in-queue", "--run", run, "--json"]);
        let answer: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        (said.code, answer)
    };
    assert_eq!(code, 0);
    assert_eq!(answer["run"], run);
    assert_eq!(answer["steps"][6]["move"], "+killable-writers");
}

#[test]
fn a_typed_link_is_a_scenario() {
    let (_, answer) =
        json("run https://host.example/#v1/writer-in-queue?p=killable-writers&at=writer");
    assert_eq!(answer["steps"].as_array().expect("steps").len(), 6);
    let patches = answer["patches"].as_array().expect("ids");
    assert!(patches.contains(&"killable-writers".into()));
}

#[test]
fn a_scenario_comes_from_a_file_or_standard_input() {
    let text = include_str!("../../../../assets/scenarios/munlock-oops.toml");
    let said = oomscope_with(["run", "-", "--to", "1"], text);
    assert_eq!(said.code, 0, "{}", said.err);
    let broken = text.replace("free = \"", "free = \"x");
    let said = oomscope_with(["run", "-"], &broken);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("standard input:"), "{}", said.err);
}

#[test]
fn a_bound_that_was_reached_is_exit_status_3() {
    for line in [
        "run writer-in-queue --witness lockup --max-states 50",
        "draw writer-in-queue --witness lockup --max-states 50",
        "explain writer-in-queue --outcome lockup --max-states 50",
    ] {
        let said = say(line);
        assert_eq!(said.code, 3, "{line}: {}", said.err);
        assert!(
            said.err
                .contains("lockup is unknown here: the bound of 50 states was reached"),
            "{line}: {}",
            said.err
        );
    }
}

#[test]
fn the_end_of_a_witness_says_what_follows() {
    let (code, answer) = json("run imutex-livelock --witness lockup");
    let end = "the run ends after 4 steps; from here no schedule leads out: livelock";
    assert_eq!((code, answer["end"].as_str()), (0, Some(end)));
    let (_, answer) = json("run imutex-livelock --witness lockup --to 3");
    assert_eq!(answer["end"], "reached after 3 steps");
    let said = say("draw imutex-livelock --witness lockup").out;
    assert!(
        said.ends_with("\nfrom here no schedule leads out: livelock\n"),
        "{said}"
    );
}

#[test]
fn a_lead_that_does_not_fit_goes_on_by_the_seed() {
    let link = "#v1/writer-in-queue?p=killable-writers,-oom-reaper";
    for command in ["run", "draw", "link --read"] {
        let said = say(&format!("{command} {link}"));
        assert_eq!(said.code, 0, "{command}: {}", said.err);
        assert!(
            said.err
                .contains("the lead fits up to step 15; from there steps are drawn with seed "),
            "{command}: {}",
            said.err
        );
    }
    let fits = say("run writer-in-queue");
    assert_eq!((fits.code, fits.err.as_str()), (0, ""));
    let (code, answer) = json("run munlock-oops -p munlock-fix");
    assert_eq!((code, &answer["finished"]), (0, &true.into()));
}
