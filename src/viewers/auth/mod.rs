//! Who asks, and what that person may do: by a password (Basic, RFC 7617), by a token (Bearer, RFC 6750), or by neither.

mod accounts;
mod failures;
mod known;
mod pass;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::accounts::{Accounts, Login};
use self::failures::Failures;
pub use self::pass::Pass;
use super::answer::Answer;
use super::context::Context;
use super::errands::Outcome;
use super::origin::is_near_request;
use super::peer::Peer;
use super::problem::problem;
use super::request::Request;
use super::routes::Route;
use crate::config::Auth;

/// What is needed to tell who asks.
pub struct Guard {
    accounts: ArcSwap<Accounts>,
    failures: Failures,
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

    /// Who asks. `Err`: what to answer, or to find out first.
    pub fn admit(&self, request: &Request, peer: Peer, context: &Arc<Context>) -> Result<Pass, Route> {
        let accounts = self.accounts.load_full();
        let login = match credentials(request) {
            Credentials::None => Login::Anonymous { is_near: is_near_request(request, peer) },
            Credentials::Token(token) => {
                self.failures.check(address(peer)).map_err(Route::Answer)?;
                accounts.token(&token).ok_or_else(|| Route::Answer(self.refuse(peer)))?
            }
            Credentials::Password { name, password } => match accounts.remembered(&name, &password) {
                Some(login) => login,
                None => return Err(self.find_out(name, password, peer, context)),
            },
            Credentials::Unknown => return Err(Route::Answer(self.refuse(peer))),
        };
        Ok(Pass::new(accounts, login))
    }

    /// What to answer to somebody who may not do it: one who has not said who it is may do so now.
    pub fn lacking(&self, request: &Request) -> Answer {
        match credentials(request) {
            Credentials::None if !self.accounts.load().is_empty() => challenge(),
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
            if accounts.verify(&name, &password) {
                guard.failures.forget(address(peer));
                return Outcome::Again;
            }
            log::warn!("{peer}: wrong name or password");
            Outcome::Answer(guard.refuse(peer))
        }))
    }

    /// A login that was wrong. It counts against the address that it came from.
    fn refuse(&self, peer: Peer) -> Answer {
        self.failures.count(address(peer));
        challenge()
    }
}

/// What failures are counted under. Programs on this machine that come by the Unix socket share one.
fn address(peer: Peer) -> IpAddr {
    peer.ip().unwrap_or(Ipv4Addr::LOCALHOST.into())
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
