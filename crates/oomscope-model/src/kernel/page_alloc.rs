//! page_alloc
