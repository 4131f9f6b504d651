//! The kernel's side of a camera: one safe method per ioctl. With `buffers.rs`, the only `unsafe` of the V4L2 source.
//!
//! The `v4l` crate gives the structs and the call. Its `Device` is not used: it panics on a card name that is not
//! UTF-8 and on a close that fails, and both come from outside. See `linux/videodev2.h` for every name here.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::OFlags;
use v4l::v4l_sys as c;
use v4l::v4l2::{self, vidioc};

/// An open device node, non-blocking.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) fd: OwnedFd,
    pub(super) buffer_type: u32,
}

/// `VIDIOC_QUERYCAP`, with the bits of this node and not of its whole device.
#[derive(Debug)]
pub(super) struct Capability {
    pub driver: String,
    pub card: String,
    pub flags: u32,
}

/// What `VIDIOC_S_FMT` answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub width: u32,
    pub height: u32,
    pub fourcc: [u8; 4],
    pub bytesperline: u32,
}

/// One answer of `VIDIOC_ENUM_FRAMESIZES`: exact, or a range in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameSizes {
    Discrete(u32, u32),
    Stepwise { min: (u32, u32), max: (u32, u32), step: (u32, u32) },
}

impl Node {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // v4l2::open panics on it.
        if path.as_os_str().as_bytes().contains(&0) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a NUL byte in the path"));
        }
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = v4l2::open(path, flags.bits() as i32)?;
        // SAFETY: open() has just given us this descriptor, and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd, buffer_type: c::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE })
    }

    pub(super) fn capability(&mut self) -> io::Result<Capability> {
        let mut answer: c::v4l2_capability = zeroed();
        self.ioctl(vidioc::VIDIOC_QUERYCAP, &mut answer)?;
        let flags = match answer.capabilities & c::V4L2_CAP_DEVICE_CAPS {
            0 => answer.capabilities,
            _ => answer.device_caps,
        };
        if flags & c::V4L2_CAP_VIDEO_CAPTURE == 0 && flags & c::V4L2_CAP_VIDEO_CAPTURE_MPLANE != 0 {
            self.buffer_type = c::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
        }
        Ok(Capability { driver: text(&answer.driver), card: text(&answer.card), flags })
    }

    /// The formats that the device offers, by fourcc and description.
    pub(super) fn formats(&self) -> Vec<([u8; 4], String)> {
        self.enumerate(|index| {
            let mut answer = c::v4l2_fmtdesc { index, type_: self.buffer_type, ..zeroed() };
            self.ioctl(vidioc::VIDIOC_ENUM_FMT, &mut answer)?;
            Ok((answer.pixelformat.to_le_bytes(), text(&answer.description)))
        })
    }

    /// Empty where the driver does not tell.
    pub(super) fn frame_sizes(&self, fourcc: [u8; 4]) -> Vec<FrameSizes> {
        self.enumerate(|index| {
            let pixel_format = u32::from_le_bytes(fourcc);
            let mut answer = c::v4l2_frmsizeenum { index, pixel_format, ..zeroed() };
            self.ioctl(vidioc::VIDIOC_ENUM_FRAMESIZES, &mut answer)?;
            // SAFETY: plain numbers in both arms of the union, and the kernel has filled the one that `type_` names.
            Ok(unsafe {
                match answer.type_ {
                    c::v4l2_frmsizetypes_V4L2_FRMSIZE_TYPE_DISCRETE => {
                        let size = answer.__bindgen_anon_1.discrete;
                        FrameSizes::Discrete(size.width, size.height)
                    }
                    _ => {
                        let range = answer.__bindgen_anon_1.stepwise;
                        FrameSizes::Stepwise {
                            min: (range.min_width, range.min_height),
                            max: (range.max_width, range.max_height),
                            step: (range.step_width, range.step_height),
                        }
                    }
                }
            })
        })
    }

    /// Pictures a second that the device offers at this format and size; of a range, its ends.
    pub(super) fn frame_rates(&self, fourcc: [u8; 4], width: u32, height: u32) -> Vec<f64> {
        let pixel_format = u32::from_le_bytes(fourcc);
        let answers = self.enumerate(|index| {
            let mut answer = c::v4l2_frmivalenum { index, pixel_format, width, height, ..zeroed() };
            self.ioctl(vidioc::VIDIOC_ENUM_FRAMEINTERVALS, &mut answer)?;
            // SAFETY: as above, for frame intervals.
            Ok(unsafe {
                match answer.type_ {
                    c::v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_DISCRETE => {
                        vec![per_second(answer.__bindgen_anon_1.discrete)]
                    }
                    _ => {
                        let range = answer.__bindgen_anon_1.stepwise;
                        vec![per_second(range.min), per_second(range.max)]
                    }
                }
            })
        });
        answers.into_iter().flatten().flatten().collect()
    }

    pub(super) fn set_format(&self, wish: Format) -> io::Result<Format> {
        let mut format = c::v4l2_format { type_: self.buffer_type, ..zeroed() };
        let fourcc = u32::from_le_bytes(wish.fourcc);
        if self.is_multiplanar() {
            format.fmt.pix_mp = c::v4l2_pix_format_mplane {
                width: wish.width,
                height: wish.height,
                pixelformat: fourcc,
                num_planes: 1,
                ..zeroed()
            };
        } else {
            format.fmt.pix = c::v4l2_pix_format {
                width: wish.width,
                height: wish.height,
                pixelformat: fourcc,
                ..zeroed()
            };
        }
        self.ioctl(vidioc::VIDIOC_S_FMT, &mut format)?;
        // SAFETY: the arm of the union that goes with `type_`, which the kernel has filled; plain numbers.
        Ok(unsafe {
            if self.is_multiplanar() {
                // The struct is packed: its fields are copied out, never borrowed.
                let pix = format.fmt.pix_mp;
                let plane = pix.plane_fmt[0];
                Format {
                    width: pix.width,
                    height: pix.height,
                    fourcc: { pix.pixelformat }.to_le_bytes(),
                    bytesperline: plane.bytesperline,
                }
            } else {
                let pix = format.fmt.pix;
                Format {
                    width: pix.width,
                    height: pix.height,
                    fourcc: pix.pixelformat.to_le_bytes(),
                    bytesperline: pix.bytesperline,
                }
            }
        })
    }

    /// Asks for a frame interval of `numerator / denominator` seconds, and returns the rate that the driver chose.
    pub(super) fn set_rate(&self, numerator: u32, denominator: u32) -> io::Result<Option<f64>> {
        let mut parameters = c::v4l2_streamparm { type_: self.buffer_type, ..zeroed() };
        parameters.parm.capture =
            c::v4l2_captureparm { timeperframe: c::v4l2_fract { numerator, denominator }, ..zeroed() };
        self.ioctl(vidioc::VIDIOC_S_PARM, &mut parameters)?;
        // SAFETY: plain numbers; `type_` says capture, so the kernel has filled this arm.
        Ok(per_second(unsafe { parameters.parm.capture }.timeperframe))
    }

    /// One item of a menu control: the name of an item, or the number that is one.
    pub(super) fn menu_item(&self, id: u32, index: u32, numbers: bool) -> io::Result<String> {
        let mut answer = c::v4l2_querymenu { id, index, ..zeroed() };
        self.ioctl(vidioc::VIDIOC_QUERYMENU, &mut answer)?;
        // SAFETY: bytes or a number, whichever the kernel has filled: any bits are a value of both. Copied out of a packed struct.
        let (name, number) = unsafe { (answer.__bindgen_anon_1.name, answer.__bindgen_anon_1.value) };
        Ok(if numbers { number.to_string() } else { text(&name) })
    }

    /// Reads (`VIDIOC_G_EXT_CTRLS`) or writes (`VIDIOC_S_EXT_CTRLS`) a control that is a number, and returns what it then is.
    pub(super) fn number(
        &self,
        request: vidioc::_IOC_TYPE,
        id: u32,
        wide: bool,
        value: i64,
    ) -> io::Result<i64> {
        let mut control = c::v4l2_ext_control { id, ..zeroed() };
        match wide {
            true => control.__bindgen_anon_1.value64 = value,
            // As bits: those of a bitmask may be 32.
            false => control.__bindgen_anon_1.value = value as i32,
        }
        let control = self.extended(request, c::V4L2_CTRL_WHICH_CUR_VAL, &mut control)?;
        // SAFETY: numbers in both arms; the kernel has filled the one that goes with the control's type.
        Ok(unsafe {
            match wide {
                true => control.__bindgen_anon_1.value64,
                false => control.__bindgen_anon_1.value.into(),
            }
        })
    }

    /// Reads or writes a control that is a text, NUL at its end, in place; `which` is the current value or the default.
    pub(super) fn text_control(
        &self,
        request: vidioc::_IOC_TYPE,
        which: u32,
        id: u32,
        bytes: &mut [u8],
    ) -> io::Result<()> {
        let size = u32::try_from(bytes.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut control = c::v4l2_ext_control { id, size, ..zeroed() };
        // The kernel writes at most `size` bytes there, and `bytes` lives on until it has.
        control.__bindgen_anon_1.string = bytes.as_mut_ptr().cast();
        self.extended(request, which, &mut control).map(drop)
    }

    fn extended(
        &self,
        request: vidioc::_IOC_TYPE,
        which: u32,
        control: &mut c::v4l2_ext_control,
    ) -> io::Result<c::v4l2_ext_control> {
        let mut controls = c::v4l2_ext_controls { count: 1, controls: control, ..zeroed() };
        controls.__bindgen_anon_1.which = which;
        self.ioctl(request, &mut controls)?;
        // SAFETY: the pointer to `control` from above. Read through the pointer that the kernel wrote through.
        Ok(unsafe { *controls.controls })
    }

    /// Has the driver wake whoever polls for `PRI` when the control changes by another hand than this node's.
    pub(super) fn subscribe(&self, control: u32) -> io::Result<()> {
        let mut wish = c::v4l2_event_subscription { type_: c::V4L2_EVENT_CTRL, id: control, ..zeroed() };
        self.ioctl(SUBSCRIBE_EVENT, &mut wish)
    }

    /// The same for when the signal changes, so that the format no longer holds.
    pub(super) fn subscribe_to_source(&self) -> io::Result<()> {
        let mut wish = c::v4l2_event_subscription { type_: c::V4L2_EVENT_SOURCE_CHANGE, ..zeroed() };
        self.ioctl(SUBSCRIBE_EVENT, &mut wish)
    }

    /// Takes one event from the driver, and says whether it is that the signal has changed; an error where there is none.
    pub(super) fn take_event(&self) -> io::Result<bool> {
        let mut event: c::v4l2_event = zeroed();
        self.ioctl(DEQUEUE_EVENT, &mut event)?;
        Ok(event.type_ == c::V4L2_EVENT_SOURCE_CHANGE)
    }

    pub(super) fn is_multiplanar(&self) -> bool {
        self.buffer_type == c::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
    }

    /// Asks for one index after the other until the driver has no more, or has more than anyone could use.
    fn enumerate<T>(&self, mut ask: impl FnMut(u32) -> io::Result<T>) -> Vec<T> {
        (0..256).map_while(|index| ask(index).ok()).collect()
    }

    pub(super) fn ioctl<T>(&self, request: vidioc::_IOC_TYPE, argument: &mut T) -> io::Result<()> {
        loop {
            // SAFETY: each caller above passes the struct that its request is defined with, alive for the call.
            let result = unsafe { v4l2::ioctl(self.fd.as_raw_fd(), request, (&raw mut *argument).cast()) };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl AsFd for Node {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Of a signal at a digital input: its size, its blanks and its clock.
pub(super) struct Timings(pub(super) c::v4l2_dv_timings);

impl Timings {
    /// Width and height of a whole picture, and pictures a second where the driver has measured it.
    pub(super) fn size_and_rate(&self) -> (u32, u32, Option<f64>) {
        // SAFETY: plain numbers; there is no other type of timings than this arm's (`V4L2_DV_BT_656_1120`).
        let bt = unsafe { self.0.__bindgen_anon_1.bt };
        // The structs are packed: fields are copied out, never borrowed.
        let (width, height, clock) = (bt.width, bt.height, bt.pixelclock);
        let blank = |parts: [u32; 3]| parts.into_iter().map(f64::from).sum::<f64>();
        let across = f64::from(width) + blank([bt.hfrontporch, bt.hsync, bt.hbackporch]);
        let second_field =
            if bt.interlaced != 0 { [bt.il_vfrontporch, bt.il_vsync, bt.il_vbackporch] } else { [0; 3] };
        let down = f64::from(height) + blank([bt.vfrontporch, bt.vsync, bt.vbackporch]) + blank(second_field);
        (width, height, (clock > 0 && across * down > 0.0).then(|| clock as f64 / (across * down)))
    }
}

// The crate has not these two; as `_IOR` and `_IOW` of `linux/ioctl.h` make them.
const DEQUEUE_EVENT: vidioc::_IOC_TYPE = request(2, 89, size_of::<c::v4l2_event>());
const SUBSCRIBE_EVENT: vidioc::_IOC_TYPE = request(1, 90, size_of::<c::v4l2_event_subscription>());

pub(super) const fn request(direction: u32, number: u32, size: usize) -> vidioc::_IOC_TYPE {
    ((direction << 30) | ((size as u32) << 16) | ((b'V' as u32) << 8) | number) as vidioc::_IOC_TYPE
}

/// The bindgen structs are numbers, arrays of numbers and unions of them, for which zero is a value.
pub(super) trait Zeroable {}

macro_rules! zeroable {
    ($($name:ident),* $(,)?) => { $(impl Zeroable for c::$name {})* };
}

zeroable!(
    v4l2_capability,
    v4l2_fmtdesc,
    v4l2_frmsizeenum,
    v4l2_frmivalenum,
    v4l2_format,
    v4l2_pix_format,
    v4l2_pix_format_mplane,
    v4l2_streamparm,
    v4l2_captureparm,
    v4l2_requestbuffers,
    v4l2_buffer,
    v4l2_plane,
    v4l2_queryctrl,
    v4l2_query_ext_ctrl,
    v4l2_querymenu,
    v4l2_control,
    v4l2_ext_control,
    v4l2_ext_controls,
    v4l2_event,
    v4l2_event_subscription,
    v4l2_dv_timings,
);

pub(super) fn zeroed<T: Zeroable>() -> T {
    // SAFETY: `Zeroable` is implemented above for C structs without references only.
    unsafe { std::mem::zeroed() }
}

/// Text from a driver: up to the NUL, with anything odd replaced.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect::<String>().trim().to_owned()
}

fn per_second(interval: c::v4l2_fract) -> Option<f64> {
    (interval.numerator > 0 && interval.denominator > 0)
        .then(|| f64::from(interval.denominator) / f64::from(interval.numerator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_utf8_is_no_reason_to_die() {
        assert_eq!(text(b"Cam\xff 1\0rest"), "Cam\u{fffd} 1");
        assert_eq!(text(b"no end\n"), "no end");
    }

    #[test]
    fn a_rate_of_nothing_is_none() {
        assert_eq!(per_second(c::v4l2_fract { numerator: 1, denominator: 30 }), Some(30.0));
        assert_eq!(per_second(c::v4l2_fract { numerator: 0, denominator: 30 }), None);
    }

    #[test]
    fn a_file_that_is_no_device_is_an_error() {
        let mut node = Node::open(Path::new("/dev/null")).unwrap();
        assert_eq!(
            node.capability().unwrap_err().raw_os_error(),
            Some(rustix::io::Errno::NOTTY.raw_os_error())
        );
        assert!(node.formats().is_empty());
    }
}
