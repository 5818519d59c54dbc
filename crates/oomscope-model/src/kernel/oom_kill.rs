//! oom_kill
