//! A viewer that looks closely: each picture is whole, none is older than the one before, and nobody closes on it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use mjpegd::clock::Monotonic;
use socket2::{Domain, Socket, Type};

use crate::common::wire::Wire;
use crate::parts::{Parts, Seen};

/// How often one that waits looks whether it is to leave.
const ATTENTION: Duration = Duration::from_millis(200);
/// A slow one reads so often.
const SLOW_STEP: Duration = Duration::from_millis(50);
const SLOW_RECEIVE_BUFFER: usize = 16 * 1024;

/// By which way it comes.
#[derive(Clone, Debug)]
pub enum Way {
    Tcp(SocketAddr),
    Tls(SocketAddr),
    Unix(PathBuf),
}

/// How it watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habit {
    /// Asks for ustreamer's headers, by which it knows placards and ages whatever is done to the pictures.
    pub headers: bool,
    /// Reads no more bytes a second.
    pub slow: Option<usize>,
}

/// What it has seen since somebody last asked.
#[derive(Debug, Default)]
pub struct Sight {
    pub parts: Vec<Seen>,
    /// The newest live picture of all.
    pub newest: Option<Seen>,
    /// Why it sees nothing more.
    pub ended: Option<String>,
    /// How often the camera's numbers began anew.
    pub starts: u64,
    /// Pictures in all, and how long they were together.
    pub count: u64,
}

pub struct Eye {
    pub habit: Habit,
    /// What a person reads where something is wrong with it.
    pub name: String,
    sight: Arc<Mutex<Sight>>,
    leaves: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Eye {
    pub fn open(way: &Way, habit: Habit) -> Result<Self> {
        let mut wire = connect(way, habit).with_context(|| format!("{way:?}: cannot connect"))?;
        let target = if habit.headers { "/stream?extra_headers=1" } else { "/stream" };
        wire.write_all(format!("GET {target} HTTP/1.1\r\nHost: camera\r\n\r\n").as_bytes())?;
        wire.flush()?;
        let (sight, leaves) = (Arc::<Mutex<Sight>>::default(), Arc::<AtomicBool>::default());
        let thread = thread::Builder::new().name("eye".to_owned()).spawn({
            let (sight, leaves) = (Arc::clone(&sight), Arc::clone(&leaves));
            move || {
                let watched = watch(wire, habit, &sight, &leaves);
                lock(&sight).ended =
                    Some(watched.map_or_else(|error| format!("{error:#}"), |()| "it left".to_owned()));
            }
        })?;
        let way = match way {
            Way::Tcp(_) => "TCP",
            Way::Tls(_) => "TLS",
            Way::Unix(_) => "a Unix socket",
        };
        let kind = if habit.slow.is_some() { "slow" } else { "good" };
        let name = format!("the {kind} viewer by {way}{}", if habit.headers { " with headers" } else { "" });
        Ok(Self { habit, name, sight, leaves, thread: Some(thread) })
    }

    pub fn sight(&self) -> MutexGuard<'_, Sight> {
        lock(&self.sight)
    }

    /// The first picture of this kind that came after the moment; a live one was taken after it, too.
    pub fn first(&self, live: bool, after: Monotonic) -> Option<Seen> {
        let is_it = |seen: &&Seen| {
            seen.live == Some(live)
                && seen.at > after
                && (!live || seen.captured.is_none_or(|taken| taken > after))
        };
        self.sight().parts.iter().find(is_it).copied()
    }

    /// An error where it was closed on, or got what no viewer may get.
    pub fn must_live(&self) -> Result<()> {
        match &self.sight().ended {
            Some(reason) => bail!("{}: {reason}", self.name),
            None => Ok(()),
        }
    }

    /// It is to leave soon, so that many can leave at once.
    pub fn leave(&self) {
        self.leaves.store(true, Ordering::Relaxed);
    }

    /// Forgets what came before the moment.
    pub fn forget(&self, before: Monotonic) {
        self.sight().parts.retain(|seen| seen.at >= before);
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        self.leave();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(sight: &Mutex<Sight>) -> MutexGuard<'_, Sight> {
    sight.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(way: &Way, habit: Habit) -> Result<Wire> {
    let tcp = |address: &SocketAddr| -> Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(*address), Type::STREAM, None)?;
        if habit.slow.is_some() {
            // Before connecting: the window is agreed on then.
            socket.set_recv_buffer_size(SLOW_RECEIVE_BUFFER)?;
        }
        socket.connect(&(*address).into())?;
        Ok(socket.into())
    };
    let wire = match way {
        Way::Tcp(address) => Wire::Tcp(tcp(address)?),
        Way::Tls(address) => Wire::tls(tcp(address)?),
        Way::Unix(path) => Wire::Unix(UnixStream::connect(path)?),
    };
    wire.set_read_timeout(ATTENTION);
    Ok(wire)
}

fn watch(mut wire: Wire, habit: Habit, sight: &Mutex<Sight>, leaves: &AtomicBool) -> Result<()> {
    let piece = habit.slow.map_or(256 * 1024, |rate| rate * SLOW_STEP.as_millis() as usize / 1000);
    let (mut buffer, mut parts, mut last) = (vec![0; piece], Parts::default(), None);
    let mut turn = Instant::now();
    while !leaves.load(Ordering::Relaxed) {
        if habit.slow.is_some() {
            turn += SLOW_STEP;
            thread::sleep(turn.saturating_duration_since(Instant::now()));
        }
        match wire.read(&mut buffer) {
            Ok(0) => bail!("the daemon closed"),
            Ok(count) => parts.push(&buffer[..count]),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => continue,
                _ => return Err(error).context("the connection broke"),
            },
        }
        while let Some(seen) = parts.next()? {
            note(seen, &mut last, &mut lock(sight))?;
        }
    }
    Ok(())
}

/// A picture may come once more; an older one than before never.
fn note(seen: Seen, last: &mut Option<Seen>, sight: &mut Sight) -> Result<()> {
    if seen.live != Some(false) && seen.captured.is_some() {
        if let Some(last) = last {
            ensure!(
                seen.captured >= last.captured,
                "an older picture after a newer one: {seen:?} after {last:?}"
            );
            let (number, before) = (seen.sequence.unwrap_or(0), last.sequence.unwrap_or(0));
            // The camera counts from 0 with each start.
            if number < before && seen.sequence.is_some() {
                sight.starts += 1;
            }
        }
        *last = Some(seen);
        sight.newest = Some(seen);
    }
    sight.count += 1;
    sight.parts.push(seen);
    Ok(())
}
