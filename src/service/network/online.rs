//! Whether systemd is done with `network-online.target`.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// A board that is still booting may take its time to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What systemd answers is a line or two.
const LONGEST_ANSWER: u64 = 4096;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Reached,
    /// Its turn is still to come.
    Queued,
    /// Nothing works at it any more: what it needs has failed, or nobody has asked for it.
    GivenUp,
}

/// Asks by systemctl, which speaks for us whatever bus systemd answers on.
pub(super) fn ask() -> Result<Target> {
    const ADVICE: &str =
        "[network] wait = \"online\" needs systemd; without it, wait = \"route\" does nearly the same";
    let mut command = Command::new("systemctl");
    command.args(["show", "--property=ActiveState,Job", "network-online.target"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("systemctl").context(ADVICE)?;
    if !ends(&mut child)? {
        log::debug!("systemctl does not answer");
        return Ok(Target::Queued);
    }
    let state = text(child.stdout.take());
    match understand(&state) {
        Some(target) => Ok(target),
        None => bail!("{ADVICE}: {}", text(child.stderr.take()).trim()),
    }
}

fn understand(answer: &str) -> Option<Target> {
    let value = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    Some(match (value("ActiveState")?, value("Job").unwrap_or_default()) {
        ("active", _) => Target::Reached,
        (_, "" | "0") => Target::GivenUp,
        _ => Target::Queued,
    })
}

/// Waits for its end, and makes one when that takes too long.
fn ends(child: &mut Child) -> Result<bool> {
    let end = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}

fn text(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    // What cannot be read counts as not said.
    let _ = pipe.map(|pipe| pipe.take(LONGEST_ANSWER).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_reached_queued_or_given_up() {
        for (answer, target) in [
            ("ActiveState=active\n", Some(Target::Reached)),
            ("Job=117\nActiveState=inactive\n", Some(Target::Queued)),
            ("ActiveState=inactive\nJob=0\n", Some(Target::GivenUp)),
            ("ActiveState=inactive\n", Some(Target::GivenUp)),
            ("", None),
        ] {
            assert_eq!(understand(answer), target, "{answer:?}");
        }
    }
}
