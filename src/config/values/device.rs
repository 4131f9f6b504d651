use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Kind, Refused, Value};

/// Which camera.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Devices {
    /// The first node that is a camera.
    #[default]
    Auto,
    /// These, in order.
    List(Vec<PathBuf>),
}

/// One entry of what `device` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    Auto,
    Path(PathBuf),
}

impl TryFrom<Vec<Device>> for Devices {
    type Error = Refused;

    fn try_from(devices: Vec<Device>) -> Result<Self, Refused> {
        if matches!(devices[..], [] | [Device::Auto]) {
            return Ok(Self::Auto);
        }
        let paths = devices.into_iter().map(|device| match device {
            Device::Path(path) => Ok(path),
            Device::Auto => Err(Device::refuse("\"auto\" stands beside a path")),
        });
        paths.collect::<Result<_, _>>().map(Self::List)
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::List(paths) => {
                for (index, path) in paths.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{}", path.display())?;
                }
                Ok(())
            }
        }
    }
}

impl Value for Device {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        "auto, or paths such as /dev/video0 tried in order".to_owned()
    }
}

impl FromStr for Device {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "" => Err(Self::refuse("the name is empty")),
            "auto" => Ok(Self::Auto),
            // The kernel's interface knows no zero in a path, and the log is to be no line longer by one.
            _ if text.contains(char::is_control) => Err(Self::refuse(format_args!("{text:?} is not a path"))),
            path => Ok(Self::Path(path.into())),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Path(path) => path.display().fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(names: &[&str]) -> Result<Devices, Refused> {
        let devices: Result<Vec<Device>, Refused> = names.iter().map(|name| name.parse()).collect();
        Devices::try_from(devices?)
    }

    #[test]
    fn paths_are_kept_in_order() {
        let list = devices(&["/dev/video1", "/dev/video0"]).unwrap();
        assert_eq!(list.to_string(), "/dev/video1, /dev/video0");
        assert_eq!(devices(&["auto"]), Ok(Devices::Auto));
    }

    #[test]
    fn auto_beside_a_path_is_refused() {
        assert!(devices(&["/dev/video0", "auto"]).is_err());
        assert!(devices(&[""]).is_err());
    }

    #[test]
    fn what_would_end_a_line_of_the_log_is_no_path() {
        assert!(devices(&["/dev/video0\nlistening"]).is_err());
        assert!(devices(&["/dev/video0\0"]).is_err());
    }
}
