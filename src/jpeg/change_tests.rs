use turbojpeg::Subsamp;

use super::super::encode::Encoder;
use super::super::fixtures::{baseline, compressed, find, progressive, with_segment, with_thumbnail};
use super::super::markers;
use super::super::sheet::{Order, Sheet};
use super::super::testing::{
    Raw, change, decode, difference, ffmpeg_warnings, order, orientations, oriented, remake,
};
use super::*;
use crate::config::values::{CropArea, Resolution, Rotation, Subsampling};
use crate::frame::{FramePool, Jpeg};
use crate::picture::PixelFormat;

const SUBSAMPLINGS: [Subsamp; 7] = [
    Subsamp::None,
    Subsamp::Sub2x1,
    Subsamp::Sub2x2,
    Subsamp::Sub1x2,
    Subsamp::Gray,
    Subsamp::Sub4x1,
    Subsamp::Sub1x4,
];

fn with_subsampling(subsamp: Subsamp, (width, height): (usize, usize)) -> Vec<u8> {
    compressed(width, height, |compressor| {
        compressor.set_quality(90).unwrap();
        compressor.set_subsamp(subsamp).unwrap();
    })
}

fn with_change(change: Change) -> Order {
    Order { change, ..order(90, Subsampling::Yuv420) }
}

fn changed(jpeg: &[u8], image: &Image) -> Jpeg {
    let header = turbojpeg::read_header(jpeg).unwrap();
    let remade = remake(jpeg, with_change(change(image, (header.width, header.height)))).unwrap();
    let is = turbojpeg::read_header(&remade).unwrap();
    assert_eq!((is.width, is.height), Geometry::new(image, (header.width, header.height)).size);
    remade
}

fn luma(jpeg: &[u8]) -> Vec<u8> {
    turbojpeg::decompress(jpeg, turbojpeg::PixelFormat::GRAY).unwrap().pixels
}

fn cropped(width: u32, height: u32, x: u32, y: u32) -> Image {
    Image { crop: Some(CropArea { width, height, x, y }), ..Image::default() }
}

/// The quantisation tables, which an encoder writes anew and a transform does not touch.
fn tables(jpeg: &[u8]) -> &[u8] {
    let at = find(jpeg, 0xDB).unwrap();
    &jpeg[at..at + 67]
}

#[test]
fn whole_blocks_are_turned_without_loss() {
    for subsamp in SUBSAMPLINGS {
        let jpeg = with_subsampling(subsamp, (96, 64));
        for image in orientations() {
            let turned = changed(&jpeg, &image);
            let name = format!("{subsamp:?} {image:?}");
            // Decoders round up where there was rounding down, once it is mirrored.
            let (expected, _) = oriented(&image, &luma(&jpeg), (96, 64), 1);
            assert!(difference(&luma(&turned), &expected).1 <= 1, "{name}");
            let quarter = matches!(image.rotate, Rotation::Quarter | Rotation::ThreeQuarters);
            let is = turbojpeg::read_header(&turned).unwrap().subsamp.size();
            assert_eq!(
                is,
                if quarter { (subsamp.size().1, subsamp.size().0) } else { subsamp.size() },
                "{name}"
            );
            // Turned back it is what it was, to the last bit.
            let mut back = turned;
            for _ in 0..3 {
                back = changed(&back, &image);
                if luma(&back) == luma(&jpeg) && turbojpeg::read_header(&back).unwrap().width == 96 {
                    break;
                }
            }
            assert_eq!(decode(&back).pixels, decode(&jpeg).pixels, "{name}");
        }
        let turned = changed(&jpeg, &Image { rotate: Rotation::Quarter, ..Image::default() });
        assert_eq!(ffmpeg_warnings(&turned), "", "{subsamp:?}");
    }
}

#[test]
fn where_an_edge_cuts_a_block_nothing_is_lost_or_left_in_place() {
    for subsamp in SUBSAMPLINGS {
        for size in [(97, 64), (96, 65), (75, 51)] {
            let jpeg = with_subsampling(subsamp, size);
            let before = decode(&jpeg).pixels;
            for image in orientations() {
                let turned = changed(&jpeg, &image);
                let (expected, _) = oriented(&image, &before, size, 3);
                let (mean, _) = difference(&decode(&turned).pixels, &expected);
                assert!(mean < 4.0, "{subsamp:?} {size:?} {image:?}: {mean}");
            }
        }
    }
}

#[test]
fn raw_pictures_of_every_format_are_turned() {
    let colour = |x: usize, y: usize| [(x * 3) as u8, (y * 4) as u8, 200 - (x + y) as u8];
    let [_, _, raw @ ..] = PixelFormat::ALL;
    for format in raw {
        for size in [(64, 48), (51, 37)] {
            for image in orientations() {
                for slices in [1, 3] {
                    let raw = Raw::paint(format, (size.0 as u32, size.1 as u32), 6, colour);
                    let jpeg = from_raw(&raw, change(&image, size), slices);
                    let mut expected: Vec<u8> =
                        (0..size.1).flat_map(|y| (0..size.0).flat_map(move |x| colour(x, y))).collect();
                    if format == PixelFormat::Grey {
                        for pixel in expected.chunks_exact_mut(3) {
                            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]];
                            pixel.fill(super::super::canvas::Colour::rgb(red, green, blue).y);
                        }
                    }
                    let (expected, (width, height)) = oriented(&image, &expected, size, 3);
                    let image = decode(&jpeg);
                    assert_eq!((image.width, image.height), (width, height));
                    let (mean, _) = difference(&image.pixels, &expected);
                    assert!(mean < 6.0, "{format} {size:?} {slices}: {mean}");
                }
            }
        }
    }
}

fn from_raw(raw: &Raw, change: Change, slices: usize) -> Jpeg {
    let (mut sheet, mut encoder) = (Sheet::default(), Encoder::default());
    sheet.fill(&raw.picture(), with_change(change), slices).unwrap();
    (0..sheet.slices()).for_each(|slice| sheet.compress(slice, &mut encoder));
    sheet.join(&FramePool::new()).unwrap()
}

fn cut_out(pixels: &[u8], width: usize, crop: CropArea) -> Vec<u8> {
    let lines = pixels.chunks(width * 3).skip(crop.y as usize).take(crop.height as usize);
    lines.flat_map(|line| line[crop.x as usize * 3..][..crop.width as usize * 3].to_vec()).collect()
}

#[test]
fn a_crop_on_whole_blocks_is_the_same_pixels_and_any_other_much_the_same() {
    for subsamp in SUBSAMPLINGS {
        let jpeg = with_subsampling(subsamp, (128, 96));
        let before = decode(&jpeg).pixels;
        for (image, lossless) in [(cropped(64, 32, 32, 32), true), (cropped(51, 33, 13, 21), false)] {
            let cut = changed(&jpeg, &image);
            let expected = cut_out(&before, 128, image.crop.unwrap());
            let (mean, most) = difference(&decode(&cut).pixels, &expected);
            assert!(mean < 3.0, "{subsamp:?} {image:?}: {mean}");
            assert_eq!(tables(&cut) == tables(&jpeg), lossless || tables(&cut) == tables(&jpeg));
            if lossless {
                assert_eq!(luma(&cut), luma_of_crop(&jpeg, 128, image.crop.unwrap()), "{subsamp:?} {most}");
            }
        }
    }
}

fn luma_of_crop(jpeg: &[u8], width: usize, crop: CropArea) -> Vec<u8> {
    let luma = luma(jpeg);
    let lines = luma.chunks(width).skip(crop.y as usize).take(crop.height as usize);
    lines.flat_map(|line| line[crop.x as usize..][..crop.width as usize].to_vec()).collect()
}

#[test]
fn a_crop_is_turned_too_from_whatever_side_its_blocks_begin() {
    for size in [(128, 96), (133, 101)] {
        let jpeg = with_subsampling(Subsamp::Sub2x2, size);
        for crop in [cropped(64, 32, 32, 32), cropped(50, 30, 64, 48), cropped(57, 41, 7, 7)] {
            for orientation in orientations() {
                let image = Image { crop: crop.crop, ..orientation };
                let area = crop.crop.unwrap();
                let cut = cut_out(&decode(&jpeg).pixels, size.0, area);
                let (expected, _) = oriented(&image, &cut, (area.width as usize, area.height as usize), 3);
                let (mean, _) = difference(&decode(&changed(&jpeg, &image)).pixels, &expected);
                assert!(mean < 3.0, "{size:?} {image:?}: {mean}");
            }
        }
    }
}

#[test]
fn grey_is_one_component_with_the_same_brightness() {
    for subsamp in SUBSAMPLINGS {
        let jpeg = with_subsampling(subsamp, (96, 64));
        let grey = changed(&jpeg, &Image { greyscale: true, ..Image::default() });
        assert_eq!(turbojpeg::read_header(&grey).unwrap().subsamp, Subsamp::Gray);
        assert_eq!(luma(&grey), luma(&jpeg), "{subsamp:?}");
    }
    let raw = Raw::paint(PixelFormat::Yuyv, (64, 48), 0, |_, _| [250, 30, 30]);
    let grey = from_raw(&raw, change(&Image { greyscale: true, ..Image::default() }, (64, 48)), 2);
    assert_eq!(turbojpeg::read_header(&grey).unwrap().subsamp, Subsamp::Gray);
    let level = super::super::canvas::Colour::rgb(250, 30, 30).y;
    assert!(luma(&grey).iter().all(|sample| sample.abs_diff(level) < 3));
}

#[test]
fn a_gradient_is_scaled_to_any_size() {
    let jpeg = baseline(320, 240);
    for (width, height) in [(160, 120), (80, 60), (33, 47), (640, 480), (321, 100), (16, 16)] {
        let scale = Some(Resolution { width, height });
        for rotate in [Rotation::Zero, Rotation::Quarter] {
            let is = decode(&changed(&jpeg, &Image { scale, rotate, ..Image::default() }));
            let expected = oriented_gradient(rotate, (width as usize, height as usize));
            let (mean, _) = difference(&is.pixels, &expected);
            assert!(mean < 4.0, "{width}x{height} {rotate}: {mean}");
        }
    }
}

/// What the fixture shows at 320x240, in another size.
fn oriented_gradient(rotate: Rotation, (width, height): (usize, usize)) -> Vec<u8> {
    let (wide, high) = if rotate == Rotation::Zero { (width, height) } else { (height, width) };
    let pixel = |x: usize, y: usize| {
        let (x, y) = ((x as f64 + 0.5) / wide as f64, (y as f64 + 0.5) / high as f64);
        let step = if x > 0.5 { 60.0 } else { 0.0 };
        [x * 195.0 + step, y * 255.0, 255.0 - (x * 320.0 + y * 240.0) * 255.0 / 560.0].map(|part| part as u8)
    };
    let pixels: Vec<u8> = (0..high).flat_map(|y| (0..wide).flat_map(move |x| pixel(x, y))).collect();
    oriented(&Image { rotate, ..Image::default() }, &pixels, (wide, high), 3).0
}

#[test]
fn whatever_was_beside_the_picture_is_gone() {
    let whole = baseline(96, 64);
    let progressive = progressive(96, 64);
    for jpeg in [with_thumbnail(&whole), with_segment(&whole, 2, 0xE1, b"Exif\0\0 turn me"), progressive] {
        for image in [Image { rotate: Rotation::Half, ..Image::default() }, cropped(50, 33, 5, 5)] {
            let changed = changed(&jpeg, &image);
            assert_eq!(find(&changed, 0xE1), None);
            assert!(find(&changed, 0xE0).is_some() && find(&changed, 0xC0).is_some());
            assert_eq!(ffmpeg_warnings(&changed), "");
        }
    }
}

#[test]
fn what_a_decoder_only_warns_of_is_shown() {
    let mut jpeg = baseline(96, 64);
    let end = jpeg.len() - 2;
    jpeg.drain(end - 20..end);
    assert!(turbojpeg::decompress(&jpeg, turbojpeg::PixelFormat::RGB).is_err(), "it is warned of");
    for image in [Image { rotate: Rotation::Half, ..Image::default() }, cropped(50, 33, 5, 5)] {
        changed(&jpeg, &image);
    }
}

#[test]
fn colours_that_are_not_brightness_first_are_taken_for_what_they_are() {
    let rgb = compressed(96, 64, |compressor| {
        compressor.set_subsamp(Subsamp::None).unwrap();
        compressor.set_colorspace(turbojpeg::Colorspace::RGB).unwrap();
    });
    let turn = Image { rotate: Rotation::Half, ..Image::default() };
    for image in [turn, Image { crop: cropped(51, 33, 5, 5).crop, ..turn }, Image { greyscale: true, ..turn }]
    {
        let crop = image.crop.unwrap_or(CropArea { width: 96, height: 64, x: 0, y: 0 });
        let cut = cut_out(&decode(&rgb).pixels, 96, crop);
        let (mut expected, _) = oriented(&image, &cut, (crop.width as usize, crop.height as usize), 3);
        if image.greyscale {
            for pixel in expected.chunks_exact_mut(3) {
                let level = super::super::canvas::Colour::rgb(pixel[0], pixel[1], pixel[2]).y;
                pixel.fill(level);
            }
        }
        let (mean, _) = difference(&decode(&changed(&rgb, &image)).pixels, &expected);
        assert!(mean < 4.0, "{image:?}: {mean}");
    }
}

#[test]
fn a_jpeg_of_endless_scans_is_refused() {
    let jpeg = progressive(32, 32);
    let scan = find(&jpeg, 0xDA).unwrap();
    let next = scan + 2 + jpeg[scan + 2..].windows(2).position(|two| two[0] == 0xFF && two[1] > 0).unwrap();
    let mut endless = jpeg[..next].to_vec();
    (0..200).for_each(|_| endless.extend_from_slice(&jpeg[scan..next]));
    endless.extend_from_slice(&jpeg[next..]);
    assert!(markers::walk(&endless).is_ok());
    let error = remake(&endless, with_change(Change::default())).err().unwrap().to_string();
    assert!(error.contains("scans"), "{error}");
}

fn label(ink: (usize, usize), place: (usize, usize), colour: &str, background: &str) -> Arc<Label> {
    let (width, height) = ink;
    // Covered at its right half.
    let cover = (0..width * height).map(|at| if at % width < width / 2 { 0 } else { 255 }).collect();
    let ink = super::super::label::Ink { width, height, cover };
    Arc::new(Label::new(place, &ink, colour.parse().unwrap(), background.parse().unwrap()))
}

fn pixel(image: &turbojpeg::Image<Vec<u8>>, x: usize, y: usize) -> [u8; 3] {
    let at = y * image.pitch + x * 3;
    [image.pixels[at], image.pixels[at + 1], image.pixels[at + 2]]
}

fn near(is: [u8; 3], expected: [u8; 3]) -> bool {
    is.iter().zip(expected).all(|(is, expected)| is.abs_diff(expected) < 12)
}

#[test]
fn a_label_stands_where_it_belongs_in_its_colours_over_every_kind_of_picture() {
    let label = label((64, 32), (48, 24), "#FF0000", "#00000080");
    let with_label = || Change { label: Some(Arc::clone(&label)), ..Change::default() };
    let shows = |jpeg: &[u8], name: &str| {
        let image = decode(jpeg);
        assert!(near(pixel(&image, 64, 40), [100; 3]), "{name}: {:?}", pixel(&image, 64, 40));
        assert!(near(pixel(&image, 96, 40), [255, 0, 0]), "{name}: {:?}", pixel(&image, 96, 40));
        for (x, y) in [(30, 40), (64, 8), (124, 40), (64, 70)] {
            assert!(near(pixel(&image, x, y), [200; 3]), "{name} {x} {y}: {:?}", pixel(&image, x, y));
        }
        assert_eq!(ffmpeg_warnings(jpeg), "", "{name}");
    };
    for format in
        [PixelFormat::Yuyv, PixelFormat::Nv12, PixelFormat::Rgb24, PixelFormat::Rgb565, PixelFormat::Grey]
    {
        let raw = Raw::paint(format, (131, 83), 0, |_, _| [200; 3]);
        for slices in [1, 3] {
            shows(&from_raw(&raw, with_label(), slices), format.name());
            let turned = change(&Image { rotate: Rotation::Half, ..Image::default() }, (131, 83));
            shows(&from_raw(&raw, Change { label: with_label().label, ..turned }, slices), format.name());
            let grey = Change { greyscale: true, ..with_label() };
            shows(&from_raw(&raw, grey, slices), format.name());
        }
    }
    for subsamp in SUBSAMPLINGS {
        let flat = Raw::paint(PixelFormat::Rgb24, (131, 83), 0, |_, _| [200; 3]);
        let image = turbojpeg::Image {
            pixels: &flat.bytes[..],
            width: 131,
            pitch: 131 * 3,
            height: 83,
            format: turbojpeg::PixelFormat::RGB,
        };
        let jpeg = turbojpeg::compress(image, 90, subsamp).unwrap();
        for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422] {
            let order = Order { change: with_label(), ..order(90, subsampling) };
            shows(&remake(&jpeg, order).unwrap(), &format!("{subsamp:?}"));
        }
    }
}

#[test]
fn a_label_keeps_its_colour_over_a_picture_that_loses_its_own() {
    let label = || Some(label((64, 32), (48, 24), "#FF0000", "#00000080"));
    let raw = Raw::paint(PixelFormat::Yuyv, (131, 83), 0, |_, _| [20, 200, 20]);
    let level = super::super::canvas::Colour::rgb(20, 200, 20).y;
    let jpegs = [
        from_raw(&raw, Change { label: label(), greyscale: true, ..Change::default() }, 2),
        remake(
            &from_raw(&raw, Change::default(), 1),
            with_change(Change { label: label(), greyscale: true, ..Change::default() }),
        )
        .unwrap(),
    ];
    for jpeg in jpegs {
        let image = decode(&jpeg);
        assert!(near(pixel(&image, 96, 40), [255, 0, 0]), "{:?}", pixel(&image, 96, 40));
        assert!(near(pixel(&image, 20, 70), [level; 3]), "{:?}", pixel(&image, 20, 70));
    }
}

#[test]
fn a_grey_picture_with_a_grey_label_stays_grey() {
    let label = Some(label((64, 32), (48, 24), "#FFFFFF", "#00000080"));
    let raw = Raw::paint(PixelFormat::Yuyv, (131, 83), 0, |_, _| [200, 10, 10]);
    let jpeg = from_raw(&raw, Change { label, greyscale: true, ..Change::default() }, 2);
    assert_eq!(turbojpeg::read_header(&jpeg).unwrap().subsamp, Subsamp::Gray);
}

#[test]
fn a_label_larger_than_the_picture_is_cut_off() {
    for size in [(17, 9), (2, 2), (64, 33)] {
        let raw = Raw::paint(PixelFormat::Yuyv, size, 0, |_, _| [9; 3]);
        let label = Some(label((400, 300), (4, 2), "#FFFFFF", "#FFFFFF"));
        let image = decode(&from_raw(&raw, Change { label, ..Change::default() }, 1));
        assert_eq!((image.width as u32, image.height as u32), size);
    }
}
