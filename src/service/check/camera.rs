//! The source: what it gives, held against what the settings ask for, and one picture of it, since cameras that open need not work.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::finding::Finding;
use super::usb;
use crate::config::Settings;
use crate::config::values::SourceName;
use crate::controls::Panel;
use crate::frame::FramePool;
use crate::jpeg;
use crate::picture::Picture;
use crate::service::running::Running;
use crate::source::v4l2::{self, Candidate, fourcc_name};
use crate::source::{self, Grab, Lost, Opened, Source};
use crate::status::State;

/// Slow cameras take a while for their first picture.
const PATIENCE: Duration = Duration::from_secs(10);

/// Drivers of the raw side of a camera on a ribbon cable, as `mjpegd devices` words it.
const RAW_SIDE: &str = "a CSI camera's raw side";

const CLASS: &str = "/sys/class/video4linux";

pub fn look(settings: &Settings) -> Vec<Finding> {
    let panel = Panel::new();
    let mut source = source::new(settings, &panel, &Arc::default());
    let started = Instant::now();
    let outcome = source.open().and_then(|opened| {
        let picture = first_picture(&mut *source)?;
        // A source sets its controls once more when its first picture has come.
        source.next(Duration::ZERO, &mut |_| {})?;
        Ok((opened, picture))
    });
    source.close();
    drop(source);
    let is_camera = settings.source.name == SourceName::V4l2;
    let cameras = || v4l2::list().into_iter().filter_map(Result::ok).collect::<Vec<_>>();
    let mut found = match outcome {
        Ok((opened, picture)) => {
            let Opened { device, .. } = &opened;
            let seconds = started.elapsed().as_secs_f64();
            let mut found = vec![
                Finding::fine("source", opened.to_string()),
                Finding::fine("picture", format!("fine, {picture}, after {seconds:.2} s from {device}")),
            ];
            if is_camera {
                found.extend(hints(settings, &opened).into_iter().map(|hint| Finding::fine("hint", hint)));
            }
            // The camera works without them.
            found.extend(panel.troubles().into_iter().map(|trouble| Finding::fine("controls", trouble)));
            found
        }
        Err(lost) => {
            let mut found = vec![Finding::wrong("source", State::from(&lost).to_string())];
            if is_camera && matches!(lost, Lost::NoCamera(_)) {
                found.extend(csi(&cameras()));
            }
            found
        }
    };
    if is_camera {
        found.extend(usb::shared(Path::new(CLASS)).into_iter().map(|text| Finding::fine("hint", text)));
    }
    found
}

/// What the daemon that has the camera says of it: opening it as well would be in its way.
pub fn look_at(running: &Running) -> Vec<Finding> {
    let text = |section: &str, key: &str| running.state[section][key].as_str().unwrap_or_default().to_owned();
    let words = format!(
        "{} ({}; stop it to have the camera itself looked at: `sudo systemctl stop mjpegd`)",
        text("camera", "text"),
        running.words()
    );
    let is_wrong = text("camera", "state").starts_with("no-");
    let mut found =
        vec![if is_wrong { Finding::wrong("source", words) } else { Finding::fine("source", words) }];
    if running.state["filter"].is_object() {
        found.push(Finding::fine(
            "filter",
            format!("{}: {}", text("filter", "state"), text("filter", "text")),
        ));
    }
    found
}

/// The size of the first picture that can be shown, in words.
fn first_picture(source: &mut dyn Source) -> Result<String, Lost> {
    let pool = FramePool::new();
    let patience = Instant::now() + PATIENCE;
    let mut trouble = "no picture".to_owned();
    while Instant::now() < patience {
        let mut seen = None;
        let grab =
            source.next(Duration::from_millis(250), &mut |picture| seen = Some(examine(picture, &pool)))?;
        match seen {
            Some(Ok(words)) => return Ok(words),
            Some(Err(why)) => trouble = format!("no picture that can be shown: {why}"),
            None if matches!(grab, Grab::Broken { .. }) => {
                trouble = "only pictures that the driver marks as broken".into();
            }
            None => {}
        }
    }
    Err(Lost::NoSignal(format!("{}: {trouble} within {} s", source.name(), PATIENCE.as_secs())))
}

fn examine(picture: Picture<'_>, pool: &Arc<FramePool>) -> Result<String, String> {
    if picture.format.is_jpeg() {
        let frame = jpeg::repair(picture, pool).map_err(|error| error.to_string())?;
        return Ok(format!("{}x{}, {} kB", frame.width, frame.height, frame.jpeg.len().div_ceil(1000)));
    }
    let needed = picture.format.picture_len(picture.stride, picture.height);
    match picture.bytes.len() < needed {
        true => Err(format!("{} bytes where {needed} are needed", picture.bytes.len())),
        false => Ok(format!("{}x{}, {} kB raw", picture.width, picture.height, needed.div_ceil(1000))),
    }
}

/// What works, and would work better otherwise.
fn hints(settings: &Settings, opened: &Opened) -> Vec<String> {
    let path = opened.device.split(" (").next().unwrap_or_default();
    let Ok(camera) = v4l2::ask(Path::new(path)) else { return Vec::new() };
    let mut hints = Vec::new();
    let wish = settings.source.resolution;
    let (width, height) = opened.size.unwrap_or_default();
    let sizes = |camera: &Candidate| {
        let format = camera.formats.iter().find(|format| fourcc_name(format.fourcc) == opened.format);
        format.map_or_else(Vec::new, |format| format.sizes.iter().map(|size| size.size.clone()).collect())
    };
    if (width, height) != (wish.width, wish.height) {
        hints.push(format!(
            "it has no {}x{} in {} and gives {width}x{height} instead; it offers {}",
            wish.width,
            wish.height,
            opened.format,
            sizes(&camera).join(", ")
        ));
    }
    let rate = settings.source.desired_fps.map(|fps| fps.per_second()).zip(opened.fps);
    if let Some((wish, gives)) = rate.filter(|(wish, gives)| (wish - gives).abs() >= 0.5) {
        hints.push(format!(
            "it has no {wish}/s at {width}x{height} and gives {gives}/s instead; `mjpegd devices` lists its rates"
        ));
    }
    let compresses = opened.format.ends_with("JPEG");
    if !compresses && camera.formats.iter().any(|format| fourcc_name(format.fourcc).ends_with("JPEG")) {
        hints.push(format!(
            "its {} is compressed by this machine's processor, and the camera has MJPEG: format = \"MJPEG\", perhaps with \
             another size, costs next to nothing",
            opened.format
        ));
    }
    hints
}

/// A camera on a ribbon cable is there, and no V4L2 program can use it.
fn csi(nodes: &[Candidate]) -> Option<Finding> {
    let is_raw_side =
        |node: &&Candidate| node.not_a_camera.as_deref().is_some_and(|what| what.starts_with(RAW_SIDE));
    let node = nodes.iter().find(is_raw_side)?;
    Some(Finding::fine(
        "hint",
        format!(
            "{} ({}) is {RAW_SIDE}: set source = \"rpicam\" (--source rpicam), which asks rpicam-vid for its pictures; \
             see docs/csi-cameras.md",
            node.path.display(),
            node.card
        ),
    ))
}
