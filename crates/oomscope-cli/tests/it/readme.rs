//! The examples of the README are run as they stand there.

use crate::program::say;

const README: &str = include_str!("../../../../README.md");

#[test]
fn every_example_of_the_readme_does_something() {
    let (_, section) = README
        .split_once("## Command line")
        .expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let examples: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("oomscope "))
        .map(|line| line.split(" #").next().unwrap_or_default().trim())
        .collect();
    assert!(examples.len() >= 8, "{section}");
    for example in examples {
        let said = say(example);
        assert!([0, 1].contains(&said.code), "{example}: {}", said.err);
        assert!(!said.out.is_empty(), "{example}");
    }
}

#[test]
fn the_help_names_every_command() {
    let help = say("--help").out;
    for command in [
        "run",
        "explore",
        "matrix",
        "explain",
        "draw",
        "check",
        "link",
        "scenarios",
        "patches",
        "completions",
        "man",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command}\n{help}"
        );
        let own = say(&format!("{command} --help"));
        assert_eq!(own.code, 0);
        assert!(own.out.lines().count() > 10, "{command}");
    }
}
