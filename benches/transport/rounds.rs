//! The whole run: round after round, all ways in turn.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::frames::{self, Film};
use crate::interrupt;
use crate::machine;
use crate::measure::{Outcome, measure};
use crate::statistics::median;
use crate::ways::Way;

pub const SIZES: [(u32, u32); 2] = [(640, 480), (1280, 720)];

/// A camera's rate.
pub const CAMERA: u64 = 30;
/// As fast as the camera is asked.
pub const FASTEST: u64 = 0;
/// The rates that are measured, and how often.
const MODES: [(u64, usize); 2] = [(FASTEST, 3), (CAMERA, 2)];

/// A measuring of which the host took more is done again at once, while there is time left, and the better one kept.
pub const DISTURBED: f64 = 0.03;
const REPEATS_TIME: Duration = Duration::from_secs(30);

/// One way at one size and rate.
pub struct Row {
    pub way: Way,
    pub size: (u32, u32),
    pub rate: u64,
    pub rounds: Vec<Outcome>,
}

impl Row {
    pub fn median(&self, of: impl Fn(&Outcome) -> f64) -> Option<f64> {
        median(self.rounds.iter().map(of))
    }
}

pub struct Rounds {
    pub machine: Vec<String>,
    pub rows: Vec<Row>,
    /// What failed, and why.
    pub left_out: Vec<String>,
    pub repeated: usize,
    pub minutes: f64,
    started: Instant,
    repeats_time: Duration,
}

impl Rounds {
    pub fn run(folder: &Path, sizes: &[(u32, u32)], ways: &[Way]) -> Result<Self> {
        let mut rounds = Self {
            machine: machine::describe(),
            rows: Vec::new(),
            left_out: Vec::new(),
            repeated: 0,
            minutes: 0.0,
            started: Instant::now(),
            repeats_time: Duration::ZERO,
        };
        for &size in sizes {
            let film = frames::make(&folder.join("film"), size)?;
            for (rate, count) in MODES {
                rounds.mode(&film, rate, count, ways)?;
            }
        }
        rounds.minutes = rounds.started.elapsed().as_secs_f64() / 60.0;
        Ok(rounds)
    }

    pub fn find(&self, way: Way, size: (u32, u32), rate: u64) -> Option<&Row> {
        self.rows.iter().find(|row| (row.way, row.size, row.rate) == (way, size, rate))
    }

    fn mode(&mut self, film: &Film, rate: u64, count: usize, ways: &[Way]) -> Result<()> {
        let size = (film.width, film.height);
        let new = |way: &Way| Row { way: *way, size, rate, rounds: Vec::new() };
        let mut rows: Vec<Row> = ways.iter().map(new).collect();
        for round in 0..count {
            let mut index = 0;
            while let Some(row) = rows.get_mut(index) {
                let seconds = self.started.elapsed().as_secs_f64();
                eprintln!("{seconds:6.1} s  {size:?} at {rate}/s, round {}: {}", round + 1, row.way.name());
                let outcome = self.least_disturbed(row.way, film, rate);
                interrupt::check()?;
                match outcome {
                    Ok(outcome) => {
                        row.rounds.push(outcome);
                        index += 1;
                    }
                    Err(error) => {
                        eprintln!("left out: {error:#}");
                        self.left_out.push(format!("{} at {rate}/s: {error:#}", row.way.name()));
                        rows.remove(index);
                    }
                }
            }
            // Whoever comes first has another before it in the next round.
            let ways_left = rows.len();
            rows.rotate_left(1.min(ways_left));
        }
        rows.sort_by_key(|row| ways.iter().position(|way| *way == row.way));
        self.rows.extend(rows);
        Ok(())
    }

    fn least_disturbed(&mut self, way: Way, film: &Film, rate: u64) -> Result<Outcome> {
        let first = measure(way, film, rate)?;
        if first.stolen <= DISTURBED || self.repeats_time > REPEATS_TIME {
            return Ok(first);
        }
        let started = Instant::now();
        let again = measure(way, film, rate)?;
        self.repeats_time += started.elapsed();
        self.repeated += 1;
        Ok(if again.stolen < first.stolen { again } else { first })
    }
}
