//! Logins that were right, so that a slow hash is computed once and not for each picture that somebody asks for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// Many more than anybody has users; wrong ones do not come here.
const MOST: usize = 64;

/// By a fingerprint that means nothing outside of this process: passwords themselves are not kept.
pub(super) struct Known {
    key: [u8; 32],
    logins: Mutex<HashMap<[u8; 32], usize>>,
}

impl Default for Known {
    fn default() -> Self {
        let mut key = [0; 32];
        // Without randomness fingerprints could be guessed from a copy of this memory, which has the passwords' hashes too.
        if let Err(error) = getrandom::fill(&mut key) {
            log::warn!("no random numbers: {error}");
        }
        Self { key, logins: Mutex::default() }
    }
}

impl Known {
    /// Which user it is.
    pub(super) fn user(&self, name: &str, password: &str) -> Option<usize> {
        self.logins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&self.fingerprint(name, password))
            .copied()
    }

    pub(super) fn remember(&self, name: &str, password: &str, user: usize) {
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        if logins.len() >= MOST {
            logins.clear();
        }
        logins.insert(self.fingerprint(name, password), user);
    }

    fn fingerprint(&self, name: &str, password: &str) -> [u8; 32] {
        let length = (name.len() as u64).to_le_bytes();
        let hash = Sha256::new().chain_update(self.key).chain_update(length).chain_update(name);
        hash.chain_update(password).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_remembered_is_known_and_not_without_bound() {
        let known = Known::default();
        known.remember("pi", "secret", 3);
        assert_eq!(known.user("pi", "secret"), Some(3));
        assert_eq!(known.user("pis", "ecret"), None);
        for number in 0..1000 {
            known.remember("pi", &number.to_string(), 3);
        }
        assert!(known.logins.lock().unwrap().len() <= MOST);
    }
}
