//! Chromium and its driver, which the tests of the page need.

use std::env;
use std::path::PathBuf;

use crate::{apt, tools};

/// Both programs.
pub(crate) struct Chromium {
    pub(crate) browser: PathBuf,
    pub(crate) driver: PathBuf,
}

const BROWSERS: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

const DRIVERS: &[&str] = &[
    "/usr/bin/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
    "/usr/lib/chromium/chromedriver",
    "/opt/homebrew/bin/chromedriver",
    "/usr/local/bin/chromedriver",
];

/// Finds Chromium and its driver; installs them only where that needs no question: as root, with apt.
pub(crate) fn ensure() -> Result<Chromium, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if apt::is_there() {
        let packages = ["chromium", "chromium-driver"];
        apt::install("Chromium and its driver", "40 s", &packages)?;
    }
    find().ok_or_else(|| {
        "Chromium or its driver was not found; install both (Debian: `apt install chromium chromium-driver`) or set CHROME and CHROMEDRIVER to their paths.".to_owned()
    })
}

fn find() -> Option<Chromium> {
    let browser = one(
        "CHROME",
        &["chromium", "google-chrome", "chromium-browser"],
        BROWSERS,
    )?;
    let driver = one("CHROMEDRIVER", &["chromedriver"], DRIVERS)?;
    Some(Chromium { browser, driver })
}

fn one(variable: &str, names: &[&str], places: &[&str]) -> Option<PathBuf> {
    let given = env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_file());
    let named = || names.iter().find_map(|name| tools::on_path(name));
    let placed = || places.iter().map(PathBuf::from).find(|path| path.is_file());
    given.or_else(named).or_else(placed)
}
