//! What the page and the background worker say to each other.

use gloo_worker::{HandlerId, Worker, WorkerScope};
use serde::{Deserialize, Serialize};

/// A question of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Proves that the worker was loaded and answers.
    AreYouThere,
}

/// An answer of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The worker runs.
    Here,
}

/// The background worker.
#[derive(Debug)]
pub struct Search;

impl Worker for Search {
    type Message = ();
    type Input = Question;
    type Output = Answer;

    fn create(_scope: &WorkerScope<Self>) -> Self {
        Self
    }

    fn update(&mut self, _scope: &WorkerScope<Self>, (): Self::Message) {}

    fn received(&mut self, scope: &WorkerScope<Self>, question: Question, asker: HandlerId) {
        let Question::AreYouThere = question;
        scope.respond(asker, Answer::Here);
    }
}
