//! What the page says about the state at the cursor, from the explorer only.

use oomscope_explore::{Class, Outcome};
use oomscope_model::event::Event;
use oomscope_model::kernel::oom_kill::blocks_killer;
use oomscope_model::machine::{KillerWindow, Kind, ProcessId, TaskId, Timing};
use oomscope_model::state::{StateFlags, Task, TaskFlags};
use oomscope_model::step::enabled;
use oomscope_picture::plot::FlagKind;
use oomscope_picture::{Root, Span, Tone, chain};

use super::{Here, SearchState, Store, Verdict};
use crate::protocol::Survey;

impl Store {
    /// The live verdict.
    pub fn verdict(&self) -> Verdict {
        let known = &self.track.known;
        let survey = known.survey(self.cursor);
        let class = known.class(self.cursor);
        let flags = self.here.state.flags;
        let mut verdict = if flags.has(StateFlags::PANIC) {
            self.broken("Panic", self.why_panic())
        } else if flags.has(StateFlags::CORRUPT) {
            self.broken(
                "Memory corrupted",
                "Memory was taken away while somebody still used it.",
            )
        } else if flags.has(StateFlags::OOPS) {
            let died = format!(
                "{} followed a null pointer in exit_mmap and died.",
                self.oopsed()
            );
            self.broken("Oops", &died)
        } else if flags.has(StateFlags::WRONG_ERRNO) {
            self.broken(
                "Wrong error",
                "A system call returned -EINTR to a program that has never heard of it.",
            )
        } else if self.here.state.is_finished() {
            self.finished()
        } else {
            match class {
                Some(Class::Doomed) => self.doomed(survey),
                Some(Class::AtRisk) => self.at_risk(survey),
                Some(Class::Free) => self.free(survey),
                None => self.unknown(),
            }
        };
        if class == Some(Class::Doomed) {
            verdict.no_return = known.no_return(self.cursor);
        }
        // An end and a clearing name everybody in their first line.
        let named = verdict.first.contains(&self.kills_so_far());
        if let Some(more) = self.further_victims().filter(|_| !named) {
            verdict.sentence.push(plain(&format!(" {more}")));
        }
        verdict
    }

    /// A panic is the last step of its run.
    fn why_panic(&self) -> &'static str {
        let why = |event: &Event| match event {
            Event::PanickedOnOom { .. } => {
                Some("With vm.panic_on_oom the OOM killer panics instead of choosing a victim.")
            }
            Event::InitDied { .. } => Some("init was killed, so the kernel panicked."),
            _ => None,
        };
        let told = self.here.events.iter().find_map(why);
        told.unwrap_or("Nothing was left to kill, so the kernel panicked.")
    }

    fn verdict_of(&self, tone: Tone, word: &'static str, headline: &str) -> Verdict {
        Verdict {
            tone,
            headline: headline.to_string(),
            first: String::new(),
            sentence: Vec::new(),
            no_return: None,
            search: self.search_state(),
            rules: self.rules_line(),
            word,
        }
    }

    fn rules_line(&self) -> String {
        let timing = match self.track.rules.timing {
            Timing::SleepsAreLong => "sleeps are long",
            Timing::Adversarial => "any sleep may end at any moment",
        };
        let window = match self.track.rules.killer_window {
            KillerWindow::Closed => "closed",
            KillerWindow::Split => "open",
        };
        format!("Rules: {timing}, killer’s window {window}.")
    }

    fn broken(&self, headline: &str, first: &str) -> Verdict {
        let class = self.track.known.class(self.cursor);
        let word = if self.here.state.is_finished() {
            "finished"
        } else {
            word_of(class)
        };
        let mut verdict = self.verdict_of(Tone::Stuck, word, headline);
        verdict.first = first.to_string();
        if class == Some(Class::Doomed) {
            verdict
                .sentence
                .push(plain("What is left of the machine never finishes."));
        }
        verdict
    }

    /// How many processes the kernel has killed, if that is more than the one it needed.
    fn extra_kills(&self) -> Option<u8> {
        let Here { machine, state, .. } = &*self.here;
        Some(state.kills(machine)).filter(|&kills| kills >= 2)
    }

    fn finished(&self) -> Verdict {
        let mut verdict = match self.extra_kills() {
            Some(kills) => {
                let headline = format!("Finished after {kills} kills");
                self.verdict_of(Tone::Wait, "finished", &headline)
            }
            None => self.verdict_of(Tone::Ok, "finished", "Everything finished"),
        };
        verdict.first = format!("Every program has ended; {}.", self.kills_so_far());
        verdict
    }

    fn doomed(&self, survey: Option<&Survey>) -> Verdict {
        let kind = match survey.map(|survey| survey.kind.as_str()) {
            Some("livelock") => "Livelock, proven",
            Some("deadlock") => "Deadlock, proven",
            Some("hang") => "Hang, proven",
            _ => "Lockup, proven",
        };
        let mut verdict = self.verdict_of(Tone::Stuck, "doomed", kind);
        let (machine, state) = (&self.here.machine, &self.here.state);
        verdict.first = match survey.map_or(0, |survey| survey.states) {
            _ if enabled(machine, state).next().is_none() => self.nothing_moves(),
            0 => "No schedule leads out of here.".to_string(),
            1 => "This is the only state reachable from here.".to_string(),
            states => format!(
                "None of the {} states reachable from here leads out.",
                thousands(states)
            ),
        };
        verdict.sentence = self.chain_spans();
        if let Some(victim) = self.given_up() {
            verdict.sentence.push(plain(&self.why_given_up(victim)));
        }
        if verdict.sentence.is_empty() && enabled(machine, state).next().is_some() {
            verdict.sentence.push(plain(
                "Nobody waits for anybody yet, but no schedule from here comes to an end.",
            ));
        }
        verdict
    }

    /// That the reaper will not come again, and what keeps things as they are without it.
    fn why_given_up(&self, victim: ProcessId) -> String {
        let (machine, state) = (&self.here.machine, &self.here.state);
        let name = &machine.process(victim).name;
        let mut words = format!(" The reaper has given up on {name}");
        let mm = machine.actor(machine.process(victim).leader).mm;
        let pins = |&task: &TaskId| {
            machine.actor(task).kind == Kind::Kthread
                && machine.actor(task).mm == mm
                && !state.task(task).flags.has(TaskFlags::MM_NULL)
        };
        if let Some(task) = machine.task_ids().find(pins) {
            words += &format!("; {} pins its memory", machine.actor(task).name);
        }
        let marked = |task: &TaskId| state.task(*task).flags.has(TaskFlags::MEMDIE);
        if let Some(task) = machine.threads(victim).find(marked) {
            let name = &machine.actor(task).name;
            words += &format!("; {name} keeps the victim mark, so nobody else is killed");
        }
        words + "."
    }

    /// Nothing is enabled any more: who retries, who sleeps.
    fn nothing_moves(&self) -> String {
        let tasks = self.here.state.tasks();
        let parked = tasks.filter(|(_, task)| task.is_parked()).count();
        match parked {
            0 => "Nothing can move any more: all sleep.".to_string(),
            1 => "Nothing can move any more: one task retries for ever.".to_string(),
            more => format!("Nothing can move any more: {more} tasks retry for ever."),
        }
    }

    fn at_risk(&self, survey: Option<&Survey>) -> Verdict {
        let mut verdict = self.verdict_of(Tone::Wait, "at-risk", "At risk");
        verdict.first = match survey {
            Some(survey) => format!(
                "Some schedules from here lock up, others get away: {} states checked.",
                thousands(survey.states)
            ),
            None => "Some schedules from here lock up, others get away.".to_string(),
        };
        verdict.sentence = self.chain_spans();
        verdict
    }

    /// Who died in an oops.
    fn oopsed(&self) -> &str {
        let died = |task: &Task| task.flags.has(TaskFlags::OOPSED);
        let task = self
            .here
            .state
            .tasks()
            .find_map(|(id, task)| died(task).then_some(id));
        task.map_or("A task", |task| &self.here.machine.actor(task).name)
    }

    fn free(&self, survey: Option<&Survey>) -> Verdict {
        let can = |outcome: Outcome| {
            survey.is_some_and(|survey| {
                survey
                    .outcomes
                    .split(' ')
                    .any(|word| word == outcome.word())
            })
        };
        // Memory that came back is no comfort where the kernel is about to break.
        let breaks_soon = [Outcome::Oops, Outcome::Corrupt].into_iter().any(can);
        if let Some(step) = self.cleared_at().filter(|_| !breaks_soon) {
            // Green all over would hide what it cost.
            let tone = self.extra_kills().map_or(Tone::Ok, |_| Tone::Wait);
            let mut verdict = self.verdict_of(tone, "free", &format!("Cleared at step {step}"));
            verdict.first = self.what_cleared(step);
            return verdict;
        }
        if survey.is_some_and(|survey| survey.kind == "stall") {
            let mut verdict = self.verdict_of(Tone::Wait, "free", "Stalled");
            verdict.first =
                "Every way out needs the killer, which gets no CPU: long, but not for ever."
                    .to_string();
            verdict.sentence = self.starvation_spans(survey);
            verdict.sentence.extend(self.chain_spans());
            return verdict;
        }
        let mut verdict = self.verdict_of(Tone::Ok, "free", "Safe from here");
        verdict.first = match survey {
            Some(survey) => format!(
                "No schedule from here locks up: {} states checked.",
                thousands(survey.states)
            ),
            None => "No schedule from here locks up.".to_string(),
        };
        let costs: Vec<&str> = [
            (Outcome::Oops, "an oops"),
            (Outcome::Corrupt, "memory corruption"),
            (
                Outcome::WrongErrno,
                "an error that the caller does not expect",
            ),
            (Outcome::Stall, "minutes without progress"),
            (Outcome::ExtraKill, "a second victim"),
            (Outcome::Panic, "a panic, when nobody is left to kill"),
        ]
        .into_iter()
        .filter(|&(outcome, _)| can(outcome))
        .map(|(_, words)| words)
        .collect();
        let killed_before = self.extra_kills().is_some();
        let only_that = killed_before && costs == ["a second victim"];
        let breaks = !costs.is_empty() && !only_that;
        if breaks || killed_before {
            verdict.tone = Tone::Wait;
            verdict.headline = "No lockup from here".to_string();
        }
        if breaks {
            verdict.sentence.push(plain(&format!(
                "But some schedules cost {}.",
                listed(&costs)
            )));
        } else if chain(&self.here.machine, &self.here.state)
            .is_some_and(|chain| chain.root == Root::Cycle)
        {
            // The picture still shows it, and whoever reads it there wants to know.
            verdict.sentence.push(plain(
                "The cycle is still there, but every schedule leads out of it.",
            ));
        } else {
            verdict.sentence = self.chain_spans();
        }
        verdict
    }

    fn unknown(&self) -> Verdict {
        let search = self.search_state();
        let (headline, first) = match search {
            SearchState::Running { states: 0, .. } => (
                "Searching…",
                "Looking at every schedule from here.".to_string(),
            ),
            SearchState::Running { states, .. } => (
                "Searching…",
                format!("{} states so far.", thousands(states)),
            ),
            SearchState::Limit { states, depth } => (
                "Unknown",
                format!("Unknown after {} states, depth {depth}.", thousands(states)),
            ),
            SearchState::Cancelled => ("Unknown", "The search was cancelled.".to_string()),
            SearchState::Idle | SearchState::Done { .. } => {
                ("Unknown", "Not searched yet.".to_string())
            }
        };
        let mut verdict = self.verdict_of(Tone::Neutral, "unknown", headline);
        verdict.first = first;
        verdict.sentence = self.chain_spans();
        verdict
    }

    /// That what goes round here is no livelock.
    fn starvation_spans(&self, survey: Option<&Survey>) -> Vec<Span> {
        let lap = survey.and_then(|survey| survey.lap.as_ref());
        let Some(lap) = lap.filter(|lap| !lap.starved.is_empty()) else {
            return Vec::new();
        };
        let name = Span {
            text: String::from("Starvation, not a livelock"),
            strong: true,
        };
        let rest = format!(": this lap ends as soon as {} gets a CPU. ", lap.starved);
        vec![name, plain(&rest)]
    }

    fn chain_spans(&self) -> Vec<Span> {
        let chain = chain(&self.here.machine, &self.here.state);
        chain.map_or(Vec::new(), |chain| chain.sentence().to_vec())
    }

    /// A victim that the reaper has given up on and that still keeps the killer from
    /// choosing another.
    fn given_up(&self) -> Option<ProcessId> {
        let Store { cursor, .. } = *self;
        let mut flags = self.track.shown.flags.iter();
        let gave_up =
            flags.any(|flag| flag.kind == FlagKind::GiveUp && flag.step as usize <= cursor);
        let (machine, state) = (&self.here.machine, &self.here.state);
        let busy = |process: ProcessId| {
            let reaper = machine.kernel_task(Kind::OomReaper);
            let current = reaper.and_then(|reaper| state.task(reaper).victim);
            let on_it = current.is_some_and(|victim| machine.process_of(victim) == Some(process));
            on_it
                || machine
                    .threads(process)
                    .any(|thread| state.task(thread).reap_rank > 0)
        };
        let processes = (0..machine.processes.len() as u8).map(ProcessId);
        let mut left =
            processes.filter(|&process| blocks_killer(machine, state, process) && !busy(process));
        if gave_up { left.next() } else { None }
    }

    /// The step at which a victim's memory first came back after the last doomed step, or
    /// after the first kill if there never was one.
    fn cleared_at(&self) -> Option<usize> {
        let shown = &self.track.shown;
        let doomed = self.track.known.last_doomed(self.cursor);
        let killed = shown.kills.first().map(|&(step, _)| step);
        let since = doomed.or(killed)?;
        let mut freed = shown.freed.iter().map(|&(step, _)| step);
        freed.find(|&step| step > since && step <= self.cursor)
    }

    fn what_cleared(&self, step: usize) -> String {
        let shown = &self.track.shown;
        let machine = &self.here.machine;
        let since = self.track.known.last_doomed(step).unwrap_or(0);
        let until = |at: usize| at > since && at <= self.cursor;
        let mut parts = Vec::new();
        if let Some(&(_, task, lock)) = shown.left.iter().find(|&&(at, ..)| until(at)) {
            let lock = &machine.locks[lock.0 as usize].name;
            parts.push(format!(
                "{} left the queue of {lock}",
                machine.actor(task).name
            ));
        }
        let pages: u32 = shown
            .freed
            .iter()
            .filter(|&&(at, _)| until(at))
            .map(|&(_, pages)| u32::from(pages))
            .sum();
        parts.push(format!(
            "{} MB came back",
            pages * u32::from(machine.zone.mb_per_page)
        ));
        parts.push(self.kills_so_far());
        format!("{}.", parts.join("; "))
    }

    /// The processes that the killer chose up to the cursor, each once.
    fn victims(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for &(step, process) in &self.track.shown.kills {
            let name = self.here.machine.process(process).name.as_str();
            if step <= self.cursor && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn kills_so_far(&self) -> String {
        match self.victims().as_slice() {
            [] => "no process killed".to_string(),
            [one] => format!("one process killed, {one}"),
            more => format!("{} processes killed: {}", more.len(), more.join(", ")),
        }
    }

    fn further_victims(&self) -> Option<String> {
        let victims = self.victims();
        match victims.get(1..)? {
            [] => None,
            [one] => Some(format!("{one} was killed too.")),
            more => Some(format!("{} were killed too.", more.join(" and "))),
        }
    }
}

fn word_of(class: Option<Class>) -> &'static str {
    match class {
        Some(Class::Doomed) => "doomed",
        Some(Class::AtRisk) => "at-risk",
        Some(Class::Free) => "free",
        None => "unknown",
    }
}

fn plain(text: &str) -> Span {
    Span {
        text: text.to_string(),
        strong: false,
    }
}

/// `2,314`.
pub(crate) fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "a", "a or b", "a, b or c".
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_string(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
