//! The walk over a JPEG's markers: whether it is whole, its size, and what it lacks. It runs on every camera frame and
//! decodes nothing.
//!
//! The true end is the first EOI in entropy-coded data: byte stuffing keeps one from occurring by chance, and an EXIF
//! thumbnail's lies in a segment that is stepped over. Searching from the back would find the end of an old picture in
//! the padding of a camera that uses its buffers again.

use memchr::memchr_iter;
use thiserror::Error;

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

const SOF0: u8 = 0xC0;
const SOF2: u8 = 0xC2;
const DHT: u8 = 0xC4;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DNL: u8 = 0xDC;
const DRI: u8 = 0xDD;
const COM: u8 = 0xFE;

/// Bits of the tables that [`super::huffman::STANDARD_TABLES`] brings: DC 0 and 1, AC 0 and 1.
const STANDARD: u8 = 0b0011_0011;

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

#[derive(Default)]
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    frame: Option<FrameHeader>,
    /// Before the first SOF or DHT: tables put here are there in time, and the picture's own come later and win.
    insert_at: Option<usize>,
    /// Huffman tables seen, bit 0-3 for DC, 4-7 for AC.
    huffman: u8,
    /// Quantisation tables seen.
    quantisation: u8,
    lacks_tables: bool,
    scanned: bool,
}

struct FrameHeader {
    width: u32,
    height: u32,
    progressive: bool,
    /// Number and quantisation table of each component.
    components: [Option<(u8, u8)>; 4],
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
                self.frame_header(segment, marker == SOF2)?;
            }
            DHT => {
                self.insert_at.get_or_insert(begin);
                let segment = self.segment()?;
                self.huffman_tables(segment)?;
            }
            DQT => {
                let segment = self.segment()?;
                self.quantisation_tables(segment)?;
            }
            SOS => {
                let segment = self.segment()?;
                self.scan_header(segment)?;
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

    fn frame_header(&mut self, segment: &[u8], progressive: bool) -> Result<(), Error> {
        const BAD: Error = Error::Invalid("the JPEG has a frame header that browsers cannot read");
        let &[8, h1, h0, w1, w0, count, ref rest @ ..] = segment else {
            return Err(BAD);
        };
        // Two components are allowed on paper, but no decoder knows their colours.
        if self.frame.is_some() || !matches!(count, 1 | 3 | 4) || rest.len() != usize::from(count) * 3 {
            return Err(BAD);
        }
        let width = u32::from(u16::from_be_bytes([w1, w0]));
        // A height of 0 would be told by a DNL segment behind the picture, which browsers do not read.
        let height = u32::from(u16::from_be_bytes([h1, h0]));
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(Error::Size { width, height });
        }
        let mut components = [None; 4];
        for (component, slot) in rest.chunks_exact(3).zip(&mut components) {
            let &[number, sampling, table] = component else {
                return Err(BAD);
            };
            if !(1..=4).contains(&(sampling >> 4)) || !(1..=4).contains(&(sampling & 15)) || table > 3 {
                return Err(BAD);
            }
            *slot = Some((number, table));
        }
        self.frame = Some(FrameHeader { width, height, progressive, components });
        Ok(())
    }

    fn huffman_tables(&mut self, mut segment: &[u8]) -> Result<(), Error> {
        const BAD: Error = Error::Invalid("the JPEG has bad Huffman tables");
        while let Some((&kind, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_at_checked(16).ok_or(BAD)?;
            let symbols: usize = counts.iter().copied().map(usize::from).sum();
            if kind & 0b1110_1100 != 0 || symbols > 256 {
                return Err(BAD);
            }
            self.huffman |= 1 << ((kind >> 4) * 4 + (kind & 3));
            segment = rest.get(symbols..).ok_or(BAD)?;
        }
        Ok(())
    }

    fn quantisation_tables(&mut self, mut segment: &[u8]) -> Result<(), Error> {
        const BAD: Error = Error::Invalid("the JPEG has bad quantisation tables");
        while let Some((&kind, rest)) = segment.split_first() {
            let length = match kind >> 4 {
                0 => 64,
                1 => 128,
                _ => return Err(BAD),
            };
            if kind & 15 > 3 {
                return Err(BAD);
            }
            self.quantisation |= 1 << (kind & 3);
            segment = rest.get(length..).ok_or(BAD)?;
        }
        Ok(())
    }

    fn scan_header(&mut self, segment: &[u8]) -> Result<(), Error> {
        const BAD: Error = Error::Invalid("the JPEG has a bad scan header");
        let frame = self.frame.as_ref().ok_or(BAD)?;
        let (&count, rest) = segment.split_first().ok_or(BAD)?;
        let (components, spectrum) = rest.split_at_checked(usize::from(count) * 2).ok_or(BAD)?;
        let &[first, _, approximation] = spectrum else {
            return Err(BAD);
        };
        if !(1..=4).contains(&count) {
            return Err(BAD);
        }
        let mut needed = 0;
        for component in components.chunks_exact(2) {
            let &[number, tables] = component else {
                return Err(BAD);
            };
            let known = frame.components.iter().flatten();
            let (_, quantisation) = *known.clone().find(|(id, _)| *id == number).ok_or(BAD)?;
            if self.quantisation & (1 << quantisation) == 0 {
                return Err(Error::Invalid("the JPEG lacks a quantisation table"));
            }
            if tables & 0b1100_1100 != 0 {
                return Err(BAD);
            }
            let (dc, ac) = (1 << (tables >> 4), 16 << (tables & 3));
            needed |= match (frame.progressive, first, approximation >> 4) {
                (false, ..) => dc | ac,
                (true, 0, 0) => dc,
                (true, 0, _) => 0,
                (true, ..) => ac,
            };
        }
        let missing = needed & !self.huffman;
        // The standard tables lack codes that progressive pictures use.
        if missing & !STANDARD != 0 || (missing != 0 && frame.progressive) {
            return Err(Error::Invalid("the JPEG lacks Huffman tables of its own"));
        }
        self.lacks_tables |= missing != 0;
        Ok(())
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
        let frame =
            self.frame.filter(|_| self.scanned).ok_or(Error::Invalid("the JPEG has no picture in it"))?;
        Ok(Markers {
            width: frame.width,
            height: frame.height,
            tables_at: self.insert_at.filter(|_| self.lacks_tables),
            end: self.at,
        })
    }
}
