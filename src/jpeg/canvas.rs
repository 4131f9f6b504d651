//! A small canvas for pictures of our own: the placard and the test pattern. It draws straight into planar YUV 4:2:0,
//! and whatever lies outside is cut off.

use crate::clock::Monotonic;
use crate::picture::{Picture, PixelFormat};

/// A colour as JPEG has it: full-range BT.601.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    pub y: u8,
    pub u: u8,
    pub v: u8,
}

impl Colour {
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        let (red, green, blue) = (red as i32, green as i32, blue as i32);
        // The coefficients of JFIF, in 1/65536. Extreme colours would round to 256.
        const fn byte(sum: i32) -> u8 {
            let value = (sum + 32768) >> 16;
            if value > 255 { 255 } else { value as u8 }
        }
        Self {
            y: byte(19595 * red + 38470 * green + 7471 * blue),
            u: byte(-11059 * red - 21709 * green + 32768 * blue + (128 << 16)),
            v: byte(32768 * red - 27439 * green - 5329 * blue + (128 << 16)),
        }
    }

    pub const fn grey(y: u8) -> Self {
        Self { y, u: 128, v: 128 }
    }
}

/// A part of a canvas, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

#[derive(Clone)]
pub struct Canvas {
    memory: Vec<u8>,
    width: usize,
    height: usize,
}

impl Canvas {
    pub fn new(width: u32, height: u32, background: Colour) -> Self {
        let (width, height) = (width as usize, height as usize);
        let stride = width.next_multiple_of(2);
        let mut canvas =
            Self { memory: vec![0; stride * height + stride * height.div_ceil(2)], width, height };
        canvas.fill(canvas.whole(), background);
        canvas
    }

    pub fn whole(&self) -> Area {
        Area { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// The canvas as a picture that was taken at `captured`.
    pub fn picture(&self, captured: Monotonic) -> Picture<'_> {
        Picture {
            bytes: &self.memory,
            format: PixelFormat::Yu12,
            width: self.width as u32,
            height: self.height as u32,
            stride: self.stride(),
            captured,
            grabbed: Monotonic::now(),
        }
    }

    pub fn fill(&mut self, area: Area, colour: Colour) {
        self.each_line(area, |line, plane| {
            line.fill([colour.y, colour.u, colour.v][plane]);
        });
    }

    /// Puts back what another canvas of the same size has in this area.
    pub fn restore(&mut self, area: Area, from: &Self) {
        let source = &from.memory;
        self.each_range(area, |memory, range, _| {
            if let (Some(to), Some(from)) = (memory.get_mut(range.clone()), source.get(range)) {
                to.copy_from_slice(from);
            }
        });
    }

    /// Copies brightness alone, from another canvas: the area is at `x` in its first line.
    pub fn copy_luma(&mut self, area: Area, from: &Self, x: usize) {
        let (stride, from_stride) = (self.stride(), from.stride());
        let width = area.width.min(self.width.saturating_sub(area.x)).min(from.width.saturating_sub(x));
        for line in 0..area.height.min(self.height.saturating_sub(area.y)).min(from.height) {
            let to = (area.y + line) * stride + area.x;
            let at = line * from_stride + x;
            if let (Some(to), Some(from)) =
                (self.memory.get_mut(to..to + width), from.memory.get(at..at + width))
            {
                to.copy_from_slice(from);
            }
        }
    }

    /// Lets the colour cover one pixel by `cover` of 255.
    pub fn blend(&mut self, x: usize, y: usize, colour: Colour, cover: u8) {
        if cover == 0 || x >= self.width || y >= self.height {
            return;
        }
        let stride = self.stride();
        mix(self.memory.get_mut(y * stride + x), colour.y, cover);
        if x % 2 == 0 && y % 2 == 0 {
            let chroma = stride / 2;
            let at = stride * self.height + y / 2 * chroma + x / 2;
            mix(self.memory.get_mut(at), colour.u, cover);
            let at = at + chroma * self.height.div_ceil(2);
            mix(self.memory.get_mut(at), colour.v, cover);
        }
    }

    /// Draws what lies where `distance` is below zero, with smooth edges. It is given places in pixels from the area's
    /// upper left corner, and answers how far from the shape's edge each is.
    pub fn shape(&mut self, area: Area, colour: Colour, distance: impl Fn(f32, f32) -> f32) {
        for y in 0..area.height {
            for x in 0..area.width {
                let far = distance(x as f32 + 0.5, y as f32 + 0.5);
                let cover = (0.5 - far).clamp(0.0, 1.0) * 255.0;
                self.blend(area.x + x, area.y + y, colour, cover as u8);
            }
        }
    }

    fn stride(&self) -> usize {
        self.width.next_multiple_of(2)
    }

    fn each_line(&mut self, area: Area, mut draw: impl FnMut(&mut [u8], usize)) {
        self.each_range(area, |memory, range, plane| {
            if let Some(line) = memory.get_mut(range) {
                draw(line, plane);
            }
        });
    }

    /// Calls `draw` for each line of the area in each plane. Where the area cuts a chroma sample, it takes it whole.
    fn each_range(&mut self, area: Area, mut draw: impl FnMut(&mut [u8], std::ops::Range<usize>, usize)) {
        let stride = self.stride();
        let left = area.x.min(self.width);
        let right = area.x.saturating_add(area.width).min(self.width);
        let top = area.y.min(self.height);
        let bottom = area.y.saturating_add(area.height).min(self.height);
        for y in top..bottom {
            draw(&mut self.memory, y * stride + left..y * stride + right, 0);
        }
        let (chroma, lines) = (stride / 2, self.height.div_ceil(2));
        for plane in [1, 2] {
            let begin = stride * self.height + (plane - 1) * chroma * lines;
            for y in top / 2..bottom.div_ceil(2) {
                let line = begin + y * chroma;
                draw(&mut self.memory, line + left / 2..line + right.div_ceil(2), plane);
            }
        }
    }
}

fn mix(sample: Option<&mut u8>, colour: u8, cover: u8) {
    if let Some(sample) = sample {
        let cover = u32::from(cover);
        *sample = ((u32::from(*sample) * (255 - cover) + u32::from(colour) * cover + 127) / 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_jfif() {
        assert_eq!(Colour::rgb(255, 255, 255), Colour::grey(255));
        assert_eq!(Colour::rgb(0, 0, 0), Colour::grey(0));
        assert_eq!(Colour::rgb(255, 0, 0), Colour { y: 76, u: 85, v: 255 });
        assert_eq!(Colour::rgb(0, 0, 255), Colour { y: 29, u: 255, v: 107 });
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        for (width, height) in [(2, 2), (7, 5), (8, 6)] {
            let mut canvas = Canvas::new(width, height, Colour::grey(0));
            let white = Colour::grey(255);
            canvas.fill(Area { x: 3, y: 4, width: usize::MAX, height: usize::MAX }, white);
            canvas.fill(Area { x: 99, y: 99, width: 1, height: 1 }, white);
            canvas.shape(Area { x: 5, y: 3, width: 20, height: 20 }, white, |_, _| -1.0);
            let still = Canvas::new(width, height, Colour::grey(9));
            canvas.copy_luma(Area { x: 6, y: 4, width: 9, height: 9 }, &still, 4);
            canvas.restore(Area { x: 0, y: 0, width: 99, height: 99 }, &still);
            assert_eq!(canvas.memory, still.memory);
        }
    }

    #[test]
    fn its_picture_is_as_long_as_the_format_says() {
        for (width, height) in [(2, 2), (7, 5), (8, 6)] {
            let canvas = Canvas::new(width, height, Colour::grey(0));
            let picture = canvas.picture(Monotonic::now());
            assert_eq!(picture.bytes.len(), picture.format.picture_len(picture.stride, height));
        }
    }
}
