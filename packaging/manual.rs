//! manual DIR: writes the man page and the shells' completions to DIR. Flags and commands come from the daemon's own
//! `--help`, so that they cannot drift apart; what `--help` does not say stands in `manual.roff`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use mjpegd::service::cli::Cli;

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("usage: manual DIR"))?;
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("mjpegd.1"), man_page()?)?;
    completions(&folder)
}

/// The name of each file is the one under which its shell looks for it.
fn completions(folder: &Path) -> io::Result<()> {
    for (shell, name) in [(Shell::Bash, "mjpegd"), (Shell::Zsh, "_mjpegd"), (Shell::Fish, "mjpegd.fish")] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::arguments(), "mjpegd", &mut text);
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn man_page() -> io::Result<Vec<u8>> {
    let arguments = Cli::arguments();
    let commands = commands(&arguments);
    let headings: Vec<_> =
        arguments.get_arguments().filter_map(|flag| flag.get_help_heading()).map(str::to_owned).collect();
    let after = arguments.get_after_help().map(ToString::to_string).unwrap_or_default();
    let version = arguments.get_version().unwrap_or_default().to_owned();
    // All the flags in the synopsis would fill a screen.
    let brief = arguments.override_usage("mjpegd [OPTIONS] [check | devices | report]");
    let man = Man::new(brief)
        .title("MJPEGD")
        .date(date())
        .source(format!("mjpegd {version}"))
        .manual("User commands");

    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    let mut description = Roff::new();
    description.control("SH", ["DESCRIPTION"]);
    description.to_writer(&mut page)?;
    page.extend_from_slice(include_bytes!("description.roff"));
    commands.to_writer(&mut page)?;
    page.extend_from_slice(options(&man, &headings)?.as_bytes());
    let mut order = Roff::new();
    order.control("SH", ["SETTINGS"]).text([roman(after)]);
    order.to_writer(&mut page)?;
    page.extend_from_slice(include_bytes!("manual.roff"));
    Ok(page)
}

/// `clap_mangen` would refer to a man page for each; these have a few flags of their own at most.
fn commands(arguments: &clap::Command) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["COMMANDS"]);
    section.text([roman("Without a command the daemon runs.")]);
    for command in arguments.get_subcommands() {
        section.control("TP", []).text([bold(command.get_name())]);
        section.text([roman(command.get_about().map(ToString::to_string).unwrap_or_default())]);
        for flag in command.get_arguments() {
            let Some(name) = flag.get_long() else { continue };
            let value = flag.get_value_names().filter(|_| flag.get_action().takes_values());
            let value = value.map(|names| format!(" {}", names.join(" "))).unwrap_or_default();
            let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
            section.control("RS", []).control("TP", []);
            section.text([bold(format!("--{name}")), roman(value)]);
            section.text([roman(help)]).control("RE", []);
        }
    }
    section
}

/// The groups of flags as parts of OPTIONS, with the headings of `--help`; `clap_mangen` makes sections of them, in capitals.
fn options(man: &Man, headings: &[String]) -> io::Result<String> {
    let mut section = Vec::new();
    man.render_options_section(&mut section)?;
    let mut section = String::from_utf8_lossy(&section).into_owned();
    for heading in headings {
        let part = |control: &str, text: &str| Roff::new().control(control, [text]).to_roff();
        section = section.replace(&part("SH", &heading.to_uppercase()), &part("SS", heading));
    }
    Ok(section)
}

/// The day of the sources, so that the same sources give the same page.
fn date() -> String {
    let seconds = env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.unwrap_or_else(jiff::Timestamp::now).strftime("%Y-%m-%d").to_string()
}
