//! A node's controls: as its driver describes them, within bounds, whatever it says.

use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use v4l::v4l_sys as c;
use v4l::v4l2::vidioc;

use super::sys::{Node, text, zeroed};
use crate::controls::{Board, Control, Error, Item, Kind, Value, key_of, tell_apart};

/// More than any driver has; one that always knows a next control would have us ask for ever.
const MOST_CONTROLS: usize = 1024;

/// So many items of a menu are asked for, there or not.
const MOST_ITEMS: i64 = 1024;

/// A control that cannot even be described is passed over, by so many numbers and for so long.
const MOST_FAILURES: usize = 32;
const LONGEST_FAILURES: Duration = Duration::from_secs(5);

/// A text is at most so many bytes long, whatever the driver says.
const LONGEST_TEXT: i64 = 4096;

/// Names of the classes, which are the upper half of a control's number. Where the kernel's headers have called one otherwise or
/// did not have it yet, the number stands here.
const CLASSES: [(u32, &str, &str); 13] = [
    (c::V4L2_CTRL_CLASS_USER, "user", "User Controls"),
    (0x0099_0000, "codec", "Codec Controls"),
    (c::V4L2_CTRL_CLASS_CAMERA, "camera", "Camera Controls"),
    (c::V4L2_CTRL_CLASS_FM_TX, "fm_tx", "FM Radio Modulator Controls"),
    (c::V4L2_CTRL_CLASS_FLASH, "flash", "Flash Controls"),
    (c::V4L2_CTRL_CLASS_JPEG, "jpeg", "JPEG Compression Controls"),
    (c::V4L2_CTRL_CLASS_IMAGE_SOURCE, "image_source", "Image Source Controls"),
    (c::V4L2_CTRL_CLASS_IMAGE_PROC, "image_processing", "Image Processing Controls"),
    (c::V4L2_CTRL_CLASS_DV, "digital_video", "Digital Video Controls"),
    (c::V4L2_CTRL_CLASS_FM_RX, "fm_rx", "FM Radio Receiver Controls"),
    (c::V4L2_CTRL_CLASS_RF_TUNER, "rf_tuner", "RF Tuner Controls"),
    (c::V4L2_CTRL_CLASS_DETECT, "detection", "Detection Controls"),
    (0x00a4_0000, "codec_stateless", "Stateless Codec Controls"),
];

/// What a driver says of one control, in the wider of the two forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Description {
    id: u32,
    kind: u32,
    name: String,
    minimum: i64,
    maximum: i64,
    step: u64,
    default: i64,
    flags: u32,
    /// Not one value but many.
    is_array: bool,
}

impl Board for Node {
    fn describe(&self) -> Result<Vec<Control>, Error> {
        let descriptions = enumerate(|after| self.next_control(after))?;
        let mut controls = in_groups(&descriptions);
        for control in &mut controls {
            match control.kind {
                Kind::Menu | Kind::IntegerMenu => control.menu = self.items(control),
                Kind::String => control.default = self.text(control, c::V4L2_CTRL_WHICH_DEF_VAL).ok(),
                _ => {}
            }
        }
        tell_apart(&mut controls);
        Ok(controls)
    }

    fn read(&self, control: &Control) -> Result<Option<Value>, Error> {
        if control.write_only || control.kind == Kind::Button {
            return Ok(None);
        }
        let read = match control.kind {
            Kind::String => self.text(control, c::V4L2_CTRL_WHICH_CUR_VAL),
            _ => self.get(control).map(|bits| value(control.kind, bits)),
        };
        read.map(Some).map_err(|error| explain(control, "VIDIOC_G_EXT_CTRLS", &error))
    }

    fn write(&self, control: &Control, wanted: &Value) -> Result<Value, Error> {
        let written = match (control.kind, wanted) {
            (Kind::String, wanted) => {
                let mut bytes = wanted.to_string().into_bytes();
                bytes.push(0);
                let which = c::V4L2_CTRL_WHICH_CUR_VAL;
                self.text_control(vidioc::VIDIOC_S_EXT_CTRLS, which, control.id, &mut bytes)
                    .map(|()| wanted.clone())
            }
            (kind, wanted) => {
                self.put(control, wanted.number().unwrap_or_default()).map(|bits| value(kind, bits))
            }
        };
        written.map_err(|error| explain(control, "VIDIOC_S_EXT_CTRLS", &error))
    }
}

impl Node {
    /// The first control with a number above `after`.
    fn next_control(&self, after: u32) -> io::Result<Description> {
        self.control(after | c::V4L2_CTRL_FLAG_NEXT_CTRL)
    }

    /// The control of this number, if it is a switch that can be set, and pictures of this format stay pictures of this format.
    pub(super) fn switch(&self, id: u32) -> Option<Control> {
        const NOT: u32 =
            c::V4L2_CTRL_FLAG_READ_ONLY | c::V4L2_CTRL_FLAG_INACTIVE | c::V4L2_CTRL_FLAG_MODIFY_LAYOUT;
        let description =
            self.control(id).ok().filter(|answer| answer.id == id && answer.flags & NOT == 0)?;
        in_groups(&[description]).pop().filter(|control| control.kind == Kind::Boolean)
    }

    fn control(&self, id: u32) -> io::Result<Description> {
        let mut answer = c::v4l2_query_ext_ctrl { id, ..zeroed() };
        match self.ioctl(vidioc::VIDIOC_QUERY_EXT_CTRL, &mut answer) {
            Ok(()) => Ok(Description {
                id: answer.id,
                kind: answer.type_,
                name: text(&answer.name.map(|letter| letter as u8)),
                minimum: answer.minimum,
                maximum: answer.maximum,
                step: answer.step,
                default: answer.default_value,
                flags: answer.flags,
                is_array: answer.nr_of_dims > 0,
            }),
            Err(error) if is(&error, Errno::NOTTY) => self.narrow_control(id),
            Err(error) => Err(error),
        }
    }

    /// The same of a driver, or a kernel, that does not know the wider form.
    fn narrow_control(&self, id: u32) -> io::Result<Description> {
        let mut answer = c::v4l2_queryctrl { id, ..zeroed() };
        self.ioctl(vidioc::VIDIOC_QUERYCTRL, &mut answer)?;
        Ok(Description {
            id: answer.id,
            kind: answer.type_,
            name: text(&answer.name),
            minimum: answer.minimum.into(),
            maximum: answer.maximum.into(),
            step: u64::from(answer.step.unsigned_abs()),
            default: answer.default_value.into(),
            flags: answer.flags,
            is_array: false,
        })
    }

    /// Those that are there: a menu may have gaps.
    fn items(&self, control: &Control) -> Vec<Item> {
        let last = control.max.min(control.min.saturating_add(MOST_ITEMS - 1));
        let numbers = (control.min..=last).filter_map(|number| Some((number, u32::try_from(number).ok()?)));
        let item = |(value, index)| {
            let name = self.menu_item(control.id, index, control.kind == Kind::IntegerMenu).ok()?;
            Some(Item { value, name })
        };
        numbers.filter_map(item).collect()
    }

    fn text(&self, control: &Control, which: u32) -> io::Result<Value> {
        let mut bytes = vec![0; control.max.clamp(0, LONGEST_TEXT) as usize + 1];
        self.text_control(vidioc::VIDIOC_G_EXT_CTRLS, which, control.id, &mut bytes)?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        // Spaces at its ends belong to it.
        Ok(Value::Text(String::from_utf8_lossy(&bytes[..end]).into_owned()))
    }

    fn get(&self, control: &Control) -> io::Result<i64> {
        let wide = control.kind == Kind::Integer64;
        self.number(vidioc::VIDIOC_G_EXT_CTRLS, control.id, wide, 0)
            .or_else(|error| self.narrow(vidioc::VIDIOC_G_CTRL, control, 0, error))
    }

    fn put(&self, control: &Control, number: i64) -> io::Result<i64> {
        let wide = control.kind == Kind::Integer64;
        self.number(vidioc::VIDIOC_S_EXT_CTRLS, control.id, wide, number)
            .or_else(|error| self.narrow(vidioc::VIDIOC_S_CTRL, control, number, error))
    }

    /// The old form of the call, for drivers that do not know the other.
    fn narrow(
        &self,
        request: vidioc::_IOC_TYPE,
        control: &Control,
        number: i64,
        why: io::Error,
    ) -> io::Result<i64> {
        if control.kind == Kind::Integer64 || !(is(&why, Errno::NOTTY) || is(&why, Errno::INVAL)) {
            return Err(why);
        }
        let mut argument = c::v4l2_control { id: control.id, value: number as i32 };
        self.ioctl(request, &mut argument)?;
        Ok(argument.value.into())
    }
}

/// All that `next` gives, from number to greater number, until it says that there is no more.
fn enumerate(mut next: impl FnMut(u32) -> io::Result<Description>) -> Result<Vec<Description>, Error> {
    let began = Instant::now();
    let (mut found, mut last, mut failures) = (Vec::new(), 0, 0);
    while found.len() < MOST_CONTROLS {
        match next(last) {
            // A driver that goes back, or stays, would never come to an end.
            Ok(description) if description.id <= last || description.id > c::V4L2_CTRL_ID_MASK => break,
            Ok(description) => {
                last = description.id;
                found.push(description);
            }
            Err(error) if is(&error, Errno::INVAL) || is(&error, Errno::NOTTY) => break,
            Err(error) if is_gone(&error) => return Err(gone()),
            Err(error) => {
                failures += 1;
                log::debug!("a control behind {last:#x} cannot be described: {error}");
                if failures > MOST_FAILURES || began.elapsed() > LONGEST_FAILURES {
                    break;
                }
                last += 1;
            }
        }
    }
    Ok(found)
}

/// Those that one can do something with, each in its group.
fn in_groups(descriptions: &[Description]) -> Vec<Control> {
    let mut controls = Vec::new();
    for description in descriptions {
        let Some(kind) = kind(description.kind) else { continue };
        if description.flags & c::V4L2_CTRL_FLAG_DISABLED != 0 || description.is_array {
            continue;
        }
        let class = class(description.id);
        let known = CLASSES.iter().find(|(id, ..)| *id == class);
        let title = descriptions
            .iter()
            .find(|other| {
                other.kind == c::v4l2_ctrl_type_V4L2_CTRL_TYPE_CTRL_CLASS && self::class(other.id) == class
            })
            .map(|title| title.name.clone())
            .or_else(|| known.map(|(_, _, title)| (*title).to_owned()))
            .unwrap_or_else(|| "Other Controls".to_owned());
        let group = known.map_or_else(|| key_of(&title), |(_, key, _)| (*key).to_owned());
        controls.push(control(description, kind, group, title));
    }
    controls
}

const fn class(id: u32) -> u32 {
    id & 0x0fff_0000
}

const fn kind(number: u32) -> Option<Kind> {
    Some(match number {
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER => Kind::Integer,
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_BOOLEAN => Kind::Boolean,
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_MENU => Kind::Menu,
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_BUTTON => Kind::Button,
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER64 => Kind::Integer64,
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_STRING => Kind::String,
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_BITMASK => Kind::Bitmask,
        c::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER_MENU => Kind::IntegerMenu,
        _ => return None,
    })
}

fn control(description: &Description, kind: Kind, group: String, group_title: String) -> Control {
    let Description { id, minimum, maximum, flags, .. } = *description;
    let (min, max) = limits(kind, minimum.min(maximum), minimum.max(maximum));
    let has = |flag| flags & flag != 0;
    Control {
        id,
        key: key_of(&description.name),
        name: description.name.clone(),
        group,
        group_title,
        kind,
        min,
        max,
        step: description.step.max(1),
        default: match kind {
            Kind::Button | Kind::String => None,
            _ => Some(value(kind, description.default)),
        },
        value: None,
        menu: Vec::new(),
        inactive: has(c::V4L2_CTRL_FLAG_INACTIVE),
        read_only: has(c::V4L2_CTRL_FLAG_READ_ONLY),
        write_only: has(c::V4L2_CTRL_FLAG_WRITE_ONLY),
        volatile: has(c::V4L2_CTRL_FLAG_VOLATILE),
        grabbed: has(c::V4L2_CTRL_FLAG_GRABBED),
    }
}

/// What the kernel's types can hold of what the driver says.
fn limits(kind: Kind, min: i64, max: i64) -> (i64, i64) {
    let within = |least: i64, most: i64| (min.clamp(least, most), max.clamp(least, most));
    match kind {
        Kind::Integer64 => (min, max),
        Kind::Integer => within(i32::MIN.into(), i32::MAX.into()),
        Kind::Menu | Kind::IntegerMenu => within(0, u32::MAX.into()),
        Kind::Boolean => (0, 1),
        Kind::Button => (0, 0),
        // Drivers say it with 32 bits and a sign.
        Kind::Bitmask => (0, i64::from(max as u32 | min as u32)),
        Kind::String => within(0, LONGEST_TEXT),
    }
}

fn value(kind: Kind, bits: i64) -> Value {
    match kind {
        Kind::Boolean => Value::Switch(bits != 0),
        Kind::Bitmask => Value::Number((bits as u32).into()),
        _ => Value::Number(bits),
    }
}

fn explain(control: &Control, ioctl: &'static str, error: &io::Error) -> Error {
    let key = control.key.clone();
    match Errno::from_io_error(error) {
        _ if is_gone(error) => gone(),
        Some(Errno::BUSY) => Error::Busy { key },
        Some(Errno::RANGE) => {
            Error::OutOfRange { key, value: "what was asked for".into(), allowed: control.allowed() }
        }
        // uvcvideo says it so; older kernels pass the camera's own refusal on.
        Some(Errno::ACCESS) => Error::Inactive { key, held_by: None },
        _ if control.inactive => Error::Inactive { key, held_by: None },
        _ => Error::Io { key, ioctl, reason: error.to_string() },
    }
}

fn gone() -> Error {
    Error::Gone("the camera was unplugged".into())
}

fn is_gone(error: &io::Error) -> bool {
    is(error, Errno::NODEV) || is(error, Errno::NXIO)
}

fn is(error: &io::Error, errno: Errno) -> bool {
    Errno::from_io_error(error) == Some(errno)
}

#[cfg(test)]
#[path = "controls_tests.rs"]
mod tests;
