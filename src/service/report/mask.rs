//! What keeps secrets and people's addresses out of a report: what is known to be secret, and what looks like an address or a login.

use std::net::IpAddr;

use url::Url;

use super::shown::Shown;
use crate::config::{Receiver, Secret, Settings};

/// A shorter word would be found inside of others.
const SHORTEST: usize = 4;
const SHORTEST_ARGUMENT: usize = 6;

/// Parts of a path that are as long as this are keys rather than names.
const LONGEST_NAME: usize = 15;

#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// The longest first, so that none is left behind in part.
    secrets: Vec<String>,
}

impl Mask {
    /// Of the file what is not shown, and of the settings what is known to be secret.
    pub fn new(settings: Option<&Settings>, file: &Shown) -> Self {
        let mut mask = Self::default();
        file.hidden.iter().for_each(|text| mask.add_text(text));
        file.arguments.iter().for_each(|word| mask.add_word(word));
        if let Some(settings) = settings {
            mask.add_settings(settings);
        }
        mask.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        mask.secrets.dedup();
        mask
    }

    fn add_settings(&mut self, settings: &Settings) {
        let feeds = &settings.source.feeds;
        let urls = [
            feeds.rtsp.url.as_ref().map(|url| url.secret()),
            feeds.pull.url.as_ref().map(|url| url.secret()),
            feeds.redis.url.as_ref().map(|url| url.secret()),
        ];
        urls.into_iter().flatten().for_each(|url| self.add_text(url));
        let programs = [&feeds.command, &settings.filter.command].map(|words| words.iter().skip(1));
        let words = programs.into_iter().flatten().chain(&feeds.rpicam.options);
        words.for_each(|word| self.add_word(word));
        for push in &settings.pushes {
            match &push.receiver {
                Receiver::Http(http) => {
                    self.add_text(http.url.secret());
                    http.token.iter().for_each(|token| self.add(token.as_str(), SHORTEST));
                }
                Receiver::Redis(redis) => self.add_text(redis.url.secret()),
                Receiver::Command(words) => words.iter().skip(1).for_each(|word| self.add_word(word)),
                Receiver::File(_) => {}
            }
        }
        for user in &settings.auth.users {
            match &user.secret {
                Secret::Plain(password) => self.add(password.as_str(), SHORTEST),
                Secret::Hash(hash) => self.add(hash.as_str(), SHORTEST),
            }
        }
        settings.auth.tokens.iter().for_each(|token| self.add(&token.hash.to_string(), SHORTEST));
    }

    /// A password or an address.
    fn add_text(&mut self, text: &str) {
        match text.parse::<Url>().ok().filter(|url| !url.cannot_be_a_base()) {
            Some(url) => self.add_url(&url),
            None => self.add(text, SHORTEST),
        }
    }

    fn add_url(&mut self, url: &Url) {
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        for part in [url.username(), url.password().unwrap_or_default()] {
            self.add(part, SHORTEST);
            self.add(&decoded(part), SHORTEST);
        }
        url.query_pairs().for_each(|(_, value)| self.add(&value, SHORTEST));
        url.query().into_iter().for_each(|query| self.add(query, SHORTEST));
        let path = url.path_segments().into_iter().flatten();
        path.for_each(|part| self.add(part, LONGEST_NAME + 1));
    }

    /// An argument of a program.
    fn add_word(&mut self, word: &str) {
        let value = word.split_once('=').filter(|_| word.starts_with('-')).map_or(word, |(_, value)| value);
        match value.parse::<Url>().ok().filter(|url| !url.cannot_be_a_base()) {
            Some(url) => self.add_url(&url),
            None if value.starts_with('-') => {}
            None => {
                self.add(value, SHORTEST_ARGUMENT);
                // A script, of which parts may be said.
                value.split_whitespace().for_each(|part| self.add(part, SHORTEST_ARGUMENT));
            }
        }
    }

    fn add(&mut self, secret: &str, shortest: usize) {
        if secret.len() >= shortest {
            self.secrets.push(secret.to_owned());
        }
    }

    pub fn apply(&self, text: &str) -> String {
        let text = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        addresses(&logins(&text))
    }
}

/// `scheme://name:password@host` without what stands before the host.
fn logins(text: &str) -> String {
    let mut parts = text.split("://");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str("://");
        let end = part.find(|letter: char| letter.is_whitespace() || "/\"'`<>".contains(letter));
        let (authority, rest) = part.split_at(end.unwrap_or(part.len()));
        match authority.rsplit_once('@') {
            Some((_, host)) => masked.extend(["***@", host]),
            None => masked.push_str(authority),
        }
        masked.push_str(rest);
    }
    masked
}

/// Addresses of people's machines; this one's own loopback and the wildcards say nothing about anybody.
fn addresses(text: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_hexdigit() || letter == ':' || letter == '.';
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_part) {
        let (before, from) = rest.split_at(begin);
        masked.push_str(before);
        let (run, after) = from.split_at(from.find(|letter| !is_part(letter)).unwrap_or(from.len()));
        masked.push_str(&address(run));
        rest = after;
    }
    masked + rest
}

/// One run of letters that addresses are made of.
fn address(run: &str) -> String {
    let body = run.trim_end_matches(['.', ':']);
    let tail = &run[body.len()..];
    let (host, port) = match body.parse::<IpAddr>() {
        Ok(_) => (body, ""),
        Err(_) => body.rsplit_once(':').map_or((body, ""), |(host, port)| (host, port)),
    };
    match host.parse::<IpAddr>() {
        Ok(ip) if !ip.is_loopback() && !ip.is_unspecified() => {
            let colon = if port.is_empty() { "" } else { ":" };
            format!("(address){colon}{port}{tail}")
        }
        _ => run.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_people_are_masked_and_nothing_else() {
        for (text, masked) in [
            ("192.168.1.7:51234: wrong name", "(address):51234: wrong name"),
            ("from 2001:db8::7, [fe80::1]:80.", "from (address), [(address)]:80."),
            (
                "listening on http://127.0.0.1:8080/ and [::]:80",
                "listening on http://127.0.0.1:8080/ and [::]:80",
            ),
            ("2026-01-02T03:04:05.678Z INFO 1.2.3 at 30/s", "2026-01-02T03:04:05.678Z INFO 1.2.3 at 30/s"),
            ("10.0.0.1", "(address)"),
        ] {
            assert_eq!(addresses(text), masked);
        }
    }

    #[test]
    fn logins_in_addresses_are_masked_wherever_they_stand() {
        assert_eq!(
            logins("rtsp://me:se@cret@door/live and \"http://x@hub\" http://hub/a@b"),
            "rtsp://***@door/live and \"http://***@hub\" http://hub/a@b"
        );
    }

    #[test]
    fn what_is_known_to_be_secret_is_found_in_any_text() {
        let hidden = ["s3cret", "http://me:pass%20word@hub/hook/0123456789abcdef?key=k3yk3y"];
        let arguments = ["-c", "curl topsecret", "--key=alsosecret", "7"];
        let file = Shown {
            hidden: hidden.map(str::to_owned).to_vec(),
            arguments: arguments.map(str::to_owned).to_vec(),
            ..Shown::default()
        };
        let said = "s3cret; pass word; pass%20word; k3yk3y; /hook/0123456789abcdef; curl topsecret; topsecret; alsosecret; -c 7";
        assert_eq!(Mask::new(None, &file).apply(said), "***; ***; ***; ***; /hook/***; ***; ***; ***; -c 7");
    }
}
