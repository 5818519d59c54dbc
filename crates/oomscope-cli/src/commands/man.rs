//! `man`: the manual as pages for man(1).

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use crate::args::Arguments;
use crate::failure::{Exit, Failure, Outcome};
use crate::screen::Screen;

/// Print or write man pages
///
/// Without DIR the page of oomscope itself is printed: `oomscope man | man -l -`. With DIR that
/// page and one for each command are written there, which has to exist:
/// `oomscope man ~/.local/share/man/man1`, and from then on `man oomscope-explore`.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Where to write them
    dir: Option<PathBuf>,
}

pub(crate) fn man(wanted: &Man, screen: &mut Screen) -> Outcome<Exit> {
    let command = Arguments::command().disable_help_subcommand(true);
    match &wanted.dir {
        Some(dir) => clap_mangen::generate_to(command, dir).map_err(|error| {
            let sentence = format!("{}: {error}", dir.display());
            Failure::new(sentence, Some("it must be a directory that can be written"))
        })?,
        None => {
            let mut text = Vec::new();
            Page::new(command)
                .render(&mut text)
                .map_err(Failure::plain)?;
            screen.bytes(&text)?;
        }
    }
    Ok(Exit::Clean)
}
