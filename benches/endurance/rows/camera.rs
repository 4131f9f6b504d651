//! A camera that goes, stalls, refuses, and sends what is no picture.

use std::time::Duration;

use anyhow::{Result, ensure};
use mjpegd::clock::Monotonic;
use serde_json::json;

use crate::common::camera::Camera;
use crate::row::{Group, Row};
use crate::stage::{LINK, LIVE_WITHIN, PLACARD_WITHIN, Round, SOON, Stage};
use crate::subject;
use crate::trouble::{FAULTS, Fault, told};

const SLOW_START: Duration = Duration::from_secs(5);
const SLOW_STOP: Duration = Duration::from_secs(3);

pub fn rows() -> Vec<Row> {
    let faults = FAULTS.iter().map(|fault| row(fault.name, move |stage| stage.fault(fault)));
    let raw = || subject::camera("YUYV");
    faults
        .chain([
            row("unplugged while nobody watches, plugged in when somebody does", unplugged_at_rest)
                .with("[source]\nidle-timeout = 0.5\n"),
            row("unplugged and plugged in again while nobody watches", away_at_rest)
                .with("[source]\nidle-timeout = 0.5\n"),
            row("unplugged, and plugged in as another node; named by its path in /dev/v4l/by-id", other_node)
                .with("[source]\nname = \"v4l2\"\n[source.v4l2]\ndevice = \"BY-ID\"\n")
                .on(|| subject::camera("MJPG").node("capture")),
            row("unplugged while a control is set", unplugged_under_a_control),
            row("unplugged, and without its controls when it comes back (brightness was set)", forgetful)
                .with("[source.v4l2.controls]\nbrightness = 200\n"),
            row("started anew, and five seconds without a first picture", slow_start).times(3),
            row("started anew, and the driver hangs three seconds in STREAMOFF", slow_stop).times(3),
            row("the size changed by a viewer", other_size),
            row("another signal at an HDMI input (dv-timings)", other_signal).with(DV_TIMINGS).on(bridge),
            row("the HDMI cable out and in again (dv-timings)", |stage| stage.fault(&NO_SIGNAL))
                .with(DV_TIMINGS)
                .on(bridge),
            row("a raw camera (YUYV) unplugged and plugged in again", |stage| stage.fault(&UNPLUGGED))
                .on(raw),
            row("a raw camera: half of each picture", |stage| stage.fault(&HALVED)).on(raw),
        ])
        .collect()
}

const UNPLUGGED: Fault = told("", "unplug");
const NO_SIGNAL: Fault = told("", "query_dv=ENOLINK");
const DV_TIMINGS: &str = "[source.v4l2]\ndv-timings = true\n";
const HALVED: Fault = told("", "truncate");

fn row(what: &'static str, act: impl Fn(&mut Stage) -> Result<Round> + Send + Sync + 'static) -> Row {
    Row::new(Group::Camera, what, act)
}

/// Until the camera is stopped since the viewer has left.
fn wait_for_rest(stage: &mut Stage) -> Result<()> {
    stage.leave();
    let left = Monotonic::now();
    while stage.camera.count("streamon") != stage.camera.count("streamoff") {
        ensure!(left.age() < SOON + stage.lateness.forgives(left), "the camera runs on without a viewer");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn unplugged_at_rest(stage: &mut Stage) -> Result<Round> {
    wait_for_rest(stage)?;
    stage.camera.fault("unplug");
    let came = stage.come_back()?;
    let placard = stage.placard(came, PLACARD_WITHIN)?;
    let saw = stage.says()?;
    stage.last()?;
    let ended = Monotonic::now();
    stage.camera.mend();
    let live = stage.live(ended, LIVE_WITHIN)?;
    Ok(Round { placard: Some(placard), live: Some(live), saw: format!("placard: {saw}") })
}

fn away_at_rest(stage: &mut Stage) -> Result<Round> {
    wait_for_rest(stage)?;
    stage.camera.fault("unplug");
    std::thread::sleep(Duration::from_millis(200));
    stage.camera.mend();
    let came = stage.come_back()?;
    let live = stage.live(came, LIVE_WITHIN)?;
    ensure!(stage.eye.first(false, came).is_none(), "a placard of what is over");
    Ok(Round { placard: None, live: Some(live), saw: "live".to_owned() })
}

fn other_node(stage: &mut Stage) -> Result<Round> {
    let begun = Monotonic::now();
    stage.camera.fault("unplug");
    let placard = stage.placard(begun, PLACARD_WITHIN)?;
    let saw = stage.says()?;
    stage.last()?;
    let was_first = std::fs::read_link(&stage.link)?.as_os_str() == stage.camera.path(0);
    stage.camera.link(LINK, usize::from(was_first));
    let ended = Monotonic::now();
    stage.camera.fault(if was_first { "gone:1" } else { "gone:2" });
    let live = stage.live(ended, LIVE_WITHIN)?;
    Ok(Round { placard: Some(placard), live: Some(live), saw: format!("placard: {saw}") })
}

fn unplugged_under_a_control(stage: &mut Stage) -> Result<Round> {
    let begun = Monotonic::now();
    stage.camera.fault("unplug");
    ensure!(stage.subject.set_control("brightness", 100).is_err(), "a control of no camera was set");
    let placard = stage.placard(begun, PLACARD_WITHIN)?;
    let saw = stage.says()?;
    stage.last()?;
    let ended = Monotonic::now();
    stage.camera.mend();
    let live = stage.live(ended, LIVE_WITHIN)?;
    stage.subject.set_control("brightness", 101)?;
    Ok(Round {
        placard: Some(placard),
        live: Some(live),
        saw: format!("placard: {saw}; who sets it: an error"),
    })
}

fn forgetful(stage: &mut Stage) -> Result<Round> {
    let set = |stage: &Stage| stage.camera.count("set:brightness=200");
    let (begun, before) = (Monotonic::now(), set(stage));
    stage.camera.fault("unplug forget");
    let placard = stage.placard(begun, PLACARD_WITHIN)?;
    let saw = stage.says()?;
    stage.last()?;
    let ended = Monotonic::now();
    stage.camera.fault("forget");
    let live = stage.live(ended, LIVE_WITHIN)?;
    stage.wait("brightness, once more after it was forgotten", ended, SOON, |stage| {
        set(stage) >= before + 2
    })?;
    Ok(Round { placard: Some(placard), live: Some(live), saw: format!("placard: {saw}") })
}

fn slow_start(stage: &mut Stage) -> Result<Round> {
    stage.camera.fault(&format!("start-delay:{}", SLOW_START.as_millis()));
    let begun = Monotonic::now();
    stage.subject.act("restart")?;
    let placard = stage.placard(begun, PLACARD_WITHIN)?;
    let saw = stage.says()?;
    let live = stage.live(begun, SLOW_START + LIVE_WITHIN)?;
    stage.camera.mend();
    Ok(Round {
        placard: Some(placard),
        live: Some(live.saturating_sub(SLOW_START)),
        saw: format!("placard: {saw}"),
    })
}

fn slow_stop(stage: &mut Stage) -> Result<Round> {
    stage.camera.fault(&format!("stop-delay:{}", SLOW_STOP.as_millis()));
    let begun = Monotonic::now();
    stage.subject.act("restart")?;
    // Pictures go on for a moment until the order is taken.
    stage.hold(SLOW_STOP)?;
    let live = stage.live(begun + SLOW_STOP, LIVE_WITHIN)?;
    stage.camera.mend();
    let placard = stage.eye.first(false, begun).map(|seen| seen.at - begun);
    let saw = if placard.is_some() { "a placard" } else { "the last picture, once a second" };
    Ok(Round { placard, live: Some(live), saw: saw.to_owned() })
}

fn other_size(stage: &mut Stage) -> Result<Round> {
    let (size, width) = stage.other_size();
    let begun = Monotonic::now();
    stage.subject.patch(&json!({"source": {"resolution": size}}))?;
    stage.resized(width, begun)
}

/// What a bridge is given by its cable: at first 640x480.
fn bridge() -> Camera {
    subject::camera("MJPG").film(800, 608, subject::NOISE).set("FAKECAM_DV", "640x480")
}

fn other_signal(stage: &mut Stage) -> Result<Round> {
    let (signal, width) = if stage.shows(640) { ("dv=800x608", 800) } else { ("dv=640x480", 640) };
    let begun = Monotonic::now();
    stage.camera.fault(signal);
    let round = stage.resized(width, begun)?;
    ensure!(stage.eye.first(false, begun).is_none(), "a placard between two signals");
    Ok(round)
}
