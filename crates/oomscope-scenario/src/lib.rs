//! oomscope scenario.
