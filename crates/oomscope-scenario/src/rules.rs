//! Words for the declared rules: `long`, `adversarial`, each with an optional `+split`.

use oomscope_model::machine::{KillerWindow, Parking, Rules, Timing};

/// The four rules that files and links can name, and their words. Copied links hold the
/// place in this list: only append.
pub const WORDS: [(&str, Rules); 4] = [
    ("long", rules(Timing::SleepsAreLong, KillerWindow::Closed)),
    (
        "adversarial",
        rules(Timing::Adversarial, KillerWindow::Closed),
    ),
    (
        "long+split",
        rules(Timing::SleepsAreLong, KillerWindow::Split),
    ),
    (
        "adversarial+split",
        rules(Timing::Adversarial, KillerWindow::Split),
    ),
];

const fn rules(timing: Timing, killer_window: KillerWindow) -> Rules {
    Rules {
        timing,
        killer_window,
        parking: Parking::On,
    }
}

/// The rules with this word.
pub fn named(word: &str) -> Option<Rules> {
    WORDS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, rules)| *rules)
}

/// The word for these rules. Whether rounds park does not show: it changes no verdict.
pub fn word(rules: Rules) -> &'static str {
    let found = WORDS.iter().find(|(_, known)| {
        known.timing == rules.timing && known.killer_window == rules.killer_window
    });
    found.map_or("long", |(word, _)| word)
}
