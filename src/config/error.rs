use std::fmt;

/// What is wrong with the settings: one line for each problem, complete with its place and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    pub(super) fn new(problems: impl IntoIterator<Item = String>) -> Self {
        Self(problems.into_iter().map(one_line).collect())
    }

    pub(super) fn one(problem: String) -> Self {
        Self::new([problem])
    }

    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

/// Keys and values are quoted as they stand in the file, where TOML allows any character in them.
fn one_line(problem: String) -> String {
    problem.replace(char::is_control, "\u{fffd}")
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
