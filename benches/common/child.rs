//! A process that the benchmark starts, ended with its value.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::interrupt;

/// The words before a program that is not to outlive the benchmark, even where that is killed. They cost a millisecond.
pub const ENDS_WITH_US: [&str; 4] = ["setpriv", "--pdeathsig", "KILL", "--"];

/// Nothing that is started has children, and whatever stands before a program becomes it: one process is all there is
/// to end.
pub struct Child {
    process: std::process::Child,
    log: PathBuf,
}

impl Child {
    /// What it prints on standard error goes into the log, and so does the rest where nobody reads it.
    pub fn start(mut command: Command, log: &Path, stdout: Option<Stdio>) -> Result<Self> {
        let file = File::create(log).with_context(|| log.display().to_string())?;
        let stdout = stdout.map_or_else(|| file.try_clone().map(Stdio::from), Ok)?;
        command.stdin(Stdio::null()).stdout(stdout).stderr(file);
        let process = command.spawn().with_context(|| format!("{:?}", command.get_program()))?;
        Ok(Self { process, log: log.to_owned() })
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// An error with its last words, where it has ended.
    pub fn must_live(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            Some(status) => bail!("it ended ({status}): {}", self.said()),
            None => Ok(()),
        }
    }

    /// Waits for its end, for so long and no longer.
    pub fn wait(&mut self, patience: Duration) -> Result<ExitStatus> {
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > end {
                bail!("it does not end: {}", self.said());
            }
            interrupt::sleep(Duration::from_millis(10))?;
        }
    }

    /// What has come through the pipe that its standard output was, which holds 64 kB for one that has ended.
    pub fn printed(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.process.stdout.take().context("no pipe")?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The last line of what it printed; all of it stays in the log.
    pub fn said(&self) -> String {
        last_line(&std::fs::read(&self.log).unwrap_or_default())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // An error here says that it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn last_line(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing").trim().to_owned()
}
