//! What becomes of pictures.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::super::values::{Corner, CropArea, Quality, Resolution, Rgba, Rotation, Subsampling, write};
use super::cores;
use crate::flips::Flips;

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Encoder {
    pub quality: Quality,
    pub subsampling: Subsampling,
    #[serde(skip)]
    pub workers: NonZeroUsize,
    /// Slices of one picture; `None`: as the workers and the size of the picture suggest.
    #[serde(serialize_with = "write::or_zero")]
    pub slices: Option<NonZeroUsize>,
}

/// What is done to each picture, in this order. The default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Image {
    #[serde(serialize_with = "write::or_empty")]
    pub crop: Option<CropArea>,
    pub flip_horizontal: bool,
    pub flip_vertical: bool,
    /// Clockwise.
    pub rotate: Rotation,
    #[serde(serialize_with = "write::or_empty")]
    pub scale: Option<Resolution>,
    pub greyscale: bool,
}

impl Image {
    /// What a camera that can flip its pictures is asked for: flips that come to the same as these and the rotation. A quarter
    /// of a turn is ours alone, since flips would spare nothing of it.
    pub fn flips(&self) -> Flips {
        let flips = Flips { horizontal: self.flip_horizontal, vertical: self.flip_vertical };
        match self.rotate {
            Rotation::Zero => flips,
            Rotation::Half => flips ^ Flips::HORIZONTAL ^ Flips::VERTICAL,
            Rotation::Quarter | Rotation::ThreeQuarters => Flips::NONE,
        }
    }
}

/// A text over the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Overlay {
    /// Empty: none.
    pub text: String,
    /// What `{name}` stands for in it.
    pub name: String,
    /// `None`: the one that this machine is in.
    #[serde(serialize_with = "write::or_empty")]
    pub time_zone: Option<String>,
    pub corner: Corner,
    /// Height of a line, of the picture's.
    pub size_percent: u32,
    pub colour: Rgba,
    pub background: Rgba,
    /// `None`: the built-in letters. Who may change settings may not choose what files are read.
    #[serde(skip)]
    pub font: Option<PathBuf>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            quality: Quality::default(),
            subsampling: Subsampling::default(),
            workers: NonZeroUsize::MIN.saturating_add(cores() - 1),
            slices: None,
        }
    }
}

impl Default for Overlay {
    fn default() -> Self {
        Self {
            text: String::new(),
            name: String::new(),
            time_zone: None,
            corner: Corner::default(),
            size_percent: 4,
            colour: Rgba { red: 255, green: 255, blue: 255, alpha: 255 },
            background: Rgba { red: 0, green: 0, blue: 0, alpha: 128 },
            font: None,
        }
    }
}
