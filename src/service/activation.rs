//! Listening sockets that systemd has opened for us (`sd_listen_fds(3)`).

use anyhow::{Context as _, Result, bail};
use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;

use crate::viewers::listener::Listener;

/// The first descriptor behind standard input, output and error.
const FIRST: usize = 3;

const CONNECTION: &str = "it is a connection; a socket unit needs Accept=no";

/// The sockets passed; none without systemd, or without a socket unit.
pub fn listeners() -> Result<Vec<Listener>> {
    let mut passed = ListenFd::from_env();
    (0..passed.len())
        .map(|index| {
            take(&mut passed, index).with_context(|| {
                let number = FIRST + index;
                format!("descriptor {number} of those passed (LISTEN_FDS) cannot be listened on")
            })
        })
        .collect()
}

fn take(passed: &mut ListenFd, index: usize) -> Result<Listener> {
    // One that is of the other kind stays where it was.
    if let Some(listener) = passed.take_unix_listener(index).ok().flatten() {
        if !socket_acceptconn(&listener)? {
            bail!("{CONNECTION}");
        }
        listener.set_nonblocking(true)?;
        return Ok(Listener::Unix(listener, None));
    }
    let listener = passed.take_tcp_listener(index).ok().flatten();
    let listener = listener
        .context("it is neither a TCP socket nor a Unix stream; ListenStream= of a socket unit takes a port, ADDRESS:PORT or a path")?;
    if !socket_acceptconn(&listener)? {
        bail!("{CONNECTION}");
    }
    listener.set_nonblocking(true)?;
    Ok(Listener::Tcp(listener))
}
