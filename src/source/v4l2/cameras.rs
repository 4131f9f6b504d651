//! Which device nodes are cameras. Found by asking each one: on a Raspberry Pi most are codecs and image processors.

use std::path::{Path, PathBuf};

use v4l::v4l_sys as c;

use super::diagnose::{Step, explain};
use super::format::fourcc_names;
use super::sys::{Capability, FrameSizes, Node};
use crate::picture::PixelFormat;
use crate::source::Lost;

/// A node that can be opened, and what it says of itself.
#[derive(Debug)]
pub struct Candidate {
    pub path: PathBuf,
    /// The name that stays the same over boots and ports, where udev gives one.
    pub by_id: Option<PathBuf>,
    pub card: String,
    pub driver: String,
    pub formats: Vec<FormatOffer>,
    /// Why it is no camera, if it is none.
    pub not_a_camera: Option<String>,
}

/// One format of a device, with its sizes and rates in words.
#[derive(Debug)]
pub struct FormatOffer {
    pub fourcc: [u8; 4],
    pub description: String,
    pub sizes: Vec<SizeOffer>,
}

impl FormatOffer {
    pub fn is_readable(&self) -> bool {
        PixelFormat::from_fourcc(self.fourcc).is_some()
    }
}

#[derive(Debug)]
pub struct SizeOffer {
    /// "1280x720", or "32x32 to 1920x1080".
    pub size: String,
    /// Pictures a second.
    pub rates: Vec<f64>,
}

/// All video nodes, by number, with what is wrong with those that will not open.
pub fn list() -> Vec<Result<Candidate, Lost>> {
    nodes().iter().map(|path| ask(path)).collect()
}

/// The nodes that are cameras, by number; at least one.
pub(super) fn all() -> Result<Vec<PathBuf>, Lost> {
    let (mut cameras, mut denied, mut others) = (Vec::new(), None, 0);
    for path in nodes() {
        match open(&path) {
            Ok((node, capability)) => match why_no_camera(&node, &capability) {
                None => cameras.push(path),
                Some(_) => others += 1,
            },
            Err(lost) => denied = denied.or(Some(lost)),
        }
    }
    if !cameras.is_empty() {
        return Ok(cameras);
    }
    Err(denied.unwrap_or_else(|| {
        Lost::NoCamera(match others {
            0 => "found none; is one plugged in?".into(),
            1 => "found none: the one video node is something else (`mjpegd devices`)".into(),
            _ => format!("found none: {others} video nodes are something else (`mjpegd devices`)"),
        })
    }))
}

/// Everything that one node says of itself.
pub fn ask(path: &Path) -> Result<Candidate, Lost> {
    let (node, capability) = open(path)?;
    let not_a_camera = why_no_camera(&node, &capability);
    let formats = node.formats().into_iter().map(|(fourcc, description)| {
        let sizes = node.frame_sizes(fourcc).into_iter().map(|size| offer(&node, fourcc, size)).collect();
        FormatOffer { fourcc, description, sizes }
    });
    Ok(Candidate {
        formats: formats.collect(),
        path: path.to_owned(),
        by_id: by_id(path),
        card: capability.card,
        driver: capability.driver,
        not_a_camera,
    })
}

fn offer(node: &Node, fourcc: [u8; 4], size: FrameSizes) -> SizeOffer {
    let (words, (width, height)) = match size {
        FrameSizes::Discrete(width, height) => (format!("{width}x{height}"), (width, height)),
        FrameSizes::Stepwise { min, max, .. } => (format!("{}x{} to {}x{}", min.0, min.1, max.0, max.1), max),
    };
    SizeOffer { size: words, rates: node.frame_rates(fourcc, width, height) }
}

/// Opens a node, whatever it is, and asks what it is.
pub(super) fn open(path: &Path) -> Result<(Node, Capability), Lost> {
    let mut node = Node::open(path).map_err(|error| explain(path, Step::Open, &error))?;
    let capability = node.capability().map_err(|error| explain(path, Step::Query, &error))?;
    Ok((node, capability))
}

/// Nodes that say they capture, and offer formats that we read, but process pictures or need libcamera: by driver.
const NOT_CAMERAS: [(&str, &str); 5] = [
    ("bcm2835-codec", "a codec"),
    ("bcm2835-isp", "an image processor"),
    ("pispbe", "an image processor"),
    ("rp1-cfe", "a CSI camera's raw side, which needs libcamera (rpicam-vid)"),
    ("unicam", "a CSI camera's raw side, which needs libcamera (rpicam-vid)"),
];

/// `None`: a camera.
pub(super) fn why_no_camera(node: &Node, capability: &Capability) -> Option<String> {
    why_no_capture(&capability.driver, capability.flags).map(str::to_owned).or_else(|| {
        let formats: Vec<_> = node.formats().into_iter().map(|(fourcc, _)| fourcc).collect();
        let readable = formats.iter().any(|fourcc| PixelFormat::from_fourcc(*fourcc).is_some());
        (!readable)
            .then(|| format!("without a format that mjpegd reads (it has: {})", fourcc_names(&formats)))
    })
}

fn why_no_capture(driver: &str, flags: u32) -> Option<&'static str> {
    const CAPTURE: u32 = c::V4L2_CAP_VIDEO_CAPTURE | c::V4L2_CAP_VIDEO_CAPTURE_MPLANE;
    const BOTH_WAYS: u32 = c::V4L2_CAP_VIDEO_M2M | c::V4L2_CAP_VIDEO_M2M_MPLANE;
    const OUTPUT: u32 = c::V4L2_CAP_VIDEO_OUTPUT | c::V4L2_CAP_VIDEO_OUTPUT_MPLANE;
    let by_name = NOT_CAMERAS.iter().find(|(name, _)| *name == driver).map(|(_, what)| *what);
    by_name.or(match flags {
        _ if flags & BOTH_WAYS != 0 => Some("a codec"),
        _ if flags & CAPTURE == 0 && flags & c::V4L2_CAP_META_CAPTURE != 0 => {
            Some("a camera's metadata, not its picture")
        }
        _ if flags & CAPTURE == 0 && flags & OUTPUT != 0 => Some("an output"),
        _ if flags & CAPTURE == 0 => Some("not for pictures"),
        _ if flags & c::V4L2_CAP_STREAMING == 0 => Some("a device that cannot stream"),
        _ => None,
    })
}

/// `/dev/video*`, by number: video2 before video10.
fn nodes() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| PathBuf::from(format!("/dev/video{number}"))).collect()
}

fn by_id(path: &Path) -> Option<PathBuf> {
    let device = path.canonicalize().ok()?;
    let links = std::fs::read_dir("/dev/v4l/by-id").ok()?;
    links
        .flatten()
        .map(|link| link.path())
        .find(|link| link.canonicalize().is_ok_and(|target| target == device))
}
