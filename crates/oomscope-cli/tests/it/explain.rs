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
        Step 4 decides: it locks up only if cc1 gets a page before dd gets a page.
        both  dd tar cc1
             1  dd takes i_mutex.
             2  tar queues for i_mutex, place 1.
             3  cc1 takes cc1.mmap_sem for reading.
        -    4  cc1 gets a page, 12 MB are left.
        +    4  dd gets a page, 12 MB are left.
        +    5  dd gets a page, 8 MB are left.
        +    6  dd releases i_mutex; tar is woken; dd is done.
        +    7  tar gets i_mutex.
        +    8  tar releases i_mutex; tar is done.
        +    9  cc1 wants a page, but 8 MB are not above the min mark (8 MB) and reclaim finds nothing.
        +   10  cc1 calls the OOM killer, which kills tar.
        +   11  tar notices SIGKILL and begins to exit.
        +   12  tar drops the last reference to its mm.
        +   13  tar enters exit_mmap.
        +   14  tar unmaps its memory and frees 148 MB.
        +   15  exit_mmap of tar is done.
        +       … 5 more steps
        => dd needs a page, pages are freed only when tar exits, tar waits for i_mutex, which dd holds.
        for ever, from step 12 on: 2 steps a lap, 0 pages freed and 0 kills in each; dd*2
        flipped at step 4:
          +oom-reaper                  clears it  ok
          +reaper-oom-lock             clears it  ok (with +oom-reaper)
          +killable-inode-lock         clears it  ok
    "#]].assert_eq(&said.out);
}

#[test]
fn a_wide_screen_has_both_schedules_side_by_side() {
    let wide = |columns: &str| {
        let mut program = crate::program::command();
        let output = program
            .args(["explain", "munlock-oops"])
            .env("COLUMNS", columns)
            .output()
            .expect("the program is built");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = wide("110");
    expect![[r#"
        munlock-oops  Munlock against the reaper
        kernel 4.14; rules long: long sleeps end when nobody else can go on
        oops after 18 steps: NULL dereference in the kernel
        Step 17 decides: it comes to an oops only if oom_reaper has reaped db before db takes the page-table lock that it looked up.
        both  cc1*5 db*5 cc1*2 oom_reaper*4
            14  oom_reaper takes oom_lock.
            15  oom_reaper takes mmap_sem for reading.
            16  oom_reaper frees 60 MB of db.
        bad                                                     good
          17  oom_reaper has reaped db; 100 MB are freed; the |   17  db takes the page-table lock that it looked up.
              OOM killer now looks past db (MMF_OOM_SKIP).
          18  db takes the lock of a page table that the      |   18  db unmaps its memory and frees 100 MB.
              reaper has cleared: NULL dereference.
                                                              >   19  The OOM killer now looks past db
                                                                      (MMF_OOM_SKIP).
                                                              >   20  cc1 gets a page, 164 MB are left; cc1 is done.
                                                              >   21  oom_reaper has reaped db; 0 MB are freed.
                                                              >   22  db takes mmap_sem for writing.
                                                              >   23  exit_mmap of db is done.
        flipped at step 16:
          +munlock-fix                 does not   ok, oops, corrupt
          +unstable-v1                 does not   ok, oops, corrupt
          +unstable-v2                 does not   ok, oops, corrupt
          +write-lock-2017             does not   ok, oops
          +write-lock-2018             does not   ok, oops, corrupt
    "#]].assert_eq(&said);
    let longest = said
        .lines()
        .skip(4)
        .take_while(|line| !line.starts_with("flipped"));
    assert!(longest.map(|line| line.chars().count()).max() <= Some(110));
    assert!(wide("99").contains("\n-   17  "), "{}", wide("99"));
}

#[test]
fn what_cannot_be_undone_is_asked_about_before_it_happens() {
    let (code, answer) = json("explain munlock-oops");
    assert_eq!(code, 1);
    assert_eq!(answer["outcome"], "oops");
    assert_eq!(answer["at"], answer["good"]["common"]);
    let sentence = answer["sentence"].as_str().expect("text");
    assert!(
        sentence.starts_with(
            "Step 17 decides: it comes to an oops only if oom_reaper has reaped db before "
        ),
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
