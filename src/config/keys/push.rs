//! `[[push]]`: where frames are sent to. All kinds have one list of keys, and each takes its own.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::super::settings;
use super::super::values::{
    Address, FileMode, Name, OfPem, OfPush, OfSecret, OptionalPath, Password, PathPattern, PushName, PushTo,
    RedisName, Scheme, Seconds, Size, Switch, Value as _, Whole, Words,
};
use crate::identity;

/// A secret is a line; certificates are read by those who know them.
const LONGEST_SECRET: u64 = 4096;

/// One of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Push {
    pub to: Option<PushTo>,
    pub name: Option<PushName>,
    pub interval: Option<Seconds<0, 86_400_000>>,
    pub on_request: Option<Switch>,
    pub timeout: Option<Seconds<500, 600_000>>,
    pub url: Option<Address<OfPush>>,
    pub password_file: Option<OptionalPath<OfSecret>>,
    pub token: Option<Password>,
    pub token_file: Option<OptionalPath<OfSecret>>,
    pub ca_file: Option<OptionalPath<OfPem>>,
    pub form_field: Option<Name>,
    pub key: Option<RedisName>,
    pub channel: Option<RedisName>,
    pub stream: Option<RedisName>,
    pub stop_key: Option<RedisName>,
    pub expire: Option<Seconds<0, 86_400_000>>,
    pub max_len: Option<Whole<1, 100_000>>,
    pub base64: Option<Switch>,
    pub path: Option<PathPattern>,
    pub mode: Option<FileMode>,
    pub keep: Option<Whole<1, { settings::PushFile::MOST }>>,
    pub keep_age: Option<Whole<1, 315_360_000>>,
    pub keep_bytes: Option<Size>,
    pub command: Option<Words>,
}

/// What is wrong with one of them, as it was not by itself.
#[derive(Debug)]
pub struct Wrong {
    /// Which one, from 0.
    pub index: usize,
    pub key: &'static str,
    pub why: String,
}

/// The key, and why.
type Refusal = (&'static str, String);

/// In the order of the file.
pub fn settings(pushes: Vec<Push>) -> Result<Vec<settings::Push>, Wrong> {
    let mut done: Vec<settings::Push> = Vec::new();
    for (index, push) in pushes.into_iter().enumerate() {
        let of_kind = |kind| done.iter().filter(|one| one.receiver.kind() == kind).count();
        let default_name = |kind: PushTo| format!("{kind}-{}", 1 + of_kind(kind));
        let push = push.settings(default_name).and_then(|push| match clash(&push, &done) {
            None => Ok(push),
            Some(refusal) => Err(refusal),
        });
        done.push(push.map_err(|(key, why)| Wrong { index, key, why })?);
    }
    Ok(done)
}

/// What one of them shares with another, and must not.
fn clash(push: &settings::Push, others: &[settings::Push]) -> Option<Refusal> {
    if others.iter().any(|one| one.name == push.name) {
        return Some(("name", format!("another push is called {:?} already", push.name)));
    }
    let path = |push: &settings::Push| match &push.receiver {
        settings::Receiver::File(file) => Some(file.path.clone()),
        _ => None,
    };
    // They would write into the same unfinished file.
    let is_taken = path(push).is_some() && others.iter().any(|one| path(one) == path(push));
    is_taken.then(|| ("path", "another push writes there already".to_owned()))
}

impl Push {
    /// What is relative in a file is meant from where that file lies.
    pub fn relative_to(&mut self, base: &Path) {
        for secret in [&mut self.password_file, &mut self.token_file] {
            *secret = secret.take().map(|path| path.relative_to(base));
        }
        self.ca_file = self.ca_file.take().map(|path| path.relative_to(base));
    }

    fn settings(self, default_name: impl Fn(PushTo) -> String) -> Result<settings::Push, Refusal> {
        let to = self.to.ok_or_else(|| ("to", format!("it is missing; allowed: {}", PushTo::allowed())))?;
        self.check_kind(to)?;
        let name = self.name.clone().map_or_else(|| default_name(to), String::from);
        let on_request = self.on_request.is_some_and(bool::from);
        let interval = match self.interval {
            Some(_) if on_request => {
                return Err(("interval", "it stands beside on-request = true, which is without one".into()));
            }
            given => given.map_or(Duration::ZERO, Duration::from),
        };
        let timeout = self.timeout.map_or(Duration::from_secs(10), Duration::from);
        let receiver = match to {
            PushTo::Http => settings::Receiver::Http(self.http()?),
            PushTo::Redis => settings::Receiver::Redis(self.redis()?),
            PushTo::File => settings::Receiver::File(self.file()?),
            PushTo::Command => settings::Receiver::Command(self.program()?),
        };
        Ok(settings::Push { name, interval: (!on_request).then_some(interval), timeout, receiver })
    }

    /// That no key is given that this kind would pass over in silence.
    fn check_kind(&self, to: PushTo) -> Result<(), Refusal> {
        use PushTo::{Command, File, Http, Redis};
        let keys: [(&str, bool, &[PushTo]); 20] = [
            ("timeout", self.timeout.is_some(), &[Http, Redis, Command]),
            ("url", self.url.is_some(), &[Http, Redis]),
            ("password-file", self.password_file.is_some(), &[Http, Redis]),
            ("token", self.token.is_some(), &[Http]),
            ("token-file", self.token_file.is_some(), &[Http]),
            ("ca-file", self.ca_file.is_some(), &[Http, Redis]),
            ("form-field", self.form_field.is_some(), &[Http]),
            ("key", self.key.is_some(), &[Redis]),
            ("channel", self.channel.is_some(), &[Redis]),
            ("stream", self.stream.is_some(), &[Redis]),
            ("stop-key", self.stop_key.is_some(), &[Redis]),
            ("expire", self.expire.is_some(), &[Redis]),
            ("max-len", self.max_len.is_some(), &[Redis]),
            ("base64", self.base64.is_some(), &[Redis]),
            ("path", self.path.is_some(), &[File]),
            ("mode", self.mode.is_some(), &[File]),
            ("keep", self.keep.is_some(), &[File]),
            ("keep-age", self.keep_age.is_some(), &[File]),
            ("keep-bytes", self.keep_bytes.is_some(), &[File]),
            ("command", self.command.is_some(), &[Command]),
        ];
        match keys.iter().find(|(_, is_given, kinds)| *is_given && !kinds.contains(&to)) {
            None => Ok(()),
            Some((key, _, _)) => {
                let of_kind = keys.iter().filter(|(_, _, kinds)| kinds.contains(&to)).map(|(key, _, _)| *key);
                let allowed = of_kind.collect::<Vec<_>>().join(", ");
                Err((
                    key,
                    format!("it is not for to = \"{to}\"; allowed: name, interval, on-request, {allowed}"),
                ))
            }
        }
    }

    /// The address, as one of those that this kind takes.
    fn url<S: Scheme>(&self) -> Result<Address<S>, Refusal> {
        let missing = || ("url", Address::<S>::refuse("it is missing").to_string());
        let url = self.url.clone().ok_or_else(missing)?;
        let url = url.of::<S>().map_err(|refused| ("url", refused.to_string()))?;
        let password = secret("password-file", self.password_file.clone())?;
        Ok(match password {
            Some(password) => url.with_password(password.as_str()),
            None => url,
        })
    }

    fn http(self) -> Result<settings::PushHttp, Refusal> {
        let url = self.url()?;
        let token_file = secret("token-file", self.token_file.clone())?;
        if self.token.is_some() && token_file.is_some() {
            return Err(("token-file", "it stands beside a token".into()));
        }
        let token = self.token.clone().or(token_file);
        if token.is_some() && url.authorization().is_some() {
            return Err((
                "url",
                "it has a name or a password, and there is a token; one of both is sent".into(),
            ));
        }
        let form_field = self.form_field.clone().map(String::from).filter(|name| !name.is_empty());
        Ok(settings::PushHttp { url, token, form_field, ca: self.ca()? })
    }

    fn redis(self) -> Result<settings::PushRedis, Refusal> {
        let text = |name: &Option<RedisName>| name.clone().map_or_else(String::new, String::from);
        let (key, channel, stream) = (text(&self.key), text(&self.channel), text(&self.stream));
        let expire = self.expire.and_then(Seconds::or_never);
        let (url, ca) = (self.url()?, self.ca()?);
        if key.is_empty() && channel.is_empty() && stream.is_empty() {
            return Err(("to", "where the pictures go is missing: key, channel (or both), or stream".into()));
        }
        if expire.is_some() && key.is_empty() {
            return Err(("expire", "there is no key that could expire".into()));
        }
        if self.max_len.is_some() && stream.is_empty() {
            return Err(("max-len", "there is no stream that could be too long".into()));
        }
        Ok(settings::PushRedis {
            url,
            key,
            channel,
            stream,
            stop_key: text(&self.stop_key),
            expire,
            max_len: self.max_len.map_or(10, u32::from),
            base64: self.base64.is_some_and(bool::from),
            ca,
        })
    }

    fn file(self) -> Result<settings::PushFile, Refusal> {
        let path = self.path.ok_or_else(|| ("path", PathPattern::refuse("it is missing").to_string()))?;
        let is_bounded = self.keep.is_some() || self.keep_age.is_some() || self.keep_bytes.is_some();
        match path.is_one() {
            true if is_bounded => {
                return Err((
                    "path",
                    "it is one file at all times, of which there is nothing to keep".into(),
                ));
            }
            false if !is_bounded => {
                return Err((
                    "path",
                    "such files need an end: say how many to keep, by keep, keep-age or keep-bytes".into(),
                ));
            }
            _ => {}
        }
        Ok(settings::PushFile {
            path,
            mode: self.mode.map_or(0o644, u32::from),
            keep: self.keep.map_or(settings::PushFile::MOST, u32::from),
            keep_age: self.keep_age.map(|seconds| Duration::from_secs(u32::from(seconds).into())),
            keep_bytes: self.keep_bytes.map(u64::from),
        })
    }

    fn program(self) -> Result<Vec<String>, Refusal> {
        let words = self.command.map_or_else(Vec::new, Vec::from);
        match words.is_empty() {
            false => Ok(words),
            true => Err(("command", "the program is missing; allowed: words as in a shell".into())),
        }
    }

    /// The certificates that are trusted.
    fn ca(&self) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(path) = self.ca_file.clone().and_then(Option::<PathBuf>::from) else { return Ok(None) };
        let is_tls = self
            .url
            .as_ref()
            .is_some_and(|url| url.secret().starts_with("https:") || url.secret().starts_with("rediss:"));
        if !is_tls {
            return Err(("ca-file", "the url has no TLS that it could be for: https:// or rediss://".into()));
        }
        let refuse = |why: &dyn fmt::Display| ("ca-file", OptionalPath::<OfPem>::refuse(why).to_string());
        identity::certificates(&path).map(Some).map_err(|bad| refuse(&bad))
    }
}

/// What stands in such a file, without the newline at its end.
fn secret(key: &'static str, path: Option<OptionalPath<OfSecret>>) -> Result<Option<Password>, Refusal> {
    let Some(path) = path.and_then(Option::<PathBuf>::from) else { return Ok(None) };
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(LONGEST_SECRET).read_to_string(&mut text));
    let refuse = |why: &dyn fmt::Display| {
        (key, OptionalPath::<OfSecret>::refuse(format_args!("{}: {why}", path.display())).to_string())
    };
    read.map_err(|error| refuse(&error))?;
    text.trim_end_matches(['\r', '\n']).parse().map(Some).map_err(|bad| refuse(&bad))
}
