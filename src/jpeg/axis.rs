//! Resampling along one direction: which samples of a plane make up one of another, and by how much.
//!
//! Each is the mean of the stretch that it covers, but of no less than one sample. So a smaller picture loses nothing
//! between its samples, a larger one is interpolated, and one of the same size is a copy, mirrored or not.

use std::ops::Range;

/// The weights of a mean have this sum: so it fits into 16 bits, of which vector registers hold most.
pub(super) const WHOLE: u16 = 256;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// Where the stretch of the first sample begins, in samples of the plane that is read.
    begin: f64,
    /// How long each stretch is; below zero when it is read backwards.
    step: f64,
    /// What lies outside is not looked at.
    least: f64,
    most: f64,
    /// How many samples are made.
    pub(super) count: usize,
}

impl Axis {
    /// From `len` pixels beginning at `begin`, of which `from` share a sample, to `size` pixels, of which `to` do.
    pub(super) fn new(
        (begin, len): (usize, usize),
        from: usize,
        (size, to): (usize, usize),
        backwards: bool,
    ) -> Self {
        let from = from as f64;
        let (least, most) = (begin as f64 / from, (begin + len) as f64 / from);
        let step = (len * to) as f64 / (size as f64 * from);
        let (begin, step) = if backwards { (most, -step) } else { (least, step) };
        Self { begin, step, least, most, count: size.div_ceil(to) }
    }

    /// As if the plane that is read began so many samples later.
    pub(super) fn from(self, first: usize) -> Self {
        let by = first as f64;
        Self { begin: self.begin - by, least: self.least - by, most: self.most - by, ..self }
    }

    /// All samples that these are made of, in a plane of so many.
    pub(super) fn needed(&self, samples: Range<usize>, len: usize) -> Range<usize> {
        let last = samples.end.saturating_sub(1);
        let (first, last) = (self.stretch(samples.start), self.stretch(last));
        let end = (first.1.max(last.1).ceil() as usize).clamp(1, len.max(1));
        (first.0.min(last.0).floor() as usize).min(end - 1)..end
    }

    fn stretch(&self, sample: usize) -> (f64, f64) {
        let middle = self.begin + (sample as f64 + 0.5) * self.step;
        let half = self.step.abs().max(1.0) / 2.0;
        // At the edges of what is looked at, no less than half a sample stays.
        let least = (middle - half).clamp(self.least, (self.most - 0.5).max(self.least));
        (least, (middle + half).clamp((least + 0.5).min(self.most), self.most))
    }

    /// Where to copy from, and whether backwards, if there is nothing to be computed.
    pub(super) fn copies(&self, len: usize) -> Option<(usize, bool)> {
        let whole = self.step.abs() == 1.0 && self.begin.fract() == 0.0 && self.begin >= 0.0;
        let begin = self.begin as usize;
        match self.step < 0.0 {
            false => (whole && begin + self.count <= len).then_some((begin, false)),
            true => {
                (whole && begin <= len).then(|| begin.checked_sub(self.count))?.map(|first| (first, true))
            }
        }
    }

    /// Gives the first of the samples that this one is made of, and the weight of each from there on.
    pub(super) fn weigh(&self, sample: usize, len: usize, weights: &mut Vec<u16>) -> usize {
        let (from, to) = self.stretch(sample);
        let Range { start, end } = self.needed(sample..sample + 1, len);
        let length = (to - from).max(f64::MIN_POSITIVE);
        let mut given = 0;
        weights.clear();
        // Each is what the sum of all so far lacks: so rounding does not add up.
        weights.extend((start..end).map(|at| {
            let share = ((at as f64 + 1.0).min(to) - from) / length;
            let sum = if at + 1 == end { WHOLE } else { (share * f64::from(WHOLE)).round() as u16 };
            let weight = sum.saturating_sub(given);
            given = sum.max(given);
            weight
        }));
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(axis: Axis, line: &[f64]) -> Vec<f64> {
        let mut weights = Vec::new();
        let mean = |at| {
            let first = axis.weigh(at, line.len(), &mut weights);
            assert_eq!(weights.iter().sum::<u16>(), WHOLE);
            weights
                .iter()
                .zip(&line[first..])
                .map(|(weight, sample)| f64::from(*weight) * sample / 256.0)
                .sum()
        };
        (0..axis.count).map(mean).collect()
    }

    #[test]
    fn a_smaller_line_has_the_means_of_what_it_stands_for() {
        let line = [0.0, 10.0, 20.0, 30.0, 40.0, 50.0];
        assert_eq!(means(Axis::new((0, 6), 1, (3, 1), false), &line), [5.0, 25.0, 45.0]);
        assert_eq!(means(Axis::new((0, 6), 1, (3, 1), true), &line), [45.0, 25.0, 5.0]);
        assert_eq!(means(Axis::new((1, 4), 1, (2, 1), false), &line), [15.0, 35.0]);
        let thirds = means(Axis::new((0, 6), 1, (4, 1), false), &line);
        for (is, expected) in thirds.iter().zip([3.3, 16.7, 33.3, 46.7]) {
            assert!((is - expected).abs() < 0.3, "{thirds:?}");
        }
    }

    #[test]
    fn a_larger_line_goes_evenly_from_one_sample_to_the_next_and_never_beyond() {
        let larger = means(Axis::new((0, 3), 1, (12, 1), false), &[0.0, 80.0, 160.0]);
        assert!(larger.is_sorted(), "{larger:?}");
        assert_eq!((larger[0], larger[11]), (0.0, 160.0));
        assert_eq!(larger[5], 70.0);
    }

    #[test]
    fn a_line_of_the_same_length_is_copied() {
        assert_eq!(Axis::new((0, 6), 1, (6, 1), false).copies(6), Some((0, false)));
        assert_eq!(Axis::new((2, 3), 1, (3, 1), true).copies(6), Some((2, true)));
        assert_eq!(Axis::new((2, 3), 2, (3, 2), false).copies(3), Some((1, false)));
        assert_eq!(Axis::new((1, 4), 2, (4, 2), false).copies(3), None, "half a sample further");
        assert_eq!(Axis::new((0, 6), 1, (3, 1), false).copies(6), None);
    }

    #[test]
    fn nothing_beyond_the_line_is_asked_for() {
        for (begin, len, from, size, to) in
            [(0, 1, 2, 9000, 1), (5, 3, 2, 1, 2), (7, 1, 1, 1, 2), (0, 8, 1, 3, 2)]
        {
            for backwards in [false, true] {
                let axis = Axis::new((begin, len), from, (size, to), backwards);
                let line = 8_usize.div_ceil(from);
                let mut weights = Vec::new();
                for at in 0..axis.count {
                    let first = axis.weigh(at, line, &mut weights);
                    assert!(first + weights.len() <= line && !weights.is_empty());
                    assert_eq!(weights.iter().sum::<u16>(), WHOLE);
                }
            }
        }
    }
}
