//! The signal at a digital input, such as an HDMI bridge's: which one there is, and in words why there is none.
//!
//! A driver of such a device gives pictures of the timings that it is set to, whatever comes in. Somebody has to ask it what does
//! (`VIDIOC_QUERY_DV_TIMINGS`), and to set it to that, before it is asked for a format.

use std::io;
use std::path::Path;

use rustix::io::Errno;
use v4l::v4l_sys as c;
use v4l::v4l2::vidioc;

use super::diagnose::{Step, explain};
use super::sys::{Node, Timings, request, zeroed};
use crate::config::values::Resolution;
use crate::source::Lost;

// The v4l crate has not these two; as `_IOR` and `_IOWR` of `linux/ioctl.h` make them.
const QUERY_DV_TIMINGS: vidioc::_IOC_TYPE = request(2, 99, size_of::<c::v4l2_dv_timings>());
const SET_DV_TIMINGS: vidioc::_IOC_TYPE = request(3, 87, size_of::<c::v4l2_dv_timings>());

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Signal {
    pub size: Resolution,
    /// Pictures a second, where the driver has measured them.
    pub fps: Option<f64>,
}

impl Node {
    /// The signal that is at the input now, whatever the driver is set to.
    pub(super) fn query_timings(&self) -> io::Result<Timings> {
        let mut answer: c::v4l2_dv_timings = zeroed();
        self.ioctl(QUERY_DV_TIMINGS, &mut answer)?;
        Ok(Timings(answer))
    }

    pub(super) fn set_timings(&self, Timings(mut timings): Timings) -> io::Result<()> {
        self.ioctl(SET_DV_TIMINGS, &mut timings)
    }
}

/// Sets the node to the signal that is at its input. `None`: it has no such input, and its format is as any camera's.
pub(super) fn adopt(node: &Node, path: &Path) -> Result<Option<Signal>, Lost> {
    let timings = match node.query_timings() {
        Ok(timings) => timings,
        Err(error) => {
            return match no_signal(&error) {
                Some(why) => Err(Lost::NoSignal(format!("{}: {why}", path.display()))),
                None if has_none(&error) => Ok(None),
                None => Err(explain(path, Step::Timings, &error)),
            };
        }
    };
    let (width, height, fps) = timings.size_and_rate();
    if width == 0 || height == 0 {
        let why = "the signal at its input has no size yet (VIDIOC_QUERY_DV_TIMINGS: 0x0)";
        return Err(Lost::NoSignal(format!("{}: {why}", path.display())));
    }
    node.set_timings(timings).map_err(|error| explain(path, Step::Timings, &error))?;
    Ok(Some(Signal { size: Resolution { width, height }, fps }))
}

/// As `VIDIOC_QUERY_DV_TIMINGS` defines its errors.
fn no_signal(error: &io::Error) -> Option<String> {
    let (name, words) = match Errno::from_io_error(error)? {
        Errno::NOLINK => ("ENOLINK", "no signal at its HDMI input; is the source on, and the cable in?"),
        Errno::NOLCK => {
            ("ENOLCK", "the signal at its HDMI input is not stable; if it stays so, try another cable")
        }
        Errno::RANGE => (
            "ERANGE",
            "the signal at its HDMI input is beyond what it can take; set the source to a smaller size or rate",
        ),
        _ => return None,
    };
    Some(format!("{words} (VIDIOC_QUERY_DV_TIMINGS: {name})"))
}

/// `ENODATA`: another input than the digital one is chosen; the others: a driver that knows of no such thing, as USB cameras' and
/// USB grabbers', which do it by themselves.
fn has_none(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NODATA | Errno::NOTTY | Errno::INVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_there_is_no_signal_comes_with_what_to_do_and_the_drivers_word() {
        for (errno, name, advice) in [
            (Errno::NOLINK, "ENOLINK", "cable"),
            (Errno::NOLCK, "ENOLCK", "cable"),
            (Errno::RANGE, "ERANGE", "smaller"),
        ] {
            let words = no_signal(&errno.into()).unwrap();
            assert!(words.contains(name) && words.contains(advice), "{words}");
        }
        assert_eq!(no_signal(&Errno::NODEV.into()), None);
        assert!(has_none(&Errno::NOTTY.into()) && !has_none(&Errno::NODEV.into()));
    }
}
