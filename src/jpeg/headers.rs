//! What a JPEG's headers say, as far as it decides whether a browser can draw it.

use super::markers::{Error, MAX_SIDE};

/// Bits of the tables that [`super::huffman::STANDARD_TABLES`] brings: DC 0 and 1, AC 0 and 1.
const STANDARD: u8 = 0b0011_0011;

#[derive(Default)]
pub(super) struct Headers {
    frame: Option<Frame>,
    /// Huffman tables seen, bit 0-3 for DC, 4-7 for AC.
    huffman: u8,
    /// Quantisation tables seen.
    quantisation: u8,
    lacks_huffman: bool,
}

struct Frame {
    width: u32,
    height: u32,
    progressive: bool,
    /// Number and quantisation table of each component.
    components: [Option<(u8, u8)>; 4],
}

impl Headers {
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.frame.as_ref().map(|frame| (frame.width, frame.height))
    }

    /// Whether a scan uses standard Huffman tables that are not in the picture.
    pub(super) fn lacks_huffman(&self) -> bool {
        self.lacks_huffman
    }

    /// SOFn.
    pub(super) fn frame(&mut self, segment: &[u8], progressive: bool) -> Result<(), Error> {
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
        self.frame = Some(Frame { width, height, progressive, components });
        Ok(())
    }

    /// DHT.
    pub(super) fn huffman(&mut self, mut segment: &[u8]) -> Result<(), Error> {
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

    /// DQT.
    pub(super) fn quantisation(&mut self, mut segment: &[u8]) -> Result<(), Error> {
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

    /// SOS, behind which entropy-coded data begins.
    pub(super) fn scan(&mut self, segment: &[u8]) -> Result<(), Error> {
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
        self.lacks_huffman |= missing != 0;
        Ok(())
    }
}
