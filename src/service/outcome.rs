//! What another program of this machine says, within a bounded time.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::clock::Monotonic;

/// For tools that look something up.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// More is cut off.
const LONGEST: u64 = 256 * 1024;

/// What it writes to its standard output, whatever status it ends with. One that hangs is ended, and an error.
pub fn of(program: &str, arguments: &[&str]) -> io::Result<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = child.stdout.take();
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.map(|stdout| stdout.take(LONGEST).read_to_end(&mut bytes));
        bytes
    });
    let begun = Monotonic::now();
    while !reader.is_finished() {
        if begun.age() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{program} does not end")));
        }
        thread::sleep(LOOK_AGAIN_AFTER);
    }
    // It has closed its output; what is cut off ends it by a closed pipe.
    child.wait()?;
    let bytes = reader.join().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_heard_whatever_it_ends_with_and_ended_when_it_hangs() {
        assert_eq!(of("sh", &["-c", "echo masked; exit 1"]).unwrap(), "masked\n");
        assert_eq!(of("/no/such/program", &[]).unwrap_err().kind(), io::ErrorKind::NotFound);
        let begun = Monotonic::now();
        assert_eq!(of("sleep", &["1000"]).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.age() < Duration::from_secs(100));
    }
}
