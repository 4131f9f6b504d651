//! `mjpegd frames`: frames of a running mjpegd on standard output, for scripts and pipes.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Read, Write};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use ureq::Agent;

use crate::clock::Monotonic;
use crate::config::Settings;
use crate::config::values::Url;
use crate::jpeg::splitter::Splitter;
use crate::sink::{self, Reader};
use crate::source::LONGEST_PICTURE;

/// A camera may have to be started for the first one.
const PATIENCE: Duration = Duration::from_secs(15);

/// Those that follow come when the camera gives them, be it a slide a day.
const NO_HURRY: Duration = Duration::from_secs(86_400);

/// Which frames, and from where.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// The newest one only
    #[arg(long)]
    latest: bool,

    /// So many, and no more
    #[arg(id = "frames-count", long = "count", value_name = "N", conflicts_with = "latest", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// From this stream or snapshot [default: the sink, else /stream or /snapshot at the port of the settings]
    #[arg(id = "frames-url", long = "url", value_name = "URL")]
    url: Option<Url>,
}

/// Writes them until there were enough, or nobody reads any longer.
pub fn run(settings: &Settings, frames: &Frames) -> Result<bool> {
    let out = io::stdout();
    if out.is_terminal() {
        bail!("a terminal shows no pictures: mjpegd frames --latest >now.jpg");
    }
    // As it is, it would look for the ends of lines.
    let mut out = File::from(out.as_fd().try_clone_to_owned().context("standard output")?);
    let mut left = if frames.latest { 1 } else { frames.count.unwrap_or(u64::MAX) };
    let mut put = |jpeg: &[u8]| -> Result<bool> {
        match out.write_all(jpeg) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(false),
            written => written.context("standard output")?,
        }
        left -= 1;
        Ok(left > 0)
    };
    match &frames.url {
        None if !settings.sink.name.is_empty() => from_sink(&sink::path(&settings.sink.name), &mut put)?,
        None => {
            let target = if frames.latest { "snapshot" } else { "stream" };
            from_url(&format!("http://127.0.0.1:{}/{target}", settings.http.port).parse()?, &mut put)?;
        }
        Some(url) => from_url(url, &mut put)?,
    }
    Ok(true)
}

/// Live ones: what stands for a camera that is not there is left out.
fn from_sink(path: &Path, put: &mut impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let mut reader = Reader::new(path.to_owned());
    let mut jpeg = Vec::new();
    let mut until = Monotonic::now() + PATIENCE;
    loop {
        let told = reader.next(until, &mut jpeg).with_context(|| path.display().to_string())?;
        let Some(told) = told else {
            bail!("{}: no live picture for {} s", path.display(), PATIENCE.as_secs());
        };
        if told.online {
            if !put(&jpeg)? {
                return Ok(());
            }
            until = Monotonic::now() + NO_HURRY;
        }
    }
}

fn from_url(url: &Url, put: &mut impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let config = Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .user_agent(concat!("mjpegd/", env!("CARGO_PKG_VERSION")))
        .build();
    let mut request = Agent::from(config).get(url.without_login());
    if let Some(authorization) = url.authorization() {
        request = request.header("Authorization", authorization);
    }
    let answer = request.call().with_context(|| url.to_string())?;
    pump(&mut answer.into_body().into_reader(), put).with_context(|| url.to_string())
}

fn pump(from: &mut impl Read, put: &mut impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let mut splitter = Splitter::new(LONGEST_PICTURE);
    let mut any = false;
    while splitter.read_from(from)? > 0 {
        while let Some(jpeg) = splitter.next_picture() {
            any = true;
            if !put(jpeg)? {
                return Ok(());
            }
        }
    }
    bail!(if any { "the stream ended" } else { "there was no whole JPEG" })
}
