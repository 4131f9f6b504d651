//! What is otherwise in settings that are read again: the names of the keys, and which of them wait for a restart.

use serde_json::Value as Json;

use super::settings::{Push, Settings};

struct Key {
    name: &'static str,
    differs: fn(&Settings, &Settings) -> bool,
    keep: fn(&Settings, &mut Settings),
}

macro_rules! keys {
    ($($name:literal: $($field:ident).+;)*) => {
        &[$(Key {
            name: $name,
            differs: |one, other| one.$($field).+ != other.$($field).+,
            keep: |from, to| to.$($field).+ = from.$($field).+.clone(),
        }),*]
    };
}

/// What is made once: sockets, threads, and what outside programs were given.
const FIXED: &[Key] = keys! {
    "encoder.workers": encoder.workers;
    "filter.command": filter.command;
    "filter.format": filter.format;
    "filter.timeout": filter.timeout;
    "filter.on-failure": filter.on_failure;
    "http.host": http.host;
    "http.port": http.port;
    "http.unix": http.unix.path;
    "http.unix-rm": http.unix.remove;
    "http.unix-mode": http.unix.mode;
    "http.tls-port": http.tls.port;
    "http.threads": http.threads;
    "api.state-file": api.state_file;
    "sink.name": sink.name;
    "sink.mode": sink.mode;
    "sink.max-bytes": sink.max_bytes;
    "network.wait": network.wait;
    "network.timeout": network.timeout;
};

/// What is taken up, beside that which the API can change too. A key that is missing here is taken up all the same.
const TAKEN: &[Key] = keys! {
    "source.v4l2.controls": source.v4l2.controls;
    "source.slideshow.folder": source.slideshow.folder;
    "source.command.command": source.feeds.command;
    "source.rpicam.camera": source.feeds.rpicam.camera;
    "source.rpicam.options": source.feeds.rpicam.options;
    "source.rtsp.url": source.feeds.rtsp.url;
    "source.rtsp.transport": source.feeds.rtsp.transport;
    "source.pull.url": source.feeds.pull.url;
    "source.pull.interval": source.feeds.pull.interval;
    "source.redis.url": source.feeds.redis.url;
    "source.redis.channel": source.feeds.redis.channel;
    "source.redis.stream": source.feeds.redis.stream;
    "overlay.font": overlay.font;
    "http.tls-cert": http.tls.cert;
    "http.tls-key": http.tls.key;
    "http.static": http.static_folder;
    "http.server-name": http.server_name;
    "http.allow-origin": http.allow_origin;
    "http.tcp-nodelay": http.tcp_nodelay;
    "http.max-connections": http.max_connections;
    "http.max-connections-per-address": http.max_connections_per_address;
    "http.max-viewers": http.max_viewers;
    "http.max-body-bytes": http.max_body_bytes;
    "http.server-timeout": http.server_timeout;
    "http.request-timeout": http.request_timeout;
    "http.max-head-bytes": http.max_head_bytes;
    "http.max-frame-bytes": http.max_frame_bytes;
    "http.snapshot-timeout": http.snapshot_timeout;
    "http.snapshot-placeholder": http.snapshot_placeholder;
    "auth.anonymous": auth.anonymous;
    "auth.users": auth.users;
    "auth.tokens": auth.tokens;
    "api.allow-stop": api.allow_stop;
    "log.level": log.level;
    "log.access": log.access;
};

/// Leaves everything as it runs that takes a restart to be otherwise, and names what is.
pub(super) fn keep_fixed(running: &Settings, new: &mut Settings) -> Vec<&'static str> {
    let differing = FIXED.iter().filter(|key| (key.differs)(running, new)).collect::<Vec<_>>();
    differing.iter().for_each(|key| (key.keep)(running, new));
    differing.iter().map(|key| key.name).collect()
}

/// The names of the keys that differ. Their values may be secrets.
pub(super) fn names(one: &Settings, other: &Settings) -> Vec<String> {
    let mut names = Vec::new();
    let json = |settings| serde_json::to_value(settings).unwrap_or_default();
    walk(&json(one), &json(other), "", &mut names);
    let taken = TAKEN.iter().filter(|key| (key.differs)(one, other));
    names.extend(taken.map(|key| key.name.to_owned()));
    let lacks = |these: &[Push], push: &&Push| !these.contains(push);
    let gone = one.pushes.iter().filter(|push| lacks(&other.pushes, push));
    let new = other.pushes.iter().filter(|push| lacks(&one.pushes, push));
    let mut pushes: Vec<_> = gone.chain(new).map(|push| format!("push {}", push.name)).collect();
    pushes.sort();
    pushes.dedup();
    names.extend(pushes);
    if names.is_empty() && one != other {
        names.push("others".to_owned());
    }
    names
}

fn walk(one: &Json, other: &Json, name: &str, names: &mut Vec<String>) {
    match (one, other) {
        (Json::Object(one), Json::Object(other)) => {
            for (key, value) in one {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                walk(value, other.get(key).unwrap_or(&Json::Null), &name, names);
            }
        }
        _ if one != other => names.push(name.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(value: &Json, name: &str, names: &mut Vec<String>) {
        walk(value, &Json::Null, name, names);
        if let Json::Object(keys) = value {
            names.retain(|other| other != name);
            for (key, value) in keys {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                leaves(value, &name, names);
            }
        }
    }

    /// Of the file that is shipped, in which every key stands as a comment.
    fn documented() -> Vec<String> {
        let mut section = String::new();
        let mut names = Vec::new();
        for line in include_str!("../../config/mjpegd.toml").lines() {
            // Lists of sections stand there as comments only.
            let head = line.trim_start_matches("# Example: ");
            if let Some(name) = head.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name.trim_matches(|letter| "[]".contains(letter)).to_owned();
            }
            let line = line.strip_prefix("# ").map(|line| line.strip_prefix("Example: ").unwrap_or(line));
            let Some((key, _)) = line.and_then(|line| line.split_once(" = ")) else { continue };
            if key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
                names.push(format!("{section}.{key}"));
            }
        }
        names
    }

    #[test]
    fn every_key_is_known_to_be_taken_up_or_to_wait_for_a_restart() {
        let mut known: Vec<String> = FIXED.iter().chain(TAKEN).map(|key| key.name.to_owned()).collect();
        leaves(&serde_json::to_value(Settings::default()).unwrap(), "", &mut known);
        // By flag alone it is one user with a password; in the file they are lists.
        let is_list =
            |name: &str| ["auth.", "push", "source.v4l2.controls"].iter().any(|list| name.starts_with(list));
        let unknown: Vec<_> =
            documented().into_iter().filter(|name| !is_list(name) && !known.contains(name)).collect();
        assert_eq!(unknown, Vec::<String>::new());
        for name in FIXED.iter().chain(TAKEN).map(|key| key.name).filter(|name| !is_list(name)) {
            assert!(documented().iter().any(|other| other == name), "{name} is no key");
        }
    }

    #[test]
    fn what_takes_a_restart_stays_and_the_rest_is_named_without_its_value() {
        let running = Settings::default();
        let mut new = running.clone();
        assert_eq!((keep_fixed(&running, &mut new), names(&running, &new)), (vec![], vec![]));
        new.http.port = 1;
        new.encoder.quality = "7".parse().unwrap();
        new.source.feeds.pull.url = Some("http://pi:secret@one/".parse().unwrap());
        new.api.allow_stop = true;
        assert_eq!(keep_fixed(&running, &mut new), ["http.port"]);
        assert_eq!(new.http.port, running.http.port);
        assert_eq!(names(&running, &new), ["encoder.quality", "source.pull.url", "api.allow-stop"]);
    }
}
