//! One sentence per step, made from its events.

use oomscope_model::event::Event;
use oomscope_model::machine::Machine;
use oomscope_model::state::State;

/// What happened in this step, in one sentence. `state` is the state after the step.
pub fn caption(machine: &Machine, events: &[Event], state: &State) -> String {
    let _ = (machine, events, state);
    String::new()
}
