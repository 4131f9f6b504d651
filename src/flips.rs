//! Which sides of a picture are exchanged: what a camera may be able to do itself, at no cost to us.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitXor};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flips {
    /// Left for right.
    pub horizontal: bool,
    /// Top for bottom. Both are half a turn.
    pub vertical: bool,
}

impl Flips {
    pub const NONE: Self = Self { horizontal: false, vertical: false };
    pub const HORIZONTAL: Self = Self { horizontal: true, vertical: false };
    pub const VERTICAL: Self = Self { horizontal: false, vertical: true };
}

/// Those of both.
impl BitAnd for Flips {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self { horizontal: self.horizontal & other.horizontal, vertical: self.vertical & other.vertical }
    }
}

/// Those of either.
impl BitOr for Flips {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { horizontal: self.horizontal | other.horizontal, vertical: self.vertical | other.vertical }
    }
}

/// The one after the other: what is flipped twice lies as before.
impl BitXor for Flips {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self { horizontal: self.horizontal ^ other.horizontal, vertical: self.vertical ^ other.vertical }
    }
}

/// "flipped horizontally".
impl fmt::Display for Flips {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match (self.horizontal, self.vertical) {
            (false, false) => "not flipped",
            (true, false) => "flipped horizontally",
            (false, true) => "flipped vertically",
            (true, true) => "turned by 180 degrees",
        })
    }
}
