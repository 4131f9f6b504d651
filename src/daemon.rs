//! Wires the stages together, and keeps the order of starting and stopping. No other file sees both ends.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use log::{error, info, warn};

use crate::audience::Audience;
use crate::capture::{Capture, Shared};
use crate::config::Settings;
use crate::heartbeat::Heartbeat;
use crate::latest::Latest;
use crate::service::notify;
use crate::service::signals::Signals;
use crate::source;
use crate::stats::Stats;
use crate::status::Status;
use crate::viewers::{Server, listener};

/// A camera that will not let go is left to the kernel after this long.
const SLOWEST_STOP: Duration = Duration::from_secs(5);

/// Runs until a signal ends it: sockets first, so that a wrong address is told before a camera is touched; ready when
/// the port answers; viewers before the camera at the end.
pub fn run(settings: &Settings) -> Result<()> {
    let mut signals = Signals::catch().context("cannot catch signals")?;
    raise_file_limit(settings.http.max_connections);
    let listeners = listener::bind(&settings.http)?;
    let shared = Shared {
        latest: Latest::new(),
        audience: Audience::new(),
        status: Arc::new(Status::default()),
        stats: Stats::new(),
        heartbeat: Arc::new(Heartbeat::default()),
    };
    let bell = signals.bell().context("cannot make a pipe")?;
    shared.status.on_change(Box::new(bell));
    listener::log_addresses(&listeners);
    let server = Server::start(settings, listeners, &shared).context("cannot start the event loops")?;
    let capture = Capture::new(source::new(settings), settings, shared.clone());
    let ended = start_capture(capture.context("cannot start the encoder's threads")?)?;
    notify::ready();

    supervise(&mut signals, &server, &shared);

    // Before it is said: who has read the line may send the second one.
    signals.arm();
    info!("stopping; a second signal stops at once");
    notify::stopping();
    server.stop();
    shared.audience.close();
    // The channel is closed when the thread has ended.
    if ended.recv_timeout(SLOWEST_STOP) == Err(mpsc::RecvTimeoutError::Timeout) {
        warn!("the camera does not stop; leaving it to the kernel");
    }
    info!("stopped");
    Ok(())
}

fn start_capture(capture: Capture) -> Result<Receiver<()>> {
    let (end, ended) = mpsc::channel();
    thread::Builder::new()
        .name("capture".into())
        .spawn(move || {
            capture.run();
            drop(end);
        })
        .context("cannot start the capture thread")?;
    Ok(ended)
}

/// Tells systemd of every change of state, and that all threads are alive, until a signal comes.
fn supervise(signals: &mut Signals, server: &Server, shared: &Shared) {
    let watchdog = notify::watchdog_interval();
    let mut told = None;
    let mut alive_before = true;
    loop {
        let state = shared.status.get();
        if told.as_ref() != Some(&state) {
            notify::status(&state.to_string());
            told = Some(state);
        }
        if let Some(interval) = watchdog {
            let alive = server.is_alive(interval) && shared.heartbeat.is_alive(interval);
            if alive {
                notify::watchdog();
            } else if alive_before {
                error!(
                    "a thread hangs, in the driver most likely; systemd's watchdog will start mjpegd anew"
                );
            }
            alive_before = alive;
        }
        // Twice in the interval, as sd_watchdog_enabled(3) advises.
        if signals.wait(watchdog.map(|interval| interval / 2)) {
            return;
        }
    }
}

/// Each viewer takes a descriptor, a slow one another for the frame that it is being sent, and many systems start a process
/// with 1024.
fn raise_file_limit(max_connections: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        warn!("cannot raise the limit of open files: {error}");
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if files < 2 * max_connections as u64 + 64 {
        warn!("{files} files may be open (ulimit -n), too few for max-connections = {max_connections}");
    }
}
