//! The eight ways in which a picture can lie.

use turbojpeg::TransformOp;

use crate::config::Image;
use crate::config::values::Rotation;
use crate::flips::Flips;

/// Lines become columns, if they are to; then the whole is mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orientation {
    pub(super) transposed: bool,
    /// Left for right.
    pub(super) mirrored: bool,
    /// Top for bottom.
    pub(super) upended: bool,
}

impl Orientation {
    /// Flips first, then the rotation.
    pub fn new(image: &Image) -> Self {
        let (transposed, mirrored, upended) = match image.rotate {
            Rotation::Zero => (false, false, false),
            Rotation::Quarter => (true, true, false),
            Rotation::Half => (false, true, true),
            Rotation::ThreeQuarters => (true, false, true),
        };
        let flips = Flips { horizontal: image.flip_horizontal, vertical: image.flip_vertical };
        Self { transposed, mirrored, upended }.after(flips)
    }

    /// What is left of it of a picture that was flipped so before.
    pub(super) fn after(self, flips: Flips) -> Self {
        let (across, down) = self.turned((flips.horizontal, flips.vertical));
        Self { mirrored: self.mirrored ^ across, upended: self.upended ^ down, ..self }
    }

    pub(super) const fn op(self) -> TransformOp {
        match (self.transposed, self.mirrored, self.upended) {
            (false, false, false) => TransformOp::None,
            (false, true, false) => TransformOp::Hflip,
            (false, false, true) => TransformOp::Vflip,
            (false, true, true) => TransformOp::Rot180,
            (true, false, false) => TransformOp::Transpose,
            (true, true, false) => TransformOp::Rot90,
            (true, false, true) => TransformOp::Rot270,
            (true, true, true) => TransformOp::Transverse,
        }
    }

    /// A width and a height, or whatever else belongs to them, as they are afterwards: what is left and right before a quarter of
    /// a turn, is top and bottom after it. It is its own reverse.
    pub(super) fn turned<T>(self, (across, down): (T, T)) -> (T, T) {
        if self.transposed { (down, across) } else { (across, down) }
    }

    /// Whether the camera's picture is read from right to left, and from its bottom to its top.
    pub(super) fn reversed(self) -> (bool, bool) {
        self.turned((self.mirrored, self.upended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of six pixels.
    type Six = Vec<Vec<char>>;

    fn mirrored(six: &Six) -> Six {
        six.iter().map(|line| line.iter().rev().copied().collect()).collect()
    }

    fn upended(six: &Six) -> Six {
        six.iter().rev().cloned().collect()
    }

    fn transposed(six: &Six) -> Six {
        (0..six[0].len()).map(|x| six.iter().map(|line| line[x]).collect()).collect()
    }

    fn six() -> Six {
        ["abc", "def"].iter().map(|line| line.chars().collect()).collect()
    }

    const ALL: [Flips; 4] =
        [Flips::NONE, Flips::HORIZONTAL, Flips::VERTICAL, Flips { horizontal: true, vertical: true }];

    fn laid(orientation: Orientation, six: &Six) -> Six {
        let is = if orientation.transposed { transposed(six) } else { six.clone() };
        let is = if orientation.mirrored { mirrored(&is) } else { is };
        if orientation.upended { upended(&is) } else { is }
    }

    /// A quarter clockwise: what was the bottom line's first is the top line's first.
    fn turned(six: &Six) -> Six {
        mirrored(&transposed(six))
    }

    #[test]
    fn what_the_camera_flips_and_what_is_left_are_all_that_was_asked_for() {
        for rotate in [Rotation::Zero, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
            for flips in ALL {
                let Flips { horizontal, vertical } = flips;
                let image = Image {
                    rotate,
                    flip_horizontal: horizontal,
                    flip_vertical: vertical,
                    ..Image::default()
                };
                let whole = Orientation::new(&image);
                for done in ALL {
                    let camera =
                        Orientation { transposed: false, mirrored: done.horizontal, upended: done.vertical };
                    let left = whole.after(done);
                    assert_eq!(laid(left, &laid(camera, &six())), laid(whole, &six()), "{image:?} {done:?}");
                }
                let is_quarter = whole.transposed;
                assert_eq!(whole.after(image.flips()) == Orientation::default(), !is_quarter, "{image:?}");
                assert!(!is_quarter || image.flips() == Flips::NONE);
            }
        }
    }

    #[test]
    fn flips_come_before_the_rotation() {
        let six = six();
        assert_eq!(turned(&six), [['d', 'a'], ['e', 'b'], ['f', 'c']]);
        let mut seen = Vec::new();
        for (turns, rotate) in [Rotation::Zero, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters]
            .into_iter()
            .enumerate()
        {
            for (flip_horizontal, flip_vertical) in
                [(false, false), (true, false), (false, true), (true, true)]
            {
                let image = Image { rotate, flip_horizontal, flip_vertical, ..Image::default() };
                let mut expected = if flip_horizontal { mirrored(&six) } else { six.clone() };
                expected = if flip_vertical { upended(&expected) } else { expected };
                expected = (0..turns).fold(expected, |six, _| turned(&six));

                let is = laid(Orientation::new(&image), &six);
                assert_eq!(is, expected, "{image:?}");
                seen.push(is);
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 8);
    }
}
