//! oomscope web.
