//! The command line: `mjpegd [FLAGS]` runs, `mjpegd check` and `mjpegd devices` tell, `mjpegd frames` hands out. The flags of the keys, with
//! ustreamer's names, stand in `config/keys.rs`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::ustreamer::{self, Judgement};
use crate::config::values::LogLevel;
use crate::config::{self, ConfigError, ImageFlags, Keys, Settings};
use crate::service::frames::Frames;

/// `EX_USAGE` of sysexits.h: there is no such flag or subcommand.
pub const EX_USAGE: u8 = 64;

/// `EX_CONFIG` of sysexits.h: a value in the file or behind a flag is refused.
pub const EX_CONFIG: u8 = 78;

/// A camera's picture in every browser, player and program that wants it.
#[derive(Clone, Debug, Parser)]
#[command(name = "mjpegd", version, max_term_width = 120, disable_help_subcommand = true)]
#[command(
    after_help = "A flag goes over the settings file, and the file over the default. The file has some more keys."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Settings file, TOML [default: /etc/mjpegd.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    keys: Keys,

    #[command(flatten)]
    image: ImageFlags,

    #[arg(skip)]
    ustreamer: Judgement,

    /// The same as --log-level debug
    #[arg(long, help_heading = "Log")]
    verbose: bool,

    /// The same as --log-level trace
    #[arg(long, help_heading = "Log")]
    debug: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Say whether the settings and the camera will do, and what is wrong if not
    Check,
    /// List cameras with their formats, sizes, rates and lasting paths
    Devices,
    /// Print what an issue report needs: version, settings without secrets, cameras, state and log
    Report,
    /// Write frames of a running mjpegd to standard output, end to end
    Frames(Frames),
    /// Ask for a password, and print what lets its user log in
    Passwd {
        /// Who is to log in
        #[arg(id = "login-name", value_name = "NAME")]
        name: String,
    },
    /// Make a token for a program, and print what lets it log in
    Token {
        /// What the token is for
        #[arg(id = "token-name", value_name = "NAME")]
        name: String,
    },
    /// List the camera's controls, or get some by NAME, or set some by NAME=VALUE
    Controls {
        /// What to get or set: any name that the list has; "default" for a value is the camera's own
        #[arg(value_name = "NAME[=VALUE]")]
        named: Vec<String>,
    },
}

impl Cli {
    /// Reads the arguments, the program's name first. What `--help` and `--version` print is an error here, too: see
    /// [`exit_code`].
    pub fn read<I, A>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString> + Clone,
    {
        let matches = Self::arguments().try_get_matches_from(arguments)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        cli.ustreamer = Judgement::of(&matches);
        Ok(cli)
    }

    /// Which flags were taken and are not needed, and why.
    pub fn needless(&self) -> &[String] {
        &self.ustreamer.needless
    }

    /// All flags and subcommands, as [`Cli::read`] takes them; the man page and the shells' completions are made of it.
    pub fn arguments() -> clap::Command {
        // Flags may stand before and behind the subcommand, and a minus before a number is not another flag.
        ustreamer::add_to(Self::command()).mut_args(|flag| {
            let takes_value = flag.get_action().takes_values();
            // The last of several wins, so that a script can add its own; lists take them all.
            let list = matches!(flag.get_action(), ArgAction::Append);
            let id = flag.get_id().clone();
            let flag = if list { flag } else { flag.overrides_with(id) };
            flag.global(true).allow_negative_numbers(takes_value)
        })
    }

    /// The settings file, if there is one.
    pub fn file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| config::default_file().map(Path::to_owned))
    }

    /// As `settings`, for a daemon that runs on what it read before: the file has to be there, and one that can be read twice.
    pub fn settings_again(&self, file: &Path) -> Result<Settings, ConfigError> {
        config::check_again(file)?;
        Self { config: Some(file.to_owned()), ..self.clone() }.settings()
    }

    /// The flags over the file over the defaults.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        if let Some(refused) = &self.ustreamer.refused {
            return Err(refused.clone());
        }
        let mut flags = self.keys.clone();
        match (self.debug, self.verbose) {
            (true, _) => flags.log.level = Some(LogLevel::DEBUG),
            (false, true) => flags.log.level = Some(LogLevel::VERBOSE),
            (false, false) => {}
        }
        let image = self.image.wishes();
        if !image.is_empty() {
            // Before those that are named by themselves, which know better.
            let named = flags.source.v4l2.controls.take().unwrap_or_default();
            flags.source.v4l2.controls = Some(image.into_iter().map(Into::into).chain(named).collect());
        }
        config::load(self.config.as_deref(), flags)
    }
}

/// What to exit with when [`Cli::read`] gave this, after it was printed.
pub fn exit_code(error: &clap::Error) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => EX_CONFIG,
        _ => EX_USAGE,
    }
}

#[cfg(test)]
#[path = "cli_tests.rs"]
mod tests;
