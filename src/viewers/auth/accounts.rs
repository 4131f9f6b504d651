//! Who may log in, by the settings of one time.

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::known::Known;
use crate::config::values::{Anonymous, Right};
use crate::config::{Auth, Secret};

/// Replaced as one: a login that was right by the settings before is not known to those of now.
pub(super) struct Accounts {
    settings: Auth,
    known: Known,
}

/// Who somebody is, in words of the accounts by which it was found out: users and tokens by their place in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// Who has not said it.
    Anonymous {
        is_near: bool,
    },
    User(usize),
    Token(usize),
}

impl Accounts {
    pub(super) fn new(settings: &Auth) -> Self {
        Self { settings: settings.clone(), known: Known::default() }
    }

    /// Whether there is anybody who could log in.
    pub(super) fn is_empty(&self) -> bool {
        !self.settings.has_accounts()
    }

    pub(super) fn right(&self, login: Login) -> Right {
        match login {
            Login::Anonymous { is_near } => match self.settings.anonymous {
                Anonymous::Nothing => Right::None,
                Anonymous::View => Right::View,
                Anonymous::Control => Right::Control,
                Anonymous::Home if is_near => Right::Control,
                Anonymous::Home => Right::View,
            },
            Login::User(index) => self.settings.users.get(index).map_or(Right::None, |user| user.right),
            Login::Token(index) => self.settings.tokens.get(index).map_or(Right::None, |token| token.right),
        }
    }

    pub(super) fn token(&self, token: &str) -> Option<Login> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        // All are compared, whichever is the right one.
        let same = self.settings.tokens.iter().map(|one| one.hash.bytes().ct_eq(&hash));
        same.enumerate().fold(
            None,
            |found, (index, same)| if bool::from(same) { Some(Login::Token(index)) } else { found },
        )
    }

    /// `None`: this password is not known to be right.
    pub(super) fn remembered(&self, name: &str, password: &str) -> Option<Login> {
        self.known.user(name, password).map(Login::User)
    }

    /// Takes its time, if the password is there as a hash; one that is right is remembered.
    pub(super) fn verify(&self, name: &str, password: &str) -> bool {
        let users = &self.settings.users;
        let Some((index, user)) = users.iter().enumerate().find(|(_, user)| user.name == name) else {
            // Who does not exist takes as long as who does.
            const NOBODY: &str =
                "$argon2id$v=19$m=8192,t=3,p=1$c29tZXNhbHQ$DGyKyZVzlUSPoE4dkA+fwcmtrRtoxUVsmsAOT06nVDE";
            is_hash_of(NOBODY, password);
            return false;
        };
        let is_right = match &user.secret {
            Secret::Plain(plain) => bool::from(plain.as_str().as_bytes().ct_eq(password.as_bytes())),
            Secret::Hash(hash) => is_hash_of(hash.as_str(), password),
        };
        if is_right {
            self.known.remember(name, password, index);
        }
        is_right
    }

    /// Who was let in by those accounts is this in ours. `None`: there is no such user or token any more, or its secret is another.
    pub(super) fn recognize(&self, before: &Self, login: Login) -> Option<Login> {
        match login {
            Login::Anonymous { .. } => Some(login),
            Login::User(index) => {
                let user = before.settings.users.get(index)?;
                let mut users = self.settings.users.iter();
                users.position(|now| now.name == user.name && now.secret == user.secret).map(Login::User)
            }
            Login::Token(index) => {
                let token = before.settings.tokens.get(index)?;
                self.settings.tokens.iter().position(|now| now.hash == token.hash).map(Login::Token)
            }
        }
    }
}

fn is_hash_of(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
