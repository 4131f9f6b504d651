//! What is asked of the camera: which of its formats, sizes and rates comes nearest to the settings.

use std::path::Path;

use super::diagnose::{Step, explain};
use super::sys::{Format, FrameSizes, Node};
use super::timings::Signal;
use crate::config::values::{FrameRate, Resolution};
use crate::picture::PixelFormat;
use crate::source::Lost;

/// What camera and daemon agreed on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Agreed {
    pub format: PixelFormat,
    pub width: u32,
    pub height: u32,
    pub stride: usize,
    pub fps: Option<f64>,
}

/// Asks for format, size and rate, and takes the driver's answer.
pub(super) fn negotiate(
    node: &Node,
    path: &Path,
    wish: Resolution,
    format: Option<PixelFormat>,
    fps: Option<FrameRate>,
    signal: Option<Signal>,
) -> Result<Agreed, Lost> {
    // The size of a signal is no matter of wishes.
    let wish = signal.map_or(wish, |signal| signal.size);
    let offers: Vec<_> = node.formats().into_iter().map(|(fourcc, _)| fourcc).collect();
    let sizes = |format: PixelFormat| node.frame_sizes(format.fourcc());
    let (format, size) =
        choose(&offers, sizes, wish, format).ok_or_else(|| no_format(path, &offers, format))?;
    let wish = Format { width: size.width, height: size.height, fourcc: format.fourcc(), bytesperline: 0 };
    let answer = node.set_format(wish).map_err(|error| explain(path, Step::SetFormat, &error))?;
    let format = PixelFormat::from_fourcc(answer.fourcc)
        .ok_or_else(|| no_format(path, &[answer.fourcc], Some(format)))?;
    let stride = format.min_stride(answer.width).max(answer.bytesperline as usize);
    Ok(Agreed {
        format,
        width: answer.width,
        height: answer.height,
        stride: if format.is_jpeg() { 0 } else { stride },
        fps: set_rate(node, &answer, fps).or(signal.and_then(|signal| signal.fps)),
    })
}

/// The first format, in our order of preference, that the camera has at the asked size; if none has, the first that
/// the camera has, at its nearest size.
fn choose(
    offers: &[[u8; 4]],
    sizes: impl Fn(PixelFormat) -> Vec<FrameSizes>,
    wish: Resolution,
    asked: Option<PixelFormat>,
) -> Option<(PixelFormat, Resolution)> {
    let candidates: Vec<_> = PixelFormat::ALL
        .into_iter()
        .filter(|format| asked.is_none_or(|asked| same_family(asked, *format)))
        .filter(|format| offers.contains(&format.fourcc()))
        .map(|format| (format, nearest(&sizes(format), wish)))
        .collect();
    candidates.iter().find(|(_, size)| *size == wish).or(candidates.first()).copied()
}

/// Drivers call the same thing MJPG or JPEG; who asks for one takes the other.
fn same_family(asked: PixelFormat, format: PixelFormat) -> bool {
    asked == format || (asked.is_jpeg() && format.is_jpeg())
}

/// The size nearest to the wish; the wish itself where the driver does not tell its sizes.
fn nearest(sizes: &[FrameSizes], wish: Resolution) -> Resolution {
    let distance = |size: &Resolution| {
        u64::from(size.width.abs_diff(wish.width)) + u64::from(size.height.abs_diff(wish.height))
    };
    sizes
        .iter()
        .map(|size| match *size {
            FrameSizes::Discrete(width, height) => Resolution { width, height },
            FrameSizes::Stepwise { min, max, step } => Resolution {
                width: in_steps(wish.width, min.0, max.0, step.0),
                height: in_steps(wish.height, min.1, max.1, step.1),
            },
        })
        .min_by_key(distance)
        .unwrap_or(wish)
}

fn in_steps(wish: u32, min: u32, max: u32, step: u32) -> u32 {
    let within = wish.min(max).max(min);
    within - (within - min) % step.max(1)
}

/// Asks for the rate, or for the camera's fastest. Not every driver lets itself be asked: that is no error.
fn set_rate(node: &Node, format: &Format, fps: Option<FrameRate>) -> Option<f64> {
    let fastest = || {
        let rates = node.frame_rates(format.fourcc, format.width, format.height);
        rates.into_iter().max_by(f64::total_cmp)
    };
    let wish = fps.map(FrameRate::per_second).or_else(fastest)?;
    // In thousandths, so that 29.97 and 7.5 can be asked for.
    let denominator = (wish * 1000.0).round().clamp(1.0, f64::from(u32::MAX)) as u32;
    let (numerator, denominator) =
        if denominator % 1000 == 0 { (1, denominator / 1000) } else { (1000, denominator) };
    node.set_rate(numerator, denominator)
        .inspect_err(|error| log::debug!("the driver takes no frame rate: {error}"))
        .ok()
        .flatten()
}

fn no_format(path: &Path, offers: &[[u8; 4]], asked: Option<PixelFormat>) -> Lost {
    let asked = asked.map_or_else(|| "a format that mjpegd reads".to_owned(), |format| format.to_string());
    Lost::NoSignal(format!("{}: does not give {asked}; it offers {}", path.display(), fourcc_names(offers)))
}

pub(super) fn fourcc_names(fourccs: &[[u8; 4]]) -> String {
    match fourccs {
        [] => "none".into(),
        _ => fourccs.iter().map(|fourcc| fourcc_name(*fourcc)).collect::<Vec<_>>().join(", "),
    }
}

/// "MJPG" for a person; odd bytes are replaced.
pub fn fourcc_name(fourcc: [u8; 4]) -> String {
    let known = PixelFormat::from_fourcc(fourcc).map(|format| format.to_string());
    known.unwrap_or_else(|| {
        fourcc.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Resolution = Resolution { width: 1280, height: 720 };
    const VGA: Resolution = Resolution { width: 640, height: 480 };

    /// A webcam as they are sold: small pictures in both formats, large ones in MJPEG only.
    fn webcam(format: PixelFormat) -> Vec<FrameSizes> {
        match format {
            PixelFormat::Mjpeg => vec![FrameSizes::Discrete(640, 480), FrameSizes::Discrete(1280, 720)],
            _ => vec![FrameSizes::Discrete(640, 480)],
        }
    }

    #[test]
    fn mjpeg_is_preferred_where_the_camera_has_it_at_the_size() {
        let offers = [*b"YUYV", *b"MJPG"];
        assert_eq!(choose(&offers, webcam, HD, None), Some((PixelFormat::Mjpeg, HD)));
    }

    #[test]
    fn a_raw_format_at_the_asked_size_beats_mjpeg_at_another() {
        let sizes = |format| match format {
            PixelFormat::Mjpeg => vec![FrameSizes::Discrete(1920, 1080)],
            _ => vec![FrameSizes::Discrete(640, 480)],
        };
        assert_eq!(choose(&[*b"MJPG", *b"YUYV"], sizes, VGA, None), Some((PixelFormat::Yuyv, VGA)));
    }

    #[test]
    fn the_nearest_size_stands_in_for_one_that_is_not_there() {
        let wish = Resolution { width: 1300, height: 700 };
        assert_eq!(choose(&[*b"MJPG"], webcam, wish, None), Some((PixelFormat::Mjpeg, HD)));
    }

    #[test]
    fn an_asked_format_is_kept_to() {
        let offers = [*b"MJPG", *b"YUYV"];
        assert_eq!(choose(&offers, webcam, HD, Some(PixelFormat::Yuyv)), Some((PixelFormat::Yuyv, VGA)));
        assert_eq!(choose(&offers, webcam, HD, Some(PixelFormat::Nv12)), None);
        assert_eq!(
            choose(&[*b"JPEG"], webcam, VGA, Some(PixelFormat::Mjpeg)),
            Some((PixelFormat::Jpeg, VGA))
        );
    }

    #[test]
    fn a_range_in_steps_is_kept_to() {
        let range = [FrameSizes::Stepwise { min: (32, 32), max: (640, 480), step: (16, 0) }];
        assert_eq!(
            nearest(&range, Resolution { width: 333, height: 9999 }),
            Resolution { width: 320, height: 480 }
        );
    }

    #[test]
    fn a_driver_that_does_not_tell_its_sizes_is_asked_for_ours() {
        assert_eq!(nearest(&[], HD), HD);
    }
}
