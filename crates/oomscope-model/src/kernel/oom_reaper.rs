//! oom_reaper
