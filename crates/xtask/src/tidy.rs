//! What can be checked by reading the repository. Also an ordinary test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, stages, step, tools, tree};

/// A crate, and the packages that must not be anywhere below it. The direction
/// of dependencies: model, then explore, scenario and picture, which never see
/// each other, then import and judge, then cli and web.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "oomscope-model",
        &[
            "oomscope-explore",
            "oomscope-scenario",
            "oomscope-picture",
            "oomscope-import",
            "oomscope-judge",
            "oomscope-cli",
            "oomscope-web",
            "serde",
            "rand",
            "log",
            "wasm-bindgen",
            "web-sys",
            "hashbrown",
            "rustc-hash",
        ],
    ),
    (
        "oomscope-explore",
        &[
            "oomscope-scenario",
            "oomscope-picture",
            "oomscope-import",
            "oomscope-judge",
            "oomscope-cli",
            "oomscope-web",
            "rayon",
            "rand",
            "wasm-bindgen",
            "web-sys",
        ],
    ),
    (
        "oomscope-scenario",
        &[
            "oomscope-explore",
            "oomscope-picture",
            "oomscope-import",
            "oomscope-judge",
            "oomscope-cli",
            "oomscope-web",
            "wasm-bindgen",
            "web-sys",
        ],
    ),
    (
        "oomscope-picture",
        &[
            "oomscope-explore",
            "oomscope-scenario",
            "oomscope-import",
            "oomscope-judge",
            "oomscope-cli",
            "oomscope-web",
            "wasm-bindgen",
            "web-sys",
            "yew",
        ],
    ),
    (
        "oomscope-import",
        &[
            "oomscope-explore",
            "oomscope-judge",
            "oomscope-cli",
            "oomscope-web",
            "wasm-bindgen",
            "web-sys",
        ],
    ),
    (
        "oomscope-judge",
        &[
            "oomscope-picture",
            "oomscope-import",
            "oomscope-cli",
            "oomscope-web",
            "rand",
            "wasm-bindgen",
            "web-sys",
        ],
    ),
    ("oomscope-cli", &["oomscope-web", "yew", "web-sys"]),
    ("oomscope-web", &["oomscope-cli"]),
];

/// Longer files want to be cut at a concept; this only warns.
const LONG_LINES: usize = 600;

/// Runs all checks and prints every complaint.
pub(crate) fn tidy() -> Outcome {
    let complaints = complaints();
    for complaint in &complaints {
        println!("{complaint}");
    }
    for warning in long_files() {
        println!("warning: {warning}");
    }
    match complaints.len() {
        0 => {
            println!("All tidy.");
            Ok(())
        }
        count => Err(format!("{count} complaint(s) above.")),
    }
}

fn complaints() -> Vec<String> {
    let mut all = Vec::new();
    all.extend(words());
    all.extend(crates_without_words());
    all.extend(unlisted_scenarios());
    all.extend(versions());
    all.extend(wasm_tests());
    all.extend(dependencies());
    all
}

/// Paths below the top of everything that is committed, or would be.
fn committed() -> Vec<PathBuf> {
    let root = tree::root();
    let mut git = Command::new("git");
    git.current_dir(&root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    if let Some(listed) = step::output(&mut git) {
        return listed
            .lines()
            .map(PathBuf::from)
            .filter(|path| root.join(path).is_file())
            .collect();
    }
    // An unpacked archive has no history, but the same files.
    let files = tree::files(&root);
    files
        .iter()
        .filter_map(|file| file.strip_prefix(&root).ok())
        .map(Path::to_path_buf)
        .collect()
}

/// Words that betray one person's machine or unfinished work.
fn words() -> Vec<String> {
    // In pieces, so that this file does not complain about itself.
    let banned = [
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["/wo", "rk/"],
        ["lo", "rem"],
    ]
    .map(|word| word.concat());
    let later = ["TO", "DO"].concat();
    let mut found = Vec::new();
    for path in committed() {
        let Ok(text) = fs::read_to_string(tree::root().join(&path)) else {
            continue; // not text
        };
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            let small = line.to_lowercase();
            if let Some(word) = banned.iter().find(|word| has_word(&small, word)) {
                found.push(format!("{place}: `{word}` must not be in the repository"));
            }
            let mut after = line.split(later.as_str()).skip(1);
            if has_word(line, &later) && after.any(|rest| !rest.starts_with('(')) {
                found.push(format!(
                    "{place}: write `{later}(name): …`, so that one knows whom to ask"
                ));
            }
        }
    }
    found
}

/// Whether `word` is in `line` without a letter or digit right before it.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric()))
}

/// Every crate says what it is, in a README or at the top of its code.
fn crates_without_words() -> Vec<String> {
    let speaks = |folder: &Path| {
        let starts = ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file));
        let begun =
            |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| text.starts_with("//!"));
        folder.join("README.md").is_file() || starts.iter().any(begun)
    };
    let silent = packages().into_iter().filter(|folder| !speaks(folder));
    silent
        .map(|folder| format!("{}: add a README.md or a `//!` paragraph", folder.display()))
        .collect()
}

/// The folders of the workspace's packages.
fn packages() -> Vec<PathBuf> {
    let root = tree::root();
    let crates = fs::read_dir(root.join("crates"))
        .into_iter()
        .flatten()
        .flatten();
    let mut folders: Vec<PathBuf> = crates
        .map(|entry| entry.path())
        .chain([root.join("web")])
        .collect();
    folders.retain(|folder| folder.join("Cargo.toml").is_file());
    folders.sort();
    folders
}

/// A scenario file that is not built in would be neither shown nor tested.
fn unlisted_scenarios() -> Vec<String> {
    let root = tree::root();
    let Ok(list) = fs::read_to_string(root.join("crates/oomscope-scenario/src/builtin.rs")) else {
        return Vec::new();
    };
    let files = tree::files(&root.join("assets/scenarios"));
    let names = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "toml"));
    let names = names
        .filter_map(|file| file.file_stem())
        .map(|name| name.to_string_lossy());
    // The list may spell the file out, or make its name from the scenario's.
    let listed = |name: &str| {
        list.contains(&format!("{name}.toml")) || list.contains(&format!("\"{name}\""))
    };
    let unlisted = names.filter(|name| !listed(name));
    unlisted
        .map(|name| format!("assets/scenarios/{name}.toml: not in the list of builtin.rs"))
        .collect()
}

/// The pinned versions are the same wherever they have to be repeated.
fn versions() -> Vec<String> {
    let repeated = [
        (
            "Trunk.toml",
            format!("wasm_bindgen = \"{}\"", tools::WASM_BINDGEN),
        ),
        (
            "Trunk.toml",
            format!("wasm_opt = \"version_{}\"", tools::WASM_OPT),
        ),
        (
            "web/Cargo.toml",
            format!("wasm-bindgen = \"={}\"", tools::WASM_BINDGEN),
        ),
        (
            "web/package.json",
            format!("\"binaryen\": \"{}.0.0\"", tools::WASM_OPT),
        ),
    ];
    let missing = repeated.into_iter().filter(|(file, text)| {
        let content = fs::read_to_string(tree::root().join(file)).unwrap_or_default();
        !content.contains(text)
    });
    missing
        .map(|(file, text)| format!("{file}: expected `{text}`, as in xtask's tools.rs"))
        .collect()
}

/// The list of crates with WebAssembly tests is complete, and each has what they need.
fn wasm_tests() -> Vec<String> {
    let mut found = Vec::new();
    for folder in packages() {
        let files = tree::files(&folder);
        let code = files
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "rs"));
        let has_tests = code
            .filter_map(|file| fs::read_to_string(file).ok())
            .any(|text| {
                text.lines()
                    .any(|line| line.trim() == "#[wasm_bindgen_test]")
            });
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let name = if name == "web" {
            "oomscope-web".into()
        } else {
            name
        };
        if has_tests != stages::WASM_TESTED.contains(&name.as_ref()) {
            found.push(format!(
                "{name}: WASM_TESTED in xtask's stages.rs disagrees with its tests"
            ));
        }
        if has_tests && !folder.join("webdriver.json").is_file() {
            found.push(format!(
                "{name}: its tests need a webdriver.json, as in web/"
            ));
        }
    }
    found
}

/// No crate sees what it must not see.
fn dependencies() -> Vec<String> {
    let mut found = Vec::new();
    let names: Vec<String> = packages()
        .iter()
        .filter_map(|folder| package_name(folder))
        .collect();
    for (package, forbidden) in FORBIDDEN
        .iter()
        .filter(|(package, _)| names.iter().any(|name| name == package))
    {
        let mut cargo = Command::new(tree::cargo());
        cargo.current_dir(tree::root());
        cargo.args([
            "tree",
            "--package",
            package,
            "--edges=normal",
            "--prefix=none",
            "--format={p}",
        ]);
        // The page's dependencies are those of its own target; the others are the same everywhere.
        if *package == "oomscope-web" {
            cargo.args(["--target", tools::WASM_TARGET]);
        }
        let Some(listed) = step::output(&mut cargo) else {
            found.push(format!("{package}: `cargo tree` failed"));
            continue;
        };
        let below: Vec<&str> = listed
            .lines()
            .skip(1)
            .filter_map(|line| line.split(' ').next())
            .collect();
        let seen = forbidden.iter().filter(|name| below.contains(name));
        found.extend(seen.map(|name| format!("{package}: must not depend on {name}")));
    }
    found
}

fn package_name(folder: &Path) -> Option<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let line = manifest.lines().find(|line| line.starts_with("name = "))?;
    line.split('"').nth(1).map(str::to_owned)
}

fn long_files() -> Vec<String> {
    let code = committed()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let counted = code.filter_map(|path| {
        let lines = fs::read_to_string(tree::root().join(&path))
            .ok()?
            .lines()
            .count();
        Some((path, lines))
    });
    let long = counted.filter(|(_, lines)| *lines > LONG_LINES);
    long.map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let complaints = super::complaints();
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }

    #[test]
    fn a_word_begins_where_no_letter_precedes_it() {
        assert!(super::has_word("see /tmp/x", "/tmp/"));
        assert!(!super::has_word("linux/tmp/x", "/tmp/"));
    }
}
