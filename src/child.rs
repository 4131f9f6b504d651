//! A program that we start: without a shell, in a process group of its own, its complaints in our log; it is ended with us and
//! never left behind.
#![allow(unsafe_code)]

use std::env;
use std::io::{self, BufRead, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{self, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, set_parent_process_death_signal, waitid,
};

use crate::clock::Monotonic;

/// For ending in order, before it is killed.
const GRACE: Duration = Duration::from_secs(1);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// A line that is longer is cut.
const LONGEST_LINE: u64 = 500;

/// A running program.
#[derive(Debug)]
pub struct Child {
    child: process::Child,
    name: String,
    last_words: LastWords,
}

type LastWords = Arc<Mutex<String>>;

/// What to look at where a program of a person's own choice cannot be started.
pub const MISSING: &str = "is it installed, and in the PATH of the service?";

/// Whether there is such a program: a path, or a name that is looked for as the system does.
pub fn is_there(program: &str) -> bool {
    let is_program = |path: &Path| {
        path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return is_program(Path::new(program));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}

/// What it is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipes {
    pub stdin: bool,
    pub stdout: bool,
}

impl Child {
    /// Starts it. `secrets` are words that it was given and that must not be logged.
    pub fn start(words: &[String], pipes: Pipes, secrets: &[String]) -> io::Result<Self> {
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no program is named"))?;
        let pipe = |wanted| if wanted { Stdio::piped() } else { Stdio::null() };
        let mut command = Command::new(program);
        command.args(arguments).stdin(pipe(pipes.stdin)).stdout(pipe(pipes.stdout)).stderr(Stdio::piped());
        // What systemd has told us is not for it.
        command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC").env_remove("JOURNAL_STREAM");
        command.process_group(0);
        // SAFETY: between fork and exec this makes one system call, and allocates nothing.
        unsafe {
            command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        let mut child = command.spawn()?;
        let name = program.rsplit('/').next().unwrap_or_default().to_owned();
        let last_words = LastWords::default();
        if let Some(stderr) = child.stderr.take() {
            let listener = Listener {
                name: name.clone(),
                secrets: secrets.to_vec(),
                last_words: Arc::clone(&last_words),
            };
            // It ends with the program's last descriptor.
            thread::Builder::new().name("child-log".into()).spawn(move || listener.run(stderr))?;
        }
        Ok(Self { child, name, last_words })
    }

    /// "rpicam-vid".
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn take_stdout(&mut self) -> Option<process::ChildStdout> {
        self.child.stdout.take()
    }

    pub fn take_stdin(&mut self) -> Option<process::ChildStdin> {
        self.child.stdin.take()
    }

    /// Why it ended, with the last that it said; it has closed its output, and has a moment to be gone.
    pub fn reason(&self) -> String {
        let begin = Monotonic::now();
        // Until it has ended, and all that it said was heard: then the listener has let go of this.
        let is_over = || self.end().is_some() && Arc::strong_count(&self.last_words) == 1;
        while !is_over() && begin.age() < GRACE {
            thread::sleep(LOOK_AGAIN_AFTER);
        }
        let what = self.end().unwrap_or_else(|| "closed its output".to_owned());
        let last = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match last.is_empty() {
            true => format!("{} {what}", self.name),
            false => format!("{} {what}: {last}", self.name),
        }
    }

    /// Ends it, and what it has started itself, in order if it does so soon.
    fn stop(&self) {
        let Some(group) = self.pid() else { return };
        let _ = kill_process_group(group, Signal::TERM);
        let begin = Monotonic::now();
        while self.end().is_none() && begin.age() < GRACE {
            thread::sleep(LOOK_AGAIN_AFTER);
        }
        let _ = kill_process_group(group, Signal::KILL);
    }

    /// How it ended, if it has. It is not waited for: as long as it is not, nobody else gets its number.
    fn end(&self) -> Option<String> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.pid()?), options).ok()??;
        Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => format!("ended with status {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "ended".to_owned(),
        })
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
        let _ = self.child.wait();
    }
}

/// Ends the program when it is dropped, whoever else has a hold of it.
pub struct Stop(pub Arc<Child>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Hears what it complains of.
struct Listener {
    name: String,
    secrets: Vec<String>,
    last_words: LastWords,
}

impl Listener {
    fn run(self, stderr: ChildStderr) {
        let mut lines = BufReader::new(stderr);
        // The log lets through some lines of each target: one that says much must not drown another.
        let target = format!("{}::{}", module_path!(), self.name);
        while let Ok(Some(line)) = next_line(&mut lines) {
            let line = self.secrets.iter().fold(line, |line, secret| line.replace(secret.as_str(), "***"));
            if line.is_empty() {
                continue;
            }
            line.clone_into(&mut self.last_words.lock().unwrap_or_else(PoisonError::into_inner));
            log::info!(target: &target, "{}: {line}", self.name);
        }
    }
}

/// The next line, cut to what a log can have; `None`: it was the last. Programs that draw progress write `\r` alone.
fn next_line(lines: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&line);
    Ok(Some(text.trim().rsplit('\r').next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const OUT: Pipes = Pipes { stdin: false, stdout: true };

    fn shell(script: &str, secrets: &[&str]) -> Child {
        let words = ["sh", "-c", script].map(str::to_owned);
        let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        Child::start(&words, OUT, &secrets).unwrap()
    }

    fn said(child: &mut Child) -> String {
        let mut text = String::new();
        child.take_stdout().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn its_end_is_told_with_its_last_words_and_without_secrets() {
        let mut child = shell("echo out; echo 'no camera at rtsp://me:secret@door' >&2; exit 3", &["secret"]);
        assert_eq!(said(&mut child), "out\n");
        assert_eq!(child.reason(), "sh ended with status 3: no camera at rtsp://me:***@door");
        let mut child = shell("kill -9 $$", &[]);
        assert_eq!(
            (said(&mut child), child.reason()),
            (String::new(), "sh was ended by signal 9".to_owned())
        );
    }

    #[test]
    fn what_it_has_started_ends_with_it_even_if_it_does_not_want_to() {
        let mut child =
            shell("(trap '' TERM; sleep 1000 & echo $!; wait) & echo $$; trap '' TERM; wait", &[]);
        let mut lines = BufReader::new(child.take_stdout().unwrap()).lines();
        let pids = [lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()];
        drop(child);
        // A signal takes a moment, and their new parent may not wait for them.
        let is_there = |pid: &String| {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            !state.is_empty() && !state.contains(") Z ")
        };
        let begin = Monotonic::now();
        while pids.iter().any(is_there) {
            assert!(begin.age() < Duration::from_secs(30), "{pids:?}");
            thread::sleep(LOOK_AGAIN_AFTER);
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let missing = Child::start(&["/no/such/program".to_owned()], OUT, &[]);
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(Child::start(&[], OUT, &[]).is_err());
    }

    #[test]
    fn long_lines_come_in_pieces_and_progress_as_its_newest() {
        let mut lines = BufReader::new(&b"frame=1\rframe=2\rframe=3\nlast"[..]);
        assert_eq!(next_line(&mut lines).unwrap().as_deref(), Some("frame=3"));
        assert_eq!(next_line(&mut lines).unwrap().as_deref(), Some("last"));
        assert_eq!(next_line(&mut lines).unwrap(), None);
        let endless = [b'x'; 10_000];
        let piece = next_line(&mut BufReader::new(&endless[..])).unwrap().unwrap();
        assert_eq!(piece.len() as u64, LONGEST_LINE);
    }
}
