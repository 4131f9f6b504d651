//! `mjpegd devices`: the cameras of this machine, and what each can do; for people, and for the page.

use std::io::{self, Write};

use serde::Serialize;

use crate::source::v4l2::{self, Candidate, FormatOffer, fourcc_name};

/// Prints a paragraph for each camera, and a line for each node that is none. Returns whether there is a camera.
pub fn print(out: &mut impl Write) -> io::Result<bool> {
    let nodes = v4l2::list();
    if nodes.is_empty() {
        writeln!(out, "no camera found: there is no /dev/video* at all; is one plugged in?")?;
    }
    let mut others = Vec::new();
    for node in &nodes {
        match node {
            Ok(candidate) => match &candidate.not_a_camera {
                None => print_camera(out, candidate)?,
                Some(what) => {
                    others.push(format!("{} ({}): {what}", candidate.path.display(), candidate.card));
                }
            },
            Err(trouble) => others.push(trouble.to_string()),
        }
    }
    if !others.is_empty() {
        writeln!(out, "not cameras, or out of reach:")?;
    }
    others.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    Ok(others.len() < nodes.len())
}

/// A camera, as the API shows it.
#[derive(Serialize)]
struct Camera {
    device: String,
    /// A path that stays the same over boots and ports.
    by_id: Option<String>,
    name: String,
    driver: String,
    formats: Vec<Format>,
}

#[derive(Serialize)]
struct Format {
    name: String,
    description: String,
    /// Those that a viewer can be shown, each once.
    sizes: Vec<String>,
}

/// The cameras, and the formats of each that mjpegd reads, as JSON. Opens every node, which may take a while.
pub fn json() -> Vec<u8> {
    let cameras = v4l2::list().into_iter().filter_map(Result::ok);
    let cameras = cameras.filter(|camera| camera.not_a_camera.is_none()).map(|camera| Camera {
        device: camera.path.display().to_string(),
        by_id: camera.by_id.map(|path| path.display().to_string()),
        name: camera.card,
        driver: camera.driver,
        formats: camera.formats.iter().filter(|format| format.is_readable()).map(Format::from).collect(),
    });
    // Strings and lists always have a JSON form.
    serde_json::to_vec(&cameras.collect::<Vec<_>>()).unwrap_or_default()
}

impl From<&FormatOffer> for Format {
    fn from(offer: &FormatOffer) -> Self {
        // A range, "32x32 to 1920x1080", is no size that could be chosen.
        let sizes = offer.sizes.iter().map(|size| size.size.clone()).filter(|size| !size.contains(' '));
        Self {
            name: fourcc_name(offer.fourcc),
            description: offer.description.clone(),
            sizes: sizes.collect(),
        }
    }
}

fn print_camera(out: &mut impl Write, camera: &Candidate) -> io::Result<()> {
    writeln!(out, "{}: {} ({})", camera.path.display(), camera.card, camera.driver)?;
    if let Some(by_id) = &camera.by_id {
        writeln!(out, "    always found at {}", by_id.display())?;
    }
    camera.formats.iter().try_for_each(|format| print_format(out, format))?;
    writeln!(out)
}

fn print_format(out: &mut impl Write, format: &FormatOffer) -> io::Result<()> {
    let unread = if format.is_readable() { "" } else { ", not read by mjpegd" };
    writeln!(out, "    {} ({}{unread})", fourcc_name(format.fourcc), format.description)?;
    for size in &format.sizes {
        let rates: Vec<_> =
            size.rates.iter().map(|rate| format!("{}", (rate * 100.0).round() / 100.0)).collect();
        let rates = if rates.is_empty() { String::new() } else { format!(" at {}/s", rates.join(", ")) };
        writeln!(out, "        {}{rates}", size.size)?;
    }
    Ok(())
}
