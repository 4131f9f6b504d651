//! A folder of pictures, shown in the order of their names, each for a while, and then from the start.
//!
//! The folder is read anew in every round, so that pictures can be put in and taken out at any time. A picture that
//! stands longer than a second is given again about each second, so that snapshots of it are fresh.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

use super::slide::Slide;
use super::{Grab, Lost, Opened, Source};
use crate::clock::Monotonic;
use crate::flips::Flips;
use crate::picture::Picture;

/// Sooner than the viewers send an unchanged picture again by themselves, or it would go out twice.
const REFRESH: Duration = Duration::from_millis(900);

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
        Self { folder, interval, showing: None, reported: HashMap::new() }
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
        Ok(Showing { slide, rest, until: now + self.interval, due: now })
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
        self.reported.retain(|path, _| files.binary_search(path).is_ok());
        Ok(files)
    }

    fn nothing(&self, what: &str) -> Lost {
        let folder = self.folder.display();
        Lost::NoCamera(format!("the folder {folder} {what}: put JPEG or PNG files there"))
    }
}

impl Source for Slideshow {
    fn open(&mut self) -> Result<Opened, Lost> {
        let showing = self.turn(Vec::new().into_iter())?;
        let opened = Opened {
            device: self.name(),
            format: showing.slide.format().to_string(),
            size: Some(showing.slide.size()),
            // Below one a second it is not a rate that anybody would look for.
            fps: (self.interval <= Duration::from_secs(1)).then(|| 1.0 / self.interval.as_secs_f64()),
            flipped: Flips::NONE,
        };
        self.showing = Some(showing);
        Ok(opened)
    }

    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Picture<'_>)) -> Result<Grab, Lost> {
        let showing =
            self.showing.as_mut().ok_or_else(|| Lost::NoCamera("the slideshow is not open".into()))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PixelFormat;

    const INTERVAL: Duration = Duration::from_millis(20);

    fn jpeg(width: usize) -> Vec<u8> {
        let pixels = vec![99; width * 16];
        let image = turbojpeg::Image {
            pixels: &pixels[..],
            width,
            pitch: width,
            height: 16,
            format: turbojpeg::PixelFormat::GRAY,
        };
        turbojpeg::compress(image, 80, turbojpeg::Subsamp::Gray).unwrap().to_vec()
    }

    fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn show(folder: &tempfile::TempDir) -> Slideshow {
        Slideshow::new(folder.path().to_owned(), INTERVAL)
    }

    /// Widths of the next pictures, by which the tests know them.
    fn widths(show: &mut Slideshow, count: usize) -> Vec<u32> {
        let mut widths = Vec::new();
        while widths.len() < count {
            show.next(Duration::from_secs(1), &mut |picture| widths.push(picture.width)).unwrap();
        }
        widths
    }

    #[test]
    fn files_are_shown_by_name_and_then_from_the_start() {
        let folder =
            folder(&[("2.jpg", jpeg(32)), ("1.jpg", jpeg(16)), ("3.jpg", jpeg(48)), (".4.jpg", jpeg(64))]);
        let mut show = show(&folder);
        let opened = show.open().unwrap();
        assert_eq!((opened.size, opened.format.as_str()), (Some((16, 16)), "JPEG"));
        assert_eq!(widths(&mut show, 7), [16, 32, 48, 16, 32, 48, 16]);
    }

    #[test]
    fn what_is_put_in_and_taken_out_counts_from_the_next_round() {
        let folder = folder(&[("1.jpg", jpeg(16)), ("2.jpg", jpeg(32))]);
        let mut show = show(&folder);
        show.open().unwrap();
        assert_eq!(widths(&mut show, 1), [16]);
        fs::write(folder.path().join("3"), jpeg(48)).unwrap();
        fs::remove_file(folder.path().join("1.jpg")).unwrap();
        assert_eq!(widths(&mut show, 4), [32, 32, 48, 32]);
    }

    #[test]
    fn broken_files_are_skipped_and_reported_once_until_they_change() {
        let half = jpeg(32)[..200].to_vec();
        let folder = folder(&[("1.jpg", half), ("2.txt", b"hello".to_vec()), ("3.jpg", jpeg(48))]);
        fs::create_dir(folder.path().join("4.jpg")).unwrap();
        let mut show = show(&folder);
        show.open().unwrap();
        assert_eq!(widths(&mut show, 3), [48, 48, 48]);
        assert_eq!(show.reported.len(), 2);
        fs::write(folder.path().join("1.jpg"), jpeg(16)).unwrap();
        fs::remove_file(folder.path().join("2.txt")).unwrap();
        assert_eq!(widths(&mut show, 2), [16, 48]);
        assert!(show.reported.is_empty());
    }

    #[test]
    fn without_a_picture_it_says_where_to_put_one() {
        let folder = folder(&[("readme", b"nothing to see".to_vec())]);
        let error = show(&folder).open().unwrap_err();
        let path = folder.path().display();
        assert_eq!(
            error.to_string(),
            format!("the folder {path} has no picture that can be shown: put JPEG or PNG files there")
        );
        let missing = folder.path().join("missing");
        let error = Slideshow::new(missing, INTERVAL).open().unwrap_err();
        assert!(matches!(&error, Lost::NoCamera(text) if text.contains("missing does not exist")), "{error}");
    }

    #[test]
    fn a_folder_that_loses_its_last_picture_is_no_camera_any_more() {
        let folder = folder(&[("1.jpg", jpeg(16))]);
        let mut show = show(&folder);
        show.open().unwrap();
        fs::remove_file(folder.path().join("1.jpg")).unwrap();
        let lost = loop {
            if let Err(lost) = show.next(INTERVAL, &mut |_| {}) {
                break lost;
            }
        };
        assert!(matches!(lost, Lost::NoCamera(_)));
        show.close();
        fs::write(folder.path().join("1.jpg"), jpeg(16)).unwrap();
        show.open().unwrap();
        assert_eq!(widths(&mut show, 1), [16]);
    }

    #[test]
    fn a_picture_that_stands_long_is_given_again_each_second() {
        let folder = folder(&[("1.jpg", jpeg(16))]);
        let mut show = Slideshow::new(folder.path().to_owned(), Duration::from_secs(3600));
        show.open().unwrap();
        let mut times = Vec::new();
        while times.len() < 2 {
            show.next(Duration::from_millis(100), &mut |picture| {
                assert_eq!(picture.format, PixelFormat::Jpeg);
                times.push(picture.captured);
            })
            .unwrap();
        }
        assert!(times[1] - times[0] >= REFRESH);
    }
}
