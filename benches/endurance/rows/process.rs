//! The daemon's own process: killed, ended, stopped, told to read its settings again, and with a disk that is full.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mjpegd::clock::Monotonic;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::common::client::get;
use crate::row::{Group, Row};
use crate::stage::{LIVE_WITHIN, Round, SOON, Stage, WATCHED};

const STOPPED: Duration = Duration::from_secs(5);

pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        row("killed (SIGKILL) after a quality was saved, and started anew at once", killed).loses(
            "the connections, and the pictures until viewers have connected anew; what was saved is there",
        ),
        row("ended (SIGTERM) with viewers, and started anew at once", ended)
            .loses("the connections, and the pictures until viewers have connected anew"),
        row("stopped for five seconds (SIGSTOP, SIGCONT)", stopped)
            .times(3)
            .loses("the pictures of these seconds, which nobody took from the camera"),
        row("other settings read again (SIGHUP): another size", reloaded),
        row("settings with a mistake read again (SIGHUP)", reloaded_wrong),
    ];
    if rustix::process::geteuid().is_root() {
        rows.push(row("the disk full while settings are saved", disk_full));
    }
    rows
}

fn row(what: &'static str, act: impl Fn(&mut Stage) -> Result<Round> + Send + Sync + 'static) -> Row {
    Row::new(Group::Process, what, act).times(5)
}

fn quality(stage: &Stage) -> Option<u64> {
    let settings: Value =
        serde_json::from_slice(&get(&stage.subject.daemon, "/api/v1/settings").body).ok()?;
    settings["encoder"]["quality"].as_u64()
}

fn killed(stage: &mut Stage) -> Result<Round> {
    let other = if quality(stage) == Some(61) { 62 } else { 61 };
    stage.subject.patch(&json!({"encoder": {"quality": other}}))?;
    stage.subject.act("save")?;
    let begun = Monotonic::now();
    stage.subject.signal(Signal::KILL);
    stage.subject.daemon.wait(SOON).context("it does not die")?;
    start_anew(stage)?;
    let live = stage.live(begun, LIVE_WITHIN)?;
    ensure!(quality(stage) == Some(other), "the quality that was saved is not there");
    Ok(Round { placard: None, live: Some(live), saw: "the connection closed; live on a new one".to_owned() })
}

fn ended(stage: &mut Stage) -> Result<Round> {
    let begun = Monotonic::now();
    stage.subject.signal(Signal::TERM);
    let status = stage.subject.daemon.wait(SOON).context("it does not end")?;
    ensure!(status.success(), "it ended with {status}");
    start_anew(stage)?;
    let live = stage.live(begun, LIVE_WITHIN)?;
    Ok(Round { placard: None, live: Some(live), saw: "the connection closed; live on a new one".to_owned() })
}

fn start_anew(stage: &mut Stage) -> Result<()> {
    let Stage { subject, camera, .. } = stage;
    subject.start_anew(camera);
    stage.come_back().map(drop)
}

fn stopped(stage: &mut Stage) -> Result<Round> {
    stage.subject.signal(Signal::STOP);
    let held = stage.hold(STOPPED);
    let begun = Monotonic::now();
    stage.subject.signal(Signal::CONT);
    held?;
    let live = stage.live(begun, LIVE_WITHIN)?;
    Ok(Round { placard: None, live: Some(live), saw: "the last picture".to_owned() })
}

fn reloaded(stage: &mut Stage) -> Result<Round> {
    let (size, width) = stage.other_size();
    stage.subject.daemon.write_config(&format!("[source]\nresolution = \"{size}\"\n"));
    let begun = Monotonic::now();
    stage.subject.signal(Signal::HUP);
    stage.resized(width, begun)
}

fn reloaded_wrong(stage: &mut Stage) -> Result<Round> {
    const MISTAKE: &str = "encoder.quality: 101 is out of range";
    let log = &stage.subject.daemon.log;
    let before = log.count(MISTAKE);
    stage.subject.daemon.write_config("[source]\nresolution = \"640x480\"\n[encoder]\nquality = 101\n");
    let begun = Monotonic::now();
    stage.subject.signal(Signal::HUP);
    stage.wait("the mistake, in the log", begun, SOON, |_| log.count(MISTAKE) > before)?;
    stage.hold(WATCHED)?;
    ensure!(stage.eye.first(false, begun).is_none(), "a placard between live pictures");
    ensure!(stage.shows(1280), "half of it was taken");
    Ok(Round { saw: "live throughout, as it was; the log names the mistake".to_owned(), ..Round::default() })
}

fn disk_full(stage: &mut Stage) -> Result<Round> {
    let folder = stage.subject.state_folder();
    let disk = SmallDisk::mount(&folder)?;
    let (state, filler) = (folder.join("state.toml"), folder.join("filler"));
    stage.subject.patch(&json!({"encoder": {"quality": 71}}))?;
    stage.subject.act("save")?;
    let saved = fs::read(&state)?;
    let begun = Monotonic::now();
    // As much as there is room for.
    let _ = fs::write(&filler, vec![0; SmallDisk::BYTES]);
    stage.subject.patch(&json!({"encoder": {"quality": 72}}))?;
    ensure!(stage.subject.act("save").is_err(), "it says that it has saved what has no room");
    ensure!(fs::read(&state)? == saved, "what was saved before is damaged");
    fs::remove_file(&filler)?;
    stage.subject.act("save")?;
    ensure!(fs::read(&state)? != saved, "it is not saved when there is room again");
    let saw = "live throughout; who saves: an error".to_owned();
    ensure!(stage.eye.first(false, begun).is_none(), "a placard");
    drop(disk);
    Ok(Round { saw, ..Round::default() })
}

/// Over a folder, for as long as this lives.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    const BYTES: usize = 64 * 1024;

    fn mount(folder: &'a Path) -> Result<Self> {
        let size = format!("size={}", Self::BYTES);
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).status()?;
        ensure!(status.success(), "no small disk can be mounted");
        Ok(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // Lazily: whoever looks into it now keeps nobody.
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
