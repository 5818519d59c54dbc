//! rwsem
