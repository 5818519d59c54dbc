//! Building the page with Trunk.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{self, Kit};
use crate::{Outcome, node, step, tree};

/// Whatever the page is made of.
const SOURCES: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "assets",
    "crates",
    "index.html",
    "web",
];

/// Installs what the build needs and is missing.
pub(crate) fn prepare() -> Result<Kit, String> {
    // Node first: it takes seconds, and its absence is worth knowing before the long builds.
    if let Err(sentence) = node::ensure() {
        println!("  {sentence} Without it the page works, but is about a tenth larger.");
    }
    tools::kit()
}

/// Builds the page into dist/.
pub(crate) fn build() -> Outcome {
    let kit = prepare()?;
    trunk(&kit)
}

/// Builds the page only if dist/ is not already made of these very sources.
pub(crate) fn build_if_changed() -> Outcome {
    let kit = prepare()?;
    let path = path(&kit);
    if tree::root().join("dist/index.html").is_file()
        && fs::read_to_string(stamp()).is_ok_and(|stamp| stamp == made_of(&path))
    {
        println!("  page: up to date");
        return Ok(());
    }
    trunk(&kit)
}

/// A number that changes when any source of the page does.
pub(crate) fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    let root = tree::root();
    for source in SOURCES.iter().map(|source| root.join(source)) {
        let files = if source.is_dir() {
            tree::files(&source)
        } else {
            vec![source]
        };
        for file in files {
            let data = fs::metadata(&file).ok();
            let changed = data.as_ref().and_then(|data| data.modified().ok());
            (file, changed, data.map(|data| data.len())).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// The PATH on which Trunk finds the right tools first.
pub(crate) fn path(kit: &Kit) -> OsString {
    let own = [
        node::programs(),
        kit.wasm_bindgen.clone(),
        kit.trunk.clone(),
    ];
    let user = env::var_os("PATH").unwrap_or_default();
    let all = own.into_iter().chain(env::split_paths(&user));
    env::join_paths(all).unwrap_or(user)
}

fn trunk(kit: &Kit) -> Outcome {
    let path = path(kit);
    // Read before the build: what changes meanwhile is for the next one.
    let made_of = made_of(&path);
    let mut trunk = Command::new(kit.trunk.join("trunk"));
    trunk
        .current_dir(tree::root())
        .env("PATH", &path)
        .env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Some set this to 1, which Trunk once refused to understand.
    trunk.env_remove("NO_COLOR");
    trunk.arg("build");
    if tools::has_wasm_opt(&path) {
        trunk.arg("--release");
    } else {
        // With `--release` Trunk insists on wasm-opt.
        trunk.args(["--cargo-profile", "wasm-release"]);
    }
    step::quiet("page", "80 s the first time, then 20 s", &mut trunk)?;
    let _ = fs::remove_file(tree::root().join("dist/.trunk-lock"));
    // Without the stamp the next start builds again, no more.
    let _ = fs::write(stamp(), made_of);
    Ok(())
}

fn made_of(path: &std::ffi::OsStr) -> String {
    let small = if tools::has_wasm_opt(path) {
        "with"
    } else {
        "without"
    };
    format!(
        "{:016x} {small} wasm-opt {}\n",
        fingerprint(),
        tools::WASM_OPT
    )
}

fn stamp() -> PathBuf {
    tree::target().join("xtask").join("page.stamp")
}

/// The files of the page that end in `extension`, with their sizes.
pub(crate) fn outputs(extension: &str) -> Vec<(String, u64)> {
    let files = tree::files(Path::new(&tree::root().join("dist")));
    let of_kind = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == extension));
    of_kind
        .map(|file| {
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, fs::metadata(file).map_or(0, |data| data.len()))
        })
        .collect()
}
