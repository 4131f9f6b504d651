//! The walk over a JPEG's markers: whether it is whole, its size, and what it lacks. It runs on every camera frame and
//! decodes nothing.
//!
//! The true end is the first EOI in entropy-coded data: byte stuffing keeps one from occurring by chance, and an EXIF
//! thumbnail's lies in a segment that is stepped over. Searching from the back would find the end of an old picture in
//! the padding of a camera that uses its buffers again.

use memchr::memchr_iter;
use thiserror::Error;

use super::headers::Headers;

/// Longest side of a picture that we take. Cameras are far below; browsers refuse much more.
pub const MAX_SIDE: u32 = 16384;

/// What the walk found in a JPEG that a browser can draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Markers {
    pub width: u32,
    pub height: u32,
    /// Where the standard Huffman tables must be inserted; `None`: it carries all that it needs.
    pub tables_at: Option<usize>,
    /// Just behind EOI; what follows is padding.
    pub end: usize,
}

/// Why a JPEG cannot be shown.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Error {
    #[error("the JPEG is empty")]
    Empty,
    #[error("the JPEG ends within {0}")]
    Truncated(&'static str),
    #[error("{0}")]
    Invalid(&'static str),
    #[error("a JPEG of {width}x{height} is outside 1x1 to {MAX_SIDE}x{MAX_SIDE}")]
    Size { width: u32, height: u32 },
}

impl Error {
    /// Whether it ended too early, rather than being no JPEG that anybody could draw.
    pub const fn is_truncated(self) -> bool {
        matches!(self, Self::Empty | Self::Truncated(_))
    }
}

pub(super) const SOF0: u8 = 0xC0;
const SOF2: u8 = 0xC2;
const DHT: u8 = 0xC4;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
pub(super) const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DNL: u8 = 0xDC;
pub(super) const DRI: u8 = 0xDD;
const COM: u8 = 0xFE;

/// Walks from SOI to EOI.
pub fn walk(bytes: &[u8]) -> Result<Markers, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    if !bytes.starts_with(&[0xFF, SOI]) {
        return Err(Error::Invalid("what came is not a JPEG"));
    }
    let mut walk = Walk { bytes, at: 2, ..Walk::default() };
    while !walk.step()? {}
    walk.finish()
}

/// Width and height, from the frame header; what comes behind it is not looked at.
pub fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    if !bytes.starts_with(&[0xFF, SOI]) {
        return None;
    }
    let mut walk = Walk { bytes, at: 2, ..Walk::default() };
    while walk.headers.size().is_none() {
        if walk.step().ok()? {
            return None;
        }
    }
    walk.headers.size()
}

#[derive(Default)]
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    headers: Headers,
    /// Before the first SOF or DHT: tables put here are there in time, and the picture's own come later and win.
    insert_at: Option<usize>,
    scanned: bool,
}

impl<'a> Walk<'a> {
    /// Takes one segment, with the entropy-coded data behind it; true at EOI.
    fn step(&mut self) -> Result<bool, Error> {
        let begin = self.at;
        match self.marker()? {
            EOI => return Ok(true),
            SOI => return Err(Error::Truncated("another picture")),
            marker @ SOF0..=SOF2 => {
                self.insert_at.get_or_insert(begin);
                let segment = self.segment()?;
                self.headers.frame(segment, marker == SOF2)?;
            }
            DHT => {
                self.insert_at.get_or_insert(begin);
                let segment = self.segment()?;
                self.headers.huffman(segment)?;
            }
            DQT => {
                let segment = self.segment()?;
                self.headers.quantisation(segment)?;
            }
            SOS => {
                let segment = self.segment()?;
                self.headers.scan(segment)?;
                self.scan_data()?;
            }
            DRI | DNL | COM | 0xE0..=0xEF => {
                self.segment()?;
            }
            0xC3..=0xCF => {
                return Err(Error::Invalid(
                    "the JPEG is arithmetic, lossless or hierarchical, which browsers cannot draw",
                ));
            }
            _ => return Err(Error::Invalid("the JPEG has a marker that means nothing")),
        }
        Ok(false)
    }

    /// The next marker, past any fill bytes.
    fn marker(&mut self) -> Result<u8, Error> {
        if self.bytes.get(self.at).is_some_and(|&byte| byte != 0xFF) {
            return Err(Error::Invalid("the JPEG has a segment of a wrong length"));
        }
        loop {
            self.at += 1;
            match self.bytes.get(self.at) {
                None => return Err(Error::Truncated("its headers")),
                Some(0xFF) => {}
                Some(&marker) => {
                    self.at += 1;
                    return Ok(marker);
                }
            }
        }
    }

    /// The segment's bytes behind its length.
    fn segment(&mut self) -> Result<&'a [u8], Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (length, _) = rest.split_first_chunk().ok_or(Error::Truncated("its headers"))?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length < 2 {
            return Err(Error::Invalid("the JPEG has a segment of a wrong length"));
        }
        self.at += length;
        rest.get(2..length).ok_or(Error::Truncated("its headers"))
    }

    /// Steps over entropy-coded data to the marker behind it.
    fn scan_data(&mut self) -> Result<(), Error> {
        let data = self.bytes.get(self.at..).unwrap_or_default();
        for found in memchr_iter(0xFF, data) {
            match data.get(found + 1) {
                // A stuffed byte, a restart marker, or a fill byte before a marker.
                Some(0x00 | 0xD0..=0xD7 | 0xFF) => {}
                Some(_) if found == 0 => {
                    return Err(Error::Invalid("the JPEG has a scan without data"));
                }
                Some(_) => {
                    self.at += found;
                    self.scanned = true;
                    return Ok(());
                }
                None => break,
            }
        }
        Err(Error::Truncated("its picture data"))
    }

    fn finish(self) -> Result<Markers, Error> {
        let (width, height) = self
            .headers
            .size()
            .filter(|_| self.scanned)
            .ok_or(Error::Invalid("the JPEG has no picture in it"))?;
        let lacks = self.headers.lacks_huffman();
        Ok(Markers { width, height, tables_at: self.insert_at.filter(|_| lacks), end: self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    #[test]
    fn a_whole_jpeg_needs_nothing() {
        for jpeg in [baseline(33, 17), progressive(33, 17)] {
            let expected = Markers { width: 33, height: 17, tables_at: None, end: jpeg.len() };
            assert_eq!(walk(&jpeg), Ok(expected));
        }
    }

    #[test]
    fn missing_huffman_tables_go_before_the_frame_header() {
        let jpeg = without_tables(&baseline(32, 32));
        assert_eq!(walk(&jpeg).unwrap().tables_at, find(&jpeg, SOF0));
    }

    #[test]
    fn tables_that_are_there_in_part_come_behind_the_standard_ones() {
        let jpeg = baseline(32, 32);
        let first = find(&jpeg, DHT).unwrap();
        let length = usize::from(u16::from_be_bytes([jpeg[first + 2], jpeg[first + 3]])) + 2;
        let without_one = [&jpeg[..first], &jpeg[first + length..]].concat();
        // Put before SOF, where they may stand too.
        let dqt = find(&jpeg, DQT).unwrap();
        let early =
            [&without_one[..dqt], &jpeg[first..first + length], &without_tables(&jpeg)[dqt..]].concat();
        assert!(walk(&without_one).unwrap().tables_at.is_some());
        assert_eq!(walk(&early).unwrap().tables_at, Some(dqt));
    }

    #[test]
    fn a_progressive_jpeg_cannot_do_with_the_standard_tables() {
        let mut jpeg = baseline(32, 32);
        let frame = find(&jpeg, SOF0).unwrap();
        jpeg[frame + 1] = SOF2;
        assert!(matches!(walk(&without_tables(&jpeg)), Err(Error::Invalid(_))));
    }

    #[test]
    fn padding_is_cut_even_if_the_end_of_an_old_picture_lies_in_it() {
        let jpeg = baseline(32, 32);
        for padding in [&[0; 4096][..], &[0xFF; 7], &jpeg[40..]] {
            assert_eq!(walk(&[&jpeg, padding].concat()).unwrap().end, jpeg.len());
        }
    }

    #[test]
    fn a_thumbnail_in_exif_is_not_the_end() {
        let jpeg = with_thumbnail(&baseline(48, 32));
        let markers = walk(&jpeg).unwrap();
        assert_eq!((markers.width, markers.end), (48, jpeg.len()));
    }

    #[test]
    fn restart_markers_and_fill_bytes_are_no_ends() {
        let mut jpeg = with_restarts(64, 8);
        assert_eq!(walk(&jpeg).unwrap().end, jpeg.len());
        for place in [jpeg.len() - 2, find(&jpeg, SOS).unwrap(), 2] {
            jpeg.splice(place..place, [0xFF; 3]);
        }
        assert_eq!(walk(&jpeg).unwrap().end, jpeg.len());
    }

    #[test]
    fn the_header_of_an_avi_is_stepped_over() {
        let jpeg = with_segment(&without_tables(&baseline(32, 32)), 2, 0xE0, b"AVI1\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(walk(&jpeg).unwrap().tables_at, find(&jpeg, SOF0));
    }

    #[test]
    fn every_beginning_of_a_jpeg_is_truncated() {
        for jpeg in [baseline(32, 32), progressive(16, 16), with_thumbnail(&with_restarts(64, 8))] {
            assert_eq!(walk(&[]), Err(Error::Empty));
            for length in 2..jpeg.len() {
                let error = walk(&jpeg[..length]).unwrap_err();
                assert!(error.is_truncated(), "{length} of {}: {error}", jpeg.len());
            }
        }
    }

    #[test]
    fn a_picture_that_another_one_cuts_off_is_truncated() {
        let jpeg = baseline(64, 64);
        let cut = [&jpeg[..jpeg.len() - 20], &jpeg].concat();
        assert!(walk(&cut).unwrap_err().is_truncated());
    }

    #[test]
    fn what_browsers_cannot_draw_is_invalid() {
        let jpeg = baseline(32, 32);
        let frame = find(&jpeg, SOF0).unwrap();
        let with = |at: usize, byte: u8| {
            let mut jpeg = jpeg.clone();
            jpeg[at] = byte;
            walk(&jpeg)
        };
        let arithmetic = compressed(32, 32, |compressor| compressor.set_arithmetic(true).unwrap());
        let lossless = compressed(32, 32, |compressor| compressor.set_lossless(true).unwrap());
        let cases = [
            ("zeros", walk(&[0; 100])),
            ("arithmetic", walk(&arithmetic)),
            ("lossless", walk(&lossless)),
            ("12 bits", with(frame + 4, 12)),
            ("two components", with(frame + 9, 2)),
            ("sampling of 0", with(frame + 11, 0x02)),
            ("an unknown component", with(frame + 10, 77)),
            ("segment length of 1", with(5, 1)),
            ("segment one too long", with(5, 17)),
            ("no picture", walk(&[0xFF, SOI, 0xFF, EOI])),
            ("no quantisation", walk(&[&jpeg[..20], &jpeg[frame..]].concat())),
        ];
        for (name, result) in cases {
            assert!(matches!(result, Err(Error::Invalid(_))), "{name}: {result:?}");
        }
    }

    #[test]
    fn a_size_out_of_range_is_told() {
        let mut jpeg = baseline(32, 32);
        let frame = find(&jpeg, SOF0).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0, 0, 0, 32]);
        assert_eq!(walk(&jpeg), Err(Error::Size { width: 32, height: 0 }));
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0, 32]);
        assert_eq!(walk(&jpeg), Err(Error::Size { width: 32, height: 65535 }));
    }
}
