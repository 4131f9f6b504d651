//! The sockets that viewers connect to: one for each address, IPv4 and IPv6 apart, so that either may be missing.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use anyhow::{Context as _, Result, bail};
use log::{debug, warn};
use socket2::{Domain, Protocol, Socket, Type};

use crate::config::Http;

/// Connections that may wait to be accepted; the kernel caps it at `net.core.somaxconn`.
const BACKLOG: i32 = 1024;

/// Binds every address in the settings. An IPv6 wildcard on a machine without IPv6 is left out; everything else that
/// fails is an error.
pub fn bind(http: &Http) -> Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut port = http.port;
    for host in &http.host {
        for address in resolve(host, port)? {
            match bind_one(address) {
                Ok(listener) => {
                    // With port 0 the first address finds the port, and the others share it.
                    port = listener.local_addr()?.port();
                    listeners.push(listener);
                }
                Err(error) if address.is_ipv6() && address.ip().is_unspecified() && no_ipv6(&error) => {
                    debug!("no IPv6 here: {address}: {error}");
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
                    "cannot listen on {address}: another program does already; stop it (`sudo ss -ltnp` names it), \
                     or choose another --port"
                ),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    bail!("cannot listen on {address}: ports below 1024 are for root; choose another --port")
                }
                Err(error) => return Err(error).with_context(|| format!("cannot listen on {address}")),
            }
        }
    }
    if listeners.is_empty() {
        bail!("no address to listen on: {} gave none", http.host.join(", "));
    }
    Ok(listeners)
}

/// The URLs that a person can open, and a word on who else can.
pub fn log_addresses(listeners: &[TcpListener]) {
    let addresses: Vec<_> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
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

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (bare, port)
        .to_socket_addrs()
        .with_context(|| format!("--host {host}: neither an address nor a name that can be resolved"))?;
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
