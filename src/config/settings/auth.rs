use super::super::values::{Anonymous, Hash, Password, Right, TokenHash};

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Auth {
    pub anonymous: Anonymous,
    /// Whether a person has said so, or it is what goes with the accounts.
    pub anonymous_is_given: bool,
    pub users: Vec<User>,
    pub tokens: Vec<Token>,
}

impl Auth {
    pub fn has_accounts(&self) -> bool {
        !self.users.is_empty() || !self.tokens.is_empty()
    }
}

/// Logs in by name and password.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub name: String,
    pub secret: Secret,
    pub right: Right,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Secret {
    Hash(Hash),
    /// ustreamer's `--passwd`.
    Plain(Password),
}

/// Logs in by a token, as programs do.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub name: String,
    pub hash: TokenHash,
    pub right: Right,
}
