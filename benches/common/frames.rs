//! The film that every server shows: one scene, textured and moving, as JPEGs and as raw pictures.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Result;
use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage};

/// How many JPEGs there are until the film starts again.
pub const JPEGS: usize = 64;

/// Raw pictures are long, and the camera numbers them itself: fewer will do.
const RAWS: usize = 16;

/// A common quality, at which the scene takes about one bit a pixel, as a UVC camera's pictures do.
const QUALITY: i32 = 80;

/// The first rows show a number as blocks, lowest bit first: the same that the test camera draws.
const NUMBER_ROWS: usize = 16;
const BLOCK: usize = 16;
const BLACK: u8 = 16;
const WHITE: u8 = 235;

/// Files for one size of picture.
#[derive(Clone, Debug)]
pub struct Film {
    /// Where the files are: `000.jpg` and on, `00.yuyv` and on.
    pub folder: PathBuf,
    pub width: u32,
    pub height: u32,
    /// How many JPEGs.
    pub files: usize,
}

/// Takes the film from `folder/WIDTHxHEIGHT`, and makes it where there is none.
pub fn make(folder: &Path, (width, height): (u32, u32)) -> Result<Film> {
    // What was shot by other lines than these is another film.
    let mut version = DefaultHasher::new();
    include_str!("frames.rs").hash(&mut version);
    let own = folder.join(format!("{width}x{height}-{:016x}", version.finish()));
    if !own.exists() {
        // Only a whole film gets the name.
        let building = own.with_extension("new");
        std::fs::create_dir_all(&building)?;
        shoot(&building, width as usize, height as usize)?;
        std::fs::rename(&building, &own)?;
    }
    Ok(Film { folder: own, width, height, files: JPEGS })
}

fn shoot(folder: &Path, width: usize, height: usize) -> Result<()> {
    let scene = Scene::new(width, height);
    let threads = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let part = |first| {
            let scene = &scene;
            scope.spawn(move || (first..JPEGS).step_by(threads).try_for_each(|n| scene.shoot(folder, n)))
        };
        let parts: Vec<_> = (0..threads).map(part).collect();
        parts
            .into_iter()
            .try_for_each(|part| part.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })
}

/// What stands still: the planes of a 4:2:2 picture, one behind the other.
struct Scene {
    width: usize,
    height: usize,
    planes: Vec<u8>,
}

impl Scene {
    /// Wide gradients under a texture of the fineness that cloth, leaves or wood have before a lens.
    fn new(width: usize, height: usize) -> Self {
        let texture = blurred(width, height);
        let wave = |part: usize, length: f32| part as f32 / length;
        let mut planes = Vec::with_capacity(width * height * 2);
        for y in 0..height {
            for x in 0..width {
                let gradient = 60.0 * (wave(x, 97.0) + wave(y, 61.0)).sin();
                planes.push((126.0 + gradient + TEXTURE * texture[y * width + x]).clamp(16.0, 235.0) as u8);
            }
        }
        for (length, drift) in [(53.0, 91.0), (131.0, 47.0)] {
            for y in 0..height {
                let chroma = |x: usize| 128.0 + 40.0 * (wave(x, length) - wave(y, drift)).cos();
                planes.extend((0..width).step_by(2).map(|x| chroma(x) as u8));
            }
        }
        Self { width, height, planes }
    }

    /// Writes the picture of this number as JPEG, and the first ones raw as well.
    fn shoot(&self, folder: &Path, number: usize) -> Result<()> {
        let planes = self.picture(number);
        let (width, height) = (self.width, self.height);
        let image = YuvImage { pixels: &planes[..], width, align: 1, height, subsamp: Subsamp::Sub2x1 };
        let mut compressor = Compressor::new()?;
        compressor.set_quality(QUALITY)?;
        std::fs::write(folder.join(format!("{number:03}.jpg")), compressor.compress_yuv_to_vec(image)?)?;
        if number < RAWS {
            // Spread over the film, so that they move as far.
            let planes = self.picture(number * JPEGS / RAWS);
            std::fs::write(folder.join(format!("{number:02}.yuyv")), self.packed(&planes))?;
        }
        Ok(())
    }

    /// The planes with the sensor's noise, a red thing that crosses from left to right, and the number.
    fn picture(&self, number: usize) -> Vec<u8> {
        let mut planes = self.planes.clone();
        let (luma, chroma) = planes.split_at_mut(self.width * self.height);
        let (blue, red) = chroma.split_at_mut(self.width / 2 * self.height);
        let mut random = Random::new(number as u64);
        for pixel in luma.iter_mut() {
            *pixel = pixel.saturating_add_signed(random.next() / 64);
        }
        let side = self.height / 3;
        // Even, so that its colour, kept for pairs of pixels, has the same edge.
        let left = ((self.width - side) * number / JPEGS) & !1;
        for y in side..2 * side {
            for pixel in &mut luma[y * self.width + left..][..side] {
                *pixel = *pixel / 2 + 20;
            }
            blue[(y * self.width + left) / 2..][..side / 2].fill(90);
            red[(y * self.width + left) / 2..][..side / 2].fill(220);
        }
        blue[..self.width / 2 * NUMBER_ROWS].fill(128);
        red[..self.width / 2 * NUMBER_ROWS].fill(128);
        for (at, pixel) in luma[..self.width * NUMBER_ROWS].iter_mut().enumerate() {
            let block = at % self.width / BLOCK;
            *pixel = if block < 32 && number as u64 >> block & 1 == 1 { WHITE } else { BLACK };
        }
        planes
    }

    /// The planes as a camera gives them that packs Y U Y V.
    fn packed(&self, planes: &[u8]) -> Vec<u8> {
        let (luma, chroma) = planes.split_at(self.width * self.height);
        let (blue, red) = chroma.split_at(self.width / 2 * self.height);
        let pairs = luma.chunks_exact(2).zip(blue.iter().zip(red));
        pairs.flat_map(|(y, (u, v))| [y[0], *u, y[1], *v]).collect()
    }
}

/// How far the texture stands out from the gradients.
const TEXTURE: f32 = 0.12;

/// Noise whose neighbours have mixed: no single pixel stands out, as behind a lens.
fn blurred(width: usize, height: usize) -> Vec<f32> {
    let mut random = Random::new(1 << 32);
    let noise: Vec<f32> = (0..width * height).map(|_| f32::from(random.next())).collect();
    let across = mix(&noise, 1);
    mix(&across, width)
}

fn mix(values: &[f32], step: usize) -> Vec<f32> {
    let at = |index: usize| values[index % values.len()];
    let mixed = |index| at(index) / 4.0 + at(index + step) / 2.0 + at(index + 2 * step) / 4.0;
    (0..values.len()).map(mixed).collect()
}

/// Numbers from -128 to 127 without pattern, always the same ones (xorshift).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> i8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 56) as i8
    }
}

/// The number that a JPEG shows, whoever compressed it; `None` where its first rows are neither black nor white. A
/// picture that is black there, such as a placard, reads as 0.
pub fn number(jpeg: &[u8]) -> Option<u32> {
    let top = first_rows(jpeg)?;
    let mut decompressor = Decompressor::new().ok()?;
    // One pixel for each 8x8 of the picture: its mean, for which nothing need be transformed.
    decompressor.set_scaling_factor(ScalingFactor::ONE_EIGHTH).ok()?;
    let width = decompressor.read_header(&top).ok()?.width.div_ceil(8);
    let mut pixels = vec![128; width * NUMBER_ROWS / 8];
    let height = NUMBER_ROWS / 8;
    let image = Image { pixels: &mut pixels[..], width, pitch: width, height, format: PixelFormat::GRAY };
    // It complains that there is more data than rows. Whether it could read them shows in the pixels.
    let _ = decompressor.decompress(&top, image);
    let mut number = 0;
    for block in 0..32 {
        match pixels.get(block * BLOCK / 8)? {
            0..64 => {}
            192..=255 => number |= 1 << block,
            _ => return None,
        }
    }
    Some(number)
}

/// The JPEG as if it were no higher than the number, so that a decoder does not read the rest of it.
fn first_rows(jpeg: &[u8]) -> Option<Vec<u8>> {
    const SCAN: usize = 16 << 10;
    let mut at = 2;
    let mut height = None;
    loop {
        let marker = *jpeg.get(at + 1)?;
        match marker {
            0xc0..=0xc2 => height = Some(at + 5),
            0xda => break,
            _ => {}
        }
        at += 2 + usize::from(u16::from_be_bytes([*jpeg.get(at + 2)?, *jpeg.get(at + 3)?]));
    }
    let mut top = jpeg[..jpeg.len().min(at + SCAN)].to_vec();
    let height = height?;
    top.get_mut(height..height + 2)?.copy_from_slice(&(NUMBER_ROWS as u16).to_be_bytes());
    top.extend([0xff, 0xd9]);
    Some(top)
}
