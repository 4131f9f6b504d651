//! What a control is called: by v4l2-ctl, by its driver, by an older or newer kernel, or by its number.

use super::value::parse;
use super::{Control, Error};

/// Longer ones are compared with none: comparing takes memory by the product of both lengths.
const LONGEST_COMPARED: usize = 64;

/// Names of standard controls that kernels and drivers have changed (uvcvideo with Linux 5.16), by the number that they kept. The
/// name in use comes first.
const ALIASES: [(u32, &[&str]); 8] = [
    (0x009a_0901, &["auto_exposure", "exposure_auto"]),
    (0x009a_0902, &["exposure_time_absolute", "exposure_absolute"]),
    (0x009a_0903, &["exposure_dynamic_framerate", "exposure_auto_priority"]),
    (0x009a_090c, &["focus_automatic_continuous", "focus_auto"]),
    (
        0x0098_090c,
        &[
            "white_balance_automatic",
            "white_balance_temperature_auto",
            "white_balance_component_auto",
            "white_balance_auto",
        ],
    ),
    (0x0098_0919, &["hue_automatic", "hue_auto"]),
    (0x0098_0912, &["gain_automatic", "autogain", "gain_auto"]),
    (0x0098_0920, &["brightness_automatic", "brightness_auto"]),
];

/// Which standard control takes over which others while it is on.
const HOLDERS: [(u32, &[u32]); 6] = [
    (0x009a_0901, &[0x009a_0902, 0x0098_0911, 0x009a_0911]),
    (0x009a_090c, &[0x009a_090a, 0x009a_090b]),
    (0x0098_090c, &[0x0098_091a, 0x0098_090e, 0x0098_090f]),
    (0x0098_0919, &[0x0098_0903]),
    (0x0098_0912, &[0x0098_0913]),
    (0x0098_0920, &[0x0098_0900]),
];

/// As v4l2-ctl does it: letters and digits in lower case, all else between two of them one underscore.
pub fn key_of(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut gap = false;
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            if std::mem::take(&mut gap) {
                key.push('_');
            }
            key.push(letter.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    key
}

/// The control of this key, name, number, or of the name that it has in another kernel.
pub fn find<'a>(controls: &'a [Control], name: &str) -> Result<&'a Control, Error> {
    let key = key_of(name);
    let exactly = controls.iter().find(|control| control.key == name);
    let alike = || controls.iter().find(|control| control.key == key);
    let by_number = || {
        let number = parse(name)?;
        controls.iter().find(|control| i64::from(control.id) == number)
    };
    let by_other_name = || {
        let (id, _) = ALIASES.iter().find(|(_, names)| names.contains(&key.as_str()))?;
        controls.iter().find(|control| control.id == *id)
    };
    exactly.or_else(alike).or_else(by_number).or_else(by_other_name).ok_or_else(|| Error::Unknown {
        name: name.chars().take(LONGEST_COMPARED).collect(),
        alike: suggestion(controls, &key),
    })
}

fn suggestion(controls: &[Control], key: &str) -> Option<String> {
    if key.len() > LONGEST_COMPARED {
        return None;
    }
    let distances =
        controls.iter().map(|control| (strsim::damerau_levenshtein(key, &control.key), &control.key));
    let near = distances.filter(|(distance, _)| *distance <= key.len() / 3).min();
    // What is asked for may be a part of the name: "exposure" of "exposure_time_absolute".
    let part =
        || controls.iter().map(|control| &control.key).find(|other| key.len() > 2 && other.contains(key));
    near.map(|(_, key)| key).or_else(part).cloned()
}

/// The key of what holds this control, where it is one that all cameras have alike.
pub(super) fn holder(controls: &[Control], held: &Control) -> Option<String> {
    let (id, _) = HOLDERS.iter().find(|(_, held_ones)| held_ones.contains(&held.id))?;
    controls.iter().find(|control| control.id == *id).map(|control| control.key.clone())
}

/// Makes every key the only one of its kind: of two "gain" the second becomes "gain_2".
pub(crate) fn tell_apart(controls: &mut [Control]) {
    let mut taken = std::collections::HashSet::new();
    for control in controls {
        // A name of nothing but signs has only its number.
        if control.key.is_empty() {
            control.key = format!("control_{:08x}", control.id);
        }
        let key = control.key.clone();
        let mut number = 2;
        while !taken.insert(control.key.clone()) {
            control.key = format!("{key}_{number}");
            number += 1;
        }
    }
}
