//! `cargo xtask test`: every check, in stages, the cheap ones first.

use std::process::Command;

use crate::chromium::{self, Chromium};
use crate::tools::{self, Kit};
use crate::{Outcome, apt, binary, instructions, node, page, step, tree};

/// Crates with tests that run as WebAssembly in Chromium. Each needs a
/// webdriver.json in its folder. The others have none on purpose: they are
/// tested natively. `tidy` complains when this list is not complete.
pub(crate) const WASM_TESTED: &[&str] = &["oomscope-web"];

/// How large the programs of the page may become: the start of the file's name, and bytes.
/// The page should be there at once on a slow line, and the worker must not carry views.
/// The app carries all scenarios, packed; the worker reads scenarios, so it carries their
/// parser, and its model and explorer are built for speed. The table of known steps, and copies
/// of states that are no longer plain bytes, took a seventh of it; fair laps, and a bound of memory
/// that is kept, 9 KB.
const LARGEST: &[(&str, u64)] = &[("app-", 1_350_000), ("worker", 730_000)];

/// What a stage needs to be there before it starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    WasmTarget,
    Tools,
    Node,
    Chromium,
    /// A program that its tests can do without.
    Wish(&'static str),
}

struct Stage {
    name: &'static str,
    what: &'static str,
    needs: &'static [Need],
    run: fn(&Bench) -> Outcome,
}

/// What the stages work with.
#[derive(Default)]
struct Bench {
    kit: Option<Kit>,
    chromium: Option<Chromium>,
    grep: Option<String>,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        what: "cargo fmt --check",
        needs: &[],
        run: format,
    },
    Stage {
        name: "lint",
        what: "clippy over all crates and their tests",
        needs: &[],
        run: lint,
    },
    Stage {
        name: "lint-wasm",
        what: "clippy over the page, as WebAssembly",
        needs: &[Need::WasmTarget],
        run: lint_wasm,
    },
    Stage {
        name: "native",
        what: "cargo test over all crates, tidy included",
        needs: &[Need::Wish("parallel")],
        run: native,
    },
    Stage {
        name: "instructions",
        what: "how many instructions the explorer needs for a state",
        needs: &[Need::Wish("valgrind")],
        run: |_| instructions::instructions(false),
    },
    Stage {
        name: "binary",
        what: "oomscope for the command line as one static file",
        needs: &[],
        run: |_| binary::binary(),
    },
    Stage {
        name: "wasm",
        what: "tests that run as WebAssembly in Chromium",
        needs: &[Need::Tools, Need::Chromium],
        run: wasm,
    },
    Stage {
        name: "page",
        what: "the page's release build",
        needs: &[Need::Tools, Need::Node],
        run: build,
    },
    Stage {
        name: "compile",
        what: "WebAssembly.compile over what was built",
        needs: &[Need::Node],
        run: compile,
    },
    Stage {
        name: "size",
        what: "how large the programs are",
        needs: &[],
        run: size,
    },
    Stage {
        name: "browser",
        what: "the built page in Chromium",
        needs: &[Need::Node, Need::Chromium],
        run: browser,
    },
];

/// Prints the stages.
pub(crate) fn list() {
    for stage in STAGES {
        println!("  {:10} {}", stage.name, stage.what);
    }
    let others = "crates without WebAssembly tests are tested natively";
    println!("  `wasm` tests {}; {others}.", WASM_TESTED.join(", "));
}

/// Whether there is a stage of this name.
pub(crate) fn exists(name: &str) -> bool {
    STAGES.iter().any(|stage| stage.name == name)
}

/// Runs all stages, or one; stops at the first that fails.
pub(crate) fn test(only: Option<&str>, grep: Option<&str>) -> Outcome {
    let chosen = || {
        STAGES
            .iter()
            .filter(|stage| only.is_none_or(|only| only == stage.name))
    };
    let needs = |need| chosen().any(|stage| stage.needs.contains(&need));
    let mut bench = Bench {
        grep: grep.map(str::to_owned),
        ..Bench::default()
    };
    // What is missing is installed, or asked for, before anything long begins.
    if needs(Need::Node) {
        node::ensure()?;
    }
    if needs(Need::Chromium) {
        bench.chromium = Some(chromium::ensure()?);
    }
    if needs(Need::WasmTarget) {
        tools::wasm_target()?;
    }
    if needs(Need::Tools) {
        bench.kit = Some(tools::kit()?);
    }
    for need in chosen().flat_map(|stage| stage.needs) {
        if let Need::Wish(program) = need {
            apt::wish(program);
        }
    }
    for stage in chosen() {
        println!("== {}: {}", stage.name, stage.what);
        let began = step::now();
        (stage.run)(&bench).map_err(|sentence| {
            let name = stage.name;
            format!("{sentence}\nStage `{name}` failed; run it alone with `cargo xtask test --only {name}`.")
        })?;
        // The browser tests come last and end with a line of their own that says
        // how many passed; nothing is printed after it.
        if stage.name != "browser" {
            println!("== {}: {}", stage.name, step::duration(began.elapsed()));
        }
    }
    Ok(())
}

fn format(_: &Bench) -> Outcome {
    crate::cargo(&["fmt", "--all", "--check"], &[])
}

fn lint(_: &Bench) -> Outcome {
    crate::cargo(
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    )
}

fn lint_wasm(_: &Bench) -> Outcome {
    let package = [
        "clippy",
        "--package",
        "oomscope-web",
        "--target",
        tools::WASM_TARGET,
    ];
    crate::cargo(
        &[&package[..], &["--all-targets", "--", "-D", "warnings"]].concat(),
        &[],
    )
}

fn native(_: &Bench) -> Outcome {
    crate::cargo(&["test", "--workspace", "--no-fail-fast"], &[])
}

fn wasm(bench: &Bench) -> Outcome {
    let (Some(kit), Some(chromium)) = (&bench.kit, &bench.chromium) else {
        unreachable!("the stage declares both needs");
    };
    for package in WASM_TESTED {
        // Never `-q`: cargo hands it on to the runner, which does not know it.
        let mut cargo = Command::new(tree::cargo());
        cargo.current_dir(tree::root()).env("PATH", page::path(kit));
        cargo.env("CHROMEDRIVER", &chromium.driver);
        cargo.args([
            "test",
            "--target",
            tools::WASM_TARGET,
            "--package",
            package,
            "--lib",
            "--tests",
        ]);
        step::visible(&mut cargo)?;
    }
    Ok(())
}

fn build(_: &Bench) -> Outcome {
    page::build()
}

fn compile(_: &Bench) -> Outcome {
    let mut node = Command::new("node");
    step::visible(
        node.current_dir(tree::root())
            .args(["web/tests/compile.mjs", "dist"]),
    )
}

fn size(_: &Bench) -> Outcome {
    let programs = page::outputs("wasm");
    for (start, largest) in LARGEST {
        let found = programs.iter().find(|(name, _)| name.starts_with(start));
        let missing =
            || format!("dist/ holds no program {start}*.wasm; run `cargo xtask build` first.");
        let (name, bytes) = found.ok_or_else(missing)?;
        println!("{name}: {bytes} bytes of at most {largest}");
        if bytes > largest {
            return Err(format!(
                "{name} has grown above {largest} bytes; find out what came in, or raise the limit in stages.rs and say why."
            ));
        }
    }
    Ok(())
}

fn browser(bench: &Bench) -> Outcome {
    let Some(chromium) = &bench.chromium else {
        unreachable!("the stage declares the need");
    };
    let mut node = Command::new("node");
    node.current_dir(tree::root())
        .env("CHROME", &chromium.browser);
    node.env("OOMSCOPE_SHOTS", tree::target().join("shots"));
    node.arg("web/tests/browser/run.mjs");
    if let Some(grep) = &bench.grep {
        node.args(["--grep", grep]);
    }
    step::visible(&mut node)
}
