//! oomscope picture.
