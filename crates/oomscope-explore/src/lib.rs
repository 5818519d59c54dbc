//! oomscope explore.
