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
        then  cc1*2 dd*6
        => dd needs a page, pages are freed only when tar exits, tar waits for i_mutex, which dd holds.
        for ever, from step 12 on: 2 steps a lap, 0 pages freed and 0 kills in each; dd*2
        flipped from the start:
          +oom-reaper                  at a cost  ok, extra-kill
          +reaper-oom-lock             clears it  ok (with +oom-reaper)
          +killable-inode-lock         clears it  ok
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
        flipped from the start:
          +munlock-fix                 clears it  ok
          +unstable-v1                 at a cost  ok, extra-kill
          +unstable-v2                 clears it  ok
          +write-lock-2017             does not   ok, oops
          +write-lock-2018             clears it  ok
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

#[test]
fn what_a_switch_does_from_the_start_comes_first() {
    let (_, answer) = json("explain munlock-oops");
    let verdict = |list: &str, id: &str| {
        let mut switches = answer[list].as_array().expect("switches").iter();
        let switch = switches.find(|switch| switch["patch"] == id);
        switch.expect("it is offered")["verdict"].clone()
    };
    assert_eq!(verdict("from_start", "munlock-fix"), "clear");
    assert_eq!(verdict("switches", "munlock-fix"), "bad");
    let said = say("explain munlock-oops").out;
    let early = said.find("flipped from the start:").expect("a list");
    assert!(early < said.find("flipped at step 16:").expect("a list"));
}

#[test]
fn where_nothing_decides_switches_are_flipped_at_the_start_alone() {
    let (_, answer) = json("explain notifier-eras");
    assert!(answer["good"].is_null());
    assert_eq!(answer["at"], 0);
    assert_eq!(answer["switches"], answer["from_start"]);
    let said = say("explain notifier-eras").out;
    assert_eq!(said.matches("flipped ").count(), 1, "{said}");
}

#[test]
fn a_switch_whose_search_was_bounded_is_unknown() {
    let said = say("explain writer-in-queue --max-states 4000 --at 2").out;
    let line = said
        .split("flipped at step 2:")
        .nth(1)
        .and_then(|list| list.lines().find(|line| line.contains("  +reap-twice ")));
    let line = line.expect("it is offered");
    assert!(line.contains("unknown    extra-kill so far"), "{said}");
    assert!(
        said.contains("so far: the bound of 4,000 states was reached (--max-states)"),
        "{said}"
    );
    assert!(
        said.contains("-oom-reaper                  does not"),
        "{said}"
    );
}

#[test]
fn the_step_that_breaks_is_told_however_long_the_list() {
    let said = say("explain notifier-eras").out;
    let left_out = said
        .lines()
        .position(|line| line.ends_with("… 5 more steps"));
    let last = said.lines().nth(left_out.expect("some are left out") + 1);
    assert!(
        last.is_some_and(|line| line.starts_with("-   18  ")),
        "{said}"
    );
}

#[test]
fn ok_needs_no_explanation() {
    let said = say("explain writer-in-queue --outcome ok");
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(
        said.err
            .contains("ok is nothing that goes wrong; a schedule to it is told by"),
        "{}",
        said.err
    );
}

#[test]
fn the_way_from_the_bad_schedule_to_the_lap_is_told() {
    let (_, answer) = json("explain writer-in-queue");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    assert_ne!(answer["lasso"]["stem"], answer["run"]);
    let said = say("explain writer-in-queue").out;
    let then = said.lines().find_map(|line| line.strip_prefix("then  "));
    let then = then.expect("there is a way");
    let both = format!("{} {then}", text(&answer["run"]));
    let play = |run: &str| {
        let said = crate::program::oomscope(["run", "writer-in-queue", "--json", "--run", run]);
        let played: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        played["run"].clone()
    };
    assert_eq!(play(&both), play(&text(&answer["lasso"]["stem"])));
}

#[test]
fn nothing_bad_is_said_of_a_kernel_under_rules() {
    let said = say("explain writer-in-queue -p killable-writers --allow extra-kill,stall");
    assert_eq!(said.code, 0);
    expect![[r#"
        writer-in-queue  A writer in the queue
        kernel 4.6 with killable-writers and reap-kthread-mm; rules long: long sleeps end when nobody else can go on
        Nothing bad can happen, whatever the schedule; extra-kill and stall are allowed.
    "#]].assert_eq(&said.out);
}

#[test]
fn who_waits_for_whom_is_told_of_a_hang_too() {
    let said = say("explain robust-futex --outcome hang").out;
    assert!(
        said.contains("\n=> peer waits for app to complete mutex; app runs.\n"),
        "{said}"
    );
}
