//! `mjpegd devices`: the cameras of this machine, and what each can do.

use std::io::{self, Write};

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
