//! `[auth]`: who may do what.

use clap::Args;
use serde::Deserialize;

use super::super::settings;
use super::super::values::{Anonymous, Hash, Login, Password, Right, TokenHash, sections};
use super::Wrong;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Who may do what")]
pub struct Auth {
    /// Without a password: home, none, view or control [default: home, or none where there are users or tokens]
    #[arg(long, value_name = "RIGHT")]
    pub anonymous: Option<Anonymous>,

    /// One who may do everything, with --passwd: a name of 1 to 64 letters without a colon
    #[arg(long, value_name = "NAME")]
    pub user: Option<Login>,

    /// That user's password: a password of 1 to 256 letters; other users of this machine can see it here, and not in the file
    #[arg(long, value_name = "PASSWORD")]
    pub passwd: Option<Password>,

    #[arg(skip)]
    #[serde(deserialize_with = "sections")]
    pub users: Vec<User>,

    #[arg(skip)]
    #[serde(deserialize_with = "sections")]
    pub tokens: Vec<Token>,
}

/// One of `[[auth.users]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct User {
    pub name: Login,
    pub password_hash: Hash,
    pub right: Right,
}

/// One of `[[auth.tokens]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Token {
    pub name: Login,
    pub hash: TokenHash,
    pub right: Right,
}

impl Auth {
    pub(super) fn apply(self, to: &mut settings::Auth) -> Result<(), Wrong> {
        let Self { anonymous, user, passwd, users, tokens } = self;
        let users = users.into_iter().map(|User { name, password_hash, right }| settings::User {
            name: name.into(),
            secret: settings::Secret::Hash(password_hash),
            right,
        });
        to.users.extend(users);
        match (user, passwd) {
            (None, None) => {}
            (Some(name), Some(password)) => to.users.push(settings::User {
                name: name.into(),
                secret: settings::Secret::Plain(password),
                right: Right::Control,
            }),
            (Some(_), None) => return Err(Wrong::login("auth.user", "--user", "there is no passwd with it")),
            (None, Some(_)) => {
                return Err(Wrong::login("auth.passwd", "--passwd", "there is no user with it"));
            }
        }
        let tokens = tokens.into_iter().map(|Token { name, hash, right }| settings::Token {
            name: name.into(),
            hash,
            right,
        });
        to.tokens.extend(tokens);
        match anonymous {
            Some(anonymous) => (to.anonymous, to.anonymous_is_given) = (anonymous, true),
            // A password that nobody needs would be for nothing.
            None if to.has_accounts() && !to.anonymous_is_given => to.anonymous = Anonymous::Nothing,
            None => {}
        }
        let mut names: Vec<_> = to.users.iter().map(|user| &user.name).collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Wrong::login("auth.users", "--user", "a name stands there twice"));
        }
        Ok(())
    }
}
