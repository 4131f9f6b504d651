//! A folder of pictures, shown in the order of their names, each for a while, and then from the start.
//!
//! The folder is read anew in every round, so that pictures can be put in and taken out at any time. A picture that
//! stands longer than a second is given again each second, so that snapshots of it are fresh.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

use super::slide::Slide;
use super::{Grab, Lost, Opened, Source};
use crate::clock::Monotonic;
use crate::picture::Picture;

const REFRESH: Duration = Duration::from_secs(1);

pub struct Slideshow {
    folder: PathBuf,
    interval: Duration,
    showing: Option<Showing>,
    /// Files that could not be shown, as they were when the log was told.
    reported: HashMap<PathBuf, State>,
}

/// What changes when somebody mends a file.
type State = Option<(SystemTime, u64)>;

struct Showing {
    slide: Slide,
    /// Files to come in this round.
    rest: std::vec::IntoIter<PathBuf>,
    /// When the next slide takes its place.
    until: Monotonic,
    /// When it is to be given the next time.
    due: Monotonic,
}

impl Slideshow {
    pub fn new(folder: PathBuf, interval: Duration) -> Self {
        Self {
            folder,
            interval,
            showing: None,
            reported: HashMap::new(),
        }
    }

    /// The next file that can be shown, from the rest of this round or else from a new one.
    fn turn(&mut self, mut rest: std::vec::IntoIter<PathBuf>) -> Result<Showing, Lost> {
        let mut slide = self.first_of(&mut rest);
        if slide.is_none() {
            rest = self.round()?.into_iter();
            slide = self.first_of(&mut rest);
        }
        let now = Monotonic::now();
        let slide = slide.ok_or_else(|| self.nothing("has no picture that can be shown"))?;
        Ok(Showing {
            slide,
            rest,
            until: now + self.interval,
            due: now,
        })
    }

    fn first_of(&mut self, rest: &mut std::vec::IntoIter<PathBuf>) -> Option<Slide> {
        rest.find_map(|path| {
            let state = state(&path);
            let said = self.reported.get(&path) == Some(&state);
            match Slide::read(&path) {
                Ok(slide) => {
                    self.reported.remove(&path);
                    Some(slide)
                }
                Err(error) => {
                    if !said {
                        log::warn!("slideshow: {} is skipped: {error:#}", path.display());
                    }
                    self.reported.insert(path, state);
                    None
                }
            }
        })
    }

    /// The folder's files by name. Hidden ones and folders are none of ours.
    fn round(&mut self) -> Result<Vec<PathBuf>, Lost> {
        let mut files = list(&self.folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.nothing("does not exist"),
            _ => self.nothing(&format!("cannot be read ({error})")),
        })?;
        files.sort();
        self.reported
            .retain(|path, _| files.binary_search(path).is_ok());
        Ok(files)
    }

    fn nothing(&self, what: &str) -> Lost {
        let folder = self.folder.display();
        Lost::NoCamera(format!(
            "the folder {folder} {what}: put JPEG or PNG files there"
        ))
    }
}

impl Source for Slideshow {
    fn open(&mut self) -> Result<Opened, Lost> {
        let showing = self.turn(Vec::new().into_iter())?;
        let (width, height) = showing.slide.size();
        let opened = Opened {
            device: self.name(),
            format: showing.slide.format().to_string(),
            width,
            height,
            fps: Some(1.0 / self.interval.min(REFRESH).as_secs_f64()),
        };
        self.showing = Some(showing);
        Ok(opened)
    }

    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        let showing = self
            .showing
            .as_mut()
            .ok_or_else(|| Lost::NoCamera("the slideshow is not open".into()))?;
        let pause = showing.due.min(showing.until) - Monotonic::now();
        thread::sleep(pause.min(wait));
        if pause > wait {
            return Ok(Grab::Nothing);
        }
        if showing.until <= Monotonic::now() {
            let rest = std::mem::take(&mut showing.rest);
            self.showing = None;
            self.showing = Some(self.turn(rest)?);
        }
        if let Some(showing) = &mut self.showing {
            let now = Monotonic::now();
            showing.due = now + REFRESH;
            take(showing.slide.picture(now));
        }
        Ok(Grab::Picture { lost: 0 })
    }

    fn close(&mut self) {
        self.showing = None;
    }

    fn name(&self) -> String {
        format!("slideshow {}", self.folder.display())
    }

    fn stall_after(&self) -> Option<Duration> {
        None
    }
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // Through links, but not into what blocks when it is opened.
        if !hidden && fs::metadata(entry.path()).is_ok_and(|data| data.is_file()) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn state(path: &Path) -> State {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}
