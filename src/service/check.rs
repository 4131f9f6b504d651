//! `mjpegd check`: whether the settings, what they name, and the source will do. It is in nobody's way: a camera that a running
//! mjpegd has is not opened, and that mjpegd is asked.

mod camera;
mod files;
mod finding;
mod ports;
mod unit;
mod usb;

use std::io::{self, Write};

use self::finding::Finding;
use super::running::Running;
use crate::config::Settings;
use crate::push;

/// Prints what was found. Returns whether all is well. The settings have been read by then, so they are.
pub fn print(settings: &Settings, out: &mut impl Write) -> io::Result<bool> {
    writeln!(out, "settings: fine")?;
    let running = Running::find(&settings.http);
    let mut is_well = true;
    let mut tell = |found: Vec<Finding>| {
        is_well &= !found.iter().any(|one| one.is_wrong);
        found.iter().try_for_each(|one| writeln!(out, "{one}"))
    };
    tell(unit::look().into_iter().collect())?;
    tell(ports::look(settings, running.as_ref()))?;
    tell(files::look(settings))?;
    // A receiver may come later: what is wrong with one now is told, and no more.
    let pushes = settings.pushes.iter().map(|one| {
        let (receiver, found) = push::check(one);
        let found = found.err().unwrap_or_else(|| "fine".to_owned());
        Finding::fine(format!("push {}", one.name), format!("{found}, {receiver}"))
    });
    tell(pushes.collect())?;
    tell(match &running {
        Some(running) => camera::look_at(running),
        None => camera::look(settings),
    })?;
    Ok(is_well)
}
