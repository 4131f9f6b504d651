//! The sockets that viewers connect to: one for each address, IPv4 and IPv6 apart, so that either may be missing, and one
//! in the file system.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use log::{debug, warn};
use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;

use super::unix_socket::{self, SocketFile};
use crate::config::Http;

/// Connections that may wait to be accepted; the kernel caps it at `net.core.somaxconn`.
pub(super) const BACKLOG: i32 = 1024;

/// One of them.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    Tls(TcpListener),
    /// With the file that is ours to remove; systemd's own sockets are not.
    Unix(UnixListener, Option<SocketFile>),
}

impl Listener {
    pub const fn as_tcp(&self) -> Option<&TcpListener> {
        match self {
            Self::Tcp(listener) => Some(listener),
            Self::Tls(_) | Self::Unix(..) => None,
        }
    }
}

/// Why there is nothing to listen on.
#[derive(Debug, Error)]
pub enum Refused {
    /// It may come: no interface has the address, or nobody resolves the name.
    #[error("{host} is no address of this machine: {why}")]
    NotHere { host: String, why: io::Error },
    #[error("cannot listen on {address}{}: {why}", hint(address.port()))]
    Taken { address: SocketAddr, why: io::Error },
    #[error("cannot listen on {}: {why}", path.display())]
    Path { path: PathBuf, why: io::Error },
    #[error("no address to listen on: {0} gave none")]
    Nothing(String),
}

/// Binds all that the settings name.
pub fn bind(http: &Http) -> Result<Vec<Listener>, Refused> {
    let mut listeners: Vec<_> = bind_port(http, http.port)?.into_iter().map(Listener::Tcp).collect();
    listeners.extend(bind_beside(http)?);
    Ok(listeners)
}

/// Binds what there is beside the plain port.
pub fn bind_beside(http: &Http) -> Result<Vec<Listener>, Refused> {
    let mut listeners = Vec::new();
    if http.tls.port > 0 {
        listeners.extend(bind_port(http, http.tls.port)?.into_iter().map(Listener::Tls));
    }
    listeners.extend(bind_path(http)?);
    Ok(listeners)
}

/// Whether these ports could be bound now, by number; each is let go at once.
pub fn check(http: &Http) -> Vec<(u16, Result<(), Refused>)> {
    let ports = [http.port, http.tls.port].into_iter().filter(|port| *port > 0);
    ports.map(|port| (port, bind_port(http, port).map(drop))).collect()
}

fn bind_path(http: &Http) -> Result<Option<Listener>, Refused> {
    let Some(path) = &http.unix.path else { return Ok(None) };
    match unix_socket::bind(path, &http.unix) {
        Ok((listener, file)) => Ok(Some(Listener::Unix(listener, Some(file)))),
        Err(why) => Err(Refused::Path { path: path.clone(), why }),
    }
}

/// Binds every address in the settings. An IPv6 wildcard on a machine without IPv6 is left out; everything else that
/// fails is an error.
fn bind_port(http: &Http, mut port: u16) -> Result<Vec<TcpListener>, Refused> {
    let mut addresses = Vec::new();
    for host in &http.host {
        addresses.extend(resolve(host, port)?);
    }
    let mut listeners: Vec<TcpListener> = Vec::new();
    for mut address in without_covered(&addresses) {
        // With port 0 the first address finds the port, and the others share it.
        address.set_port(port);
        match bind_one(address) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |bound| bound.port());
                listeners.push(listener);
            }
            Err(error) if address.is_ipv6() && address.ip().is_unspecified() && no_ipv6(&error) => {
                debug!("no IPv6 here: {address}: {error}");
            }
            Err(why) if why.kind() == ErrorKind::AddrNotAvailable => {
                return Err(Refused::NotHere { host: address.ip().to_string(), why });
            }
            Err(why) => return Err(Refused::Taken { address, why }),
        }
    }
    if listeners.is_empty() {
        return Err(Refused::Nothing(http.host.join(", ")));
    }
    Ok(listeners)
}

/// Each address once, and none beside the wildcard that it is part of.
fn without_covered(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let wildcard = |family: bool| {
        addresses.iter().any(|address| address.is_ipv4() == family && address.ip().is_unspecified())
    };
    let mut left: Vec<SocketAddr> = Vec::new();
    for address in addresses {
        let covered = !address.ip().is_unspecified() && wildcard(address.is_ipv4());
        if !covered && !left.contains(address) {
            left.push(*address);
        }
    }
    left
}

/// What a refused port means, as far as that can be said before the error itself.
const fn hint(port: u16) -> &'static str {
    match port {
        0 => "",
        1..1024 => " (ports below 1024 are for root; choose another --port)",
        _ => " (`sudo ss -ltnp` names who listens there already)",
    }
}

/// The URLs that a person can open, and a word on who else can.
pub fn log_addresses(listeners: &[Listener]) {
    let ports = listeners.iter().filter_map(Listener::as_tcp);
    let addresses: Vec<_> = ports.filter_map(|listener| listener.local_addr().ok()).collect();
    for listener in listeners {
        if let Listener::Tls(listener) = listener {
            if let Ok(address) = listener.local_addr() {
                log::info!("listening on https://{address}/");
            }
        }
        if let Listener::Unix(listener, _) = listener {
            let path = listener.local_addr().ok();
            let path = path
                .as_ref()
                .and_then(|address| address.as_pathname())
                .unwrap_or("a name of its own".as_ref());
            log::info!("listening on the Unix socket {}", path.display());
        }
    }
    for address in &addresses {
        log::info!("listening on http://{address}/");
    }
    if let Some(wildcard) = addresses.iter().find(|address| address.ip().is_unspecified()) {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        log::info!("open http://localhost:{0}/ here, or http://{name}:{0}/ from elsewhere", wildcard.port());
    }
    if addresses.iter().any(|address| !address.ip().is_loopback()) {
        warn!(
            "anyone who can reach this machine over the network can watch; to keep it to this machine, \
             set --host 127.0.0.1"
        );
    }
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Refused> {
    let addresses = (host, port).to_socket_addrs();
    let addresses = addresses.map_err(|why| Refused::NotHere { host: host.to_owned(), why })?;
    Ok(addresses.collect())
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // Else [::] would take the IPv4 port too, and the order of binding would matter.
        socket.set_only_v6(true)?;
    }
    // A restarted daemon must not wait for connections of its last life to be forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn no_ipv6(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_bound_once_and_not_beside_its_wildcard() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let wild = [address("127.0.0.1:80"), address("0.0.0.0:80"), address("[::1]:80"), address("[::1]:80")];
        assert_eq!(without_covered(&wild), [address("0.0.0.0:80"), address("[::1]:80")]);
    }
}
