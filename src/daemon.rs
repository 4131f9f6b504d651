//! Wires the stages together, and keeps the order of starting and stopping. No other file sees both ends.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use log::{error, info, warn};

use crate::capture::{Capture, Shared, guard};
use crate::clock::Monotonic;
use crate::config::values::NetworkWait;
use crate::config::{ConfigError, Live, Reloaded, Settings};
use crate::filter::Filter;
use crate::memory;
use crate::push::Pushes;
use crate::service::network::{self, Look, Urls};
use crate::service::signals::Signals;
use crate::service::{activation, devices, logging, notify};
use crate::sink::Sink;
use crate::viewers::listener::{self, Listener, Refused};
use crate::viewers::{Hooks, Server};

/// A camera that will not let go is left to the kernel after this long.
const SLOWEST_STOP: Duration = Duration::from_secs(5);

/// For what is being pushed to arrive, and for programs to end.
const SLOWEST_PUSH: Duration = Duration::from_secs(3);

/// Where the settings come from, to be read again.
pub struct SettingsFile<'a> {
    pub path: PathBuf,
    pub read: Read<'a>,
}

/// Reads the file, with the flags over it.
pub type Read<'a> = Box<dyn Fn(&Path) -> Result<Settings, ConfigError> + 'a>;

/// Runs until a signal ends it: the network and sockets first, so that a wrong address is told before a camera is touched;
/// ready when the port answers; viewers before the camera at the end.
pub fn run(settings: &Settings, file: Option<SettingsFile<'_>>) -> Result<()> {
    let mut signals = Signals::catch().context("cannot catch signals")?;
    logging::start_thread().context("cannot start the log's thread")?;
    raise_file_limit(settings.http.max_connections);
    memory::give_back_what_is_large();
    let Some(listeners) = listen(settings, &mut signals)? else {
        info!("stopped while waiting for the network");
        return Ok(());
    };
    let (live, controls) = Live::new(settings.clone());
    let mut shared = Shared::new(live);
    shared.filter = Filter::new(&settings.filter, &shared).context("cannot make a bell for the filter")?;
    match controls.try_into() {
        Ok(controls) => shared.panel.set_wanted(controls),
        Err(error) => warn!("controls that were kept: {error}; going on without them"),
    }
    let bell = signals.bell().context("cannot make a pipe")?;
    shared.status.on_change(Box::new(bell));
    if let Some(filter) = &shared.filter {
        filter.status.on_change(Box::new(signals.bell().context("cannot make a pipe")?));
    }
    let sink = Sink::start(&settings.sink, &shared.latest, &shared.audience, &shared.stats)?;
    listener::log_addresses(&listeners);
    let urls = Urls::log(&listeners);
    let stopper = signals.stopper().context("cannot make a pipe")?;
    let hooks = Hooks { stop: Box::new(stopper), cameras: devices::json, log: logging::recent };
    // Before anybody can ask: from here on it is known which controls there are.
    let capture = Capture::new(shared.clone()).context("cannot start the encoder's threads")?;
    let server = Server::start(settings, listeners, &shared, hooks);
    let server = server.context("cannot start the event loops")?;
    let mut pushes = Pushes::start(&shared).context("cannot start the threads of pushes")?;
    let ended = start_capture(capture)?;
    guard::start(shared.clone()).context("cannot start the thread that guards it")?;
    let filter =
        shared.filter.as_ref().map(Filter::start).transpose().context("cannot start the filter's thread")?;
    notify::ready();

    supervise(&mut signals, &server, &shared, urls, || {
        notify::reloading();
        reload(file.as_ref(), &shared.live, &server, &mut pushes);
        notify::ready();
    });

    // Before it is said: who has read the line may send the second one.
    signals.arm();
    info!("stopping; a second signal stops at once");
    notify::stopping();
    notify::status("stopping");
    server.stop();
    pushes.stop(SLOWEST_PUSH);
    drop(sink);
    shared.audience.close();
    shared.filter.iter().for_each(|filter| filter.close());
    // The channel is closed when the thread has ended.
    if ended.recv_timeout(SLOWEST_STOP) == Err(mpsc::RecvTimeoutError::Timeout) {
        warn!("the camera does not stop; leaving it to the kernel");
    }
    if filter.is_some_and(|ended| ended.recv_timeout(SLOWEST_STOP) == Err(mpsc::RecvTimeoutError::Timeout)) {
        warn!("the filter does not end; leaving it to the kernel");
    }
    info!("stopped");
    Ok(())
}

/// The sockets to serve on, when the network is as the settings want it. `None`: a signal has come first.
fn listen(settings: &Settings, signals: &mut Signals) -> Result<Option<Vec<Listener>>> {
    let mut passed = activation::listeners()?;
    if !network::wait(&settings.network, signals)? {
        return Ok(None);
    }
    if !passed.is_empty() {
        info!("systemd has opened the port: host and port of the settings do not count");
        passed.extend(listener::bind_beside(&settings.http)?);
        return Ok(Some(passed));
    }
    if settings.network.wait == NetworkWait::Address {
        let http = settings.http.clone();
        return network::wait_for_addresses(&settings.network, signals, move || {
            match listener::bind(&http) {
                Ok(listeners) => Ok(Look::Ready(listeners)),
                Err(missing @ Refused::NotHere { .. }) => Ok(Look::NotYet(missing.to_string())),
                Err(refused) => Err(refused.into()),
            }
        });
    }
    match listener::bind(&settings.http) {
        Err(missing @ Refused::NotHere { .. }) => {
            Err(missing).context("to wait until it is, set [network] wait = \"address\"")
        }
        bound => Ok(Some(bound?)),
    }
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

/// Takes up what the file says now. Where it is wrong all stays as it is.
fn reload(file: Option<&SettingsFile<'_>>, live: &Live, server: &Server, pushes: &mut Pushes) {
    let Some(SettingsFile { path, read }) = file else {
        warn!("SIGHUP: there is no settings file to be read again; mjpegd was started with flags alone");
        return;
    };
    let reloaded = read(path);
    let path = path.display();
    let reloaded = match reloaded.and_then(|base| live.reload(base)) {
        Ok(reloaded) => reloaded,
        Err(error) => {
            error.problems().iter().for_each(|problem| error!("{problem}"));
            warn!("{path} was read again and is wrong; going on with the settings from before");
            return;
        }
    };
    let Reloaded { before, now, changed, fixed } = reloaded;
    logging::init(&now.log);
    if before.http.max_connections != now.http.max_connections {
        raise_file_limit(now.http.max_connections);
    }
    server.reload(&before, &now);
    if before.pushes != now.pushes {
        if let Err(error) = pushes.change(&now.pushes, SLOWEST_PUSH) {
            error!("cannot start the threads of pushes: {error}");
        }
    }
    match changed.is_empty() {
        true => info!("{path} was read again; nothing is to be changed"),
        false => info!("{path} was read again; changed: {}", changed.join(", ")),
    }
    if !fixed.is_empty() {
        warn!("changed in {path}, and takes a restart: {}", fixed.join(", "));
    }
}

/// Tells systemd of every change of state, and that all threads are alive, and the log of new addresses, until a signal
/// comes that is to end us. SIGHUP has the settings read again.
fn supervise(
    signals: &mut Signals,
    server: &Server,
    shared: &Shared,
    mut urls: Urls,
    mut reload: impl FnMut(),
) {
    let watchdog = notify::watchdog_interval();
    let mut told = None;
    let mut alive_before = true;
    let mut looked = Monotonic::now();
    loop {
        let state = (shared.status.get(), shared.filter.as_ref().map(|filter| filter.status.get()));
        if told.as_ref() != Some(&state) {
            let filter = state.1.as_ref().map_or_else(String::new, |filter| format!("; filter: {filter}"));
            notify::status(&format!("{}{filter}", state.0));
            told = Some(state);
        }
        if let Some(interval) = watchdog {
            // Where we ourselves were stopped (SIGSTOP, a machine that sleeps), nobody could show a sign of life.
            let stood_still = std::mem::replace(&mut looked, Monotonic::now()).age() > interval;
            let alive = stood_still || server.is_alive(interval) && shared.heartbeat.is_alive(interval);
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
        if signals.wait(watchdog.map(|interval| interval / 2), urls.changes().map(AsFd::as_fd)) {
            return;
        }
        if signals.take_hang_up() {
            reload();
        }
        urls.look_again();
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
