//! Listening sockets that systemd has opened for us (`sd_listen_fds(3)`).

use std::net::TcpListener;

use anyhow::{Context as _, Result, bail};
use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;

/// The first descriptor behind standard input, output and error.
const FIRST: usize = 3;

/// The sockets passed; none without systemd, or without a socket unit.
pub fn listeners() -> Result<Vec<TcpListener>> {
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

fn take(passed: &mut ListenFd, index: usize) -> Result<TcpListener> {
    let listener = passed.take_tcp_listener(index).ok().flatten();
    let listener = listener
        .context("it is no TCP socket; ListenStream= of a socket unit takes a port or ADDRESS:PORT")?;
    if !socket_acceptconn(&listener)? {
        bail!("it is a connection; a socket unit needs Accept=no");
    }
    listener.set_nonblocking(true)?;
    Ok(listener)
}
