//! All that was measured, as it is kept beside the test pictures, so that the report can be written anew.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::statistics::median;

#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Rows {
    /// What it was measured on, line by line.
    pub machine: Vec<String>,
    /// Who could not take part, or failed, and why.
    pub left_out: Vec<String>,
    pub minutes: f64,
    /// How many measurings were done again, since something was in their way.
    pub repeated: usize,
    pub binary_bytes: u64,
    pub rows: Vec<Row>,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct Row {
    pub scenario: String,
    /// Name of the server, with its variant.
    pub contestant: String,
    pub rounds: Vec<Outcome>,
}

impl Rows {
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("{}: nothing measured yet", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        fs::write(path, serde_json::to_vec_pretty(self)?).with_context(|| path.display().to_string())
    }

    pub fn put(&mut self, scenario: &str, contestant: &str, outcome: Outcome) {
        match self.rows.iter_mut().find(|row| row.scenario == scenario && row.contestant == contestant) {
            Some(row) => row.rounds.push(outcome),
            None => self.rows.push(Row {
                scenario: scenario.to_owned(),
                contestant: contestant.to_owned(),
                rounds: vec![outcome],
            }),
        }
    }

    pub fn of(&self, scenario: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.scenario == scenario)
    }

    pub fn find(&self, scenario: &str, contestant: &str) -> Option<&Row> {
        self.of(scenario).find(|row| row.contestant == contestant)
    }

    pub fn leave_out(&mut self, what: String) {
        eprintln!("left out: {what}");
        self.left_out.push(what);
    }
}

impl Row {
    pub fn median(&self, of: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        median(self.rounds.iter().filter_map(of))
    }

    pub fn cpu_us_per_frame(&self) -> Option<f64> {
        self.median(|outcome| Some(outcome.cpu_us_per_frame()))
    }
}
