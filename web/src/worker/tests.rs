//! Jobs in, replies out, without a browser.

use std::cell::Cell;

use oomscope_model::machine::Timing;
use oomscope_model::patches::PatchId;
use oomscope_scenario::builtin::Builtin;
use oomscope_scenario::rules;
use oomscope_scenario::run::Run;

use super::{Desk, Slice};
use crate::protocol::{Effect, Job, Reply};

const LONG: Timing = Timing::SleepsAreLong;

fn job(run: &str, base: u32, cursor: u32, timing: Timing) -> Job {
    let builtin = Builtin::named("writer-in-queue").expect("built in");
    let mut machine = builtin.scenario().expect("readable").machine;
    machine.rules.timing = timing;
    let run = Run::parse(&machine, run).expect("a run of this machine");
    Job {
        id: 7,
        text: builtin.packed().expect("packed").to_string(),
        patches: machine.patches.ids(),
        rules: rules::word(machine.rules).to_string(),
        run: run.print(&machine),
        base,
        cursor,
        paused: true,
        map: false,
        flips: vec![PatchId::named("killable-writers").expect("a known patch").0],
    }
}

fn all(desk: &mut Desk) -> Vec<Reply> {
    let mut replies = Vec::new();
    loop {
        let Slice {
            replies: some,
            more,
        } = desk.work(|| true);
        replies.extend(some);
        if !more {
            return replies;
        }
    }
}

#[test]
fn one_job_is_answered_in_order() {
    let mut desk = Desk::default();
    desk.begin(job("cc1*2 vhost-1187*3", 0, 3, LONG), 0.0)
        .expect("a sound job");
    let replies = all(&mut desk);
    assert!(
        matches!(
            replies.as_slice(),
            [
                Reply::Classes { job: 7, base: 0, classes },
                Reply::Survey { step: 3, .. },
                Reply::Why { step: 3, why: Some(_), .. },
                Reply::Flip { effect: Effect::Survey(_), .. },
                Reply::Done { job: 7 },
            ] if classes.len() == 6
        ),
        "{replies:?}"
    );
}

#[test]
fn the_same_segment_is_explored_once() {
    let mut desk = Desk::default();
    desk.begin(job("", 0, 0, LONG), 0.0).expect("a sound job");
    all(&mut desk);
    let longer = Job {
        paused: false,
        ..job("cc1*2", 0, 2, LONG)
    };
    desk.begin(longer, 0.0).expect("a sound job");
    let Slice { replies, more } = desk.work(|| true);
    assert!(
        !more
            && matches!(
                replies.as_slice(),
                [Reply::Classes { .. }, Reply::Done { .. }]
            ),
        "{replies:?}"
    );
}

#[test]
fn a_slice_ends_when_its_time_is_over() {
    let mut desk = Desk::default();
    desk.begin(job("", 0, 0, Timing::Adversarial), 0.0)
        .expect("a sound job");
    let looks = Cell::new(0);
    let slice = desk.work(|| {
        looks.set(looks.get() + 1);
        looks.get() == 3
    });
    assert!(slice.more);
    assert_eq!(looks.get(), 3);
    desk.cancel();
    assert!(!desk.work(|| false).more);
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut desk = Desk::default();
    let sound = job("", 0, 0, LONG);
    assert!(
        desk.begin(
            Job {
                text: String::new(),
                ..sound.clone()
            },
            0.0
        )
        .is_err()
    );
    assert!(
        desk.begin(
            Job {
                run: "nobody".to_string(),
                ..sound.clone()
            },
            0.0
        )
        .is_err()
    );
    assert!(
        desk.begin(
            Job {
                flips: vec![200],
                cursor: 9,
                base: 4,
                ..sound
            },
            0.0
        )
        .is_ok()
    );
    assert!(matches!(all(&mut desk).last(), Some(Reply::Done { .. })));
}
