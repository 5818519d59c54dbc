//! Pictures and words of small machines.

mod common;
mod drawing;
mod gallery;
mod layout;
mod words;
