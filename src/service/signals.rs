//! Signals, and changes that the main thread is to look at, as one thing to wait for.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::{flag, low_level};

/// What a shell says of a program that SIGINT has ended.
const EXIT_AT_ONCE: i32 = 130;

#[derive(Debug)]
pub struct Signals {
    receiver: UnixStream,
    sender: UnixStream,
    stop: Arc<AtomicBool>,
    hang_up: Arc<AtomicBool>,
    /// The one that we were started in, if it is to end us when it is closed.
    terminal: Option<File>,
    /// Whether a further signal ends the process at once.
    armed: Arc<AtomicBool>,
}

impl Signals {
    /// From now on SIGTERM, SIGINT and SIGHUP end [`Signals::wait`], and a file that may not become any longer is an error of
    /// who writes it and no longer the end of the process.
    pub fn catch() -> io::Result<Self> {
        let (receiver, sender) = UnixStream::pair()?;
        receiver.set_nonblocking(true)?;
        sender.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let armed = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            flag::register_conditional_shutdown(signal, EXIT_AT_ONCE, Arc::clone(&armed))?;
            flag::register(signal, Arc::clone(&stop))?;
            low_level::pipe::register(signal, sender.try_clone()?)?;
        }
        let hang_up = Arc::new(AtomicBool::new(false));
        // Before it is caught: who has it ignored, as nohup(1) does, wants to outlive the terminal.
        let terminal = if is_ignored(SIGHUP) { None } else { File::open("/dev/tty").ok() };
        flag::register(SIGHUP, Arc::clone(&hang_up))?;
        low_level::pipe::register(SIGHUP, sender.try_clone()?)?;
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(Self { receiver, sender, stop, hang_up, terminal, armed })
    }

    /// From now on a signal ends the process at once. Not from the first one: timeout(1) and some supervisors send the
    /// same signal to the process and to its group, and mean one.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// A call that ends a wait, from any thread. Never blocks: a full pipe rings as well as one more byte.
    pub fn bell(&self) -> io::Result<impl Fn() + Send + Sync + 'static> {
        let sender = self.sender.try_clone()?;
        Ok(move || {
            let _ = (&sender).write(&[1]);
        })
    }

    /// A call that does what a first signal does, from any thread.
    pub fn stopper(&self) -> io::Result<impl Fn() + Send + Sync + 'static> {
        let (stop, bell) = (Arc::clone(&self.stop), self.bell()?);
        Ok(move || {
            stop.store(true, Ordering::SeqCst);
            bell();
        })
    }

    /// Whether SIGHUP has come since the last call: the settings are to be read again.
    pub fn take_hang_up(&self) -> bool {
        self.hang_up.swap(false, Ordering::SeqCst)
    }

    /// Waits for a signal, the bell, the time, or something to read there. True: a signal that is to end us has come.
    pub fn wait(&mut self, timeout: Option<Duration>, readable: Option<BorrowedFd<'_>>) -> bool {
        let timeout = timeout
            .map(|wait| Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() });
        let fds = [Some(self.receiver.as_fd()), readable].into_iter().flatten();
        let mut fds: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        // Interrupted by a signal or at the end of the time: either way there is something to look at.
        let _ = poll(&mut fds, timeout.as_ref());
        let mut bytes = [0; 64];
        while self.receiver.read(&mut bytes).is_ok_and(|count| count == bytes.len()) {}
        self.stop.load(Ordering::SeqCst)
            || (self.hang_up.load(Ordering::SeqCst) && self.terminal.as_ref().is_some_and(is_closed))
    }
}

/// Whether the signal was ignored when we were started.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

fn is_closed(terminal: &File) -> bool {
    let mut fds = [PollFd::new(terminal, PollFlags::empty())];
    poll(&mut fds, Some(&Timespec::default())).is_ok() && fds[0].revents().contains(PollFlags::HUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_and_the_time_end_a_wait_without_a_signal() {
        let mut signals = Signals::catch().unwrap();
        assert!(!signals.wait(Some(Duration::from_millis(1)), None));
        let bell = signals.bell().unwrap();
        std::thread::spawn(bell).join().unwrap();
        assert!(!signals.wait(None, None));
    }
}
