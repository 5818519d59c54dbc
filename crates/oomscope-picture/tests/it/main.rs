//! Pictures and words of small machines.

mod common;
mod drawing;
mod gallery;
mod kswapd;
mod layout;
mod words;
