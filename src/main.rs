//! Arguments, settings, run, exit code.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use mjpegd::config::Settings;
use mjpegd::daemon::{self, SettingsFile};
use mjpegd::service::cli::{self, Cli, Command};
use mjpegd::service::{check, controls, devices, frames, logging, passwd, report};

fn main() -> ExitCode {
    let cli = match Cli::read(env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return cli::exit_code(&error).into();
        }
    };
    match cli.settings() {
        Ok(settings) => execute(cli, &settings),
        // What is wrong with them belongs into the report.
        Err(error) if cli.command == Some(Command::Report) => {
            let printed = report::print(Err(&error), cli.config.as_deref(), &mut io::stdout());
            if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            tell(&error.to_string());
            cli::EX_CONFIG.into()
        }
    }
}

fn execute(cli: Cli, settings: &Settings) -> ExitCode {
    logging::init(&settings.log);
    cli.needless().iter().for_each(|why| log::info!("{why}"));
    let outcome = match &cli.command {
        None => {
            let file = cli.file();
            let file =
                file.map(|path| SettingsFile { path, read: Box::new(|path| cli.settings_again(path)) });
            daemon::run(settings, file).map(|()| true)
        }
        Some(Command::Check) => check::print(settings, &mut io::stdout()).map_err(Into::into),
        Some(Command::Controls { named }) => {
            controls::run(settings, named, &mut io::stdout()).map_err(Into::into)
        }
        Some(Command::Devices) => devices::print(&mut io::stdout()).map_err(Into::into),
        Some(Command::Frames(wanted)) => frames::run(settings, wanted),
        Some(Command::Passwd { name }) => passwd::print_user(name, &mut io::stdout()),
        Some(Command::Report) => {
            report::print(Ok(settings), cli.config.as_deref(), &mut io::stdout()).map_err(Into::into)
        }
        Some(Command::Token { name }) => passwd::print_token(name, &mut io::stdout()),
    };
    let code = match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            log::error!("{error:#}");
            ExitCode::FAILURE
        }
    };
    log::logger().flush();
    code
}

/// Nobody may be listening: `eprintln!` would panic then.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
