//! ustreamer's image flags: names that all cameras have in common for their controls, with its words auto and default.

use std::str::FromStr;

use clap::Args;

use super::values::{Kind, Refused, Value};
use crate::controls::{self, Wish};

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Image (controls that most cameras have; see mjpegd controls)")]
pub struct ImageFlags {
    /// Set all of these that the camera has to its defaults, but for those that are given
    #[arg(long)]
    image_default: bool,

    /// Brightness as the camera counts it: a whole number, auto or default
    #[arg(long, value_name = "N|auto|default")]
    brightness: Option<Setting<true>>,

    /// Contrast: a whole number or default
    #[arg(long, value_name = "N|default")]
    contrast: Option<Setting<false>>,

    /// Saturation: a whole number or default
    #[arg(long, value_name = "N|default")]
    saturation: Option<Setting<false>>,

    /// Hue: a whole number, auto or default
    #[arg(long, value_name = "N|auto|default")]
    hue: Option<Setting<true>>,

    /// Gamma: a whole number or default
    #[arg(long, value_name = "N|default")]
    gamma: Option<Setting<false>>,

    /// Sharpness: a whole number or default
    #[arg(long, value_name = "N|default")]
    sharpness: Option<Setting<false>>,

    /// Backlight compensation: a whole number or default
    #[arg(long, value_name = "N|default")]
    backlight_compensation: Option<Setting<false>>,

    /// White balance as a colour temperature: a whole number, auto or default
    #[arg(long, value_name = "N|auto|default")]
    white_balance: Option<Setting<true>>,

    /// Gain: a whole number, auto or default
    #[arg(long, value_name = "N|auto|default")]
    gain: Option<Setting<true>>,

    /// Colour effect of the camera's menu: a whole number or default
    #[arg(long, value_name = "N|default")]
    color_effect: Option<Setting<false>>,
}

impl ImageFlags {
    /// The controls that are meant, and what they are to be.
    pub fn wishes(&self) -> Vec<Wish> {
        let plain = [
            ("contrast", self.contrast),
            ("saturation", self.saturation),
            ("gamma", self.gamma),
            ("sharpness", self.sharpness),
            ("backlight_compensation", self.backlight_compensation),
            ("color_effects", self.color_effect),
        ];
        let automatic = [
            ("brightness", "brightness_automatic", self.brightness),
            ("hue", "hue_automatic", self.hue),
            ("white_balance_temperature", "white_balance_automatic", self.white_balance),
            ("gain", "gain_automatic", self.gain),
        ];
        let mut wishes = Vec::new();
        for (name, given) in plain {
            wishes.extend(self.default_of(name));
            wishes.extend(given.map(|given| Wish::new(name, given.value())));
        }
        for (name, switch, given) in automatic {
            wishes.extend(self.default_of(name));
            wishes.extend(self.default_of(switch));
            wishes.extend(given.into_iter().flat_map(|given| given.wishes(name, switch)));
        }
        wishes
    }

    fn default_of(&self, name: &str) -> Option<Wish> {
        self.image_default.then(|| optional(name, "default"))
    }
}

/// A number, `default`, or, where there is a switch for it, `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting<const AUTO: bool> {
    Number(i32),
    Auto,
    Default,
}

impl<const AUTO: bool> Setting<AUTO> {
    fn value(self) -> controls::Value {
        match self {
            Self::Number(number) => controls::Value::Number(number.into()),
            Self::Auto => "auto".into(),
            Self::Default => "default".into(),
        }
    }
}

impl Setting<true> {
    /// Not every camera that has the control has a switch for it, and then none is needed.
    fn wishes(self, name: &str, switch: &str) -> Vec<Wish> {
        match self {
            Self::Number(_) => vec![optional(switch, "0"), Wish::new(name, self.value())],
            Self::Auto => vec![Wish::new(switch, "1")],
            Self::Default => vec![optional(name, "default"), optional(switch, "default")],
        }
    }
}

fn optional(name: &str, value: &str) -> Wish {
    Wish { optional: true, ..Wish::new(name, value) }
}

impl<const AUTO: bool> Value for Setting<AUTO> {
    const KIND: Kind = Kind::Text;

    fn allowed() -> String {
        if AUTO { "a whole number, auto or default" } else { "a whole number or default" }.to_owned()
    }
}

impl<const AUTO: bool> FromStr for Setting<AUTO> {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text.to_ascii_lowercase().as_str() {
            "default" => Ok(Self::Default),
            "auto" if AUTO => Ok(Self::Auto),
            _ => {
                text.parse().map(Self::Number).map_err(|_| Self::refuse(format_args!("{text:?} will not do")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        image: ImageFlags,
    }

    fn wishes(words: &str) -> Vec<(String, String)> {
        let flags = Flags::try_parse_from(["test"].into_iter().chain(words.split(' '))).unwrap();
        flags.image.wishes().into_iter().map(|wish| (wish.name, wish.value.to_string())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_number_turns_off_what_is_automatic() {
        let expected = [("white_balance_automatic", "0"), ("white_balance_temperature", "4500")];
        assert_eq!(wishes("--white-balance=4500"), pairs(&expected));
        assert_eq!(wishes("--contrast=5"), pairs(&[("contrast", "5")]));
    }

    #[test]
    fn auto_is_a_switch_of_its_own() {
        assert!(wishes("--gain=auto").contains(&("gain_automatic".to_owned(), "1".to_owned())));
        assert!(Flags::try_parse_from(["test", "--contrast=auto"]).is_err());
    }

    #[test]
    fn what_is_given_goes_over_the_default_of_all() {
        let wishes = wishes("--brightness=7 --image-default");
        let of = |name: &str| wishes.iter().rfind(|wish| wish.0 == name).unwrap().1.clone();
        assert_eq!(
            (of("brightness"), of("hue"), of("color_effects")),
            ("7".into(), "default".into(), "default".into())
        );
    }
}
