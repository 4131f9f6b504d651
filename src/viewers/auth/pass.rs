//! By whose right a connection goes on that lasts: looked at again when there are other accounts.

use std::sync::Arc;

use super::Guard;
use super::accounts::{Accounts, Login};
use crate::config::values::Right;

pub struct Pass {
    accounts: Arc<Accounts>,
    login: Login,
}

impl Pass {
    pub(super) fn new(accounts: Arc<Accounts>, login: Login) -> Self {
        Self { accounts, login }
    }

    pub fn right(&self) -> Right {
        self.accounts.right(self.login)
    }

    /// Whether it is good for this by the accounts of now. Costs next to nothing while they are the same.
    pub fn still_allows(&mut self, needed: Right, guard: &Guard) -> bool {
        let now = guard.accounts.load();
        if Arc::ptr_eq(&now, &self.accounts) {
            return true;
        }
        let Some(login) = now.recognize(&self.accounts, self.login) else { return false };
        *self = Self::new(Arc::clone(&now), login);
        self.right() >= needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auth, Keys, Settings};

    /// Tokens by their secret and right, and what everybody may.
    fn auth(tokens: &[(u8, &str)], anonymous: &str) -> Auth {
        let mut text = format!("[auth]\nanonymous = \"{anonymous}\"\n");
        for (secret, right) in tokens {
            let hash = format!("{secret:02x}").repeat(32);
            text += &format!(
                "[[auth.tokens]]\nname = \"{secret}\"\nhash = \"sha256:{hash}\"\nright = \"{right}\"\n"
            );
        }
        let mut settings = Settings::default();
        toml::from_str::<Keys>(&text).unwrap().apply(&mut settings).unwrap();
        settings.auth
    }

    #[test]
    fn it_is_good_for_what_its_owner_may_by_the_settings_of_now() {
        let guard = Guard::new(&auth(&[(1, "push"), (2, "control")], "view"));
        let mut first = Pass::new(guard.accounts.load_full(), Login::Token(0));
        let mut nobody = Pass::new(guard.accounts.load_full(), Login::Anonymous { is_near: false });
        assert!(first.still_allows(Right::Push, &guard) && nobody.still_allows(Right::View, &guard));
        guard.replace(&auth(&[(2, "view"), (1, "push")], "home"));
        assert!(first.still_allows(Right::Push, &guard) && nobody.still_allows(Right::View, &guard));
        guard.replace(&auth(&[(1, "view"), (2, "push")], "none"));
        assert!(!first.still_allows(Right::Push, &guard) && first.still_allows(Right::View, &guard));
        assert!(!nobody.still_allows(Right::View, &guard));
        guard.replace(&auth(&[(2, "push")], "control"));
        assert!(!first.still_allows(Right::View, &guard));
    }
}
