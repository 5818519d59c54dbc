//! `completions`: what a shell needs to complete `oomscope`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Arguments;
use crate::failure::{Exit, Outcome};
use crate::screen::Screen;

/// Print completions for a shell
///
/// For bash: `oomscope completions bash > ~/.local/share/bash-completion/completions/oomscope`
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// Which shell
    shell: Shell,
}

pub(crate) fn completions(wanted: &Completions, screen: &mut Screen) -> Outcome<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(
        wanted.shell,
        &mut Arguments::command(),
        "oomscope",
        &mut text,
    );
    screen.bytes(&text)?;
    Ok(Exit::Clean)
}
