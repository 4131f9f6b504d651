//! One measuring: a server is started with a camera of its own, watched, and ended.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::camera::{Camera, Input};
use crate::child::{Child, ENDS_WITH_US};
use crate::frames;
use crate::interrupt;
use crate::links::{self, Namespaces};
use crate::load::Load;
use crate::look::Look;
use crate::meter::{Meter, TIMES_KEPT};
use crate::outcome::Outcome;
use crate::peers::{Peer, Server, Setup};
use crate::plan::{Contestant, IDLE_SECONDS, IDLE_WARM, Kind, SLOW_RATE, Scenario, WOKEN_SECONDS};

pub const FPS: u32 = 30;
/// Flask imports OpenCV first.
const SLOWEST_START: Duration = Duration::from_secs(20);
/// For connecting, and for a machine that is full.
const SLOWEST_LOAD: Duration = Duration::from_secs(30);
const IDLE_FLAGS: [&str; 2] = ["--idle-timeout", "1"];

pub fn measure(folder: &Path, scenario: &Scenario, contestant: &Contestant) -> Result<Outcome> {
    let film = frames::make(&folder.join("film"), scenario.size)?;
    let camera = Camera::new(&film, scenario.input, FPS, scenario.fault)?;
    let namespaces = Namespaces::of(scenario.link())?;
    let mut flags = contestant.flags.to_vec();
    if scenario.kind == Kind::Idle && contestant.peer == Peer::Mjpegd {
        flags.extend(IDLE_FLAGS);
    }
    let mut before = namespaces.as_ref().map(Namespaces::server).unwrap_or_default();
    // Not where its start is what is measured; there it lives for a moment only.
    if scenario.kind != Kind::Start {
        before.splice(0..0, ENDS_WITH_US.map(str::to_owned));
    }
    let setup = Setup {
        camera: &camera,
        input: scenario.input,
        size: scenario.size,
        fps: FPS,
        film: &film,
        host: if namespaces.is_some() { links::SERVER_ADDRESS } else { "127.0.0.1" },
        port: free_port()?,
        log: &folder.join("server.log"),
        before: &before,
        flags: &flags,
    };
    let mut server = contestant.peer.start(&setup)?;
    let meter = Meter::open(&camera.meter())?;
    if namespaces.is_none() {
        let has_camera = contestant.peer.has_camera() && !flags.contains(&"pattern");
        let started = server.ready(SLOWEST_START, has_camera.then_some(&meter))?;
        if scenario.kind == Kind::Start {
            return Ok(Outcome { start_ms: Some(started.as_secs_f64() * 1e3), ..Outcome::default() });
        }
    }
    // mjpegd says in it when it took and when it published each picture.
    let query = if scenario.name == "slices" { "?extra_headers=1" } else { "" };
    let load = Load {
        address: server.address,
        path: format!("{}{query}", contestant.peer.path()),
        viewers: 1,
        slow: 0,
        slow_rate: SLOW_RATE,
        warm: 0.0,
        seconds: WOKEN_SECONDS,
        pid: Some(server.pid()),
        meter: Some(camera.meter()),
        period: if scenario.input == Input::Mjpeg { film.files } else { TIMES_KEPT } as u64,
    };
    let log = folder.join("load.log");
    let outcome = match scenario.kind {
        Kind::Watch { viewers, slow, warm, seconds, .. } => {
            let viewer = namespaces.as_ref().map(Namespaces::viewer).unwrap_or_default();
            run_load(&Load { viewers, slow, warm, seconds, ..load }, &viewer, &log)
        }
        Kind::Idle | Kind::Start => idle(&server, &meter).and_then(|idle| {
            let woken = run_load(&load, &[], &log)?;
            Ok(Outcome { first: woken.first, lost_viewers: woken.lost_viewers, ..idle })
        }),
    };
    server.must_live()?;
    outcome
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn idle(server: &Server, meter: &Meter) -> Result<Outcome> {
    interrupt::sleep(IDLE_WARM)?;
    let before = Look::at(Some(server.pid()), Some(meter))?;
    interrupt::sleep(IDLE_SECONDS)?;
    Ok(before.until(&Look::at(Some(server.pid()), Some(meter))?))
}

/// The load as a process of its own, where the link needs it in a namespace of its own.
fn run_load(load: &Load, wrapper: &[String], log: &Path) -> Result<Outcome> {
    let mut words: Vec<OsString> = ENDS_WITH_US.map(Into::into).to_vec();
    words.extend(wrapper.iter().map(Into::into));
    words.push(std::env::current_exe()?.into());
    words.extend(load.arguments().into_iter().map(Into::into));
    let (first, rest) = words.split_first().context("nothing to run")?;
    let mut command = Command::new(first);
    // The last line that it prints is to be its error.
    command.args(rest).env_remove("RUST_BACKTRACE");
    let mut child = Child::start(command, log, Some(Stdio::piped()))?;
    let patience = Duration::from_secs_f64(load.warm + load.seconds) + SLOWEST_LOAD;
    let status = child.wait(patience).context("the load")?;
    if !status.success() {
        bail!("the load: {}", child.said());
    }
    Ok(serde_json::from_slice(&child.printed()?)?)
}
