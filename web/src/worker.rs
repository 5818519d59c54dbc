//! The background worker: explores in slices, so that a cancel is heard between two.

mod desk;
mod map;
mod matrix;
mod why;

#[cfg(test)]
mod tests;

use gloo_worker::{HandlerId, Worker, WorkerScope};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::MessageChannel;

use oomscope_explore::{LockupKind, Progress};
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::{PatchId, PatchSet};
use oomscope_model::transition::{Move, Transition};
use oomscope_scenario::parse::parse;
use oomscope_scenario::rules;
use oomscope_scenario::run::Run;
use oomscope_scenario::scenario::Scenario;

use crate::protocol::{BUILD, Reply, Request};

pub use desk::Desk;
pub use matrix::Matrix;

/// What came of a slice.
#[derive(Debug, Default)]
pub struct Slice {
    /// What to say.
    pub replies: Vec<Reply>,
    /// There is more to do.
    pub more: bool,
}

/// How long a slice may take; what waits in the mailbox waits no longer.
const SLICE_MILLIS: f64 = 16.0;

/// How often progress is told.
const PROGRESS_MILLIS: f64 = 100.0;

/// The worker, as the page spawns it.
pub struct Search {
    desk: Desk,
    matrix: Matrix,
    asker: Option<HandlerId>,
    channel: Option<MessageChannel>,
    /// A slice is on its way already.
    scheduled: bool,
    told: f64,
    /// The handler of the channel lives as long as the worker.
    _handler: Option<Closure<dyn FnMut(JsValue)>>,
}

/// The next slice is due.
#[derive(Debug)]
pub struct Tick;

impl Worker for Search {
    type Message = Tick;
    type Input = Request;
    type Output = Reply;

    fn create(scope: &WorkerScope<Self>) -> Self {
        // A message to oneself comes back after whatever else has arrived, and at once;
        // timers would be held back by four milliseconds.
        let channel = MessageChannel::new().ok();
        let scope = scope.clone();
        let handler = channel.as_ref().map(|channel| {
            let handler = Closure::<dyn FnMut(JsValue)>::new(move |_| scope.send_message(Tick));
            channel
                .port1()
                .set_onmessage(Some(handler.as_ref().unchecked_ref()));
            handler
        });
        Search {
            desk: Desk::default(),
            matrix: Matrix::default(),
            asker: None,
            channel,
            scheduled: false,
            told: 0.0,
            _handler: handler,
        }
    }

    fn update(&mut self, scope: &WorkerScope<Self>, Tick: Tick) {
        self.scheduled = false;
        let Some(asker) = self.asker else {
            return;
        };
        let end = now() + SLICE_MILLIS;
        let is_over = || now() >= end;
        let Slice { replies, more } = if self.matrix.is_busy() {
            self.matrix.work(is_over)
        } else {
            self.desk.work(is_over)
        };
        for reply in replies {
            scope.respond(asker, reply);
        }
        if more {
            self.tell(scope, asker);
            self.schedule();
        }
    }

    fn received(&mut self, scope: &WorkerScope<Self>, request: Request, asker: HandlerId) {
        self.asker = Some(asker);
        match request {
            Request::Hello { .. } => scope.respond(
                asker,
                Reply::Here {
                    build: BUILD.to_string(),
                },
            ),
            Request::Cancel => {
                self.desk.cancel();
                self.matrix.cancel();
                scope.respond(asker, Reply::Cancelled);
            }
            Request::Explore(job) => {
                let id = job.id;
                let begun = self.desk.begin(*job, now());
                self.begun(scope, asker, id, begun);
            }
            Request::Matrix(job) => {
                let id = job.id;
                let begun = self.matrix.begin(*job, now());
                self.begun(scope, asker, id, begun);
            }
        }
    }
}

impl Search {
    fn begun(
        &mut self,
        scope: &WorkerScope<Self>,
        asker: HandlerId,
        job: u32,
        begun: Result<(), String>,
    ) {
        match begun {
            Ok(()) => self.schedule(),
            Err(sentence) => scope.respond(asker, Reply::Broken { job, sentence }),
        }
    }

    fn schedule(&mut self) {
        if let (false, Some(channel)) = (self.scheduled, &self.channel) {
            self.scheduled = channel.port2().post_message(&JsValue::NULL).is_ok();
        }
    }

    fn tell(&mut self, scope: &WorkerScope<Self>, asker: HandlerId) {
        let time = now();
        if time - self.told >= PROGRESS_MILLIS
            && let Some(progress) = self.matrix.progress(time).or(self.desk.progress(time))
        {
            self.told = time;
            scope.respond(asker, progress);
        }
    }
}

fn now() -> f64 {
    js_sys::Date::now()
}

/// The scenario and the rules that a job speaks of.
fn told_of(text: &str, rules: &str) -> Result<(Scenario, Rules), String> {
    let scenario = parse(text).scenario.ok_or("the scenario cannot be read")?;
    let rules = rules::named(rules).ok_or("unknown rules")?;
    Ok((scenario, rules))
}

/// A schedule in the words of links.
fn run_text(machine: &Machine, schedule: Vec<Transition>) -> String {
    let moves = schedule.into_iter().map(Move::Step).collect();
    Run { moves }.print(machine)
}

/// Ids, joined with commas, as a set.
fn set_of(ids: &str) -> PatchSet {
    let patches = ids.split(',').filter_map(PatchId::named);
    patches.fold(PatchSet(0), |set, patch| set.with(patch, true))
}

/// How far a search is, and how fast it went, `before` states counted in.
fn told(job: u32, progress: Progress, before: u32, millis: f64) -> Reply {
    let Progress {
        states,
        depth,
        bytes,
        ..
    } = progress;
    let seconds = (millis / 1000.0).max(0.001);
    Reply::Progress {
        job,
        states,
        depth,
        bytes,
        rate: ((f64::from(before) + f64::from(states)) / seconds) as u32,
    }
}

fn kind(kind: LockupKind) -> &'static str {
    match kind {
        LockupKind::Livelock => "livelock",
        LockupKind::Deadlock => "deadlock",
        LockupKind::Hang => "hang",
    }
}
