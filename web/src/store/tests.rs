//! Actions in, one line out.
