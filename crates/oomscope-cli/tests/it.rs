//! Runs the built program as a person would, in a folder that has nothing to do with the
//! repository.

#[path = "it/check.rs"]
mod check;
#[path = "it/draw.rs"]
mod draw;
#[path = "it/explain.rs"]
mod explain;
#[path = "it/explore.rs"]
mod explore;
#[path = "it/link.rs"]
mod link;
#[path = "it/lists.rs"]
mod lists;
#[path = "it/matrix.rs"]
mod matrix;
#[path = "it/merge.rs"]
mod merge;
#[path = "it/program.rs"]
mod program;
#[path = "it/readme.rs"]
mod readme;
#[path = "it/run.rs"]
mod run;
#[path = "it/stop.rs"]
mod stop;
