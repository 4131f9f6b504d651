//! A plane of the camera's picture becomes one of the viewers': cut out, turned, mirrored and scaled in one go.

use std::ops::Range;

use super::axis::{Axis, WHOLE};
use super::planes::padded;
use super::transpose::transpose;

/// A plane that is read.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) samples: &'a [u8],
    pub(super) stride: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl<'a> Plane<'a> {
    fn line(&self, y: usize) -> &'a [u8] {
        let begin = y * self.stride;
        self.samples.get(begin..begin + self.width).unwrap_or_default()
    }
}

/// Memory for what lies in between, used again for the next plane.
#[derive(Default)]
pub(super) struct Resampler {
    turned: Vec<u8>,
    down: Mean,
    across: Across,
}

/// Of some lines, one below the other.
#[derive(Default)]
struct Mean {
    weights: Vec<u16>,
    sums: Vec<u16>,
    line: Vec<u8>,
}

/// Of some samples beside one another: for each sample to be made the first of them, and as many weights for each.
#[derive(Default)]
struct Across {
    of: Option<(Axis, usize)>,
    first: Vec<usize>,
    weights: Vec<u16>,
    most: usize,
}

impl Resampler {
    /// Makes some lines of a plane. Those of `out` may be longer than they need be: they are filled up.
    pub(super) fn make(
        &mut self,
        source: Plane<'_>,
        (mut across, mut down): (Axis, Axis),
        transposed: bool,
        lines: Range<usize>,
        (out, stride): (&mut [u8], usize),
    ) {
        let mut plane = source;
        if transposed {
            let columns = down.needed(lines.clone(), source.width);
            let rows = across.needed(0..across.count, source.height);
            let parts: Vec<&[u8]> =
                rows.clone().map(|y| source.line(y).get(columns.clone()).unwrap_or_default()).collect();
            transpose(&parts, columns.len(), &mut self.turned);
            (across, down) = (across.from(rows.start), down.from(columns.start));
            plane =
                Plane { samples: &self.turned, stride: rows.len(), width: rows.len(), height: columns.len() };
        }
        for (y, out) in lines.zip(out.chunks_exact_mut(stride.max(1))) {
            let line = match down.copies(plane.height) {
                Some((first, false)) => plane.line(first + y),
                Some((first, true)) => plane.line(first + down.count - 1 - y),
                None => self.down.of(plane, &down, y),
            };
            padded(out, across.count, |out| match across.copies(line.len()) {
                Some((first, backwards)) => {
                    let line = line.get(first..).unwrap_or_default();
                    copy(line.get(..out.len()).unwrap_or_default(), backwards, out);
                }
                None => self.across.of(line, across, out),
            });
        }
    }
}

fn copy(line: &[u8], backwards: bool, out: &mut [u8]) {
    if backwards {
        out.iter_mut().zip(line.iter().rev()).for_each(|(out, sample)| *out = *sample);
    } else {
        out.iter_mut().zip(line).for_each(|(out, sample)| *out = *sample);
    }
}

impl Mean {
    /// Sums in 16 bits are what the compiler makes the best vector code of.
    fn of(&mut self, plane: Plane<'_>, down: &Axis, y: usize) -> &[u8] {
        let first = down.weigh(y, plane.height, &mut self.weights);
        self.sums.clear();
        self.sums.resize(plane.width, WHOLE / 2);
        for (at, weight) in self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            for (sum, sample) in self.sums.iter_mut().zip(plane.line(first + at)) {
                *sum += u16::from(*sample) * weight;
            }
        }
        self.line.clear();
        self.line.extend(self.sums.iter().map(|sum| (sum / WHOLE) as u8));
        &self.line
    }
}

impl Across {
    fn of(&mut self, line: &[u8], axis: Axis, out: &mut [u8]) {
        if self.of != Some((axis, line.len())) {
            self.weigh(axis, line.len());
        }
        let weights = self.weights.chunks_exact(self.most.max(1));
        for ((out, first), weights) in out.iter_mut().zip(&self.first).zip(weights) {
            let samples = line.get(*first..).unwrap_or_default().iter();
            let sum: u16 = samples.zip(weights).map(|(sample, weight)| u16::from(*sample) * weight).sum();
            *out = ((sum + WHOLE / 2) / WHOLE) as u8;
        }
    }

    fn weigh(&mut self, axis: Axis, len: usize) {
        self.of = Some((axis, len));
        let mut weights = Vec::new();
        self.first.clear();
        self.first.extend((0..axis.count).map(|at| axis.weigh(at, len, &mut weights)));
        self.most = (0..axis.count).map(|at| axis.needed(at..at + 1, len).len()).max().unwrap_or_default();
        self.weights.clear();
        for at in 0..axis.count {
            axis.weigh(at, len, &mut weights);
            weights.resize(self.most, 0);
            self.weights.extend_from_slice(&weights);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Geometry;
    use super::*;
    use crate::config::Image;
    use crate::config::values::{Resolution, Rotation};

    fn scaled(image: Image, plane: Plane<'_>) -> (Vec<u8>, usize) {
        let geometry = Geometry::new(&image, (plane.width, plane.height));
        let axes = geometry.axes((1, 1), (1, 1));
        let (width, height) = geometry.size;
        let mut out = vec![0; width * height];
        Resampler::default().make(plane, axes, geometry.orientation.transposed, 0..height, (&mut out, width));
        (out, width)
    }

    #[test]
    fn a_gradient_stays_one_at_any_size_and_turned_too() {
        let gradient: Vec<u8> = (0..200 * 100).map(|at| (at % 200 + at / 200 / 2) as u8).collect();
        let plane = Plane { samples: &gradient, stride: 200, width: 200, height: 100 };
        for (width, height) in [(100, 50), (40, 90), (333, 77), (16, 16), (400, 300)] {
            let scale = Some(Resolution { width, height });
            for rotate in [Rotation::Zero, Rotation::Quarter] {
                let (out, stride) = scaled(Image { scale, rotate, ..Image::default() }, plane);
                for (at, is) in out.iter().enumerate() {
                    let x = ((at % stride) as f64 + 0.5) / f64::from(width);
                    let y = ((at / stride) as f64 + 0.5) / f64::from(height);
                    let (x, y) = if rotate == Rotation::Zero { (x, y) } else { (y, 1.0 - x) };
                    let expected = x * 200.0 - 0.5 + (y * 100.0 - 0.5) / 2.0;
                    assert!(
                        (f64::from(*is) - expected).abs() < 2.0,
                        "{width}x{height} {rotate} at {at}: {is}"
                    );
                }
            }
        }
    }

    #[test]
    fn lines_made_apart_are_those_made_at_once() {
        let noise: Vec<u8> = (0..64 * 48).map(|at: usize| (at * at / 7 % 251) as u8).collect();
        let plane = Plane { samples: &noise, stride: 64, width: 64, height: 48 };
        let scale = Some(Resolution { width: 37, height: 53 });
        for rotate in [Rotation::Zero, Rotation::Quarter, Rotation::ThreeQuarters] {
            let image = Image { rotate, scale, ..Image::default() };
            let (whole, width) = scaled(image, plane);
            let geometry = Geometry::new(&image, (64, 48));
            let (axes, transposed) = (geometry.axes((1, 1), (1, 1)), geometry.orientation.transposed);
            let mut resampler = Resampler::default();
            for lines in [0..16, 16..17, 17..53] {
                let mut out = vec![0; lines.len() * width];
                resampler.make(plane, axes, transposed, lines.clone(), (&mut out, width));
                assert_eq!(out, whole[lines.start * width..lines.end * width], "{rotate} {lines:?}");
            }
        }
    }
}
