//! The background worker: explores in slices, so that a cancel is heard between two.

mod desk;

#[cfg(test)]
mod tests;

use gloo_worker::{HandlerId, Worker, WorkerScope};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::MessageChannel;

use crate::protocol::{BUILD, Reply, Request};

pub use desk::{Desk, Slice};

/// How long a slice may take; what waits in the mailbox waits no longer.
const SLICE_MILLIS: f64 = 16.0;

/// How often progress is told.
const PROGRESS_MILLIS: f64 = 100.0;

/// The worker, as the page spawns it.
pub struct Search {
    desk: Desk,
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
        let Slice { replies, more } = self.desk.work(|| now() >= end);
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
                if let Some(job) = self.desk.cancel() {
                    scope.respond(asker, Reply::Cancelled { job });
                }
            }
            Request::Explore(job) => {
                let id = job.id;
                match self.desk.begin(*job, now()) {
                    Ok(()) => self.schedule(),
                    Err(sentence) => scope.respond(asker, Reply::Broken { job: id, sentence }),
                }
            }
        }
    }
}

impl Search {
    fn schedule(&mut self) {
        if let (false, Some(channel)) = (self.scheduled, &self.channel) {
            self.scheduled = channel.port2().post_message(&JsValue::NULL).is_ok();
        }
    }

    fn tell(&mut self, scope: &WorkerScope<Self>, asker: HandlerId) {
        let time = now();
        if time - self.told >= PROGRESS_MILLIS
            && let Some(progress) = self.desk.progress(time)
        {
            self.told = time;
            scope.respond(asker, progress);
        }
    }
}

fn now() -> f64 {
    js_sys::Date::now()
}
