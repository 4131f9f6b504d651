//! SIGHUP where nobody expects it: again and again, at the start, at the end, from a terminal that is closed.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::daemon::words;
use crate::common::picture::size;
use crate::common::settings::{AGAIN, LARGE, SMALL, Settings, reload};
use crate::common::stream::Stream;
use crate::common::{PATIENCE, within};

#[test]
fn a_storm_of_signals_is_harmless_and_leaves_nothing_behind() {
    let settings = Settings::new(SMALL);
    let daemon = settings.start();
    let mut viewer = Stream::open(&daemon, "/stream");
    viewer.next();
    let (threads, files) = (daemon.threads(), daemon.open_files());
    for round in 0..1000 {
        if round % 100 == 0 {
            settings.write(if round % 200 == 0 { LARGE } else { SMALL });
        }
        daemon.signal(Signal::HUP);
    }
    settings.write(LARGE);
    reload(&daemon);
    assert!(viewer.find(300, |part| size(&part.jpeg).0 == 640).is_some());
    assert!(within(PATIENCE, || daemon.threads() <= threads && daemon.open_files() <= files));
}

#[test]
fn while_it_stops_it_is_harmless() {
    let settings = Settings::new(SMALL);
    let mut daemon = settings.start();
    let _viewer = Stream::open(&daemon, "/stream");
    daemon.signal(Signal::TERM);
    // Until it has been reaped its number is its own.
    let end = within(PATIENCE, || {
        daemon.signal(Signal::HUP);
        daemon.log.text().contains("stopped\n")
    });
    assert!(end);
    assert_eq!(daemon.wait(PATIENCE).unwrap().code(), Some(0));
}

#[test]
fn while_it_waits_for_the_network_it_is_harmless() {
    let settings = Settings::new(SMALL);
    let words = words();
    // An address of the documentation's, which no machine has.
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args([
        "--network-wait",
        "address",
        "--host",
        "192.0.2.7",
        "--port",
        "18333",
        "--config",
    ]);
    let log = settings.path("log");
    command.arg(&settings.file).stderr(fs::File::create(&log).unwrap()).env_remove("RUST_LOG");
    let mut child = command.spawn().unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let logged = |text: &str| fs::read_to_string(&log).unwrap().contains(text);
    assert!(within(PATIENCE, || logged("waiting for that to change")));
    for _ in 0..100 {
        kill_process(pid, Signal::HUP).unwrap();
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", fs::read_to_string(&log).unwrap());
}

/// Runs the daemon in a terminal that is closed when it serves; returns whether it ends by that.
fn ends_with_its_terminal(before: &str) -> bool {
    let settings = Settings::new(SMALL);
    let (log, number) = (settings.path("log"), settings.path("pid"));
    let line = format!(
        "echo $$ >{}; exec {before} {} --host 127.0.0.1 --port 0 --config {} 2>{} </dev/null >/dev/null",
        number.display(),
        words().join(" "),
        settings.file.display(),
        log.display()
    );
    let mut script = Command::new("script");
    script
        .args(["-qfc", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .env("SHELL", "/bin/sh");
    let mut terminal = script.spawn().unwrap();
    let text = || fs::read_to_string(&log).unwrap_or_default();
    assert!(within(PATIENCE, || text().contains("listening on http://")), "{}", text());
    let pid: i32 = fs::read_to_string(&number).unwrap().trim().parse().unwrap();
    let pid = Pid::from_raw(pid).unwrap();
    // By hand it reads its settings, also in a terminal.
    kill_process(pid, Signal::HUP).unwrap();
    assert!(within(PATIENCE, || text().contains(AGAIN)), "{}", text());
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let ended = within(PATIENCE, || text().contains("stopped\n") || text().matches(AGAIN).count() > 1);
    assert!(ended, "{}", text());
    let has_stopped = text().contains("stopped\n");
    let _ = kill_process(pid, Signal::TERM);
    assert!(within(PATIENCE, || text().contains("stopped\n")), "{}", text());
    has_stopped
}

#[test]
fn it_ends_with_the_terminal_that_it_was_started_in_and_with_nohup_it_does_not() {
    // Whoever runs the tests may have had the signal ignored.
    assert!(ends_with_its_terminal("env --default-signal=HUP"));
    assert!(!ends_with_its_terminal("nohup"));
}
