//! The answer of `explain` for people.

use anstyle::Style;
use oomscope_explore::Outcome as Happening;
use oomscope_judge::{Flip, states};
use oomscope_model::transition::Transition;
use oomscope_picture::chain;

use super::beside::{Beside, CONTEXT};
use super::{Case, is_lasting};
use crate::choice::{Setup, rules_words};
use crate::failure::{Exit, Outcome};
use crate::outcomes::{exit, is_survivable, kind_word, meaning, run_text, style};
use crate::screen::{BAD, GOOD, SOFT, STRONG, Screen, WARN, count, paint};
use crate::search::bound_words;

/// Scenario, kernel and rules.
pub(super) fn head(setup: &Setup, screen: &mut Screen) -> Outcome<()> {
    let scenario = setup.scenario();
    let title = paint(SOFT, &scenario.title);
    screen.line(format!("{}  {title}", paint(STRONG, &scenario.id)))?;
    let rules = rules_words(setup.machine.rules);
    screen.line(format!("{}; {rules}", setup.kernel_words()))
}

impl Case<'_> {
    /// Tells people.
    pub(super) fn print(&self, screen: &mut Screen) -> Outcome<()> {
        head(self.setup, screen)?;
        let word = paint(style(self.outcome), self.outcome.word());
        let steps = count(self.bad.len() as u64, "step");
        let meaning = meaning(self.outcome, self.found.kind);
        screen.line(format!("{word} after {steps}: {meaning}"))?;
        if let Some((kind, schedule)) = self.other_lockup() {
            let steps = count(schedule.len() as u64, "step");
            let kind = kind_word(*kind);
            screen.line(paint(SOFT, format!("also a {kind}, after {steps}")))?;
        }
        screen.line(paint(STRONG, self.sentence()))?;
        self.print_schedules(screen)?;
        self.print_lasso(screen)?;
        self.print_switches(screen)
    }

    /// Both schedules, as `diff` would print them.
    fn print_schedules(&self, screen: &mut Screen) -> Outcome<()> {
        let common = self.common();
        if common > 0 {
            let run = run_text(self.machine(), &self.bad[..common]);
            screen.line(format!("both  {run}"))?;
        }
        let shown = common.saturating_sub(CONTEXT);
        let mut bad = self.told(&self.bad, shown);
        let rest = bad.split_off(common - shown);
        let good = self.contrast.as_ref();
        let beside = Beside {
            same: bad,
            bad: rest,
            good: good.map(|contrast| self.told(&contrast.good, common)),
        };
        let lines = beside.lines(screen.width());
        lines.into_iter().try_for_each(|line| screen.line(line))
    }

    fn print_lasso(&self, screen: &mut Screen) -> Outcome<()> {
        let machine = self.machine();
        let Some(lasso) = &self.lasso else {
            return match is_lasting(self.outcome) {
                true => self.print_chain(&self.bad, screen),
                false => Ok(()),
            };
        };
        match lasso.stem.strip_prefix(self.bad.as_slice()) {
            None | Some([]) => {}
            Some(rest) => screen.line(format!("then  {}", run_text(machine, rest)))?,
        }
        self.print_chain(&lasso.stem, screen)?;
        let fair = match self.starved(lasso).as_slice() {
            [] => String::new(),
            starved => format!(", if {} never gets a CPU", starved.join(", ")),
        };
        screen.line(format!(
            "for ever, from step {} on{fair}: {} a lap, {} freed and {} in each; {}",
            lasso.stem.len(),
            count(lasso.cycle.len() as u64, "step"),
            count(lasso.pages_freed.into(), "page"),
            count(lasso.kills.into(), "kill"),
            run_text(machine, &lasso.cycle)
        ))
    }

    /// Who waits for whom at the end of a schedule.
    fn print_chain(&self, schedule: &[Transition], screen: &mut Screen) -> Outcome<()> {
        let machine = self.machine();
        let there = states(machine, schedule).last().cloned();
        match there.and_then(|state| chain(machine, &state)) {
            Some(chain) => screen.line(paint(WARN, format!("=> {}", chain.text()))),
            None => Ok(()),
        }
    }

    /// What the switches would do from the start, and later if that is another question.
    fn print_switches(&self, screen: &mut Screen) -> Outcome<()> {
        if !self.early.is_empty() {
            screen.line("flipped from the start:")?;
            self.print_flips(&self.early, screen)?;
        }
        let at = self.at;
        if at > 0 && !self.flips.is_empty() {
            screen.line(format!("flipped at step {at}:"))?;
            self.print_flips(&self.flips, screen)?;
        }
        let mut flips = self.early.iter().chain(&self.flips);
        match flips.find_map(|flip| flip.found.bound) {
            Some(bound) => {
                let bound = bound_words(bound, self.searcher.limits());
                screen.line(paint(SOFT, format!("so far: {bound}")))
            }
            None => Ok(()),
        }
    }

    fn print_flips(&self, flips: &[Flip], screen: &mut Screen) -> Outcome<()> {
        for flip in flips {
            let switch = self.switch(flip);
            let sign = if flip.on { '+' } else { '-' };
            let name = format!("{sign}{}", switch.patch);
            let (style, word) = self.helps(flip);
            let with = match switch.changes.is_empty() {
                true => String::new(),
                false => format!(" (with {})", switch.changes.join(" ")),
            };
            let word = paint(style, format!("{word:9}"));
            let outcomes = paint(SOFT, outcome_words(flip));
            screen.line(format!("  {name:27}  {word}  {outcomes}{with}"))?;
        }
        Ok(())
    }

    /// Whether a switch helps. What was found is true even if a bound was reached; what was
    /// not found is unknown then.
    fn helps(&self, flip: &Flip) -> (Style, &'static str) {
        let fine = |outcome: Happening| self.allowed.contains(&outcome) || is_survivable(outcome);
        match exit(&flip.found, &self.allowed) {
            Exit::Clean => (GOOD, "clears it"),
            _ if !flip.found.outcomes().all(fine) => (BAD, "does not"),
            _ if flip.found.bound.is_some() => (WARN, "unknown"),
            _ => (WARN, "at a cost"),
        }
    }
}

/// What is reachable with a switch, as far as it was searched.
fn outcome_words(flip: &Flip) -> String {
    let words: Vec<&str> = flip.found.outcomes().map(Happening::word).collect();
    match (flip.found.bound, words.is_empty()) {
        (None, _) => words.join(", "),
        (Some(_), true) => String::from("nothing so far"),
        (Some(_), false) => format!("{} so far", words.join(", ")),
    }
}
