//! The answer of `explain` for people.

use oomscope_explore::Outcome as Happening;
use oomscope_judge::states;
use oomscope_picture::chain;

use super::Case;
use super::beside::{Beside, CONTEXT};
use crate::choice::rules_words;
use crate::failure::{Exit, Outcome};
use crate::outcomes::{exit, is_survivable, kind_word, meaning, run_text, style};
use crate::screen::{BAD, GOOD, SOFT, STRONG, Screen, WARN, count, paint};

impl Case<'_> {
    /// Tells people.
    pub(super) fn print(&self, screen: &mut Screen) -> Outcome<()> {
        let scenario = self.setup.scenario();
        let title = paint(SOFT, &scenario.title);
        screen.line(format!("{}  {title}", paint(STRONG, &scenario.id)))?;
        let rules = rules_words(self.machine().rules);
        screen.line(format!("{}; {rules}", self.setup.kernel_words()))?;
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
        let Some(lasso) = &self.lasso else {
            return Ok(());
        };
        let machine = self.machine();
        let there = states(machine, &lasso.stem).last().cloned();
        if let Some(chain) = there.and_then(|state| chain(machine, &state)) {
            screen.line(paint(WARN, format!("=> {}", chain.text())))?;
        }
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

    fn print_switches(&self, screen: &mut Screen) -> Outcome<()> {
        if self.flips.is_empty() {
            return Ok(());
        }
        let at = self.at;
        screen.line(format!("flipped at step {at}:"))?;
        for flip in &self.flips {
            let switch = self.switch(flip);
            let sign = if flip.on { '+' } else { '-' };
            let name = format!("{sign}{}", switch.patch);
            let (style, word) = match exit(&flip.found, &self.allowed) {
                Exit::Clean => (GOOD, "clears it"),
                Exit::Unknown => (WARN, "unknown"),
                _ if flip.found.outcomes().all(is_survivable) => (WARN, "at a cost"),
                _ => (BAD, "does not"),
            };
            let outcomes = flip.found.outcomes().map(Happening::word);
            let outcomes: Vec<&str> = outcomes.collect();
            let with = match switch.changes.is_empty() {
                true => String::new(),
                false => format!(" (with {})", switch.changes.join(" ")),
            };
            let word = paint(style, format!("{word:9}"));
            let outcomes = paint(SOFT, outcomes.join(", "));
            screen.line(format!("  {name:27}  {word}  {outcomes}{with}"))?;
        }
        Ok(())
    }
}
