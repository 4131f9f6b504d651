use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::{Kind, Refused, Value};

/// What an address is for: its schemes, and the words that say what is allowed.
pub trait Scheme {
    const SCHEMES: &'static [&'static str];
    const ALLOWED: &'static str;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfHttp;

impl Scheme for OfHttp {
    const SCHEMES: &'static [&'static str] = &["http", "https"];
    const ALLOWED: &'static str =
        "http://HOST/PATH or https://HOST/PATH, with NAME:PASSWORD@ before HOST where one is needed";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfRtsp;

impl Scheme for OfRtsp {
    const SCHEMES: &'static [&'static str] = &["rtsp", "rtsps"];
    const ALLOWED: &'static str = "rtsp://HOST/PATH, with NAME:PASSWORD@ before HOST where one is needed";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfRedis;

impl Scheme for OfRedis {
    const SCHEMES: &'static [&'static str] = &["redis", "rediss", "redis+unix", "unix"];
    const ALLOWED: &'static str = "redis://HOST:PORT/DATABASE, rediss:// with TLS, or unix:///SOCKET, with NAME:PASSWORD@ or :PASSWORD@ before HOST";
}

/// Of either, before it is known for which it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfPush;

impl Scheme for OfPush {
    const SCHEMES: &'static [&'static str] = &["http", "https", "redis", "rediss", "redis+unix", "unix"];
    const ALLOWED: &'static str = "http://HOST/PATH or https://HOST/PATH, or redis://HOST:PORT/DATABASE, rediss:// with TLS or unix:///SOCKET, \
         with NAME:PASSWORD@ before HOST where one is needed";
}

/// An address with what it takes to get in. It is shown without that.
#[derive(Clone, PartialEq, Eq)]
pub struct Address<S>(url::Url, PhantomData<S>);

/// A page or stream of another server.
pub type Url = Address<OfHttp>;
pub type RtspUrl = Address<OfRtsp>;
pub type RedisUrl = Address<OfRedis>;

impl<S> Address<S> {
    /// As one of another kind, if it is.
    pub fn of<T: Scheme>(self) -> Result<Address<T>, Refused> {
        self.0.as_str().parse()
    }

    /// With this password in place of its own.
    pub fn with_password(mut self, password: &str) -> Self {
        // An address without a host has none, and needs none.
        let _ = self.0.set_password(Some(password));
        self
    }

    /// Host and port, where there are any.
    pub fn socket(&self) -> Option<(&str, u16)> {
        let host = self.0.host_str()?.trim_matches(['[', ']']);
        Some((host, self.0.port_or_known_default()?))
    }

    /// All of it.
    pub fn secret(&self) -> &str {
        self.0.as_str()
    }

    /// Of it, what must not be shown.
    pub fn secrets(&self) -> Vec<String> {
        let raw = self.0.password().filter(|password| !password.is_empty());
        let decoded = raw.map(|raw| percent_decode_str(raw).decode_utf8_lossy().into_owned());
        raw.map(str::to_owned).into_iter().chain(decoded).chain(self.socket_password()).collect()
    }

    /// The address of a Unix socket has no host that one could stand before: it is behind the question mark, for Redis.
    fn socket_password(&self) -> Option<String> {
        let is_socket = matches!(self.0.scheme(), "unix" | "redis+unix");
        let password = self.0.query_pairs().find(|(name, _)| is_socket && name == "pass");
        password.map(|(_, password)| password.into_owned()).filter(|password| !password.is_empty())
    }

    /// What is asked for, of somebody who is told the rest by `authorization`.
    pub fn without_login(&self) -> String {
        let mut url = self.0.clone();
        // An address without a host has no login, and these had one of either.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.into()
    }

    /// The line of a request that says who asks (Basic, RFC 7617).
    pub fn authorization(&self) -> Option<String> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (name, password) = (decoded(self.0.username()), self.0.password().map(decoded));
        if name.is_empty() && password.is_none() {
            return None;
        }
        let login = format!("{name}:{}", password.unwrap_or_default());
        Some(format!("Basic {}", STANDARD.encode(login)))
    }
}

impl<S: Scheme> Value for Address<S> {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        S::ALLOWED.to_owned()
    }
}

impl<S: Scheme> FromStr for Address<S> {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        // Its password may stand in it, and a refusal is shown.
        let url: url::Url =
            text.parse().map_err(|error| Self::refuse(format_args!("that is no address ({error})")))?;
        if !S::SCHEMES.contains(&url.scheme()) {
            return Err(Self::refuse(format_args!("{:?} is not a way that is known here", url.scheme())));
        }
        if url.host_str().unwrap_or_default().is_empty()
            && url.scheme() != "unix"
            && url.scheme() != "redis+unix"
        {
            return Err(Self::refuse("there is no host in it"));
        }
        Ok(Self(url, PhantomData))
    }
}

impl<S> fmt::Display for Address<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        if shown.password().is_some() {
            let _ = shown.set_password(Some("***"));
        }
        if self.socket_password().is_some() {
            let pairs = self.0.query_pairs().map(|(name, value)| match &*name {
                "pass" => (name, "***".into()),
                _ => (name, value),
            });
            shown.query_pairs_mut().clear().extend_pairs(pairs);
        }
        shown.fmt(formatter)
    }
}

impl<S> fmt::Debug for Address<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_used_and_not_shown() {
        let url: Url = "http://me:pass%20word@hub:8080/stream?fps=5".parse().unwrap();
        assert_eq!(url.without_login(), "http://hub:8080/stream?fps=5");
        assert_eq!(url.authorization().unwrap(), format!("Basic {}", STANDARD.encode("me:pass word")));
        assert_eq!(url.to_string(), "http://me:***@hub:8080/stream?fps=5");
        assert_eq!(format!("{url:?}"), url.to_string());
        assert_eq!(url.secrets(), ["pass%20word", "pass word"]);
        let open: Url = "https://hub/".parse().unwrap();
        assert_eq!((open.authorization(), open.secrets()), (None, Vec::new()));
        assert_eq!(open.socket(), Some(("hub", 443)));
        let local: RedisUrl = "redis+unix:///run/redis.sock?db=2&pass=s%20ecret".parse().unwrap();
        assert_eq!(local.to_string(), "redis+unix:///run/redis.sock?db=2&pass=***");
        assert_eq!(
            (local.secrets(), local.secret().contains("s%20ecret")),
            (vec!["s ecret".to_owned()], true)
        );
        assert_eq!("http://[::1]:8080/".parse::<Url>().unwrap().socket(), Some(("::1", 8080)));
        let either: Address<OfPush> = "http://me@hub/".parse().unwrap();
        assert!(either.clone().of::<OfRedis>().is_err());
        assert_eq!(either.of::<OfHttp>().unwrap().with_password("s ecret").secrets()[1], "s ecret");
    }

    #[test]
    fn what_leads_nowhere_is_refused_without_its_password() {
        for wrong in ["hub:8080/stream", "ftp://me:secret@hub/", "http://", "", "rtsp://me:secret@door/"] {
            let refused = wrong.parse::<Url>().unwrap_err().to_string();
            assert!(
                refused.contains("allowed: http://") && !refused.contains("secret"),
                "{wrong}: {refused}"
            );
        }
        assert!("rtsp://me:secret@door/live".parse::<RtspUrl>().is_ok());
        for good in ["redis://localhost", "redis://:secret@hub:6379/1", "unix:///run/redis.sock"] {
            assert!(good.parse::<RedisUrl>().is_ok(), "{good}");
        }
    }
}
