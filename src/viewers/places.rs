//! Who is let in: so many connections in all, and so many from one address. Of those beyond, some are told to come again, and
//! the others are closed without a word.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::peer::Peer;
use super::refusals::Limit;
use crate::config::Http;

/// Connections beyond the limits that are told why, at a time: each is a socket too.
const TOLD: usize = 64;

pub(super) struct Places {
    most: usize,
    /// 0: as many as there are in all.
    most_from_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    inside: usize,
    /// Those that are being refused.
    outside: usize,
    /// Of those inside, where it matters: no more entries than connections.
    by_network: HashMap<IpAddr, usize>,
}

/// A connection's place, free again when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    network: Option<IpAddr>,
    /// Why there is none inside.
    pub(super) refused: Option<Limit>,
}

impl Places {
    pub(super) fn new(http: &Http) -> Arc<Self> {
        let (most, most_from_one) = (http.max_connections, http.max_connections_per_address);
        Arc::new(Self { most, most_from_one, taken: Mutex::default() })
    }

    /// Open connections, of those that are refused too.
    pub(super) fn open(&self) -> usize {
        let taken = self.lock();
        taken.inside + taken.outside
    }

    /// A place for who comes from there. `Err`: it is not even told why.
    pub(super) fn take(self: &Arc<Self>, peer: Peer) -> Result<Place, Limit> {
        let network = self.counted(peer);
        let mut taken = self.lock();
        let from_there = network.and_then(|network| taken.by_network.get(&network)).copied().unwrap_or(0);
        let refused = if taken.inside >= self.most {
            Some(Limit::Connections)
        } else if network.is_some() && from_there >= self.most_from_one {
            Some(Limit::ConnectionsPerAddress)
        } else {
            None
        };
        match (refused, network) {
            (Some(limit), _) if taken.outside >= TOLD => return Err(limit),
            (Some(_), _) => taken.outside += 1,
            (None, network) => {
                taken.inside += 1;
                if let Some(network) = network {
                    *taken.by_network.entry(network).or_default() += 1;
                }
            }
        }
        drop(taken);
        Ok(Place { places: Arc::clone(self), network, refused })
    }

    /// What connections from there are counted under. `None`: they are not, as a proxy on this machine speaks for many.
    fn counted(&self, peer: Peer) -> Option<IpAddr> {
        peer.network().filter(|network| self.most_from_one > 0 && !network.is_loopback())
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if self.refused.is_some() {
            taken.outside -= 1;
            return;
        }
        taken.inside -= 1;
        let Some(network) = self.network else { return };
        if let Some(count) = taken.by_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(most: usize, most_from_one: usize) -> Arc<Places> {
        Places::new(&Http {
            max_connections: most,
            max_connections_per_address: most_from_one,
            ..Http::default()
        })
    }

    fn peer(address: &str) -> Peer {
        Peer::Tcp((address.parse::<IpAddr>().unwrap(), 4711).into())
    }

    #[test]
    fn one_network_cannot_take_the_places_of_another() {
        let places = places(100, 2);
        let take = |address| places.take(peer(address)).unwrap();
        let mut inside = vec![take("192.0.2.1"), take("192.0.2.1"), take("2001:db8::1"), take("2001:db8::2")];
        for full in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::3"] {
            assert_eq!(take(full).refused, Some(Limit::ConnectionsPerAddress), "{full}");
        }
        for free in ["192.0.2.2", "2001:db8:0:1::1"] {
            assert_eq!(take(free).refused, None, "{free}");
        }
        inside.remove(0);
        assert_eq!(take("192.0.2.1").refused, None);
    }

    #[test]
    fn this_machine_is_bounded_only_as_a_whole() {
        let places = places(30, 1);
        let addresses = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"];
        let mut inside: Vec<_> =
            addresses.repeat(6).into_iter().map(|address| places.take(peer(address)).unwrap()).collect();
        inside.extend((0..6).map(|_| places.take(Peer::Unix).unwrap()));
        assert!(inside.iter().all(|place| place.refused.is_none()));
        assert_eq!(places.take(Peer::Unix).unwrap().refused, Some(Limit::Connections));
    }

    #[test]
    fn nothing_is_left_of_who_has_gone_and_not_all_who_are_refused_are_told() {
        let places = places(10, 5);
        for _ in 0..3 {
            let numbers = 0..1000_u32;
            let come = numbers.map(|number| places.take(peer(&format!("2001:db8:{number:x}::1"))));
            let come: Vec<_> = come.collect();
            assert_eq!(come.iter().filter(|place| place.is_ok()).count(), 10 + TOLD);
            assert_eq!(places.open(), 10 + TOLD);
        }
        assert_eq!(places.open(), 0);
        assert!(places.lock().by_network.is_empty());
    }
}
