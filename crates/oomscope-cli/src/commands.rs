//! One file per command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod draw;
pub(crate) mod explain;
pub(crate) mod explore;
pub(crate) mod link;
pub(crate) mod man;
pub(crate) mod matrix;
pub(crate) mod merge;
pub(crate) mod patches;
pub(crate) mod run;
pub(crate) mod scenarios;
