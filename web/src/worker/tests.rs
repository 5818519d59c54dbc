//! Jobs in, replies out, without a browser.
