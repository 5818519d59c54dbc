//! Scenario text: what is understood, what is refused and in which words.

use oomscope_model::machine::{Kind, LockClass, Op};
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::parse::parse;
use oomscope_scenario::print::print;
use oomscope_scenario::reference::reference;
use oomscope_scenario::scenario::Scenario;
use oomscope_scenario::verb::print_op;

const HEAD: &str = r#"format = 1
id = "t"
title = "T"
kernel = "4.6"
[zone]
total = "64 MB"
free = "16 MB"
min = "4 MB"
low = "8 MB"
high = "12 MB"
"#;

fn with(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

/// A process `a` that runs this program; its first line is line 17 of the file.
fn running(program: &str) -> String {
    with(&format!(
        r#"[[lock]]
name = "drv_lock"
kind = "mutex"
[[process]]
name = "a"
rss = "20 MB"
program = """
{program}
"""
"#
    ))
}

fn complaints(text: &str) -> Vec<String> {
    parse(text)
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn sound(text: &str) -> Scenario {
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.scenario.unwrap()
}

#[test]
fn nobody_runs_a_guest_after_exit() {
    let notifier = "[[process.notifier]]\nkind = \"kvm\"\n";
    assert_eq!(
        complaints(&(running("exit\nguest_access a") + notifier)),
        ["line 19: a runs no guest after exit"]
    );
}

#[test]
fn a_misspelt_lock_is_named_with_its_place() {
    assert_eq!(
        complaints(&running("mutex_lock drv_lok\n")),
        [r#"line 18: unknown lock "drv_lok"; did you mean "drv_lock"?"#]
    );
}

#[test]
fn what_could_never_work_is_refused() {
    let cases = [
        (
            "mutex_unlock drv_lock",
            "line 18: a does not hold drv_lock here",
        ),
        (
            "mutex_lock drv_lock\nmutex_lock drv_lock\nmutex_unlock drv_lock",
            "line 19: a already holds drv_lock here",
        ),
        (
            "mutex_lock drv_lock",
            "line 18: a still holds drv_lock at its end; add mutex_unlock drv_lock",
        ),
        (
            "mutex_lock a.mmap_sem",
            "line 18: a.mmap_sem is an rwsem, mutex_lock is not for it; its verbs are down_read, down_read_killable, down_write, down_write_killable, down_write_interruptible, downgrade_write, up_read and up_write",
        ),
        (
            "down_read a.mmap_sem\nup_write a.mmap_sem\nup_read a.mmap_sem",
            "line 19: a holds a.mmap_sem for reading here; write up_read a.mmap_sem",
        ),
        (
            "down_read a.mmap_sem\npage_fault a\nup_read a.mmap_sem",
            "line 19: page_fault takes a.mmap_sem, which a already holds here",
        ),
        (
            "mutex_lock oom_lock",
            "line 18: oom_lock is taken by the OOM killer itself, not by programs",
        ),
        (
            "page_falt a",
            r#"line 18: unknown verb "page_falt"; did you mean "page_fault"?"#,
        ),
        (
            "page_fault b",
            r#"line 18: unknown process "b"; there is a"#,
        ),
        (
            "page_fault a 16",
            r#"line 18: "16" is not a number of pages from 1 to 15; for more, write several lines or a repeat"#,
        ),
        (
            "page_fault a 1 2",
            r#"line 18: "2" is too much here; write page_fault PROCESS [PAGES]"#,
        ),
        (
            "alloc_page",
            "line 18: alloc_page needs more words; write alloc_page GFP [PAGES]",
        ),
        (
            "alloc_page GFP_NOSF",
            r#"line 18: unknown allocation flags "GFP_NOSF"; did you mean "GFP_NOFS"?"#,
        ),
        (
            "wait_for x",
            r#"line 18: nobody completes "x"; add complete x to some program"#,
        ),
        (
            "repeat 3 { page_fault a",
            "line 18: a repeat is not closed; add }",
        ),
        ("page_fault a }", "line 18: this } closes nothing"),
        (
            "repeat 0 { page_fault a }",
            "line 18: before { stands repeat and a number from 1 to 250; write repeat 3 { … }",
        ),
        (
            "repeat 250 { repeat 250 { page_fault a } }",
            "line 17: this program has more than 250 lines once unrolled",
        ),
    ];
    for (program, complaint) in cases {
        assert_eq!(complaints(&running(program)), [complaint], "{program}");
    }
}

#[test]
fn the_file_around_the_programs_is_checked() {
    let process = "[[process]]\nname = \"a\"\nrss = \"20 MB\"\n";
    let cases = [
        (
            with(process).replace("12 MB", "64 MB"),
            "line 10: high must be less than total",
        ),
        (
            with(process).replace("8 MB", "16 MB"),
            "line 9: low must be at most high",
        ),
        (
            with(process).replace("16 MB", "17 MB"),
            r#"line 7: "17 MB" is not a whole number of pages of 4 MB; write "16 MB" or "20 MB""#,
        ),
        (
            with(process).replace("20 MB", "52 MB"),
            "line 5: free memory and processes add up to 68 MB, but there are only 64 MB",
        ),
        (
            with(process).replace("rss", "rs"),
            r#"line 13: unknown key "rs" in [[process]]; did you mean "rss"?"#,
        ),
        (
            with(process).replace("\"20 MB\"", "20"),
            "line 13: rss must be text in quotes, not an integer",
        ),
        (
            with(process).replace("4.6", "4.66"),
            r#"line 4: unknown kernel "4.66"; known are 3.19, 4.0, 4.2, 4.5, 4.6, 4.7, 4.8, 4.9, 4.12, 4.13, 4.14, 4.15, 4.16, 4.17, 4.19, 4.20, 5.4, 5.12, 5.15, 5.16, 5.17, 5.18 and 6.1"#,
        ),
        (
            with(process).replace("format = 1", "format = 2"),
            "line 1: format 2 is not known; this version reads format = 1",
        ),
        (
            with(process).replace("\"t\"", "\"My T\""),
            r#"line 2: "My T" cannot be an id; write "my-t""#,
        ),
        (
            with(&format!("{process}{process}")),
            r#"line 15: there are two processes "a""#,
        ),
        (
            with(&format!("{process}[[kthread]]\nname = \"oom_reaper\"\n")),
            r#"line 14: there are two tasks "oom_reaper"; oom_reaper is part of every machine"#,
        ),
        (
            with(&format!(
                "{process}[[kthread]]\nname = \"k\"\nuse_mm = \"b\"\n"
            )),
            r#"line 16: unknown process "b"; there is a"#,
        ),
    ];
    for (text, complaint) in cases {
        let all = complaints(&text);
        assert!(
            all.iter().any(|found| found == complaint),
            "{complaint}\nfound {all:#?}"
        );
        // An error outside the machine leaves the machine to look at.
        assert_eq!(
            parse(&text).scenario.is_some(),
            complaint.contains("an id"),
            "{text}"
        );
    }
    assert!(parse("").scenario.is_none());
    assert!(parse("format = [").scenario.is_none());
}

#[test]
fn the_machine_is_built_in_the_order_the_model_wants() {
    let machine = sound(BUILTIN[0].text).machine;
    let names: Vec<&str> = machine
        .tasks
        .iter()
        .map(|task| task.name.as_str())
        .collect();
    assert_eq!(names.last(), Some(&"oom_reaper"));
    assert_eq!(machine.tasks[names.len() - 2].kind, Kind::Kworker);
    assert_eq!(machine.locks[0].class, LockClass::OomLock);
    for (index, mm) in machine.mms.iter().enumerate() {
        assert_eq!(mm.mmap_sem.0 as usize, index + 1);
        assert_eq!(
            machine.locks[index + 1].name,
            format!("{}.mmap_sem", mm.name)
        );
    }
    for process in 0..machine.processes.len() as u8 {
        let id = oomscope_model::machine::ProcessId(process);
        for task in machine.threads(id) {
            assert_eq!(machine.actor(task).kind, Kind::User(id));
        }
    }
}

#[test]
fn repeat_unrolls_and_lines_know_where_they_came_from() {
    let text = running(
        "mutex_lock drv_lock # first\n\nrepeat 2 {\n  alloc_page GFP_NOFS 2\n}\nmutex_unlock drv_lock\npage_fault a",
    );
    let scenario = sound(&text);
    let program = &scenario.machine.tasks[0].program;
    let lines: Vec<(String, u16, u8)> = program
        .iter()
        .map(|line| {
            (
                print_op(&scenario.machine, line.op),
                line.source,
                line.resume,
            )
        })
        .collect();
    let expected = [
        ("mutex_lock drv_lock", 1, 4),
        ("alloc_page GFP_NOFS 2", 4, 4),
        ("alloc_page GFP_NOFS 2", 4, 4),
        ("mutex_unlock drv_lock", 6, 4),
        ("page_fault a", 7, 5),
    ];
    assert_eq!(
        lines,
        expected.map(|(op, source, resume)| (op.into(), source, resume))
    );
    assert!(matches!(program[0].op, Op::Lock { .. }));
}

#[test]
fn what_is_printed_reads_the_same() {
    let everything = with(
        r#"[[source]]
label = "a \"mail\""
ref = "x"
[[lock]]
name = "P"
kind = "page_lock"
[[lock]]
name = "i_mutex"
kind = "i_mutex"
[[process]]
name = "db"
oom_score_adj = -17
program = """
alloc_page GFP_KERNEL   # \\ and "quotes" and ""\"three""\"
down_write_killable db.mmap_sem
up_write db.mmap_sem"""
[[process.vma]]
size = "8 MB"
mlocked = true
page_lock = "P"
[[process.vma]]
size = "1 page"
kind = "shared"
[[process]]
name = "two"
rss = "4 MB"
[[process.thread]]
name = "lead"
program = "munmap two"
[[process.thread]]
[[kthread]]
name = "k/0"
use_mm = "db"
program = "lock_page P\nunlock_page P\npage_fault db 3\ncomplete z\nfree_page"
[lead]
schedule = "k/0*3 lead"
[[marker]]
title = "It's over: \"yes\""
when = "finished and free 4 MB and queued lead two.mmap_sem and tries 10"
say = "So."
[[expect]]
when = ""
rules = "adversarial+split"
outcomes = ["panic", "ok"]
kills_max = 1
why = "it's so"
known_gap = "none"
"#,
    )
    .replace("kernel", "hypothetical = true\nstory = \"\"\"\none \\u001B\n\nthree \"\"\"\nseed = 9\npatches = \"-oom-reaper,killable-writers\"\nkernel");
    for text in BUILTIN
        .iter()
        .map(|builtin| builtin.text)
        .chain([everything.as_str()])
    {
        let mut first = sound(text);
        let printed = print(&first);
        let second = sound(&printed);
        assert_eq!(print(&second), printed);
        for expect in &mut first.expects {
            expect.line = second.expects[0].line;
        }
        first.text = printed;
        let mut second = second;
        for expect in &mut second.expects {
            expect.line = first.expects[0].line;
        }
        assert_eq!(first, second);
    }
}

#[test]
fn every_mix_is_covered_once() {
    let process = "[[process]]\nname = \"a\"\nrss = \"20 MB\"\n";
    let offers = "offers = [\"reap-twice\", \"oom-mm\"]\nkernel";
    let block = |when: &str, rules: &str| {
        format!(
            "[[expect]]\nwhen = \"{when}\"\nrules = \"{rules}\"\noutcomes = [\"ok\"]\nwhy = \"w\"\n"
        )
    };
    let text = |blocks: &[String]| {
        with(&format!("{process}{}", blocks.concat()))
            .replace("kernel", offers)
            .replace("4.6", "4.7")
    };
    // oom-mm needs reap-twice, so three mixes are valid.
    let all = text(&[block("reap-twice", "long"), block("-reap-twice", "long")]);
    assert_eq!(sound(&all).combinations().len(), 3);
    assert_eq!(
        complaints(&text(&[block("reap-twice", "long")])),
        ["line 15: under long rules no [[expect]] speaks of -reap-twice,-oom-mm"]
    );
    assert_eq!(
        complaints(&text(&[
            block("", "long"),
            block("oom-mm", "long"),
            block("", "adversarial")
        ])),
        [
            "line 15: under long rules several [[expect]] speak of reap-twice,oom-mm: those of lines 15 and 20"
        ]
    );
    assert_eq!(
        complaints(&text(&[block("killable-writers", "long")]))[0],
        r#"line 16: patch "killable-writers" is not offered; add it to offers"#
    );
}

#[test]
fn every_builtin_is_sound_and_named_as_its_file() {
    for builtin in BUILTIN {
        assert_eq!(sound(builtin.text).id, builtin.id);
    }
}

#[test]
fn the_page_has_the_same_scenarios_without_their_expectations() {
    for builtin in BUILTIN {
        let packed = sound(builtin.packed().expect("packed"));
        let whole = sound(builtin.text);
        assert!(packed.expects.is_empty() && !whole.expects.is_empty());
        let whole = Scenario {
            expects: Vec::new(),
            text: packed.text.clone(),
            ..whole
        };
        assert_eq!(whole, packed, "{}", builtin.id);
    }
}

#[test]
fn the_reference_is_the_one_committed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/LANGUAGE.md");
    if std::env::var_os("OOMSCOPE_BLESS").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == reference(),
        "LANGUAGE.md is out of date: OOMSCOPE_BLESS=1 cargo test"
    );
}
