//! Lines of raw pictures taken apart.
//!
//! The loops go over arrays of words, not over bytes: this is what the compiler turns into vector code, nine times as
//! fast as picking bytes out of pairs one by one.

use super::canvas::Colour;

/// Samples a step; 16 words are what the vector registers of the boards we run on can take.
const STEP: usize = 16;

/// Every second byte, from byte `AT`: the luma or the chroma of a packed 4:2:2 line, or one colour of a chroma line.
pub(super) fn every_second<const AT: usize>(line: &[u8], out: &mut [u8]) {
    let whole = out.len() - out.len() % STEP;
    let (steps, rest) = out.split_at_mut(whole);
    for (out, line) in steps.chunks_exact_mut(STEP).zip(line.chunks_exact(STEP * 2)) {
        for (sample, word) in out.iter_mut().zip(words(line)) {
            *sample = (word >> (8 * AT)) as u8;
        }
    }
    let line = line.get(whole * 2..).unwrap_or_default();
    for (sample, pair) in rest.iter_mut().zip(line.chunks_exact(2)) {
        *sample = pair[AT];
    }
}

/// The mean of each byte of `out` and of `line`, rounded up as vector instructions for it do.
pub(super) fn mean_with(line: &[u8], out: &mut [u8]) {
    for (sample, other) in out.iter_mut().zip(line) {
        *sample = (u16::from(*sample) + u16::from(*other)).div_ceil(2) as u8;
    }
}

/// RGB565, little endian, to RGB and a byte of nothing. The high bits fill the low ones, so that white stays white.
pub(super) fn rgb565(line: &[u8], out: &mut [u8]) {
    let whole = line.len() - line.len() % (STEP * 2);
    let (steps, rest) = line.split_at(whole);
    for (line, out) in steps.chunks_exact(STEP * 2).zip(out.chunks_exact_mut(STEP * 4)) {
        let pixels = words(line).map(rgbx);
        for (out, pixel) in out.chunks_exact_mut(4).zip(pixels) {
            out.copy_from_slice(&pixel.to_le_bytes());
        }
    }
    let out = out.get_mut(whole * 2..).unwrap_or_default();
    for (out, pixel) in out.chunks_exact_mut(4).zip(rest.chunks_exact(2)) {
        out.copy_from_slice(&rgbx(u16::from_le_bytes([pixel[0], pixel[1]])).to_le_bytes());
    }
}

fn rgbx(pixel: u16) -> u32 {
    let pixel = u32::from(pixel);
    let (red, green, blue) = (pixel >> 11, (pixel >> 5) & 63, pixel & 31);
    let red = (red << 3) | (red >> 2);
    let green = (green << 2) | (green >> 4);
    let blue = (blue << 3) | (blue >> 2);
    red | (green << 8) | (blue << 16)
}

fn words(bytes: &[u8]) -> [u16; STEP] {
    let mut words = [0; STEP];
    for (word, pair) in words.iter_mut().zip(bytes.chunks_exact(2)) {
        *word = u16::from_le_bytes([pair[0], pair[1]]);
    }
    words
}

/// The mean of each two samples.
pub(super) fn halved(line: &[u8], out: &mut [u8]) {
    let pairs = line.chunks(2).map(|pair| match *pair {
        [first, second] => (u16::from(first) + u16::from(second)).div_ceil(2) as u8,
        [last] => last,
        _ => 0,
    });
    out.iter_mut().zip(pairs).for_each(|(out, mean)| *out = mean);
}

/// A line of colours on its way to luma and chroma.
#[derive(Default)]
pub(super) struct Rgb {
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

impl Rgb {
    pub(super) fn of_rgb24(line: &[u8], to: &mut Self) {
        to.fill(line.chunks_exact(3).map(|pixel| Colour::rgb(pixel[0], pixel[1], pixel[2])));
    }

    pub(super) fn of_bgr24(line: &[u8], to: &mut Self) {
        to.fill(line.chunks_exact(3).map(|pixel| Colour::rgb(pixel[2], pixel[1], pixel[0])));
    }

    pub(super) fn of_rgb565(line: &[u8], to: &mut Self) {
        to.fill(line.chunks_exact(2).map(|pair| {
            let [red, green, blue, _] = rgbx(u16::from_le_bytes([pair[0], pair[1]])).to_le_bytes();
            Colour::rgb(red, green, blue)
        }));
    }

    fn fill(&mut self, colours: impl Iterator<Item = Colour>) {
        self.luma.clear();
        self.blue.clear();
        self.red.clear();
        for Colour { y, u, v } in colours {
            self.luma.push(y);
            self.blue.push(u);
            self.red.push(v);
        }
    }

    pub(super) fn luma(&self, out: &mut [u8]) {
        copy(&self.luma, out);
    }

    /// Chroma as both lines share it.
    pub(super) fn mean_with(&mut self, other: &Self) {
        mean_with(&other.blue, &mut self.blue);
        mean_with(&other.red, &mut self.red);
    }

    pub(super) fn chroma(&self) -> (&[u8], &[u8]) {
        (&self.blue, &self.red)
    }
}

/// As much as fits.
pub(super) fn copy(line: &[u8], out: &mut [u8]) {
    for (to, from) in out.iter_mut().zip(line) {
        *to = *from;
    }
}
