//! One measuring: a server is started with a camera of its own, watched, and ended.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::camera::{Camera, Input};
use crate::frames;
use crate::links::{self, Namespaces};
use crate::load::Load;
use crate::meter::{Meter, TIMES_KEPT};
use crate::outcome::Outcome;
use crate::peers::{Server, Setup};
use crate::plan::{Contestant, Kind, SLOW_RATE, Scenario};
use crate::process::Usage;

const FPS: u32 = 30;
/// Flask imports OpenCV first.
const SLOWEST_START: Duration = Duration::from_secs(20);
/// How long nobody has watched before idling is measured, and for how long it is: longer than mjpegd's idle-timeout.
const IDLE_WARM: Duration = Duration::from_secs(3);
const IDLE_SECONDS: Duration = Duration::from_secs(4);
const IDLE_FLAGS: [&str; 2] = ["--idle-timeout", "1"];

pub fn measure(folder: &Path, scenario: &Scenario, contestant: &Contestant) -> Result<Outcome> {
    let film = frames::make(&folder.join("film"), scenario.size)?;
    let camera = Camera::new(&film, scenario.input, FPS, scenario.fault)?;
    let namespaces = match scenario.kind {
        Kind::Watch { link, .. } => Namespaces::of(link)?,
        Kind::Idle | Kind::Start => None,
    };
    let mut flags = contestant.flags.to_vec();
    if scenario.kind == Kind::Idle {
        flags.extend(IDLE_FLAGS);
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
        before: &namespaces.as_ref().map(Namespaces::server).unwrap_or_default(),
        flags: &flags,
    };
    let mut server = contestant.peer.start(&setup)?;
    if namespaces.is_none() {
        let meter = Meter::open(&camera.meter())?;
        let has_camera = contestant.peer.has_camera() && !flags.contains(&"pattern");
        let started = server.ready(SLOWEST_START, has_camera.then_some(&meter))?;
        if scenario.kind == Kind::Start {
            return Ok(Outcome { start_ms: Some(started.as_secs_f64() * 1e3), ..Outcome::default() });
        }
    }
    let Kind::Watch { viewers, slow, warm, seconds, .. } = scenario.kind else {
        return idle(&server, &camera);
    };
    // mjpegd says in it when it took and when it published each picture.
    let query = if scenario.name == "slices" { "?extra_headers=1" } else { "" };
    let load = Load {
        address: server.address,
        path: format!("{}{query}", contestant.peer.path()),
        viewers,
        slow,
        slow_rate: SLOW_RATE,
        warm,
        seconds,
        pid: Some(server.pid()),
        meter: contestant.peer.has_camera().then(|| camera.meter()),
        period: if scenario.input == Input::Mjpeg { film.files } else { TIMES_KEPT },
    };
    run_load(&load, &namespaces.as_ref().map(Namespaces::viewer).unwrap_or_default())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn idle(server: &Server, camera: &Camera<'_>) -> Result<Outcome> {
    let meter = Meter::open(&camera.meter())?;
    sleep(IDLE_WARM);
    let (before, camera_before) = (Usage::of(server.pid())?, meter.cpu()?);
    sleep(IDLE_SECONDS);
    let (after, camera_after) = (Usage::of(server.pid())?, meter.cpu()?);
    Ok(Outcome {
        seconds: IDLE_SECONDS.as_secs_f64(),
        cpu_s: after.cpu.saturating_sub(before.cpu).as_secs_f64(),
        camera_cpu_s: camera_after.saturating_sub(camera_before).as_secs_f64(),
        rss_kib: after.rss_kib,
        threads: after.threads,
        faults: after.faults.saturating_sub(before.faults),
        switches: after.switches.saturating_sub(before.switches),
        ..Outcome::default()
    })
}

/// The load as a process of its own, where the link needs it in a namespace of its own.
fn run_load(load: &Load, wrapper: &[String]) -> Result<Outcome> {
    let program = std::env::current_exe()?;
    let mut words = wrapper.iter().map(String::as_str).map(Into::into).collect::<Vec<std::ffi::OsString>>();
    words.push(program.into());
    words.extend(load.arguments().into_iter().map(Into::into));
    let (first, rest) = words.split_first().context("nothing to run")?;
    let output = Command::new(first).args(rest).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("the load ends with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
