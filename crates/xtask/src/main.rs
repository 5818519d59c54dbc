//! The commands of this repository, run as `cargo xtask COMMAND`.
//!
//! It depends on the standard library alone, so that a fresh clone starts in
//! seconds. What the commands need beyond cargo is looked for and installed by
//! [`tools`], [`node`] and [`chromium`]; each command's own file says what it does.

mod apt;
mod binary;
mod chromium;
mod instructions;
mod node;
mod page;
mod serve;
mod stages;
mod step;
mod tidy;
mod tools;
mod tree;

use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo xtask COMMAND

  serve [--port N]      install what is missing, build the page, serve it on 127.0.0.1 (port 8080)
  build                 the same without serving: leaves the static page in dist/
  test [--only STAGE]   check everything: format, lints, native and wasm tests, the page in Chromium
       [--list]         print the stages of `test`
       [--grep TEXT]    of the browser tests, run those whose name contains TEXT
  ci                    the same as `test`
  binary                build oomscope for the command line as one static file, and say where it is
  tidy                  check what can be checked by reading: dependencies, words, lists
  bench                 measure speed: `cargo bench --workspace`
  bench-peers [--rounds N]
                        compare with Spin and stateright on the twins of benches/peers (5 rounds)
  instructions [--bless]
                        count the explorer's instructions a state, if valgrind is there
  bless                 rewrite expected outputs; read the diff before you commit it
  tools                 only install what the page's build needs, and say where it is
  help                  this text

Tools are installed below $OOMSCOPE_TOOLS, or else ~/.cache/oomscope/tools, one folder a version;
nothing that you have installed yourself is replaced.
";

/// What a command comes to; the error is a sentence with a hint.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(sentence)) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
        Err(Failure::Work(sentence)) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

enum Failure {
    /// The command line says something that does not exist.
    Usage(String),
    /// The command was understood, but did not succeed.
    Work(String),
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self::Work(sentence)
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    if words.iter().any(|word| ["-h", "--help"].contains(word)) {
        print!("{HELP}");
        return Ok(());
    }
    let Some((&command, rest)) = words.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    match command {
        "help" => print!("{HELP}"),
        "serve" => {
            let port = options(rest, &["--port"])?
                .value("--port")
                .map_or(Ok(8080), port)?;
            serve::serve(port)?;
        }
        "build" => {
            options(rest, &[])?;
            page::build()?;
            println!("The page is in dist/; any static host can serve it, under any path.");
        }
        "test" | "ci" => {
            let options = options(rest, &["--only", "--grep", "--list!"])?;
            if options.has("--list") {
                stages::list();
                return Ok(());
            }
            let only = options.value("--only");
            if let Some(stage) = only.filter(|stage| !stages::exists(stage)) {
                return Err(Failure::Usage(format!(
                    "There is no stage `{stage}`; `cargo xtask test --list` prints them."
                )));
            }
            stages::test(only, options.value("--grep"))?;
        }
        "binary" => {
            options(rest, &[])?;
            binary::binary()?;
        }
        "tidy" => {
            options(rest, &[])?;
            tidy::tidy()?;
        }
        // More measurements, such as sizes and frame times of the page, belong here.
        "bench" => cargo(&["bench", "--workspace"], &[])?,
        "instructions" => {
            instructions::instructions(options(rest, &["--bless!"])?.has("--bless"))?;
        }
        "bench-peers" => {
            let rounds = options(rest, &["--rounds"])?;
            let rounds = rounds.value("--rounds").unwrap_or("5");
            let peers = ["run", "--release", "--locked", "--manifest-path"];
            let compare = ["benches/peers/Cargo.toml", "--", "compare", rounds];
            cargo(&[peers, compare].concat(), &[])?;
        }
        // Whatever rewrites its expectations listens to this variable.
        "bless" => cargo(&["test", "--workspace"], &[("OOMSCOPE_BLESS", "1")])?,
        "tools" => {
            options(rest, &[])?;
            let kit = page::prepare()?;
            println!("Trunk: {}", kit.trunk.display());
            println!("wasm-bindgen: {}", kit.wasm_bindgen.display());
        }
        other => {
            return Err(Failure::Usage(format!(
                "There is no command `{other}`; `cargo xtask help` prints them."
            )));
        }
    }
    Ok(())
}

/// The options of one command, as given.
struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| *value)
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }
}

/// Reads `--name value` and `--name=value`; a known name that ends in `!` takes no value.
fn options<'a>(words: &[&'a str], known: &[&str]) -> Result<Options<'a>, Failure> {
    let mut given = Vec::new();
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let (name, value) = word
            .split_once('=')
            .map_or((word, None), |(n, v)| (n, Some(v)));
        if known.contains(&format!("{name}!").as_str()) {
            given.push((name, ""));
        } else if known.contains(&name) {
            let value = value.or_else(|| words.next().copied());
            let missing =
                || Failure::Usage(format!("`{name}` needs a value; see `cargo xtask help`."));
            given.push((name, value.ok_or_else(missing)?));
        } else {
            return Err(Failure::Usage(format!(
                "`{word}` means nothing here; see `cargo xtask help`."
            )));
        }
    }
    Ok(Options(given))
}

fn port(text: &str) -> Result<u16, Failure> {
    text.parse().map_err(|_| {
        Failure::Usage(format!(
            "`{text}` is not a port; give a number up to 65535."
        ))
    })
}

/// Runs cargo visibly from the top of the repository.
fn cargo(arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let mut command = Command::new(tree::cargo());
    command.current_dir(tree::root()).args(arguments);
    command.envs(variables.iter().copied());
    step::visible(&mut command)
}
