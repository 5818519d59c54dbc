//! The programs that build the page: which versions, where they are, how they get there.
//!
//! The order for each: the right version on the PATH, oomscope's own folder,
//! `cargo binstall`, a build from source. Only the folder is ever written to.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, step, tree};

/// Builds the page. Trunk.toml works with this version.
pub(crate) const TRUNK: &str = "0.22.1";
/// Must be the version of the crate of this name; web/Cargo.toml and Trunk.toml repeat it.
pub(crate) const WASM_BINDGEN: &str = "0.2.130";
/// Makes the programs smaller; web/package.json and Trunk.toml repeat its major number.
pub(crate) const WASM_OPT: &str = "132";
/// What the page is compiled to.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A program that is built from a crate.
struct Tool {
    package: &'static str,
    version: &'static str,
    /// Looked for; the first one is asked for its version.
    programs: &'static [&'static str],
    /// The cheapest build that works: none of them runs long enough to want speed, save where said.
    source: &'static [&'static str],
    expected: &'static str,
}

const TRUNK_TOOL: Tool = Tool {
    package: "trunk",
    version: TRUNK,
    programs: &["trunk"],
    // Trunk asks for a newer compiler than it needs. Without its default features
    // it does not look for newer versions of itself.
    source: &[
        "--debug",
        "--locked",
        "--ignore-rust-version",
        "--no-default-features",
        "--features=rustls",
    ],
    expected: "6 min on two cores",
};

const WASM_BINDGEN_TOOL: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: WASM_BINDGEN,
    programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    // Not `--locked`: the lock file of this version names a package that may not be there.
    // The crates that read and write WebAssembly are optimised: they see megabytes.
    source: &[
        "--debug",
        "--no-default-features",
        "--config=profile.dev.package.walrus.opt-level=2",
        "--config=profile.dev.package.wasmparser.opt-level=2",
        "--config=profile.dev.package.wasm-encoder.opt-level=2",
        "--config=profile.dev.package.wasm-bindgen-cli-support.opt-level=2",
    ],
    expected: "2 min on two cores",
};

/// Where the page's tools were found.
pub(crate) struct Kit {
    pub(crate) trunk: PathBuf,
    pub(crate) wasm_bindgen: PathBuf,
}

/// Finds or installs everything that the page's build cannot do without.
pub(crate) fn kit() -> Result<Kit, String> {
    wasm_target()?;
    let wasm_bindgen = ensure(&WASM_BINDGEN_TOOL)?;
    let trunk = ensure(&TRUNK_TOOL)?;
    // Both share this folder while they are built, and nobody needs it later.
    let _ = fs::remove_dir_all(folder().join("build"));
    Ok(Kit {
        trunk,
        wasm_bindgen,
    })
}

/// Makes sure that rustc has the standard library for WebAssembly.
pub(crate) fn wasm_target() -> Outcome {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot =
        step::output(Command::new(rustc).args(["--print", "sysroot"])).unwrap_or_default();
    if Path::new(&sysroot)
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib")
        .is_dir()
    {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", WASM_TARGET]);
    step::quiet("standard library for WebAssembly", "20 s", &mut rustup).map_err(|_| {
        format!("The compiler cannot build WebAssembly; run `rustup target add {WASM_TARGET}`, or install your distribution's package for it.")
    })
}

/// The folder of the tools that oomscope installs for itself.
pub(crate) fn folder() -> PathBuf {
    if let Some(own) = env::var_os("OOMSCOPE_TOOLS") {
        return own.into();
    }
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty());
    let cache = cache
        .or_else(|| env::var_os("LOCALAPPDATA"))
        .map(PathBuf::from)
        .or_else(home);
    cache.map_or_else(
        || tree::target().join("tools"),
        |cache| cache.join("oomscope").join("tools"),
    )
}

/// The first program of this name on the PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(executable(program)))
        .find(|file| file.is_file())
}

fn executable(program: &str) -> String {
    format!("{program}{}", env::consts::EXE_SUFFIX)
}

/// The folder that holds the tool's programs at the right version.
fn ensure(tool: &Tool) -> Result<PathBuf, String> {
    let user = on_path(tool.programs[0]);
    if let Some(folder) = user
        .as_deref()
        .and_then(Path::parent)
        .filter(|bin| is_right(tool, bin))
    {
        return Ok(folder.to_path_buf());
    }
    let root = folder().join(format!("{}-{}", tool.programs[0], tool.version));
    let bin = root.join("bin");
    if is_right(tool, &bin) {
        return Ok(bin);
    }
    let title = format!("{} {}", tool.package, tool.version);
    if on_path("cargo-binstall").is_some() {
        let mut binstall = Command::new(tree::cargo());
        binstall.args(["binstall", "--no-confirm", "--disable-strategies=compile"]);
        binstall
            .arg("--root")
            .arg(&root)
            .arg(format!("{}@{}", tool.package, tool.version));
        let fetched = step::quiet(&format!("{title}, ready made"), "20 s", &mut binstall);
        if fetched.is_ok() && is_right(tool, &bin) {
            return Ok(bin);
        }
        println!(
            "  There is no ready-made {} for this machine, so it is built here.",
            tool.package
        );
    }
    build(tool, &root, &title)?;
    if is_right(tool, &bin) {
        Ok(bin)
    } else {
        Err(by_hand(tool))
    }
}

fn build(tool: &Tool, root: &Path, title: &str) -> Outcome {
    let mut install = Command::new(tree::cargo());
    // Outside of the workspace, so that its configuration and lock file stay out of it.
    let parent = root.parent().unwrap_or(root);
    fs::create_dir_all(parent)
        .map_err(|error| format!("{} cannot be made: {error}.", parent.display()))?;
    install.current_dir(parent);
    install
        .args([
            "install",
            tool.package,
            "--version",
            tool.version,
            "--force",
            "--root",
        ])
        .arg(root);
    install.args(tool.source);
    install.env("CARGO_TARGET_DIR", folder().join("build"));
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    install.env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback");
    // Warnings turned into errors, or a coverage run, are meant for our code.
    install.env_remove("RUSTFLAGS");
    let title = format!("{title}, from source");
    step::quiet(&title, tool.expected, &mut install)
        .map_err(|error| format!("{error}\n{}", by_hand(tool)))
}

fn by_hand(tool: &Tool) -> String {
    format!(
        "{} {} could not be installed; put a release of exactly this version on the PATH and try again.",
        tool.package, tool.version
    )
}

/// Whether all of the tool's programs are in this folder, at this version.
fn is_right(tool: &Tool, bin: &Path) -> bool {
    tool.programs.iter().all(|program| {
        let file = bin.join(executable(program));
        file.is_file() && version(&file).as_deref() == Some(tool.version)
    })
}

/// The second word of what a program says about its version: `trunk 0.22.1`.
fn version(program: &Path) -> Option<String> {
    let said = step::output(Command::new(program).arg("--version"))?;
    said.split_whitespace().nth(1).map(str::to_owned)
}

/// Whether a wasm-opt of the right version would be found on this PATH.
pub(crate) fn has_wasm_opt(path: &std::ffi::OsStr) -> bool {
    // On Windows npm leaves a `.cmd` file, which Trunk does not look for.
    let mut folders = env::split_paths(path);
    let found = folders
        .find_map(|folder| Some(folder.join(executable("wasm-opt"))).filter(|file| file.is_file()));
    let said =
        found.and_then(|file| step::output(Command::new(file).arg("--version").env("PATH", path)));
    said.is_some_and(|said| said.split_whitespace().any(|word| word == WASM_OPT))
}
