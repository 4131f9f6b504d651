//! Who asks, and what that person may do: by a password (Basic, RFC 7617), by a token (Bearer, RFC 6750), or by neither.

mod failures;
mod known;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use argon2::{Argon2, PasswordHash, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use self::failures::Failures;
use self::known::Known;
use super::answer::Answer;
use super::context::Context;
use super::errands::Outcome;
use super::origin::is_near_request;
use super::peer::Peer;
use super::problem::problem;
use super::request::Request;
use super::routes::Route;
use crate::config::values::{Anonymous, Right};
use crate::config::{Auth, Secret};

/// What is needed to tell who asks.
pub struct Guard {
    accounts: ArcSwap<Accounts>,
    failures: Failures,
}

/// Replaced as one: a login that was right by the settings before is not known to those of now.
struct Accounts {
    settings: Auth,
    known: Known,
}

/// What a request brings along.
enum Credentials {
    None,
    Password {
        name: String,
        password: String,
    },
    Token(String),
    /// Something else, or nothing that could be read.
    Unknown,
}

impl Guard {
    pub fn new(settings: &Auth) -> Self {
        Self { accounts: ArcSwap::from_pointee(Accounts::new(settings)), failures: Failures::default() }
    }

    /// From now on these count.
    pub fn replace(&self, settings: &Auth) {
        self.accounts.store(Arc::new(Accounts::new(settings)));
    }

    /// What whoever asks may do. `Err`: what to answer, or to find out first.
    pub fn right(&self, request: &Request, peer: Peer, context: &Arc<Context>) -> Result<Right, Route> {
        match credentials(request) {
            Credentials::None => Ok(self.accounts.load().anonymous(request, peer)),
            Credentials::Token(token) => {
                self.failures.check(address(peer)).map_err(Route::Answer)?;
                self.accounts.load().token(&token).ok_or_else(|| Route::Answer(self.refuse(peer)))
            }
            Credentials::Password { name, password } => {
                match self.accounts.load().known.right(&name, &password) {
                    Some(right) => Ok(right),
                    None => Err(self.find_out(name, password, peer, context)),
                }
            }
            Credentials::Unknown => Err(Route::Answer(self.refuse(peer))),
        }
    }

    /// What to answer to somebody who may not do it: one who has not said who it is may do so now.
    pub fn lacking(&self, request: &Request) -> Answer {
        match credentials(request) {
            Credentials::None if self.accounts.load().settings.has_accounts() => challenge(),
            Credentials::None => problem(
                403,
                "changes are taken from this machine and from private networks only, and this request came from \
                 elsewhere; give yourself a password (`mjpegd passwd`) to make them from there",
            ),
            _ => problem(403, "this login may watch, and not change anything"),
        }
    }

    /// A hash that takes its time is computed elsewhere; then the request is looked at again, and the login is known.
    fn find_out(&self, name: String, password: String, peer: Peer, context: &Arc<Context>) -> Route {
        if let Err(refusal) = self.failures.check(address(peer)) {
            return Route::Answer(refusal);
        }
        let context = Arc::clone(context);
        Route::Login(Box::new(move || {
            let guard = &context.guard;
            let accounts = guard.accounts.load_full();
            match accounts.verify(&name, &password) {
                Some(right) => {
                    guard.failures.forget(address(peer));
                    accounts.known.remember(&name, &password, right);
                    Outcome::Again
                }
                None => {
                    log::warn!("{peer}: wrong name or password");
                    Outcome::Answer(guard.refuse(peer))
                }
            }
        }))
    }

    /// A login that was wrong. It counts against the address that it came from.
    fn refuse(&self, peer: Peer) -> Answer {
        self.failures.count(address(peer));
        challenge()
    }
}

impl Accounts {
    fn new(settings: &Auth) -> Self {
        Self { settings: settings.clone(), known: Known::default() }
    }

    fn anonymous(&self, request: &Request, peer: Peer) -> Right {
        match self.settings.anonymous {
            Anonymous::Nothing => Right::None,
            Anonymous::View => Right::View,
            Anonymous::Control => Right::Control,
            Anonymous::Home if is_near_request(request, peer) => Right::Control,
            Anonymous::Home => Right::View,
        }
    }

    fn token(&self, token: &str) -> Option<Right> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        // All are compared, whichever is the right one.
        let rights = self.settings.tokens.iter().map(|one| (one.right, one.hash.bytes().ct_eq(&hash)));
        rights.fold(None, |found, (right, same)| if bool::from(same) { Some(right) } else { found })
    }

    fn verify(&self, name: &str, password: &str) -> Option<Right> {
        let Some(user) = self.settings.users.iter().find(|user| user.name == name) else {
            // Who does not exist takes as long as who does.
            const NOBODY: &str =
                "$argon2id$v=19$m=8192,t=3,p=1$c29tZXNhbHQ$DGyKyZVzlUSPoE4dkA+fwcmtrRtoxUVsmsAOT06nVDE";
            is_hash_of(NOBODY, password);
            return None;
        };
        let is_right = match &user.secret {
            Secret::Plain(plain) => bool::from(plain.as_str().as_bytes().ct_eq(password.as_bytes())),
            Secret::Hash(hash) => is_hash_of(hash.as_str(), password),
        };
        is_right.then_some(user.right)
    }
}

/// What failures are counted under. Programs on this machine that come by the Unix socket share one.
fn address(peer: Peer) -> IpAddr {
    peer.ip().unwrap_or(Ipv4Addr::LOCALHOST.into())
}

fn is_hash_of(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

fn challenge() -> Answer {
    problem(401, "a name and a password are needed, or a token")
        .with("WWW-Authenticate", "Basic realm=\"mjpegd\", charset=\"UTF-8\"")
}

/// The name that came with a password, right or wrong.
pub fn claimed_name(request: &Request) -> Option<String> {
    match credentials(request) {
        Credentials::Password { name, .. } => Some(name),
        _ => None,
    }
}

fn credentials(request: &Request) -> Credentials {
    let Some(line) = &request.authorization else { return Credentials::None };
    let Some((scheme, rest)) = line.split_once(' ') else { return Credentials::Unknown };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Credentials::Token(rest.trim().to_owned());
    }
    let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.as_deref().and_then(|text| text.split_once(':')) {
        Some((name, password)) if scheme.eq_ignore_ascii_case("basic") => {
            Credentials::Password { name: name.to_owned(), password: password.to_owned() }
        }
        _ => Credentials::Unknown,
    }
}
