//! Something drawn that is laid over pictures: drawn once, and then mixed into the planes of each.

use super::canvas::Colour;
use super::planes::Planes;
use crate::config::values::Rgba;

/// How much of the picture is kept at each place, of 255, and what is added to that.
#[derive(Debug, Default)]
struct Layer {
    keep: Vec<u8>,
    add: Vec<u8>,
}

/// Letters before a background. It begins at an even place and has an even size, so that chroma fits to it.
#[derive(Debug)]
pub struct Label {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    luma: Layer,
    /// Of two pixels beside one another.
    chroma: [Layer; 2],
    is_grey: bool,
}

/// How much of each pixel is covered by letters.
pub(super) struct Ink {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) cover: Vec<u8>,
}

impl Label {
    /// The ink has even sides.
    pub(super) fn new((x, y): (usize, usize), ink: &Ink, colour: Rgba, background: Rgba) -> Self {
        let mut label = Self {
            x: x & !1,
            y: y & !1,
            width: ink.width & !1,
            height: ink.height & !1,
            luma: Layer::default(),
            chroma: [Layer::default(), Layer::default()],
            is_grey: [colour, background]
                .iter()
                .all(|colour| colour.red == colour.green && colour.green == colour.blue),
        };
        let [(front, front_cover), (back, back_cover)] = [colour, background]
            .map(|Rgba { red, green, blue, alpha }| (Colour::rgb(red, green, blue), u32::from(alpha)));
        // What a pixel keeps, and the parts of both colours.
        let mixture = |cover: u8| {
            let front = part(u32::from(cover), front_cover);
            let back = part(255 - front, back_cover);
            (255 - front - back, front, back)
        };
        let added = |of: fn(Colour) -> u8, front_part: u32, back_part: u32| {
            ((u32::from(of(front)) * front_part + u32::from(of(back)) * back_part + 127) / 255) as u8
        };
        for line in ink.cover.chunks_exact(ink.width.max(1)).take(label.height) {
            for pair in line.chunks_exact(2) {
                let [left, right] = [mixture(pair[0]), mixture(pair[1])];
                for (keep, front, back) in [left, right] {
                    label.luma.keep.push(keep as u8);
                    label.luma.add.push(added(|colour| colour.y, front, back));
                }
                let mean = |left: u32, right: u32| (left + right).div_ceil(2);
                let (front, back) = (mean(left.1, right.1), (left.2 + right.2) / 2);
                for (layer, of) in label.chroma.iter_mut().zip([(|c| c.u) as fn(Colour) -> u8, |c| c.v]) {
                    layer.keep.push((255 - front - back) as u8);
                    layer.add.push(added(of, front, back));
                }
            }
        }
        label
    }

    /// Whether it has no colour that a grey picture lacks.
    pub fn is_grey(&self) -> bool {
        self.is_grey
    }

    /// Mixes it into some lines of the picture, the first of which is its `top`-th.
    pub(super) fn lay_over(&self, planes: &mut Planes, top: usize) {
        let lines = planes.size().1;
        let shared = planes.plan().sampling(1).1;
        for (number, (plane, stride)) in planes.write().into_iter().enumerate() {
            let (layer, narrower, shorter) = match number.checked_sub(1) {
                None => (&self.luma, 1, 1),
                Some(chroma) => (&self.chroma[chroma & 1], 2, shared),
            };
            let width = self.width / narrower;
            let first = self.y.max(top).next_multiple_of(shorter);
            for y in (first..(self.y + self.height).min(top + lines)).step_by(shorter) {
                let begin = (y - top) / shorter * stride;
                let line = plane.get_mut(begin..begin + stride).unwrap_or_default();
                let line = line.get_mut(self.x / narrower..).unwrap_or_default();
                let at = (y - self.y) * width;
                if shorter == 2 {
                    layer.mix_two(line, at, width);
                } else {
                    layer.mix(line, at, width);
                }
            }
        }
    }
}

impl Layer {
    fn line(&self, at: usize, width: usize) -> (&[u8], &[u8]) {
        (self.keep.get(at..at + width).unwrap_or_default(), self.add.get(at..at + width).unwrap_or_default())
    }

    fn mix(&self, line: &mut [u8], at: usize, width: usize) {
        let (keep, add) = self.line(at, width);
        for ((sample, keep), add) in line.iter_mut().zip(keep).zip(add) {
            *sample = mixed(*sample, u16::from(*keep), u16::from(*add));
        }
    }

    /// For samples that two lines share.
    fn mix_two(&self, line: &mut [u8], at: usize, width: usize) {
        let (keep, add) = self.line(at, width);
        let (keep_below, add_below) = self.line(at + width, width);
        let below = keep_below.iter().zip(add_below);
        for (((sample, keep), add), (keep_below, add_below)) in line.iter_mut().zip(keep).zip(add).zip(below)
        {
            let keep = (u16::from(*keep) + u16::from(*keep_below)).div_ceil(2);
            let add = (u16::from(*add) + u16::from(*add_below)) / 2;
            *sample = mixed(*sample, keep, add);
        }
    }
}

fn part(of: u32, cover: u32) -> u32 {
    (of * cover + 127) / 255
}

/// In 16 bits, which make good vector code; dividing by 255 is exact to the nearest so.
fn mixed(sample: u8, keep: u16, add: u16) -> u8 {
    let product = u16::from(sample) * keep + 128;
    let kept = (product + (product >> 8)) >> 8;
    (kept + add).min(255) as u8
}
