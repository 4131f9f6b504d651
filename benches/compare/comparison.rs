//! The whole run: round after round, all servers in turn.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::camera;
use crate::interrupt;
use crate::links;
use crate::machine;
use crate::measure::{FPS, measure};
use crate::outcome::Outcome;
use crate::peers::Peer;
use crate::plan::{Contestant, Link, Scenario};
use crate::rows::Rows;

/// A measuring with more in its way than this is done again at once, and the better one kept.
pub const DISTURBED: f64 = 0.03;
const REPEATS: usize = 2;
/// For all repeats together, since the whole is to end in time.
pub const REPEATS_TIME: Duration = Duration::from_secs(75);

/// For a thousand viewers, and what else a server has open.
const FILES: u64 = 1200;

pub struct Comparison<'a> {
    folder: &'a Path,
    started: Instant,
    repeats_time: Duration,
    rows: Rows,
}

impl<'a> Comparison<'a> {
    pub fn new(folder: &'a Path) -> Result<Self> {
        let rows =
            Rows { machine: machine::describe(), binary_bytes: machine::binary_bytes()?, ..Rows::default() };
        Ok(Self { folder, started: Instant::now(), repeats_time: Duration::ZERO, rows })
    }

    /// Measures them all; `kept` is called with what there is after each.
    pub fn run(mut self, scenarios: &[Scenario], kept: impl Fn(&Rows) -> Result<()>) -> Result<Rows> {
        camera::build()?;
        self.open_many_files();
        let absent = self.absent()?;
        let without_links =
            links::missing().filter(|_| scenarios.iter().any(|one| one.link() != Link::Loopback));
        if let Some(reason) = &without_links {
            self.rows.leave_out(format!("links that are not loopback: {reason}"));
        }
        for scenario in scenarios {
            if without_links.is_none() || scenario.link() == Link::Loopback {
                self.scenario(scenario, &absent)?;
            }
            self.rows.minutes = self.started.elapsed().as_secs_f64() / 60.0;
            kept(&self.rows)?;
        }
        Ok(self.rows)
    }

    /// The servers and the load inherit it.
    fn open_many_files(&mut self) {
        let maximum = getrlimit(Resource::Nofile).maximum;
        let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        if let (Some(files), Ok(())) = (maximum.filter(|files| *files < FILES), raised) {
            self.rows.leave_out(format!("viewers beyond what {files} open files allow here (ulimit -Hn)"));
        }
    }

    fn absent(&mut self) -> Result<Vec<Peer>> {
        let mut absent = Vec::new();
        for peer in Peer::ALL {
            let missing = peer.missing();
            interrupt::check()?;
            if let Some(reason) = missing {
                self.rows.leave_out(format!("{}: {reason}", peer.name()));
                absent.push(peer);
            } else if peer.has_camera() {
                self.rows.machine.push(format!("{} {}", peer.name(), peer.version()));
            }
        }
        Ok(absent)
    }

    fn scenario(&mut self, scenario: &Scenario, absent: &[Peer]) -> Result<()> {
        let mut all: Vec<&Contestant> = scenario.contestants.iter().collect();
        all.retain(|contestant| !absent.contains(&contestant.peer));
        for round in 0.. {
            all.retain(|contestant| round < contestant.rounds);
            let Some(first) = round.checked_rem(all.len()) else { break };
            // Whoever comes first has another before it in the next round.
            let turn = [&all[first..], &all[..first]].concat();
            for contestant in turn {
                let name = contestant.name();
                let time = self.started.elapsed().as_secs_f64();
                eprintln!("{time:6.1} s  {}, round {}: {name}", scenario.name, round + 1);
                let outcome = self.least_disturbed(scenario, contestant);
                interrupt::check()?;
                match outcome {
                    Ok(outcome) => self.rows.put(&scenario.name, &name, outcome),
                    Err(error) => {
                        self.rows.leave_out(format!("{name} in \"{}\": {error:#}", scenario.title));
                        all.retain(|other| other.name() != name);
                    }
                }
            }
        }
        Ok(())
    }

    fn least_disturbed(&mut self, scenario: &Scenario, contestant: &Contestant) -> Result<Outcome> {
        let mut best = measure(self.folder, scenario, contestant)?;
        // A machine that those fill by themselves leaves the camera no time, however often.
        let repeats = if contestant.peer.compresses_anew() { 0 } else { REPEATS };
        for _ in 0..repeats {
            let disturbance = best.disturbance(FPS);
            if disturbance <= DISTURBED || self.repeats_time > REPEATS_TIME {
                break;
            }
            eprintln!("          again: {:.0} % of it was disturbed", disturbance * 100.0);
            let started = Instant::now();
            let again = measure(self.folder, scenario, contestant)?;
            self.repeats_time += started.elapsed();
            self.rows.repeated += 1;
            if again.disturbance(FPS) < disturbance {
                best = again;
            }
        }
        Ok(best)
    }
}
