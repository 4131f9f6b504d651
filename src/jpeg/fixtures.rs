//! JPEGs as cameras make them, for the tests here and for those in `tests/`, which is why it uses nothing of ours.

use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

/// Something of every colour and brightness, with an edge in it.
pub fn rgb(width: usize, height: usize) -> Vec<u8> {
    let pixel = |x: usize, y: usize| {
        let step = if x > width / 2 { 60 } else { 0 };
        [
            (x * 195 / width + step) as u8,
            (y * 255 / height) as u8,
            (255 - (x + y) * 255 / (width + height)) as u8,
        ]
    };
    (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect()
}

pub fn baseline(width: usize, height: usize) -> Vec<u8> {
    compressed(width, height, |_| {})
}

pub fn progressive(width: usize, height: usize) -> Vec<u8> {
    compressed(width, height, |compressor| {
        compressor.set_progressive(true).unwrap();
    })
}

pub fn compressed(width: usize, height: usize, set: impl Fn(&mut Compressor)) -> Vec<u8> {
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(80).unwrap();
    compressor.set_subsamp(Subsamp::Sub2x2).unwrap();
    set(&mut compressor);
    let image =
        Image { pixels: &rgb(width, height)[..], width, pitch: width * 3, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(image).unwrap()
}

/// Grey blocks with a restart marker between any two: what the encoder at hand cannot write.
pub fn with_restarts(width: usize, height: usize) -> Vec<u8> {
    let whole = compressed(width, height, |compressor| {
        compressor.set_subsamp(Subsamp::Gray).unwrap();
    });
    let scan = find(&whole, 0xDA).unwrap();
    let mut jpeg = with_segment(&whole[..scan + 10], scan, 0xDD, &[0, 1]);
    for block in 0..width.div_ceil(8) * height.div_ceil(8) {
        // A difference of 0, the end of the block, and ones up to the byte's end.
        jpeg.push(0b0010_1011);
        jpeg.extend([0xFF, 0xD0 + (block % 8) as u8]);
    }
    jpeg.truncate(jpeg.len() - 2);
    jpeg.extend([0xFF, 0xD9]);
    jpeg
}

/// As the cameras do that keep to the letter of Motion JPEG.
pub fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut jpeg = jpeg.to_vec();
    while let Some(at) = find(&jpeg, 0xC4) {
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        jpeg.drain(at..at + 2 + length);
    }
    jpeg
}

/// With an EXIF segment behind SOI, in which a whole JPEG lies.
pub fn with_thumbnail(jpeg: &[u8]) -> Vec<u8> {
    // An image file directory of no entries, and no other behind it.
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
    exif.extend(baseline(16, 16));
    with_segment(jpeg, 2, 0xE1, &exif)
}

/// With a segment put in at a place.
pub fn with_segment(jpeg: &[u8], at: usize, marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..at], &[0xFF, marker], &length, payload, &jpeg[at..]].concat()
}

/// The place of the first segment of this kind.
pub fn find(jpeg: &[u8], marker: u8) -> Option<usize> {
    let mut at = 2;
    while jpeg[at + 1] != marker {
        if jpeg[at + 1] == 0xDA {
            return None;
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    Some(at)
}
