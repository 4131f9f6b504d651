//! The URLs to watch at, logged as the addresses of this machine become known.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use if_addrs::Interface;
use log::{debug, info};
use socket2::SockRef;

use super::changes::Changes;
use crate::viewers::listener::Listener;

/// Lines in one life of the daemon: somebody on the network who makes up IPv6 prefixes must not fill the log.
const MOST_LINES: usize = 100;

/// Networks inside this machine, by the names that Docker and libvirt give their interfaces.
const INSIDE: [&str; 4] = ["docker", "br-", "veth", "virbr"];

#[derive(Debug)]
pub struct Urls {
    /// Other addresses are known from the settings.
    wildcards: Vec<SocketAddr>,
    /// `None`: addresses that come later are not told, and are served all the same.
    changes: Option<Changes>,
    told: BTreeSet<SocketAddr>,
}

impl Urls {
    /// Tells the addresses that are there already.
    pub fn log(listeners: &[Listener]) -> Self {
        let wildcards: Vec<_> = listeners.iter().filter_map(Listener::as_tcp).flat_map(wildcards).collect();
        let changes = (!wildcards.is_empty()).then(Changes::of_addresses).and_then(|changes| {
            changes.inspect_err(|error| debug!("no word of addresses that come later: {error}")).ok()
        });
        let mut urls = Self { wildcards, changes, told: BTreeSet::new() };
        urls.log_new();
        urls
    }

    pub const fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    /// Tells the addresses that have come since.
    pub fn look_again(&mut self) {
        if self.changes.as_ref().is_some_and(Changes::take) {
            self.log_new();
        }
    }

    fn log_new(&mut self) {
        if self.wildcards.is_empty() {
            return;
        }
        let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
            debug!("the addresses of this machine: {error}");
            Vec::new()
        });
        let urls = interfaces.iter().filter(|interface| is_for_others(interface));
        for address in urls.filter_map(|interface| reached_by(&self.wildcards, interface.ip())) {
            if self.told.len() < MOST_LINES && self.told.insert(address) {
                info!("watch at http://{address}/");
            }
        }
    }
}

/// Loopback and link-local addresses are of no use in another machine's browser.
fn is_for_others(interface: &Interface) -> bool {
    let link_local = match interface.ip() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let inside = INSIDE.iter().any(|prefix| interface.name.starts_with(prefix));
    !interface.is_loopback() && !link_local && !inside
}

/// None for a socket of one address; both for one of IPv6 that takes IPv4 too, as systemd opens them.
fn wildcards(listener: &TcpListener) -> Vec<SocketAddr> {
    let Some(address) = listener.local_addr().ok().filter(|address| address.ip().is_unspecified()) else {
        return Vec::new();
    };
    let both = address.is_ipv6() && SockRef::from(listener).only_v6().is_ok_and(|only| !only);
    let v4 = both.then(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())));
    [address].into_iter().chain(v4).collect()
}

/// The address with the port of the wildcard that it is part of.
fn reached_by(wildcards: &[SocketAddr], ip: IpAddr) -> Option<SocketAddr> {
    let wildcard = wildcards.iter().find(|wildcard| wildcard.is_ipv4() == ip.is_ipv4())?;
    Some(SocketAddr::new(ip, wildcard.port()))
}
