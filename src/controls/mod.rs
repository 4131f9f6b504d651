//! What a camera lets itself be set to: brightness, exposure, focus, and whatever else its driver offers. Nothing here knows
//! V4L2; `source/v4l2/controls.rs` is the [`Board`] of a camera there.

mod check;

mod error;

mod held;

mod names;

mod panel;

mod plan;

mod value;

use serde::Serialize;

pub use error::Error;
pub(crate) use names::tell_apart;
pub use names::{find, key_of};
pub use panel::{Access, Panel};
pub use plan::{Plan, Wish};
pub use value::Value;

/// One control, as the driver describes it at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// The driver's number. It is the same for all cameras and kernels, where a name is not.
    pub id: u32,
    /// The name to set it by, as v4l2-ctl has it: "exposure_time_absolute". No two controls of a camera have the same.
    pub key: String,
    /// "Exposure Time, Absolute".
    pub name: String,
    /// "user", "camera", "codec", ...
    pub group: String,
    /// "Camera Controls".
    pub group_title: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Of a string, lengths in bytes; of a menu, numbers of items, not all of which need be there.
    pub min: i64,
    pub max: i64,
    /// At least 1.
    pub step: u64,
    /// Nothing where the driver says none.
    pub default: Option<Value>,
    /// Nothing where there is none to read.
    pub value: Option<Value>,
    pub menu: Vec<Item>,
    /// Another control holds it, as auto exposure the exposure; or the source needs it itself.
    pub inactive: bool,
    pub read_only: bool,
    pub write_only: bool,
    /// The camera changes it by itself.
    pub volatile: bool,
    /// The driver takes no value now, most likely because it streams.
    pub grabbed: bool,
}

/// What can be chosen, by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub value: i64,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Integer,
    Integer64,
    Boolean,
    Menu,
    /// A menu whose items are numbers.
    IntegerMenu,
    Bitmask,
    /// Does something when it is set, and has no value.
    Button,
    String,
}

impl Kind {
    /// As v4l2-ctl calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Integer => "int",
            Self::Integer64 => "int64",
            Self::Boolean => "bool",
            Self::Menu => "menu",
            Self::IntegerMenu => "intmenu",
            Self::Bitmask => "bitmask",
            Self::Button => "button",
            Self::String => "str",
        }
    }

    pub const fn is_menu(self) -> bool {
        matches!(self, Self::Menu | Self::IntegerMenu)
    }

    /// Whether others may depend on it: what is automatic is a boolean or a menu in all drivers.
    pub const fn is_switch(self) -> bool {
        matches!(self, Self::Boolean | Self::Menu | Self::IntegerMenu)
    }
}

/// The controls of one open device.
pub trait Board {
    /// All of them, without their values. A board that has none gives an empty list.
    fn describe(&self) -> Result<Vec<Control>, Error>;

    /// `None`: there is none to read.
    fn read(&self, control: &Control) -> Result<Option<Value>, Error>;

    /// Sets it to a value that [`Control::check`] has given, and returns what the driver made of it.
    fn write(&self, control: &Control, value: &Value) -> Result<Value, Error>;
}

/// All controls with their values.
pub fn list(board: &dyn Board) -> Result<Vec<Control>, Error> {
    let mut controls = board.describe()?;
    for control in &mut controls {
        control.value = match board.read(control) {
            Err(Error::Gone(why)) => return Err(Error::Gone(why)),
            // One that cannot be read does not take the others away.
            read => read.inspect_err(|error| log::debug!("{error}")).ok().flatten(),
        };
    }
    Ok(controls)
}

#[cfg(test)]
mod tests;
