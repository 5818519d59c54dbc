//! oomscope model.
