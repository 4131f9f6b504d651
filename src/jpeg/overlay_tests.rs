use std::path::Path;

use super::super::change::Change;
use super::super::encode::Encoder;
use super::super::sheet::{Order, Sheet};
use super::super::testing::{Raw, decode};
use super::*;
use crate::config::values::Corner;
use crate::frame::FramePool;
use crate::picture::PixelFormat;

/// Small, and with Chinese letters: a collection, of the package that `make deps` installs.
const CHINESE: &str = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";

const NOBODY: Facts<'_> = Facts { fps: 29.97, camera: &|| "/dev/video7 (Cam)".to_owned() };

fn overlay(settings: config::Overlay) -> Overlay {
    let mut overlay = Overlay::new(&settings).unwrap().unwrap();
    overlay.changes(&NOBODY);
    overlay
}

fn saying(text: &str) -> config::Overlay {
    config::Overlay { text: text.to_owned(), ..config::Overlay::default() }
}

/// Bright pixels of a dark picture with this overlay, and where the outermost of them are: left, right, top, bottom.
fn ink(settings: config::Overlay, size: (usize, usize)) -> (usize, [usize; 4]) {
    let raw = Raw::paint(PixelFormat::Grey, (size.0 as u32, size.1 as u32), 0, |_, _| [20; 3]);
    let change = Change { label: overlay(settings).label(size), ..Change::default() };
    let mut sheet = Sheet::default();
    sheet.fill(&raw.picture(), Order { quality: 95, change, ..Order::default() }, 1).unwrap();
    sheet.compress(0, &mut Encoder::default());
    let image = decode(&sheet.join(&FramePool::new()).unwrap());
    let bright = || {
        let pixels = image.pixels.chunks(3).enumerate().filter(|(_, pixel)| pixel[0] > 128);
        pixels.map(|(at, _)| (at % size.0, at / size.0))
    };
    let (least, most) = (
        |of: fn((usize, usize)) -> usize| bright().map(of).min(),
        |of: fn((usize, usize)) -> usize| bright().map(of).max(),
    );
    let edges =
        [least(|place| place.0), most(|place| place.0), least(|place| place.1), most(|place| place.1)];
    (bright().count(), edges.map(Option::unwrap_or_default))
}

#[test]
fn letters_stand_in_the_corner_that_is_named_and_within_the_picture() {
    for size in [(640, 480), (1280, 721), (161, 121)] {
        for corner in Corner::ALL {
            let (count, [left, right, top, bottom]) =
                ink(config::Overlay { corner, ..saying("Garage 7") }, size);
            assert!(count > 20, "{corner} {size:?}: {count}");
            assert_eq!(corner.is_right(), left > size.0 / 2, "{corner} {size:?}: {left}");
            assert_eq!(corner.is_bottom(), top > size.1 / 2, "{corner} {size:?}: {top}");
            assert!(right - left > bottom - top, "{corner}: {left} to {right}, {top} to {bottom}");
            assert!(left > 0 && right < size.0 - 1 && top > 0 && bottom < size.1 - 1);
        }
    }
}

#[test]
fn the_size_is_that_of_a_line() {
    let height = |text: &str, size_percent| {
        let (_, [.., top, bottom]) = ink(config::Overlay { size_percent, ..saying(text) }, (1280, 720));
        bottom - top
    };
    // From the top of a bar to its foot.
    assert!((30..=72).contains(&height("|", 10)), "{}", height("|", 10));
    assert!(height("|", 20) > height("|", 10) * 3 / 2);
    assert!(height("|\n|", 10) > height("|", 10) + 60);
}

#[test]
fn placeholders_stand_for_what_is_known_and_are_not_filled_in_twice() {
    let settings = config::Overlay { name: "{fps} %H".to_owned(), ..saying("{name}: {fps}/s {camera} %%") };
    assert_eq!(overlay(settings).text, "{fps} %H: 30/s /dev/video7 (Cam) %");
}

#[test]
fn the_time_is_that_of_the_zone() {
    let at = |zone: &str| {
        let time_zone = Some(zone.to_owned());
        overlay(config::Overlay { time_zone, ..saying("%z") }).text
    };
    assert_eq!(at("Asia/Tokyo"), "+0900");
    assert_eq!(at("Asia/Shanghai"), "+0800");
    let nowhere = config::Overlay { time_zone: Some("Mars/Olympus".to_owned()), ..saying("%z") };
    assert!(Overlay::new(&nowhere).is_err());
}

#[test]
fn a_label_is_drawn_anew_only_when_the_text_or_the_size_changes() {
    let mut overlay = overlay(saying("{fps}\nGarage"));
    let first = overlay.label((640, 480)).unwrap();
    assert!(!overlay.changes(&NOBODY));
    assert!(Arc::ptr_eq(&first, &overlay.label((640, 480)).unwrap()));
    let garage = overlay.lines[1].ink.cover.as_ptr();
    assert!(overlay.changes(&Facts { fps: 15.0, ..NOBODY }));
    assert!(!Arc::ptr_eq(&first, &overlay.label((640, 480)).unwrap()));
    assert_eq!(overlay.lines[1].ink.cover.as_ptr(), garage, "the line that stays is kept");
    let second = overlay.label((640, 480)).unwrap();
    assert!(!Arc::ptr_eq(&second, &overlay.label((320, 240)).unwrap()));
}

#[test]
fn nothing_is_drawn_where_nothing_is_said() {
    assert!(Overlay::new(&saying("")).unwrap().is_none());
    assert!(overlay(saying("{name}\n ")).label((640, 480)).is_none());
}

#[test]
fn chinese_is_written_with_a_font_and_each_letter_is_another_one() {
    let font = Some(Path::new(CHINESE).to_owned());
    let with_font = |text: &str| config::Overlay { font: font.clone(), size_percent: 20, ..saying(text) };
    let (count, [left, right, ..]) = ink(with_font("车库摄像头"), (640, 480));
    // Five squares, of which a part is covered.
    assert!(right - left > 4 * 70, "{left} to {right}");
    assert!(count > 5 * 400, "{count}");
    assert_ne!(ink(with_font("车"), (640, 480)).0, ink(with_font("库"), (640, 480)).0);
}

#[test]
fn a_text_of_any_length_and_letters_fits_any_picture() {
    let long = format!("{}\n{}", "W".repeat(490), "语".repeat(9));
    for font in [None, Some(Path::new(CHINESE).to_owned())] {
        for size_percent in [1, 50] {
            for size in [(16, 16), (1, 1), (1000, 16), (17, 999)] {
                let settings = config::Overlay { font: font.clone(), size_percent, ..saying(&long) };
                let label = overlay(settings).label(size).unwrap();
                assert!(label.is_grey());
            }
        }
    }
}
