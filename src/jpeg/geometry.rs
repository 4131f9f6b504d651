//! Where in the camera's picture each part of the viewers' picture lies.

use turbojpeg::{Subsamp, Transform, TransformCrop};

use super::axis::Axis;
use super::canvas::Area;
use super::orientation::Orientation;
use crate::config::Image;
use crate::flips::Flips;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Width and height of the camera's picture.
    pub(super) source: (usize, usize),
    /// What is taken of it.
    pub(super) crop: Area,
    pub(super) orientation: Orientation,
    /// Width and height of the viewers' picture.
    pub(super) size: (usize, usize),
}

impl Geometry {
    /// All of a picture as it is.
    pub fn whole((width, height): (usize, usize)) -> Self {
        Self {
            source: (width, height),
            crop: Area { x: 0, y: 0, width, height },
            orientation: Orientation::default(),
            size: (width, height),
        }
    }

    /// Of a crop that reaches outside what is left of it is taken; of one that is outside, the whole picture.
    pub fn new(image: &Image, source: (usize, usize)) -> Self {
        let whole = Self::whole(source);
        let crop = image.crop.map_or(whole.crop, |crop| {
            let (x, y) = (crop.x as usize, crop.y as usize);
            let width = source.0.saturating_sub(x).min(crop.width as usize);
            let height = source.1.saturating_sub(y).min(crop.height as usize);
            if width > 0 && height > 0 { Area { x, y, width, height } } else { whole.crop }
        });
        let orientation = Orientation::new(image);
        let size = image.scale.map_or_else(
            || orientation.turned((crop.width, crop.height)),
            |size| (size.width as usize, size.height as usize),
        );
        Self { source, crop, orientation, size }
    }

    /// The same of a picture that the camera has flipped so already: there the crop lies on the other side.
    pub(super) fn after(mut self, flips: Flips) -> Self {
        let Area { x, y, width, height } = self.crop;
        if flips.horizontal {
            self.crop.x = self.source.0 - (x + width);
        }
        if flips.vertical {
            self.crop.y = self.source.1 - (y + height);
        }
        Self { orientation: self.orientation.after(flips), ..self }
    }

    pub fn source(&self) -> (usize, usize) {
        self.source
    }

    pub fn crop(&self) -> Area {
        self.crop
    }

    fn is_scaled(&self) -> bool {
        self.size != self.orientation.turned((self.crop.width, self.crop.height))
    }

    /// How to have it done to a JPEG without loss; `None`: an edge at which whole blocks would have to begin cuts one.
    pub(super) fn lossless(&self, subsamp: Subsamp) -> Option<Transform> {
        let (across, down) = self.orientation.reversed();
        let (width, height) = subsamp.mcu_size();
        // The first block of what is cut out, from that side of the picture which becomes its left or top.
        let first = |reversed: bool, begin: usize, len: usize, whole: usize, block: usize| {
            let place = if reversed { (whole - whole % block).checked_sub(begin + len) } else { Some(begin) };
            place.filter(|place| place % block == 0)
        };
        let x = first(across, self.crop.x, self.crop.width, self.source.0, width)?;
        let y = first(down, self.crop.y, self.crop.height, self.source.1, height)?;
        let (x, y) = self.orientation.turned((x, y));
        let mut transform = Transform::op(self.orientation.op());
        transform.crop = Some(TransformCrop { x, y, width: Some(self.size.0), height: Some(self.size.1) });
        (!self.is_scaled()).then_some(transform)
    }

    /// By how much a decoder may reduce the picture, in whole eighths of a block, and leave at least what viewers get.
    pub(super) fn reduction(&self) -> usize {
        let (width, height) = self.orientation.turned(self.size);
        let fits = |by: usize| self.crop.width >= width * by && self.crop.height >= height * by;
        [8, 4, 2].into_iter().find(|by| fits(*by)).unwrap_or(1)
    }

    /// Where the samples of a plane are taken from: across and down the viewers' picture. The camera's plane has one
    /// for so many pixels across and down, and the viewers' one for so many.
    pub(super) fn axes(&self, from: (usize, usize), to: (usize, usize)) -> (Axis, Axis) {
        let turned = |pair| self.orientation.turned(pair);
        let begin = turned((self.crop.x, self.crop.y));
        let len = turned((self.crop.width, self.crop.height));
        let from = turned(from);
        let Orientation { mirrored, upended, .. } = self.orientation;
        let across = Axis::new((begin.0, len.0), from.0, (self.size.0, to.0), mirrored);
        let down = Axis::new((begin.1, len.1), from.1, (self.size.1, to.1), upended);
        (across, down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::values::{CropArea, Resolution, Rotation};

    fn cropped(width: u32, height: u32, x: u32, y: u32) -> Image {
        Image { crop: Some(CropArea { width, height, x, y }), ..Image::default() }
    }

    #[test]
    fn of_a_crop_what_is_left_is_taken_and_where_nothing_is_left_the_whole() {
        for (crop, size) in [
            (cropped(100, 50, 20, 30), (100, 50)),
            (cropped(1000, 50, 20, 30), (620, 50)),
            (cropped(1000, 1000, 639, 479), (1, 1)),
            (cropped(100, 50, 640, 0), (640, 480)),
            (cropped(100, 50, 0, 8000), (640, 480)),
        ] {
            assert_eq!(Geometry::new(&crop, (640, 480)).size, size);
        }
    }

    #[test]
    fn the_crop_comes_first_and_the_scale_last() {
        let scale = Some(Resolution { width: 320, height: 200 });
        let image = Image { rotate: Rotation::Quarter, ..cropped(100, 50, 0, 0) };
        assert_eq!(Geometry::new(&image, (640, 480)).size, (50, 100));
        assert_eq!(Geometry::new(&Image { scale, ..image }, (640, 480)).size, (320, 200));
    }

    #[test]
    fn in_a_picture_that_the_camera_has_flipped_a_crop_lies_on_the_other_side() {
        let of = |crop, flips| Geometry::new(&crop, (640, 480)).after(flips).crop;
        let area = |x, y, width, height| Area { x, y, width, height };
        assert_eq!(of(cropped(100, 50, 20, 30), Flips::HORIZONTAL), area(520, 30, 100, 50));
        assert_eq!(of(cropped(100, 50, 20, 30), Flips::VERTICAL), area(20, 400, 100, 50));
        // What reaches outside is cut off before.
        assert_eq!(of(cropped(1000, 50, 20, 30), Flips::HORIZONTAL), area(0, 30, 620, 50));
        assert_eq!(of(cropped(100, 50, 640, 0), Flips::HORIZONTAL), area(0, 0, 640, 480));
        assert_eq!(of(Image::default(), Flips::HORIZONTAL), area(0, 0, 640, 480));
    }

    #[test]
    fn only_edges_that_become_left_or_top_must_lie_on_whole_blocks() {
        let of = |image: &Image, source| Geometry::new(image, source).lossless(Subsamp::Sub2x2).is_some();
        let turned = |rotate| Image { rotate, ..Image::default() };
        for (rotate, odd_width, odd_height) in [
            (Rotation::Zero, true, true),
            (Rotation::Quarter, true, false),
            (Rotation::Half, false, false),
            (Rotation::ThreeQuarters, false, true),
        ] {
            assert!(of(&turned(rotate), (640, 480)));
            assert_eq!(of(&turned(rotate), (641, 480)), odd_width, "{rotate}");
            assert_eq!(of(&turned(rotate), (640, 481)), odd_height, "{rotate}");
        }
        assert!(of(&cropped(33, 17, 32, 16), (640, 480)));
        assert!(!of(&cropped(32, 16, 33, 16), (640, 480)));
        let scale = Some(Resolution { width: 320, height: 240 });
        assert!(!of(&Image { scale, ..Image::default() }, (640, 480)));
        let scale = Some(Resolution { width: 640, height: 480 });
        assert!(of(&Image { scale, ..Image::default() }, (640, 480)));
    }

    #[test]
    fn a_decoder_never_reduces_below_what_viewers_get() {
        for (width, height, by) in [(640, 480, 1), (320, 240, 2), (321, 240, 1), (160, 120, 4), (16, 16, 8)] {
            let image = Image { scale: Some(Resolution { width, height }), ..Image::default() };
            assert_eq!(Geometry::new(&image, (640, 480)).reduction(), by, "{width}x{height}");
        }
    }
}
