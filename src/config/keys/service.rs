//! `[api]`, `[network]` and `[log]`: how mjpegd fits into its surroundings.

use clap::Args;
use serde::Deserialize;

use super::super::values::{LogLevel, NetworkWait, Seconds, StatePath, Switch};

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Page and API")]
pub struct Api {
    /// Keep what is changed on the page here: a path in a folder that mjpegd may write to, or empty for none [default: systemd's $STATE_DIRECTORY/state.toml]
    #[arg(long, value_name = "FILE")]
    pub state_file: Option<StatePath>,

    /// Let those who may change settings end mjpegd, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub allow_stop: Option<Switch>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// What to wait for before listening: none, address, online or route [default: none]
    #[arg(long = "network-wait", value_name = "WHAT")]
    pub wait: Option<NetworkWait>,

    /// Wait at most so long, 0 to 86400 seconds; 0: for as long as it takes [default: 0]
    #[arg(long = "network-timeout", value_name = "SECONDS")]
    pub timeout: Option<Seconds<0, 86_400_000>>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// How much is logged: error, warn, info, debug, trace, or ustreamer's 0 to 3 [default: info]
    #[arg(long = "log-level", value_name = "LEVEL")]
    pub level: Option<LogLevel>,

    /// Log a line for each answer, as web servers do, true or false [default: false]
    #[arg(long = "access-log", value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub access: Option<Switch>,
}
