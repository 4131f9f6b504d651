//! Addresses that wrong logins came from: each more has to wait longer for its next try.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::answer::Answer;
use super::super::peer::network;
use super::super::problem::problem;
use crate::clock::Monotonic;

/// So many may be typed wrong before anybody has to wait.
const FREE: u32 = 3;
const LONGEST: Duration = Duration::from_secs(60);
/// Addresses kept in mind; of more, those that may try again soonest are forgotten.
const MOST: usize = 1024;

#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<IpAddr, Failed>>);

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    /// When the next try is taken.
    until: Monotonic,
}

impl Failures {
    /// `Err`: too early for another try.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), Answer> {
        match self.wait(address, Monotonic::now()) {
            Duration::ZERO => Ok(()),
            wait => {
                let seconds = (wait.as_secs() + 1).to_string();
                let why = format!("too many wrong logins came from your address; try again in {seconds} s");
                Err(problem(429, &why).with("Retry-After", &seconds))
            }
        }
    }

    pub(super) fn count(&self, address: IpAddr) {
        self.count_at(address, Monotonic::now());
    }

    pub(super) fn forget(&self, address: IpAddr) {
        self.lock().remove(&network(address));
    }

    fn wait(&self, address: IpAddr, now: Monotonic) -> Duration {
        self.lock().get(&network(address)).map_or(Duration::ZERO, |failed| failed.until - now)
    }

    fn count_at(&self, address: IpAddr, now: Monotonic) {
        let mut all = self.lock();
        if all.len() >= MOST && !all.contains_key(&network(address)) {
            let soonest = all.iter().min_by_key(|(_, failed)| failed.until).map(|(address, _)| *address);
            soonest.map(|address| all.remove(&address));
        }
        let failed = all.entry(network(address)).or_insert(Failed { times: 0, until: now });
        failed.times = failed.times.saturating_add(1);
        let doublings = failed.times.saturating_sub(FREE).min(16);
        let wait =
            if failed.times < FREE { Duration::ZERO } else { Duration::from_secs(1) * (1 << doublings) };
        failed.until = now + wait.min(LONGEST);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_login_more_makes_the_next_wait_longer_up_to_a_limit() {
        let failures = Failures::default();
        let (now, address) = (Monotonic::now(), "192.0.2.1".parse().unwrap());
        let waits: Vec<_> = (0..12)
            .map(|_| {
                failures.count_at(address, now);
                failures.wait(address, now).as_secs()
            })
            .collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(failures.wait("192.0.2.2".parse().unwrap(), now), Duration::ZERO);
        failures.forget(address);
        assert_eq!(failures.wait(address, now), Duration::ZERO);
    }

    #[test]
    fn a_flood_of_addresses_is_bounded_and_one_network_is_one_address() {
        let failures = Failures::default();
        let now = Monotonic::now();
        for number in 0..5000_u32 {
            failures.count_at(IpAddr::V4(number.into()), now);
        }
        assert!(failures.lock().len() <= MOST);
        for number in 0..10 {
            failures.count_at(format!("2001:db8::{number}").parse().unwrap(), now);
        }
        assert!(failures.wait("2001:db8::ffff".parse().unwrap(), now) > Duration::from_secs(30));
    }
}
