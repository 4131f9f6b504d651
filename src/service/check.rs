//! `mjpegd check`: whether the settings and the source will do. It takes one picture, since cameras that open need not
//! work.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::child;
use crate::config::Settings;
use crate::controls::Panel;
use crate::frame::FramePool;
use crate::jpeg;
use crate::picture::Picture;
use crate::push;
use crate::source::{self, Grab, Lost, Opened, Source};
use crate::status::State;

/// Slow cameras take a while for their first picture.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints what was found. Returns whether all is well. The settings have been read by then, so they are.
pub fn print(settings: &Settings, out: &mut impl Write) -> io::Result<bool> {
    writeln!(out, "settings: fine")?;
    let panel = Panel::new();
    let mut source = source::new(settings, &panel, &Arc::default());
    let started = Instant::now();
    let outcome = source.open().and_then(|opened| {
        let picture = first_picture(&mut *source)?;
        // A source sets its controls once more when its first picture has come.
        source.next(Duration::ZERO, &mut |_| {})?;
        Ok((opened, picture))
    });
    source.close();
    if let Some(program) = settings.filter.command.first() {
        let found = if child::is_there(program) {
            "there".to_owned()
        } else {
            format!("missing; {}", child::MISSING)
        };
        writeln!(out, "filter {program}: {found}")?;
    }
    // A receiver may come later: what is wrong with one now is told, and no more.
    for one in &settings.pushes {
        let (receiver, found) = push::check(one);
        writeln!(out, "push {}: {}, {receiver}", one.name, found.err().unwrap_or_else(|| "fine".to_owned()))?;
    }
    match outcome {
        Ok((opened, picture)) => {
            let Opened { device, .. } = &opened;
            writeln!(out, "source: {opened}")?;
            writeln!(
                out,
                "picture: fine, {picture}, after {:.2} s from {device}",
                started.elapsed().as_secs_f64()
            )?;
            // The camera works without them.
            panel.troubles().iter().try_for_each(|trouble| writeln!(out, "controls: {trouble}"))?;
            Ok(true)
        }
        Err(lost) => {
            writeln!(out, "source: {}", State::from(&lost))?;
            Ok(false)
        }
    }
}

/// The size of the first picture that can be shown, in words.
fn first_picture(source: &mut dyn Source) -> Result<String, Lost> {
    let pool = FramePool::new();
    let patience = Instant::now() + PATIENCE;
    let mut trouble = "no picture".to_owned();
    while Instant::now() < patience {
        let mut seen = None;
        let grab =
            source.next(Duration::from_millis(250), &mut |picture| seen = Some(examine(picture, &pool)))?;
        match seen {
            Some(Ok(words)) => return Ok(words),
            Some(Err(why)) => trouble = format!("no picture that can be shown: {why}"),
            None if matches!(grab, Grab::Broken { .. }) => {
                trouble = "only pictures that the driver marks as broken".into();
            }
            None => {}
        }
    }
    Err(Lost::NoSignal(format!("{}: {trouble} within {} s", source.name(), PATIENCE.as_secs())))
}

fn examine(picture: Picture<'_>, pool: &Arc<FramePool>) -> Result<String, String> {
    if picture.format.is_jpeg() {
        let frame = jpeg::repair(picture, pool).map_err(|error| error.to_string())?;
        return Ok(format!("{}x{}, {} kB", frame.width, frame.height, frame.jpeg.len().div_ceil(1000)));
    }
    let needed = picture.format.picture_len(picture.stride, picture.height);
    match picture.bytes.len() < needed {
        true => Err(format!("{} bytes where {needed} are needed", picture.bytes.len())),
        false => Ok(format!("{}x{}, {} kB raw", picture.width, picture.height, needed.div_ceil(1000))),
    }
}
