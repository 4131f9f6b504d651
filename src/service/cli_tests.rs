use log::LevelFilter;

use super::*;
use crate::config::values::{Devices, SourceName};

fn read(arguments: &str) -> Result<Cli, clap::Error> {
    Cli::read(["mjpegd"].into_iter().chain(arguments.split_whitespace()))
}

/// With an empty settings file, so that none of this machine's is read.
fn settings(arguments: &str) -> Settings {
    read(&format!("{arguments} --config /dev/null")).unwrap().settings().unwrap()
}

#[test]
fn no_flags_give_the_defaults() {
    assert_eq!(settings(""), Settings::default());
}

#[test]
fn ustreamers_short_flags_mean_what_they_mean_there() {
    let settings = settings(
        "-d /dev/video1 -r 640x480 -f 15 -m mjpeg -q 70 -b 5 -w 2 -s 127.0.0.1 -p 8090 --tcp-nodelay",
    );
    assert_eq!(settings.source.v4l2.device, Devices::List(vec!["/dev/video1".into()]));
    assert_eq!(settings.source.resolution.to_string(), "640x480");
    assert_eq!(settings.source.desired_fps.unwrap().per_second(), 15.0);
    assert_eq!(settings.source.v4l2.format.unwrap().name(), "MJPEG");
    assert_eq!(settings.encoder.quality.get(), 70);
    assert_eq!(settings.source.v4l2.buffers, 5);
    assert_eq!(settings.encoder.workers.get(), 2);
    assert_eq!(settings.http.host, ["127.0.0.1"]);
    assert_eq!(settings.http.port, 8090);
    assert!(settings.http.tcp_nodelay);
}

#[test]
fn what_crowsnest_gives_to_ustreamer_is_taken() {
    let settings = settings(
        "--host 127.0.0.1 --port 8080 --resolution 640x480 --desired-fps 15 --allow-origin * \
         --device /dev/video0 --device-timeout 2 --format MJPEG",
    );
    assert_eq!(settings.http.allow_origin.as_deref(), Some("*"));
}

#[test]
fn a_control_goes_over_an_image_flag_wherever_it_stands() {
    let settings =
        settings("--control brightness=7 --brightness -5 --contrast -5 --control zoom=1 --control zoom=2");
    let controls = settings.source.v4l2.controls.iter().filter(|wish| !wish.optional);
    let controls: Vec<_> = controls.map(|wish| format!("{}={}", wish.name, wish.value)).collect();
    assert_eq!(controls, ["contrast=-5", "brightness=7", "zoom=2"]);
}

#[test]
fn flags_stand_before_and_behind_a_subcommand() {
    for arguments in ["check --source pattern -q 50", "--source pattern check -q 50"] {
        assert_eq!(read(arguments).unwrap().command, Some(Command::Check));
        assert_eq!(settings(arguments).source.name, SourceName::Pattern);
        assert_eq!(settings(arguments).encoder.quality.get(), 50);
    }
    assert_eq!(read("devices").unwrap().command, Some(Command::Devices));
}

#[test]
fn devices_and_hosts_may_be_given_more_than_once() {
    let settings = settings("-d /dev/video1 --device /dev/video0 --host ::1 -s 127.0.0.1");
    assert_eq!(settings.source.v4l2.device, Devices::List(vec!["/dev/video1".into(), "/dev/video0".into()]));
    assert_eq!(settings.http.host, ["::1", "127.0.0.1"]);
}

#[test]
fn the_most_talkative_of_the_log_flags_wins() {
    assert_eq!(settings("--log-level 3").log.level, LevelFilter::Trace);
    assert_eq!(settings("--log-level warn --verbose").log.level, LevelFilter::Debug);
    assert_eq!(settings("--debug --verbose").log.level, LevelFilter::Trace);
}

#[test]
fn switches_are_on_when_they_are_named_and_can_be_turned_off() {
    assert!(settings("--snapshot-placeholder").http.snapshot_placeholder);
    assert!(!settings("--tcp-nodelay=false").http.tcp_nodelay);
}

#[test]
fn a_wrong_value_is_told_with_its_flag_and_what_is_allowed() {
    for (arguments, told) in [
        ("--quality 0", "invalid value '0' for '--quality <N>': 0 is out of range; allowed: 1 to 100"),
        ("--port -1", "invalid value '-1' for '--port <N>': -1 is out of range; allowed: 0 to 65535"),
        ("-r 4x3", "'--resolution <SIZE>': 4x3 is out of range; allowed: WIDTHxHEIGHT, each 16 to 8192"),
        ("check --idle-timeout never", "\"never\" is not a number; allowed: 0 to 86400 seconds"),
    ] {
        let error = read(arguments).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!(exit_code(&error), EX_CONFIG, "{arguments}");
    }
}

#[test]
fn what_can_be_told_only_when_all_is_known_names_the_flag() {
    for (arguments, told) in [
        ("-d auto -d /dev/video0", "--device: \"auto\" stands beside a path; allowed: auto, or paths"),
        ("--source slideshow --slideshow-folder /nowhere", "--slideshow-folder: \"/nowhere\": No such file"),
    ] {
        let cli = read(&format!("{arguments} --config /dev/null")).unwrap();
        let error = cli.settings().unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn unknown_flags_are_bad_usage_and_help_is_none() {
    for arguments in ["--qualty 3", "serve"] {
        assert_eq!(exit_code(&read(arguments).unwrap_err()), EX_USAGE, "{arguments}");
    }
    for arguments in ["--help", "--version", "check --help"] {
        assert_eq!(exit_code(&read(arguments).unwrap_err()), 0, "{arguments}");
    }
}

#[test]
fn the_last_of_several_counts_and_lists_take_them_all() {
    let cli = read("--port 1 --port 2 --host 127.0.0.1 --host ::1 --config /dev/null").unwrap();
    let settings = cli.settings().unwrap();
    assert_eq!(settings.http.port, 2);
    assert_eq!(settings.http.host, ["127.0.0.1", "::1"]);
}

/// The flags that take a value of a key, with their help as one line.
fn flags() -> Vec<(String, String)> {
    let command = Cli::command();
    let flags = command.get_arguments().filter_map(|flag| {
        let name = flag.get_long().filter(|name| *name != "config")?;
        let takes_value = flag.get_action().takes_values();
        takes_value.then(|| (name.to_owned(), flag.get_help().unwrap().to_string()))
    });
    flags.collect()
}

#[test]
fn the_defaults_that_help_shows_are_those_in_force() {
    for (flag, help) in flags() {
        let Some((_, default)) = help.split_once("[default: ") else {
            continue;
        };
        let default = default.strip_suffix(']').unwrap();
        // What depends on the machine, on systemd or on other settings is described.
        if ["cores", "$", "where"].iter().any(|word| default.contains(word)) {
            continue;
        }
        let values = if flag == "host" { default.split(' ').collect() } else { vec![default] };
        let flags = values.iter().map(|value| format!("--{flag}={value}"));
        let arguments = ["mjpegd", "--config=/dev/null"].into_iter().map(str::to_owned);
        let cli = Cli::read(arguments.chain(flags)).unwrap();
        assert_eq!(cli.settings().unwrap(), Settings::default(), "{flag}");
    }
}

#[test]
fn the_ranges_that_help_shows_are_those_in_force() {
    for (flag, help) in flags() {
        // An empty value is no value for most, blanks are none for others, and what cannot be printed for the rest.
        let refusal = ["", " ", "{\u{1}"]
            .iter()
            .find_map(|value| Cli::read(["mjpegd", &format!("--{flag}={value}")]).err());
        let refusal = refusal.unwrap_or_else(|| panic!("{flag}")).to_string();
        let (_, allowed) = refusal.split_once("; allowed: ").unwrap();
        let allowed = allowed.lines().next().unwrap();
        assert!(help.contains(allowed), "--{flag}: {help}: {allowed}");
    }
}

#[test]
fn crowsnests_command_line_is_taken_as_it_is() {
    let cli = read(
        "--host 127.0.0.1 --port 8081 --resolution 640x480 --desired-fps 15 --allow-origin * \
         --device /dev/video0 --device-timeout 2 --format MJPEG --encoder HW --config /dev/null",
    )
    .unwrap();
    let settings = cli.settings().unwrap();
    assert_eq!((settings.http.port, settings.http.allow_origin.as_deref()), (8081, Some("*")));
    assert!(cli.needless()[0].starts_with("--encoder is not needed: "), "{:?}", cli.needless());
}

#[test]
fn a_flag_of_ustreamers_that_would_be_missed_is_refused_with_what_to_do() {
    let cli = read("--exit-on-no-clients 5 --jpeg-sink a --slowdown --config /dev/null").unwrap();
    let refused = cli.settings().unwrap_err();
    assert_eq!(refused.problems().len(), 2, "{refused}");
    assert!(
        refused.to_string().contains("--exit-on-no-clients: a camera that nobody watches is stopped"),
        "{refused}"
    );
    assert_eq!(cli.needless().len(), 1);
}
