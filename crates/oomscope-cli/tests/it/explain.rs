//! `oomscope explain`.

use expect_test::expect;

use crate::program::{json, say};

#[test]
fn a_lockup_is_told_beside_the_nearest_good_run() {
    let said = say("explain imutex-livelock");
    assert_eq!(said.code, 1);
    expect![[r#"
        imutex-livelock  Killed, but waiting for an inode lock
        kernel 4.5; rules long: long sleeps end when nobody else can go on
        lockup after 4 steps: no way out: livelock, somebody will want memory for ever
        Step 4 decides: cc1 gets a page, 12 MB are left. It goes wrong only if this comes before: dd gets a page, 8 MB are left.
        both  dd tar cc1
        bad     4  cc1 gets a page, 12 MB are left.
        good    4  dd gets a page, 12 MB are left.
                5  dd gets a page, 8 MB are left.
                6  dd releases i_mutex; tar is woken; dd is done.
                7  tar gets i_mutex.
                8  tar releases i_mutex; tar is done.
                9  cc1 wants a page, but 8 MB are not above the min mark (8 MB) and reclaim finds nothing.
               10  cc1 calls the OOM killer, which kills tar.
               11  tar notices SIGKILL and begins to exit.
               12  tar lets go of tar as the last user.
               13  tar enters exit_mmap of tar.
               14  tar unmaps tar and frees 148 MB.
               15  exit_mmap of tar is done.
                   … 5 more steps
        => dd needs a page, pages are freed only when tar exits, tar waits for i_mutex, which dd holds.
        for ever, from step 12 on: 2 steps a lap, 0 pages freed and 0 kills in each; dd*2
        flipped at step 4:
          +oom-reaper                  clears it  ok
          +reaper-oom-lock             clears it  ok (with +oom-reaper)
          +killable-inode-lock         clears it  ok
    "#]].assert_eq(&said.out);
}

#[test]
fn what_cannot_be_undone_is_asked_about_before_it_happens() {
    let (code, answer) = json("explain munlock-oops");
    assert_eq!(code, 1);
    assert_eq!(answer["outcome"], "oops");
    assert_eq!(answer["at"], answer["good"]["common"]);
    let sentence = answer["sentence"].as_str().expect("text");
    assert!(
        sentence.starts_with("Step 17 decides: oom_reaper has reaped db"),
        "{sentence}"
    );
    let (_, late) = json("explain munlock-oops --at 18");
    let late = late["switches"].as_array().expect("switches");
    assert!(late.iter().all(|switch| switch["verdict"] == "bad"));
}

#[test]
fn both_schedules_can_be_played() {
    let (_, answer) = json("explain writer-in-queue");
    for (run, finished) in [(&answer["run"], false), (&answer["good"]["run"], true)] {
        let run = run.as_str().expect("text");
        let said = crate::program::oomscope(["run", "writer-in-queue", "--json", "--run", run]);
        let played: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(played["finished"], finished);
    }
    assert_eq!(answer["lasso"]["freed_pages"], 0);
    assert_eq!(answer["lasso"]["kills"], 0);
}

#[test]
fn nothing_bad_is_exit_status_0_and_not_all_seen_3() {
    let (code, answer) = json("explain writer-in-queue --patches killable-writers");
    assert_eq!((code, answer["outcome"].is_null()), (0, true));
    let line = "explain writer-in-queue --patches killable-writers --max-states 50";
    let (code, answer) = json(line);
    assert_eq!(code, 3);
    let sentence = answer["sentence"].as_str().expect("text");
    assert!(
        sentence.contains("the bound of 50 states was reached"),
        "{sentence}"
    );
}

#[test]
fn what_is_not_there_cannot_be_explained() {
    let said = say("explain munlock-oops --outcome lockup");
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("lockup cannot be reached here"),
        "{}",
        said.err
    );
    let said = say("explain munlock-oops --at 99");
    assert!(
        said.err
            .contains("the bad schedule has only 18 steps, not 99"),
        "{}",
        said.err
    );
}
