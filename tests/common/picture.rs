//! The known picture: red on the left, blue on the right, a white bar that moves. Drawn here as JPEG, in `picture.c` raw.

use std::time::Duration;

use mjpegd::clock::Monotonic;
use turbojpeg::{Image, PixelFormat, Subsamp};

/// How many pictures a film has until it starts again.
pub const FILM: usize = 16;

/// One JPEG of a film, with Huffman tables as the standard gives them, so that a camera can leave them out.
pub fn draw(width: usize, height: usize, number: usize, noise: u8) -> Vec<u8> {
    let bar = number * width / FILM;
    let mut pixels = Vec::with_capacity(width * height * 3);
    let mut random = number as u32 + 1;
    for _ in 0..height {
        for x in 0..width {
            let colour: [u8; 3] = match x {
                _ if x >= bar && x < bar + 16 => [255, 255, 255],
                _ if x < width / 2 => [255, 0, 0],
                _ => [0, 0, 255],
            };
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = ((random >> 24) * u32::from(noise) / 255) as u8;
            pixels.extend(colour.map(|part| if part > 127 { part - grain } else { part + grain }));
        }
    }
    let image = Image { pixels: &pixels[..], width, pitch: width * 3, height, format: PixelFormat::RGB };
    turbojpeg::compress(image, 80, Subsamp::Sub2x1).unwrap().to_vec()
}

/// Width and height.
pub fn size(jpeg: &[u8]) -> (usize, usize) {
    let image = decode(jpeg);
    (image.width, image.height)
}

/// Decodes a JPEG as strictly as libjpeg can: what it only warns of is an error here.
pub fn decode(jpeg: &[u8]) -> Image<Vec<u8>> {
    assert_eq!(jpeg[..2], [0xff, 0xd8], "a JPEG begins with SOI");
    assert_eq!(jpeg[jpeg.len() - 2..], [0xff, 0xd9], "nothing follows EOI");
    turbojpeg::decompress(jpeg, PixelFormat::RGB).expect("a browser can draw it")
}

/// The colour at a point given in hundredths of the picture.
pub fn colour(image: &Image<Vec<u8>>, x: usize, y: usize) -> [u8; 3] {
    let at = image.height * y / 100 * image.pitch + image.width * x / 100 * 3;
    [image.pixels[at], image.pixels[at + 1], image.pixels[at + 2]]
}

/// Most of the points (the bar may hide one or two) are red on the left and blue on the right.
pub fn is_red_and_blue(image: &Image<Vec<u8>>) -> bool {
    let is = |points: [usize; 4], test: fn([u8; 3]) -> bool| {
        let hits = |y| points.iter().filter(move |x| test(colour(image, **x, y))).count();
        hits(30) >= 3 && hits(60) >= 3 && hits(95) >= 3
    };
    is([8, 18, 28, 38], |[r, g, b]| r > 180 && g < 70 && b < 70)
        && is([58, 68, 78, 88], |[r, g, b]| b > 180 && r < 70 && g < 70)
}

/// How bright the bar is: the brightest point of a line that has all three colours at their highest.
pub fn has_white_bar(image: &Image<Vec<u8>>) -> bool {
    let start = image.height / 2 * image.pitch;
    let line = &image.pixels[start..start + image.width * 3];
    line.chunks_exact(3).any(|pixel| pixel.iter().all(|part| *part > 200))
}

/// Whether all pixels are much the same.
pub fn is_flat(image: &Image<Vec<u8>>) -> bool {
    let least = image.pixels.iter().min().unwrap();
    let most = image.pixels.iter().max().unwrap();
    most - least < 16
}

/// The sequence that a raw picture shows as blocks; needs 512 pixels of width.
pub fn number(image: &Image<Vec<u8>>) -> u32 {
    let bit = |block: usize| u32::from(image.pixels[8 * image.pitch + (block * 16 + 8) * 3] > 127) << block;
    (0..32).map(bit).sum()
}

/// What the camera wrote into a JPEG: which one it is and when it was taken.
#[derive(Clone, Copy, Debug)]
pub struct Marker {
    pub sequence: u64,
    pub taken: Monotonic,
}

impl Marker {
    /// `None`: the JPEG is not the test camera's, but a placard.
    pub fn of(jpeg: &[u8]) -> Option<Self> {
        let at = jpeg.windows(4).position(|four| four == b"FCAM")? + 4;
        let long = |at: usize| u64::from_le_bytes(jpeg[at..at + 8].try_into().unwrap());
        Some(Self { sequence: long(at), taken: Monotonic::from_boot(Duration::from_nanos(long(at + 8))) })
    }
}
