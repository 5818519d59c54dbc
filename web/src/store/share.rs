//! What Share shows, and what the address holds.

use oomscope_scenario::link::{Shared, encode};

use super::{Store, View};

/// The longest address that every chat passes on whole.
const ALWAYS_SAFE: usize = 1_900;

impl Store {
    /// The hash for this run, at this step.
    pub fn hash(&self) -> String {
        self.hash_at(self.cursor)
    }

    /// The address of this run, at this step.
    pub fn share_link_here(&self) -> String {
        format!("{}{}", self.base, self.hash_at(self.cursor))
    }

    /// The address of this run, at its start.
    pub fn share_link_start(&self) -> String {
        format!("{}{}", self.base, self.hash_at(0))
    }

    /// What to paste into another page.
    pub fn embed_snippet(&self) -> String {
        format!(
            "<iframe src=\"{}?embed=1{}\" title=\"oomscope: {}\" loading=\"lazy\" \
             allow=\"fullscreen; clipboard-write\" referrerpolicy=\"no-referrer\" \
             style=\"aspect-ratio:16/9;width:100%;border:0\"></iframe>",
            escaped(&self.base),
            self.hash_at(self.cursor),
            escaped(&self.track.scenario.title),
        )
    }

    /// A warning if the link is longer than some programs pass on.
    pub fn share_note(&self) -> Option<String> {
        let length = self.share_link_here().len();
        (length > ALWAYS_SAFE)
            .then(|| format!("This link has {length} characters; some chats cut links this long."))
    }

    /// Counts openings that deserve an entry in the browser's history.
    pub fn opened(&self) -> u32 {
        self.opened
    }

    /// Whether the address should follow: not while playing, not before anything changed,
    /// and never inside somebody else's page.
    pub fn wants_address(&self) -> bool {
        self.touched && !self.playing && self.view == View::Full
    }

    fn hash_at(&self, cursor: usize) -> String {
        let tape = self.track.tape.borrow();
        let origin = (*self.track.origin).clone();
        if tape.len() == self.track.len {
            return encode(&Shared::of(origin, &tape.replay, cursor));
        }
        let own = tape.up_to(self.track.len);
        encode(&Shared::of(origin, &own.replay, cursor))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
