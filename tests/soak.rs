//! Half a minute of `make soak`, with the viewers, faults and checks of the long one: always the same, and with time for slow machines.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
// Some of what it shares is for the long one.
#![allow(dead_code)]

mod common;

#[path = "../benches/endurance/crowd.rs"]
mod crowd;
#[path = "../benches/endurance/eye.rs"]
mod eye;
#[path = "../benches/endurance/figures.rs"]
mod figures;
#[path = "../benches/endurance/lateness.rs"]
mod lateness;
#[path = "../benches/endurance/parts.rs"]
mod parts;
#[path = "../benches/endurance/plan.rs"]
mod plan;
#[path = "../benches/common/process.rs"]
mod process;
#[path = "../benches/endurance/run.rs"]
mod run;
#[path = "../benches/common/statistics.rs"]
mod statistics;
#[path = "../benches/endurance/subject.rs"]
mod subject;
#[path = "../benches/endurance/trouble.rs"]
mod trouble;
#[path = "../benches/endurance/vitals.rs"]
mod vitals;

use std::time::Duration;

use run::{Order, Soak};

#[test]
fn viewers_and_faults_at_random_leave_nothing_behind() {
    let order = Order { seed: 7, time: Duration::from_secs(25), format: "MJPG".to_owned(), patience: 10 };
    let mut soak = Soak::start(order).unwrap();
    let outcome = soak.run();
    let outcome = outcome.map_err(|error| format!("{error:#}\n{}", soak.last_words(50)));
    outcome.unwrap();
    assert!(soak.figures.steps() > 1, "{}", soak.figures.summary());
}
