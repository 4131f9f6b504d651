//! Settings as they may be shown to anybody. Numbers and switches are no secrets; a text is shown if its key is on the list
//! here, so that a key which is new is left out until somebody has thought about it.

use toml::{Table, Value};

/// Texts that say nothing about who may do what. What begins with one of these and a dot is part of it.
const HARMLESS: &[&str] = &[
    "source.name",
    "source.resolution",
    "source.v4l2.device",
    "source.v4l2.format",
    "source.v4l2.controls",
    "source.slideshow.folder",
    "source.rtsp.transport",
    "source.redis.channel",
    "source.redis.stream",
    "encoder.subsampling",
    "image",
    "overlay",
    "filter.format",
    "filter.on-failure",
    "http.host",
    "http.unix",
    "http.unix-mode",
    "http.tls-cert",
    "http.tls-key",
    "http.static",
    "http.server-name",
    "http.allow-origin",
    "auth.anonymous",
    "auth.user",
    "auth.users.name",
    "auth.users.right",
    "auth.tokens.name",
    "auth.tokens.right",
    "api.state-file",
    "sink.name",
    "sink.mode",
    "network.wait",
    "log.level",
    "push.to",
    "push.name",
    "push.password-file",
    "push.token-file",
    "push.ca-file",
    "push.form-field",
    "push.key",
    "push.channel",
    "push.stream",
    "push.stop-key",
    "push.path",
    "push.mode",
];

/// Programs with their arguments, in which anything may stand.
const PROGRAMS: &[&str] =
    &["source.command.command", "source.rpicam.options", "filter.command", "push.command"];

/// A line for each key, and apart from them every text that is not shown.
#[derive(Debug, Default)]
pub struct Shown {
    pub lines: Vec<String>,
    pub hidden: Vec<String>,
    /// Arguments of programs.
    pub arguments: Vec<String>,
}

impl Shown {
    pub fn of(table: &Table) -> Self {
        let mut shown = Self::default();
        shown.table("", table);
        shown
    }

    fn table(&mut self, path: &str, table: &Table) {
        for (key, value) in table {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self.value(&path, value);
        }
    }

    fn value(&mut self, path: &str, value: &Value) {
        match value {
            Value::Table(table) => self.table(path, table),
            Value::Array(items) => items.iter().for_each(|item| self.value(path, item)),
            Value::String(text) => {
                let words = self.text(path, text);
                self.lines.push(format!("{path} = {words}"));
            }
            number => self.lines.push(format!("{path} = {number}")),
        }
    }

    fn text(&mut self, path: &str, text: &str) -> String {
        let is_harmless = HARMLESS
            .iter()
            .any(|key| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
        if is_harmless || text.is_empty() {
            return format!("{text:?}");
        }
        if PROGRAMS.contains(&path) {
            let mut words = shlex::split(text).unwrap_or_default();
            let is_program =
                words.first().is_some_and(|word| !word.starts_with('-') && !word.contains("://"));
            let program = if is_program { words.remove(0) } else { String::new() };
            let shown = format!("{program:?} and {} words that are left out", words.len());
            self.arguments.extend(words);
            return shown;
        }
        self.hidden.push(text.to_owned());
        match text.parse::<url::Url>() {
            Ok(url) if path.ends_with("url") && url.host().is_some() => {
                let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
                let host = url.host_str().unwrap_or_default();
                format!("\"{}://{host}{port}/...\" (login, path and query are left out)", url.scheme())
            }
            _ => "(left out)".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_thought_about_is_left_out() {
        let table = r#"
            [source]
            name = "v4l2"
            idle-fps = 2.5
            some-new-key = "s3cret"
            [source.v4l2.controls]
            power_line_frequency = "50 Hz"
            [source.rtsp]
            url = "rtsp://me:s3cret@door:554/live?key=s3cret"
            [filter]
            command = "python3 filter.py --key s3cret"
            [auth]
            passwd = "s3cret"
            [[push]]
            to = "http"
            token = "s3cret"
            interval = 2
        "#;
        let shown = Shown::of(&table.parse().unwrap());
        let text = shown.lines.join("\n");
        assert!(!text.contains("s3cret"), "{text}");
        for line in [
            "source.name = \"v4l2\"",
            "source.idle-fps = 2.5",
            "source.some-new-key = (left out)",
            "source.v4l2.controls.power_line_frequency = \"50 Hz\"",
            "source.rtsp.url = \"rtsp://door:554/...\" (login, path and query are left out)",
            "filter.command = \"python3\" and 3 words that are left out",
            "push.token = (left out)",
            "push.interval = 2",
        ] {
            assert!(shown.lines.iter().any(|one| one == line), "{line}\n{text}");
        }
        assert_eq!((shown.hidden.len(), shown.arguments.len()), (4, 3));
    }
}
