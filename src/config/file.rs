//! Reads the settings file. What is wrong in it is told with file, line, key and what is allowed, all of it at once.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_path_to_error::Segment;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::keys::{Keys, Wrong, push};
use super::problems::{MAX_PROBLEMS, names, rephrase, steps};

/// A settings file is a page or two; what is larger is another file.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    text: String,
    pub(super) keys: Keys,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut file = Self { path: path.to_owned(), text: text(path)?, keys: Keys::default() };
        file.keys = file.parse()?;
        let base = path.parent().unwrap_or(path);
        let folder = &mut file.keys.source.slideshow.folder;
        *folder = folder.take().map(|folder| folder.relative_to(base));
        let state = &mut file.keys.api.state_file;
        *state = state.take().map(|state| state.relative_to(base));
        let font = &mut file.keys.overlay.font;
        *font = font.take().map(|font| font.relative_to(base));
        for path in [&mut file.keys.http.tls_cert, &mut file.keys.http.tls_key] {
            *path = path.take().map(|path| path.relative_to(base));
        }
        let pages = &mut file.keys.http.static_folder;
        *pages = pages.take().map(|path| path.relative_to(base));
        let unix = &mut file.keys.http.unix;
        *unix = unix.take().map(|path| path.relative_to(base));
        file.keys.push.iter_mut().for_each(|push| push.relative_to(base));
        Ok(file)
    }

    /// After each problem the value is struck out and the rest is read again, so that one look shows all of them.
    fn parse(&self) -> Result<Keys, ConfigError> {
        let mut document = DeTable::parse(&self.text).map_err(|error| self.syntax(&error))?;
        let mut problems = Vec::new();
        loop {
            let deserializer = toml::Deserializer::from(document.clone());
            let error = match serde_path_to_error::deserialize(deserializer) {
                Ok(keys) if problems.is_empty() => return Ok(keys),
                Ok(_) => break,
                Err(error) => error,
            };
            let path = names(error.path());
            let line = self.line(error.inner().span().map_or(0, |span| span.start));
            let what = rephrase(error.inner().message(), path.last());
            problems.push((line, format!("{}: {what}", path.join("."))));
            if problems.len() == MAX_PROBLEMS || !strike_out(document.get_mut(), &steps(error.path())) {
                break;
            }
        }
        problems.sort();
        let problems = problems.into_iter();
        Err(ConfigError::new(
            problems.map(|(line, problem)| format!("{}:{line}: {problem}", self.path.display())),
        ))
    }

    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let line = self.line(error.span().map_or(0, |span| span.start));
        let path = self.path.display();
        // The key of that line, where it has one: the parser does not know what a value was meant for.
        let text = self.text.lines().nth(line - 1).unwrap_or_default();
        let (key, value) = text.split_once('=').map_or(("", text), |(key, value)| (key.trim(), value.trim()));
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        let what = if !key.is_empty() && value.is_empty() { "the value is missing" } else { error.message() };
        ConfigError::one(format!("{path}:{line}: {key}{what}"))
    }

    /// Says where in this file the wrong value stands, or else the deepest section around it.
    pub(super) fn locate(&self, wrong: &Wrong) -> ConfigError {
        let mut line = 1;
        let document = DeTable::parse(&self.text).ok();
        let mut table = document.as_ref().map(|document| document.get_ref());
        for name in wrong.key.split('.') {
            let Some((key, value)) = table.and_then(|table| table.get_key_value(name)) else {
                break;
            };
            line = self.line(key.span().start);
            table = value.get_ref().as_table();
        }
        let path = self.path.display();
        ConfigError::one(format!("{path}:{line}: {}: {}", wrong.key, wrong.why))
    }

    /// As `locate`, in one of several sections of the same name.
    pub(super) fn locate_push(&self, wrong: &push::Wrong) -> ConfigError {
        let document = DeTable::parse(&self.text).ok();
        let sections =
            document.as_ref().and_then(|document| document.get_ref().get("push")?.get_ref().as_array());
        let section = sections.and_then(|sections| sections.get(wrong.index));
        let key = section.and_then(|section| section.get_ref().as_table()?.get_key_value(wrong.key));
        let span = key.map(|(key, _)| key.span()).or(section.map(|section| section.span()));
        let line = self.line(span.map_or(0, |span| span.start));
        ConfigError::one(format!("{}:{line}: push.{}: {}", self.path.display(), wrong.key, wrong.why))
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.bytes().take(offset);
        1 + before.filter(|byte| *byte == b'\n').count()
    }
}

fn text(path: &Path) -> Result<String, ConfigError> {
    let refuse = |what: String| ConfigError::one(format!("{}{what}", path.display()));
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| refuse(format!(": cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refuse(": is too large; allowed: 1 MiB".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let lines = error.as_bytes().iter().take(good);
        let line = 1 + lines.filter(|byte| **byte == b'\n').count();
        refuse(format!(":{line}: is not text; allowed: UTF-8"))
    })
}

/// `false`: there is no such value.
fn strike_out(table: &mut DeTable<'_>, path: &[Segment]) -> bool {
    match path {
        [Segment::Map { key }] => table.remove(key.as_str()).is_some(),
        [Segment::Map { key }, rest @ ..] => {
            match (table.get_mut(key.as_str()).map(|value| value.get_mut()), rest) {
                (Some(DeValue::Table(inner)), rest) => strike_out(inner, rest),
                // One of several sections of the same name.
                (Some(DeValue::Array(items)), [Segment::Seq { index }, rest @ ..]) => {
                    match items.get_mut(*index).map(|item| item.get_mut()) {
                        Some(DeValue::Table(inner)) => strike_out(inner, rest),
                        _ => false,
                    }
                }
                _ => false,
            }
        }
        _ => false,
    }
}
