//! Debian's packages, installed only where that needs no question: as root, with apt.

use std::path::Path;
use std::process::Command;

use crate::{Outcome, step, tools};

/// Whether packages can be installed without a question.
pub(crate) fn is_there() -> bool {
    let root = step::output(Command::new("id").arg("-u")).as_deref() == Some("0");
    cfg!(target_os = "linux") && root && Path::new("/usr/bin/apt-get").is_file()
}

/// Installs packages; `title` is what people call them.
pub(crate) fn install(title: &str, expected: &str, packages: &[&str]) -> Outcome {
    step::quiet(
        "list of packages",
        "10 s",
        Command::new("apt-get").args(["update", "-q"]),
    )?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]);
    install
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    step::quiet(title, expected, &mut install)
}

/// A program, of the package of the same name, without which something is left out that
/// says so itself. Where it cannot be installed this is no error.
pub(crate) fn wish(program: &str) {
    if tools::on_path(program).is_some() || !is_there() {
        return;
    }
    if let Err(sentence) = install(program, "10 s", &[program]) {
        println!("{sentence}\nWhat needs {program} is left out.");
    }
}
