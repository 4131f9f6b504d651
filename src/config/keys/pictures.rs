//! `[encoder]`, `[image]` and `[overlay]`: what is done to pictures.

use std::num::NonZeroUsize;

use clap::Args;
use serde::Deserialize;

use super::super::settings;
use super::super::values::{
    Caption, Corner, Crop, Font, Name, Quality, Rgba, Rotation, Scale, Subsampling, Switch, TimeZoneName,
    Whole,
};
use super::set;

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Encoder (for what is not JPEG already)")]
pub struct Encoder {
    /// JPEG quality, 1 to 100 [default: 80]
    #[arg(long, short, value_name = "N")]
    pub quality: Option<Quality>,

    /// How much colour is kept, 4:2:0 or 4:2:2 [default: 4:2:0]
    #[arg(long, value_name = "RATIO")]
    pub subsampling: Option<Subsampling>,

    /// Threads that encode, 1 to 16 [default: the processor's cores, at most 4]
    #[arg(long, short, value_name = "N")]
    pub workers: Option<Whole<1, 16>>,

    /// Slices of one picture that workers compress side by side, 0 to 16; 0: by workers and size [default: 0]
    #[arg(long = "encoder-slices", value_name = "N")]
    pub slices: Option<Whole<0, 16>>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Image (in this order: crop, flips, rotation, scale, greyscale)")]
pub struct Image {
    /// Cut out of the camera's picture: WIDTHxHEIGHT+X+Y, both sides 16 to 8192, X and Y 0 to 8192, or empty for the whole picture, which is the default
    #[arg(long, value_name = "AREA")]
    pub crop: Option<Crop>,

    /// Mirror the picture, left for right, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub flip_horizontal: Option<Switch>,

    /// Mirror the picture, top for bottom, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub flip_vertical: Option<Switch>,

    /// Turn the picture clockwise, by degrees: 0, 90, 180 or 270 [default: 0]
    #[arg(long, value_name = "DEGREES")]
    pub rotate: Option<Rotation>,

    /// The size that viewers get: WIDTHxHEIGHT, each 16 to 8192, or empty for no scaling, which is the default
    #[arg(long, value_name = "SIZE")]
    pub scale: Option<Scale>,

    /// Leave out the colours, true or false [default: false]
    #[arg(long, value_name = "SWITCH", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub greyscale: Option<Switch>,
}

#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[command(next_help_heading = "Overlay (a text over the picture)")]
pub struct Overlay {
    /// The text, at most 500 letters in 10 lines, with strftime's % and with {name}, {fps}, {camera}; empty for none, which is the default
    #[arg(long = "overlay-text", value_name = "TEXT")]
    pub text: Option<Caption>,

    /// What {name} stands for, at most 500 letters in one line; empty by default
    #[arg(id = "overlay-name", long = "overlay-name", value_name = "NAME")]
    pub name: Option<Name>,

    /// Whose time it is: a name such as Europe/Berlin, or empty for the system's, which is the default
    #[arg(long = "overlay-time-zone", value_name = "ZONE")]
    pub time_zone: Option<TimeZoneName>,

    /// Where it stands: top-left, top-right, bottom-left or bottom-right [default: top-left]
    #[arg(long = "overlay-corner", value_name = "CORNER")]
    pub corner: Option<Corner>,

    /// Height of a line in percent of the picture's height, 1 to 50 [default: 4]
    #[arg(long = "overlay-size-percent", value_name = "N")]
    pub size_percent: Option<Whole<1, 50>>,

    /// Colour of the letters: #RRGGBB or, with opacity, #RRGGBBAA [default: #FFFFFF]
    #[arg(long = "overlay-colour", value_name = "COLOUR")]
    pub colour: Option<Rgba>,

    /// Colour behind them: #RRGGBB or, with opacity, #RRGGBBAA [default: #00000080]
    #[arg(long = "overlay-background", value_name = "COLOUR")]
    pub background: Option<Rgba>,

    /// What the letters are taken from: a TrueType or OpenType file, or empty for the built-in letters, which is the default
    #[arg(long = "overlay-font", value_name = "FILE")]
    pub font: Option<Font>,
}

impl Encoder {
    pub(super) fn apply(self, to: &mut settings::Encoder) {
        set(&mut to.quality, self.quality);
        set(&mut to.subsampling, self.subsampling);
        set(&mut to.workers, self.workers);
        set(&mut to.slices, self.slices.map(|slices| NonZeroUsize::new(slices.into())));
    }
}

impl Image {
    pub(super) fn apply(self, to: &mut settings::Image) {
        set(&mut to.crop, self.crop);
        set(&mut to.flip_horizontal, self.flip_horizontal);
        set(&mut to.flip_vertical, self.flip_vertical);
        set(&mut to.rotate, self.rotate);
        set(&mut to.scale, self.scale);
        set(&mut to.greyscale, self.greyscale);
    }
}

impl Overlay {
    pub(super) fn apply(self, to: &mut settings::Overlay) {
        set(&mut to.text, self.text);
        set(&mut to.name, self.name);
        set(&mut to.time_zone, self.time_zone);
        set(&mut to.corner, self.corner);
        set(&mut to.size_percent, self.size_percent);
        set(&mut to.colour, self.colour);
        set(&mut to.background, self.background);
        set(&mut to.font, self.font);
    }
}
