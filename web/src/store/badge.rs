//! What flipping a switch now would do, in one badge.

use oomscope_explore::{Class, Outcome};
use oomscope_judge::{Harm, WORST_FIRST, harm};

use super::known::class_of;
use crate::protocol::Survey;

/// What flipping a switch now would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Badge {
    /// It is on, and switching it off changes nothing.
    On,
    /// It is off; nothing else is known.
    Off,
    /// Too large to be searched beside everything else.
    Unknown,
    /// The search is under way.
    Searching,
    /// Nothing goes wrong any more.
    Clears,
    /// Some schedules get away, others still lock up.
    MayClear,
    /// This cannot happen any more; something else still can.
    RulesOut(Outcome),
    /// Nothing that can happen is new, and nothing is gone.
    NoEffect,
    /// It may cost a second process.
    SecondVictim,
    /// A system call may return an error that its caller does not expect.
    WrongError,
    /// No schedule locks up, but some take very long: every way out needs a task that gets
    /// no CPU.
    Stalls,
    /// The same becomes possible, and it is not all that can go wrong.
    StallPossible,
    /// A NULL dereference or memory corruption becomes possible.
    OopsPossible,
    /// A lockup becomes possible.
    LockupPossible,
    /// It becomes possible that nobody is left to kill.
    PanicPossible,
    /// It cannot be flipped; the words say why.
    Needs(String),
}

impl Badge {
    /// What a flip changes: first what becomes worse, then what becomes better, then the price.
    pub(super) fn of(before: &Survey, after: &Survey) -> Badge {
        let [was, is] = [before, after].map(ahead);
        let newly = |outcome: Outcome| is.contains(&outcome) && !was.contains(&outcome);
        let is_doomed = |survey: &Survey| class_of(survey.class) == Some(Class::Doomed);
        // A panic means that nobody was left to kill: second victims come before it.
        let price = |outcome: Outcome| outcome == Outcome::Panic && newly(Outcome::ExtraKill);
        let is_bad = |outcome: &Outcome| harm(*outcome) == Harm::Bad && !price(*outcome);
        let mut gone = WORST_FIRST.into_iter();
        let gone = gone.find(|outcome| was.contains(outcome) && !is.contains(outcome));
        if newly(Outcome::Oops) || newly(Outcome::Corrupt) {
            return Badge::OopsPossible;
        }
        let locks_up = newly(Outcome::Lockup) || newly(Outcome::Hang);
        if locks_up || is_doomed(after) && !is_doomed(before) {
            return Badge::LockupPossible;
        }
        let clears = was.iter().any(is_bad) && !is.iter().any(is_bad);
        if !clears {
            if is_doomed(before) && !is_doomed(after) {
                return Badge::MayClear;
            }
            if let Some(outcome) = gone.filter(is_bad) {
                return Badge::RulesOut(outcome);
            }
        }
        match gone {
            _ if newly(Outcome::ExtraKill) => Badge::SecondVictim,
            _ if newly(Outcome::Panic) => Badge::PanicPossible,
            _ if newly(Outcome::WrongErrno) => Badge::WrongError,
            _ if is.contains(&Outcome::Stall) && clears => Badge::Stalls,
            _ if newly(Outcome::Stall) => match is.iter().any(is_bad) {
                true => Badge::StallPossible,
                false => Badge::Stalls,
            },
            Some(_) if clears || is.is_empty() => Badge::Clears,
            Some(outcome) => Badge::RulesOut(outcome),
            None => Badge::NoEffect,
        }
    }

    /// The words beside the switch.
    pub fn words(&self) -> &str {
        match self {
            Badge::On => "on",
            Badge::Off => "off",
            Badge::Unknown => "too large to tell",
            Badge::Stalls => "ends, may stall",
            Badge::StallPossible => "may stall",
            Badge::Searching => "searching…",
            Badge::Clears => "clears it",
            Badge::MayClear => "may clear it",
            Badge::NoEffect => "no effect",
            Badge::SecondVictim => "costs a second victim",
            Badge::WrongError => "costs an error",
            Badge::OopsPossible => "oops possible",
            Badge::LockupPossible => "lockup possible",
            Badge::PanicPossible => "panic possible",
            Badge::RulesOut(outcome) => match outcome {
                Outcome::Ok => "",
                Outcome::ExtraKill => "rules out a second victim",
                Outcome::Stall => "rules out a stall",
                Outcome::Lockup => "rules out a lockup",
                Outcome::Oops => "rules out an oops",
                Outcome::Corrupt => "rules out corruption",
                Outcome::Hang => "rules out a hang",
                Outcome::WrongErrno => "rules out the error",
                Outcome::Panic => "rules out a panic",
            },
            Badge::Needs(words) => words,
        }
    }
}

/// What can go wrong from here on, at whatever price.
fn ahead(survey: &Survey) -> Vec<Outcome> {
    let words: Vec<&str> = survey.outcomes.split(' ').collect();
    let all = WORST_FIRST.into_iter();
    all.filter(|outcome| words.contains(&outcome.word()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every survey that can be: without a lockup or a hang nothing is doomed or at risk.
    fn surveys() -> Vec<Survey> {
        let mut all = Vec::new();
        for set in 0..1_u32 << WORST_FIRST.len() {
            let outcomes = WORST_FIRST.iter().enumerate();
            let outcomes = outcomes.filter(|(bit, _)| set >> bit & 1 != 0);
            let words: Vec<&str> = outcomes.map(|(_, outcome)| outcome.word()).collect();
            let locks_up = words.contains(&"lockup") || words.contains(&"hang");
            let classes: &[u8] = if locks_up { &[1, 2] } else { &[0] };
            for &class in classes {
                all.push(Survey {
                    class,
                    outcomes: words.join(" "),
                    ..Survey::default()
                });
            }
        }
        all
    }

    #[test]
    fn a_flip_has_no_effect_exactly_if_the_verdict_stays() {
        for before in surveys() {
            for after in surveys() {
                let badge = Badge::of(&before, &after);
                let same = before == after;
                assert_eq!(badge == Badge::NoEffect, same, "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn what_clears_leaves_nothing_bad_and_adds_no_price() {
        for before in surveys() {
            for after in surveys() {
                if Badge::of(&before, &after) == Badge::Clears {
                    let bad = ahead(&after).into_iter().any(|it| harm(it) == Harm::Bad);
                    let was = ahead(&before);
                    let new = ahead(&after).into_iter().any(|it| !was.contains(&it));
                    assert!(!bad && !new, "{before:?} {after:?}");
                }
            }
        }
    }
}
