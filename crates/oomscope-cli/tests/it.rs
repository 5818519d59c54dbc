//! Runs the built program as a person would, in a folder that has nothing to do with the
//! repository.

#[path = "it/check.rs"]
mod check;
#[path = "it/explore.rs"]
mod explore;
#[path = "it/link.rs"]
mod link;
#[path = "it/program.rs"]
mod program;
#[path = "it/run.rs"]
mod run;
