//! The picture that stands for the camera's while there is none: what is wrong, and with which device.

use std::sync::Arc;

use super::canvas::{Area, Canvas, Colour};
use super::encode::Encoder;
use super::lettering::Lettering;
use super::sheet::{Order, Sheet};
use crate::clock::Monotonic;
use crate::frame::{Frame, FramePool, Times};

/// Sizes outside are brought to the nearest one: a placard is always drawn.
const SIDES: std::ops::RangeInclusive<u32> = 16..=8192;
const QUALITY: u8 = 85;

const TITLE: Colour = Colour::rgb(0xF2, 0xF5, 0xF8);
const TEXT: Colour = Colour::rgb(0x9A, 0xA7, 0xB5);
const CAMERA: Colour = Colour::rgb(0x5C, 0x6B, 0x7A);
const ACCENT: Colour = Colour::rgb(0xF0, 0xA0, 0x30);

/// Draws a title, "NO SIGNAL", over smaller lines that are wrapped, and cut where there is no room.
pub fn placard(
    title: &str,
    lines: &[&str],
    width: u32,
    height: u32,
    pool: &Arc<FramePool>,
) -> anyhow::Result<Frame> {
    let captured = Monotonic::now();
    let width = width.clamp(*SIDES.start(), *SIDES.end());
    let height = height.clamp(*SIDES.start(), *SIDES.end());
    let canvas = draw(title, lines, width, height);
    let mut sheet = Sheet::default();
    sheet.fill(&canvas.picture(captured), Order { quality: QUALITY, ..Order::default() }, 1)?;
    let encode_begin = Monotonic::now();
    sheet.compress(0, &mut Encoder::default());
    let jpeg = sheet.join(pool)?;
    Ok(Frame {
        jpeg,
        width,
        height,
        online: false,
        times: Times {
            captured,
            grabbed: captured,
            encode_begin,
            encode_end: Monotonic::now(),
            ..Times::default()
        },
        number: 0,
    })
}

fn draw(title: &str, lines: &[&str], width: u32, height: u32) -> Canvas {
    let mut canvas = Canvas::new(width, height, BOTTOM);
    shade(&mut canvas);
    let whole = canvas.whole();
    let margin = whole.width / 14;
    let room = whole.width - 2 * margin;
    let heading = Lettering::fitting(title.chars().count(), room, whole.height / 7);
    let Some(heading) = heading else {
        // Too small for words.
        let side = whole.width.min(whole.height) * 3 / 4;
        camera(&mut canvas, whole.height.saturating_sub(side) / 2, side);
        return canvas;
    };
    let small = Lettering { height: (heading.height * 2 / 5).max(heading.height.min(12)) };
    let step = small.height * 13 / 10;
    let icon = heading.height * 2;
    let gap = heading.height / 3;
    let rows = (whole.height * 9 / 10).saturating_sub(heading.height + 2 * gap) / step;
    let text = wrap(lines, room / small.advance(), rows);
    let words = heading.height + 2 * gap + text.len() * step;
    // The icon is the first to go where room is short.
    let icon = if words + icon + gap <= whole.height * 9 / 10 { icon } else { 0 };
    let mut y = whole.height.saturating_sub(words + icon + gap) / 2;
    if icon > 0 {
        camera(&mut canvas, y, icon);
        y += icon + gap;
    }
    heading.draw(&mut canvas, centre(whole.width, title, heading), y, title, TITLE);
    y += heading.height + gap / 2;
    let rule = Area {
        x: whole.width.saturating_sub(heading.advance() * 2) / 2,
        y,
        width: heading.advance() * 2,
        height: (heading.height / 16).max(1),
    };
    canvas.fill(rule, ACCENT);
    y += gap * 3 / 2;
    for line in &text {
        small.draw(&mut canvas, centre(whole.width, line, small), y, line, TEXT);
        y += step;
    }
    canvas
}

const TOP: Colour = Colour::rgb(0x2A, 0x33, 0x3D);
const BOTTOM: Colour = Colour::rgb(0x10, 0x16, 0x1D);

/// Darker towards the bottom.
fn shade(canvas: &mut Canvas) {
    let whole = canvas.whole();
    for y in 0..whole.height {
        let part = |top: u8, bottom: u8| {
            let (top, bottom) = (i64::from(top), i64::from(bottom));
            (top + (bottom - top) * y as i64 / whole.height as i64) as u8
        };
        // One tint for all: steps of colour show as bands where steps of brightness do not.
        let colour = Colour { y: part(TOP.y, BOTTOM.y), ..BOTTOM };
        canvas.fill(Area { y, height: 1, ..whole }, colour);
    }
}

/// A camera, crossed out, in the middle of the line.
fn camera(canvas: &mut Canvas, y: usize, side: usize) {
    let whole = canvas.whole();
    let area = Area { x: whole.width.saturating_sub(side) / 2, y, width: side, height: side };
    let size = side as f32;
    let rounded = |x: f32, y: f32, half_width: f32, half_height: f32, radius: f32| {
        let (dx, dy) = (x.abs() - half_width + radius, y.abs() - half_height + radius);
        dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius
    };
    let stroke = (size * 0.03).max(0.6);
    let body = |x: f32, y: f32| {
        let (x, y) = (x / size - 0.5, y / size - 0.5);
        let case = rounded(x, y - 0.05, 0.46, 0.30, 0.08);
        let finder = rounded(x, y + 0.27, 0.16, 0.08, 0.04);
        case.min(finder) * size
    };
    let lens = |x: f32, y: f32| (x - size * 0.5).hypot(y - size * 0.55) - size * 0.17;
    let slash = |x: f32, y: f32| {
        // Along the diagonal, and across it.
        let (along, across) = ((x + y - size) / 2.0_f32.sqrt(), (x - y) / 2.0_f32.sqrt());
        across.hypot((along.abs() - size * 0.58).max(0.0))
    };
    let outline = |edge: f32| edge.abs() - stroke;
    canvas.shape(area, CAMERA, |x, y| {
        let lines = outline(body(x, y)).min(outline(lens(x, y)));
        // The slash stands free of what it crosses.
        lines.max(stroke * 3.0 - slash(x, y))
    });
    canvas.shape(area, ACCENT, |x, y| slash(x, y) - stroke * 1.2);
}

fn centre(width: usize, text: &str, lettering: Lettering) -> usize {
    width.saturating_sub(text.chars().count() * lettering.advance()) / 2
}

/// Breaks lines at spaces, and words that are longer than a line anywhere; says with an ellipsis what had no room.
fn wrap(lines: &[&str], columns: usize, rows: usize) -> Vec<String> {
    if columns < 8 || rows == 0 {
        return Vec::new();
    }
    let mut wrapped = Vec::new();
    for line in lines {
        let mut current = String::new();
        let mut used = 0;
        for word in line.split_whitespace() {
            let letters: Vec<char> = word.chars().collect();
            if used > 0 && used + 1 + letters.len() > columns {
                wrapped.push(std::mem::take(&mut current));
                used = 0;
            } else if used > 0 {
                current.push(' ');
                used += 1;
            }
            for letter in letters {
                if used == columns {
                    wrapped.push(std::mem::take(&mut current));
                    used = 0;
                }
                current.push(letter);
                used += 1;
            }
        }
        wrapped.push(current);
    }
    if wrapped.len() > rows {
        wrapped.truncate(rows);
        if let Some(last) = wrapped.last_mut() {
            *last = last.chars().take(columns - 3).collect();
            last.push_str("...");
        }
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::super::markers;
    use super::super::testing::{decode, ffmpeg_warnings};
    use super::*;

    const LINES: [&str; 2] =
        ["/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920-video-index0", "it is not plugged in – Größe?"];

    #[test]
    fn it_fits_any_size() {
        for (width, height) in [(16, 16), (17, 31), (160, 120), (2000, 16), (16, 2000), (640, 480)] {
            let frame = placard("NO CAMERA", &LINES, width, height, &FramePool::new()).unwrap();
            assert_eq!((frame.width, frame.height, frame.online), (width, height, false));
            let markers = markers::walk(&frame.jpeg).unwrap();
            assert_eq!((markers.width, markers.height, markers.tables_at), (width, height, None));
        }
    }

    #[test]
    fn it_takes_any_words() {
        for (width, height) in [(16, 2000), (300, 300)] {
            for title in ["", "!", "a title that is longer than anything anybody would write over a picture"]
            {
                placard(title, &["", " ", "\u{1F4F7}\n\t"], width, height, &FramePool::new()).unwrap();
            }
        }
    }

    #[test]
    fn sizes_beyond_reason_are_brought_to_the_nearest() {
        let frame = placard("NO CAMERA", &[], 1, 5, &FramePool::new()).unwrap();
        assert_eq!((frame.width, frame.height), (16, 16));
    }

    #[test]
    fn it_is_dark_with_bright_letters_and_ffmpeg_has_nothing_to_say() {
        let frame = placard("NO SIGNAL", &LINES, 640, 480, &FramePool::new()).unwrap();
        let pixels = decode(&frame.jpeg).pixels;
        let bright = pixels.iter().filter(|sample| **sample > 200).count();
        let dark = pixels.iter().filter(|sample| **sample < 80).count();
        assert!(bright > 5000 && dark > pixels.len() * 3 / 4, "{bright} {dark}");
        assert_eq!(ffmpeg_warnings(&frame.jpeg), "");
    }

    #[test]
    fn lines_are_wrapped_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap(&["one two three"], 8, 9), ["one two", "three"]);
        assert_eq!(wrap(&["a 0123456789abc"], 8, 9), ["a", "01234567", "89abc"]);
        assert_eq!(wrap(&["12345678 1"], 8, 9), ["12345678", "1"]);
    }

    #[test]
    fn what_has_no_room_is_cut_with_an_ellipsis() {
        assert_eq!(wrap(&["eight888 nine9999", "ten"], 8, 2), ["eight888", "nine9..."]);
        assert!(wrap(&["anything"], 8, 0).is_empty());
    }
}
