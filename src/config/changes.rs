//! Changes that are made to the settings while the daemon runs, in the form that the settings file has.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::error::ConfigError;
use super::keys::{Keys, Wrong};
use super::problems::{MAX_PROBLEMS, names, rephrase};
use super::settings::Settings;

/// What differs from the file and the flags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes(Table);

impl Changes {
    pub(super) fn new(table: Table) -> Self {
        Self(table)
    }

    pub fn table(&self) -> &Table {
        &self.0
    }

    /// These changes and those of a JSON Merge Patch (RFC 7396) on top of them; `null` takes one back.
    pub fn merged(&self, patch: &Json) -> Result<Self, ConfigError> {
        let Json::Object(_) = patch else {
            return Err(ConfigError::one("the patch is not a JSON object of sections and keys".to_owned()));
        };
        let mut merged = self.clone();
        merge(&mut merged.0, patch).map_err(ConfigError::one)?;
        check_names(patch)?;
        Ok(merged)
    }

    /// Lays these over the settings; all that is wrong with them is told at once.
    pub fn apply(&self, to: &mut Settings) -> Result<(), ConfigError> {
        self.keys()?.apply(to).map_err(|wrong| refused(&wrong))?;
        super::check(to).map_err(|wrong| refused(&wrong))
    }

    fn keys(&self) -> Result<Keys, ConfigError> {
        let mut table = self.0.clone();
        let mut problems = Vec::new();
        loop {
            let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
                Ok(keys) if problems.is_empty() => return Ok(keys),
                Ok(_) => break,
                Err(error) => error,
            };
            let path = names(error.path());
            let what = rephrase(error.inner().message(), path.last());
            problems.push(format!("{}: {what}", path.join(".")));
            if problems.len() == MAX_PROBLEMS || !strike_out(&mut table, &path) {
                break;
            }
        }
        Err(ConfigError::new(problems))
    }
}

fn refused(wrong: &Wrong) -> ConfigError {
    ConfigError::one(format!("{}: {}", wrong.key, wrong.why))
}

fn merge(target: &mut Table, patch: &Json) -> Result<(), String> {
    let Json::Object(patch) = patch else { return Ok(()) };
    for (name, value) in patch {
        match value {
            Json::Null => {
                target.remove(name);
            }
            Json::Object(_) => {
                let mut inner = match target.remove(name) {
                    Some(Value::Table(inner)) => inner,
                    _ => Table::new(),
                };
                merge(&mut inner, value)?;
                if !inner.is_empty() {
                    target.insert(name.clone(), Value::Table(inner));
                }
            }
            value => {
                let value = Value::try_from(value).map_err(|error| format!("{name}: {error}"))?;
                target.insert(name.clone(), value);
            }
        }
    }
    Ok(())
}

/// Every key that is named has to be one that can be changed while the daemon runs, those that are taken back among them.
fn check_names(patch: &Json) -> Result<(), ConfigError> {
    let changeable = serde_json::to_value(Settings::default()).unwrap_or_default();
    let mut problems = Vec::new();
    find_fixed(patch, &changeable, "", &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(ConfigError::new(problems)) }
}

fn find_fixed(patch: &Json, changeable: &Json, section: &str, problems: &mut Vec<String>) {
    let Json::Object(patch) = patch else { return };
    for (name, value) in patch {
        let path = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        match changeable.get(name) {
            Some(inner @ Json::Object(_)) => find_fixed(value, inner, &path, problems),
            Some(_) if !value.is_object() => {}
            _ if problems.len() >= MAX_PROBLEMS => return,
            Some(_) => problems.push(format!("{path}: is a value and no section")),
            None => problems.push(unchangeable(&path)),
        }
    }
}

/// Another word for a key that the file may have than for one that nobody knows.
fn unchangeable(path: &str) -> String {
    let mut table = Table::new();
    let mut names = path.rsplit('.');
    // A value that no key takes: what is known is refused for its type, and what is not for its name.
    let mut value = Value::Array(vec![Value::Array(Vec::new())]);
    if let Some(name) = names.next() {
        value = Value::Table(Table::from_iter([(name.to_owned(), value)]));
    }
    for name in names {
        value = Value::Table(Table::from_iter([(name.to_owned(), value)]));
    }
    if let Value::Table(inner) = value {
        table = inner;
    }
    match Changes(table).keys() {
        Err(error) if error.to_string().contains("unknown key") => error.to_string(),
        _ => format!(
            "{path}: cannot be changed while mjpegd runs; change it in the settings file and restart it"
        ),
    }
}

/// `false`: there is no such value.
fn strike_out(table: &mut Table, path: &[String]) -> bool {
    match path {
        [] => false,
        [name] => table.remove(name.as_str()).is_some(),
        [name, rest @ ..] => match table.get_mut(name.as_str()) {
            Some(Value::Table(inner)) => strike_out(inner, rest),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(patch: Json) -> String {
        let merged = Changes::default().merged(&patch);
        merged.and_then(|changes| changes.apply(&mut Settings::default())).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_can_be_read_again_and_is_the_same() {
        let written = serde_json::to_value(Settings::default()).unwrap();
        let changes = Changes::default().merged(&written).unwrap();
        let mut settings = Settings::default();
        changes.apply(&mut settings).unwrap();
        assert_eq!(settings, Settings::default());
        let other = json!({
            "source": {"resolution": "640x480", "desired-fps": 12.5, "idle-timeout": 0, "idle-fps": 2,
                "v4l2": {"device": ["/dev/video3"], "format": "YUYV"}},
            "encoder": {"quality": 55, "subsampling": "4:2:2", "slices": 2},
        });
        let changes = changes.merged(&other).unwrap();
        let mut settings = Settings::default();
        changes.apply(&mut settings).unwrap();
        let written = serde_json::to_value(&settings).unwrap();
        for section in ["source", "encoder"] {
            for (key, value) in other[section].as_object().unwrap() {
                match value {
                    Json::Object(inner) => {
                        inner.iter().for_each(|(k, v)| assert_eq!(&written[section][key][k], v))
                    }
                    value => assert_eq!(&written[section][key], value, "{key}"),
                }
            }
        }
    }

    #[test]
    fn null_takes_a_change_back_and_leaves_the_others() {
        let changes = Changes::default();
        let changes = changes.merged(&json!({"encoder": {"quality": 5, "slices": 2}})).unwrap();
        let changes = changes.merged(&json!({"encoder": {"quality": null}})).unwrap();
        assert_eq!(changes.table().to_string().trim(), "[encoder]\nslices = 2");
        let changes = changes.merged(&json!({"encoder": {"slices": null}})).unwrap();
        assert_eq!(changes, Changes::default());
    }

    #[test]
    fn refusals_are_those_of_the_file_and_come_all_at_once() {
        let said = refusal(json!({"encoder": {"quality": 101}, "source": {"resolution": "big"}}));
        assert_eq!(
            said.lines().collect::<Vec<_>>(),
            [
                "encoder.quality: 101 is out of range; allowed: 1 to 100",
                "source.resolution: \"big\" is not a width and a height; allowed: WIDTHxHEIGHT, each 16 to 8192",
            ]
        );
    }

    #[test]
    fn what_takes_a_restart_and_what_nobody_knows_are_told_apart() {
        assert_eq!(
            refusal(json!({"http": {"port": 80}})),
            "http: cannot be changed while mjpegd runs; change it in the settings file and restart it"
        );
        assert!(
            refusal(json!({"encoder": {"workers": 2}})).starts_with("encoder.workers: cannot be changed")
        );
        assert!(refusal(json!({"encoder": {"qualty": null}})).contains("did you mean quality?"));
        assert_eq!(refusal(json!([])), "the patch is not a JSON object of sections and keys");
        assert_eq!(
            refusal(json!({"encoder": {"quality": {}}})),
            "encoder.quality: is a value and no section"
        );
    }
}
