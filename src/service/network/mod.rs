//! The network at boot: what is waited for before the port is opened, and the URLs as they become known.

mod changes;
mod online;
mod route;
mod urls;

use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use log::{debug, info, warn};

pub use self::urls::Urls;

use self::changes::Changes;
use super::notify;
use super::signals::Signals;
use crate::config::Network;
use crate::config::values::NetworkWait;

/// How often the network is looked at besides its changes, as the tutorials' loops do it. A name may come to be resolved
/// without any change here.
const PAUSE: Duration = Duration::from_secs(5);

/// systemd tells nobody without a privilege when a target is reached.
const ONLINE_PAUSE: Duration = Duration::from_secs(2);

/// systemd is told of the waiting so often, and each time given so much more time for the start.
const TELL: Duration = Duration::from_secs(10);
const EXTEND: Duration = Duration::from_secs(60);

/// What one look at the network has found.
#[derive(Debug)]
pub enum Look<T> {
    Ready(T),
    /// Not there yet, but it may come. The text says what.
    NotYet(String),
}

/// Waits until the network is as the settings want it. `false`: a signal has come first.
pub fn wait(network: &Network, signals: &mut Signals) -> Result<bool> {
    let ended = match network.wait {
        NetworkWait::Nothing | NetworkWait::Address => return Ok(true),
        NetworkWait::Route => until(network.timeout, signals, Rhythm::ByChanges, || {
            let there = route::is_there();
            Ok(if there { Look::Ready(()) } else { Look::NotYet("there is no default route".into()) })
        }),
        NetworkWait::Online => until(network.timeout, signals, Rhythm::ByTime, || {
            Ok(match online::ask()? {
                online::Target::Reached => Look::Ready(()),
                online::Target::Queued => Look::NotYet("systemd waits for network-online.target".into()),
                online::Target::GivenUp => {
                    // As with After= in a unit: what has failed is no reason to wait for ever.
                    warn!("systemd has given up network-online.target; serving all the same");
                    Look::Ready(())
                }
            })
        }),
    };
    match ended? {
        Ended::Ready(()) => Ok(true),
        Ended::Stopped => Ok(false),
        Ended::TimedOut(why) => {
            warn!("Network Error... {why} until the timeout; serving all the same");
            Ok(true)
        }
    }
}

/// Waits until the addresses can be bound. `None`: a signal has come first.
pub fn wait_for_addresses<T: Send + 'static>(
    network: &Network,
    signals: &mut Signals,
    bind: impl FnMut() -> Result<Look<T>> + Send + 'static,
) -> Result<Option<T>> {
    match until(network.timeout, signals, Rhythm::ByChanges, bind)? {
        Ended::Ready(bound) => Ok(Some(bound)),
        Ended::Stopped => Ok(None),
        Ended::TimedOut(why) => bail!("Network Error... {why} until the timeout"),
    }
}

#[derive(Debug)]
enum Ended<T> {
    Ready(T),
    Stopped,
    TimedOut(String),
}

/// When it is looked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rhythm {
    ByChanges,
    ByTime,
}

/// Looks until it is ready. A look may take its time, as resolving a name does, and so has a thread of its own: a signal is
/// to end the wait at once.
fn until<T: Send + 'static>(
    timeout: Option<Duration>,
    signals: &mut Signals,
    rhythm: Rhythm,
    look: impl FnMut() -> Result<Look<T>> + Send + 'static,
) -> Result<Ended<T>> {
    let began = Instant::now();
    let bell = signals.bell().context("cannot make a pipe")?;
    let (seen, looks) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("network".into())
        .spawn(move || keep_looking(look, rhythm, &seen, bell))
        .context("cannot start a thread")?;
    let mut missing = None;
    loop {
        match looks.try_iter().last().transpose()? {
            Some(Look::Ready(found)) => {
                if missing.is_some() {
                    info!("Network Enable: there after {:.1} s", began.elapsed().as_secs_f64());
                }
                return Ok(Ended::Ready(found));
            }
            Some(Look::NotYet(why)) => {
                if missing.is_none() {
                    warn!("Network Error... {why}; waiting for that to change");
                }
                missing = Some(why);
            }
            None => {}
        }
        let why = missing.as_deref().unwrap_or("there is no answer");
        notify::waiting(&format!("waiting for the network: {why}"), EXTEND);
        let left = timeout.map(|timeout| timeout.saturating_sub(began.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Ended::TimedOut(why.to_owned()));
        }
        if signals.wait(Some(left.unwrap_or(TELL).min(TELL)), None) {
            return Ok(Ended::Stopped);
        }
    }
}

/// Ends with the first look that is not to be repeated, or soon after nobody waits any more.
fn keep_looking<T>(
    mut look: impl FnMut() -> Result<Look<T>>,
    rhythm: Rhythm,
    seen: &SyncSender<Result<Look<T>>>,
    bell: impl Fn(),
) {
    // Before the first look, so that no change is missed.
    let changes = match rhythm {
        Rhythm::ByChanges => Changes::of_addresses_and_routes()
            .inspect_err(|error| debug!("no word of the network's changes: {error}"))
            .ok(),
        Rhythm::ByTime => None,
    };
    loop {
        let found = look();
        let again = matches!(found, Ok(Look::NotYet(_)));
        let waited_for = seen.send(found).is_ok();
        bell();
        if !again || !waited_for {
            return;
        }
        match (&changes, rhythm) {
            (Some(changes), _) => changes.wait(PAUSE),
            (None, Rhythm::ByChanges) => thread::sleep(PAUSE),
            (None, Rhythm::ByTime) => thread::sleep(ONLINE_PAUSE),
        }
    }
}
