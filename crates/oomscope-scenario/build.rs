//! Packs the built-in scenarios for the page: without their `[[expect]]` blocks, which only
//! tests read, compressed, and with an index of where each begins.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new("../../assets/scenarios");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    files.sort();
    let mut all = String::new();
    let mut index = String::from("&[");
    for path in &files {
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        let from = all.len();
        all.push_str(&without_expectations(&fs::read_to_string(path)?));
        write!(index, "({id:?}, {from}, {}),", all.len()).map_err(io::Error::other)?;
    }
    index.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(
        out.join("scenarios.deflate"),
        miniz_oxide::deflate::compress_to_vec(all.as_bytes(), 10),
    )?;
    fs::write(out.join("scenarios.index"), index)
}

/// The text without its `[[expect]]` blocks: each ends where the next table begins.
fn without_expectations(text: &str) -> String {
    let mut kept = String::new();
    let (mut skips, mut inside) = (false, false);
    for line in text.split_inclusive('\n') {
        // A bracket inside of a long text begins nothing.
        if !inside && line.starts_with('[') {
            skips = line.starts_with("[[expect]]");
        }
        inside ^= line.matches("\"\"\"").count() % 2 == 1;
        if !skips {
            kept.push_str(line);
        }
    }
    kept
}
