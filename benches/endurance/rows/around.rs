//! Programs and servers around the daemon that end or hang: viewers notice only what came from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mjpegd::clock::Monotonic;
use rustix::process::{Pid, Signal, kill_process};

use crate::common::client::state;
use crate::common::daemon::{Daemon, Launch, free_port};
use crate::common::{picture, redis};
use crate::row::{Group, Row};
use crate::stage::{LIVE_WITHIN, PLACARD_WITHIN, Round, SOON, Stage};

/// Pauses between attempts begin at a second.
const AGAIN_WITHIN: Duration = Duration::from_secs(5);
/// One that has lasted so long begins with the shortest pause again.
const LASTING: Duration = Duration::from_millis(10_500);
/// `timeout` of the filter that hangs.
const FILTER_TIMEOUT: Duration = Duration::from_secs(1);

pub fn rows() -> Vec<Row> {
    let filter = "[filter]\ncommand = \"cat\"\nformat = \"jpeg\"\ntimeout = 1\n";
    let mut rows = vec![
        row("the filter program killed", |stage| filter_lost(stage, Signal::KILL, Duration::ZERO))
            .with(filter)
            .times(3),
        row("the filter program hung (SIGSTOP; timeout = 1)", |stage| {
            filter_lost(stage, Signal::STOP, FILTER_TIMEOUT)
        })
        .with(filter)
        .times(3),
        row("the program that pictures come from killed (source command)", source_killed)
            .with(film_program()),
        push_to_http(),
    ];
    let has_redis = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("redis-server").exists()));
    if has_redis {
        rows.push(push_to_redis());
    }
    rows
}

fn row(what: &'static str, act: impl Fn(&mut Stage) -> Result<Round> + Send + Sync + 'static) -> Row {
    Row::new(Group::Around, what, act).times(5)
}

/// A program that shows one picture for ever.
fn film_program() -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-picture.jpg");
    // Whoever cannot write it sees a placard, which fails the row.
    let _ = fs::write(&path, picture::draw(640, 480, 0, 0));
    format!(
        "[source]\nname = \"command\"\n[source.command]\ncommand = 'sh -c \"while :; do cat {}; sleep 0.03; done\"'\n",
        path.display()
    )
}

/// Children of the daemon by that name.
fn children(stage: &Stage, name: &str) -> Vec<Pid> {
    let of = |folder: PathBuf| {
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let (start, rest) = stat.rsplit_once(')')?;
        let (pid, own) = start.split_once(" (")?;
        let parent = rest.split_whitespace().nth(1)?.parse::<u32>().ok()?;
        let is_ours = own == name && parent == stage.subject.daemon.pid();
        is_ours.then(|| Pid::from_raw(pid.parse().ok()?)).flatten()
    };
    fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| of(entry.ok()?.path())).collect()
}

fn signal_child(stage: &Stage, name: &str, signal: Signal) -> Result<()> {
    let begun = Monotonic::now();
    stage.wait("the program", begun, SOON, |stage| !children(stage, name).is_empty())?;
    for pid in children(stage, name) {
        kill_process(pid, signal).context("cannot signal the program")?;
    }
    Ok(())
}

fn filter_lost(stage: &mut Stage, signal: Signal, hung: Duration) -> Result<Round> {
    let figure = |stage: &Stage, name: &str| {
        state(&stage.subject.daemon)["result"]["mjpegd"]["filter"][name].as_u64().unwrap_or(0)
    };
    let (begun, restarts) = (Monotonic::now(), figure(stage, "restarts"));
    signal_child(stage, "cat", signal)?;
    stage.wait("another filter program", begun, hung + AGAIN_WITHIN, |stage| {
        figure(stage, "restarts") > restarts
    })?;
    let answered = figure(stage, "answered");
    let live = stage.wait("filtered pictures", begun, hung + AGAIN_WITHIN, |stage| {
        figure(stage, "answered") > answered
    })?;
    ensure!(stage.eye.first(false, begun).is_none(), "a placard");
    stage.hold(LASTING)?;
    Ok(Round { placard: None, live: Some(live), saw: "live throughout, unfiltered meanwhile".to_owned() })
}

fn source_killed(stage: &mut Stage) -> Result<Round> {
    let begun = Monotonic::now();
    signal_child(stage, "sh", Signal::KILL)?;
    let placard = stage.placard(begun, PLACARD_WITHIN)?;
    let saw = stage.says()?;
    let live = stage.live(begun + placard, LIVE_WITHIN)?;
    stage.hold(Duration::from_millis(1500))?;
    Ok(Round { placard: Some(placard), live: Some(live), saw: format!("placard: {saw}") })
}

fn sent(stage: &Stage) -> u64 {
    let pushes = state(&stage.subject.daemon)["result"]["mjpegd"]["pushes"].clone();
    pushes[0]["sent"].as_u64().unwrap_or(0)
}

fn goes_out(stage: &Stage, since: Monotonic) -> Result<Duration> {
    let before = sent(stage);
    stage.wait("a picture at the receiver", since, AGAIN_WITHIN, |stage| sent(stage) > before + 1)
}

/// The receiver goes, and comes back by `again`; viewers see nothing of it.
fn receiver_lost<T>(stage: &mut Stage, receiver: &Mutex<Option<T>>, again: impl Fn() -> T) -> Result<Round> {
    let mut receiver = receiver.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if receiver.is_none() {
        *receiver = Some(again());
    }
    let begun = Monotonic::now();
    goes_out(stage, begun)?;
    // Goods that go out for a second end the trouble before, and with it the pauses that have grown.
    stage.hold(Duration::from_millis(1500))?;
    *receiver = None;
    stage.hold(Duration::from_millis(500))?;
    *receiver = Some(again());
    let live = goes_out(stage, Monotonic::now())?;
    ensure!(stage.eye.first(false, begun).is_none(), "a placard");
    Ok(Round { placard: None, live: Some(live), saw: "live throughout".to_owned() })
}

const RECEIVER_LOSES: &str =
    "at the receiver, the pictures while it was away: pushes send the newest, and queue nothing";

fn push_to_http() -> Row {
    let (port, receiver) = (free_port(), Mutex::<Option<Daemon>>::default());
    let again = move || Launch::default().args(&["--source", "inbox"]).port(port).start();
    row("the server that pictures are pushed to ended and started again", move |stage| {
        receiver_lost(stage, &receiver, again)
    })
    .with(format!("[[push]]\nto = \"http\"\nurl = \"http://127.0.0.1:{port}/frame\"\n"))
    .loses(RECEIVER_LOSES)
}

fn push_to_redis() -> Row {
    let (port, receiver) = (free_port(), Mutex::<Option<redis::Server>>::default());
    let again = move || redis::Server::start(port, None);
    row("the Redis server that pictures are pushed to killed and started again", move |stage| {
        receiver_lost(stage, &receiver, again)
    })
    .with(format!("[[push]]\nto = \"redis\"\nurl = \"redis://127.0.0.1:{port}\"\nkey = \"garage\"\n"))
    .loses(RECEIVER_LOSES)
}
