//! Lines of raw pictures taken apart. Short loops over exact chunks, which the compiler turns into vector code.

/// Every second byte, from byte `AT`: the luma of a packed 4:2:2 line, or one half of a semi-planar chroma line.
pub(super) fn every_second<const AT: usize>(line: &[u8], out: &mut [u8]) {
    for (sample, pair) in out.iter_mut().zip(line.chunks_exact(2)) {
        *sample = pair[AT];
    }
}

/// Every fourth byte, from byte `AT`: one colour of a packed 4:2:2 line.
pub(super) fn every_fourth<const AT: usize>(line: &[u8], out: &mut [u8]) {
    for (sample, four) in out.iter_mut().zip(line.chunks_exact(4)) {
        *sample = four[AT];
    }
}

/// The mean of every fourth byte of two lines: 4:2:2 made 4:2:0.
pub(super) fn mean_of_fourths<const AT: usize>(upper: &[u8], lower: &[u8], out: &mut [u8]) {
    let pairs = upper.chunks_exact(4).zip(lower.chunks_exact(4));
    for (sample, (upper, lower)) in out.iter_mut().zip(pairs) {
        *sample = (u16::from(upper[AT]) + u16::from(lower[AT])).div_ceil(2) as u8;
    }
}

/// RGB565, little endian, to RGB of a byte each. The high bits fill the low ones, so that white stays white.
pub(super) fn rgb565(line: &[u8], out: &mut [u8]) {
    for (rgb, pixel) in out.chunks_exact_mut(3).zip(line.chunks_exact(2)) {
        let pixel = u16::from_le_bytes([pixel[0], pixel[1]]);
        let (red, green, blue) = (pixel >> 11, pixel >> 5 & 63, pixel & 31);
        rgb[0] = (red << 3 | red >> 2) as u8;
        rgb[1] = (green << 2 | green >> 4) as u8;
        rgb[2] = (blue << 3 | blue >> 2) as u8;
    }
}
