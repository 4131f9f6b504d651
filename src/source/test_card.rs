//! What the test pattern shows: bars, ramps, and a plate with clock and counter.

use crate::config::values::Resolution;
use crate::jpeg::canvas::{Area, Canvas, Colour};
use crate::jpeg::lettering::{Lettering, MIN_HEIGHT};

/// The eight colours of the EBU bars, at three quarters of their strength so that no camera path clips them.
pub(super) fn bars(canvas: &mut Canvas, area: Area) {
    const COLOURS: [Colour; 8] = [
        Colour::rgb(255, 255, 255),
        Colour::rgb(191, 191, 0),
        Colour::rgb(0, 191, 191),
        Colour::rgb(0, 191, 0),
        Colour::rgb(191, 0, 191),
        Colour::rgb(191, 0, 0),
        Colour::rgb(0, 0, 191),
        Colour::rgb(0, 0, 0),
    ];
    for (number, colour) in COLOURS.into_iter().enumerate() {
        let x = area.width * number / COLOURS.len();
        let end = area.width * (number + 1) / COLOURS.len();
        canvas.fill(Area { x, width: end - x, ..area }, colour);
    }
}

/// From black to white, smoothly above and in sixteen steps below.
pub(super) fn ramp(canvas: &mut Canvas, area: Area) {
    let upper = Area { height: area.height / 2, ..area };
    let lower = Area { y: area.y + upper.height, height: area.height - upper.height, ..area };
    for x in 0..area.width {
        let smooth = x * 255 / (area.width - 1).max(1);
        canvas.fill(Area { x, width: 1, ..upper }, Colour::grey(smooth as u8));
        canvas.fill(Area { x, width: 1, ..lower }, Colour::grey((x * 16 / area.width * 17) as u8));
    }
}

/// The dark plate in the bars with the size on it, and the places for clock and number.
pub(super) fn labels(
    canvas: &mut Canvas,
    resolution: Resolution,
    fps: f64,
) -> (Option<Label>, Option<Label>) {
    let Resolution { width, height } = resolution;
    let whole = canvas.whole();
    let fps = format!("{fps:.2}");
    let size = format!("{width}x{height}  {} fps", fps.trim_end_matches('0').trim_end_matches('.'));
    let Some(large) = Lettering::fitting(12, whole.width * 5 / 8, whole.height / 6) else {
        return (None, None);
    };
    let small = Lettering { height: large.height * 2 / 5 };
    let plate_width = large.advance() * 13;
    let plate_height = large.height + if small.height < MIN_HEIGHT { 0 } else { small.height * 3 };
    let plate = Area {
        x: (whole.width - plate_width.min(whole.width)) / 2,
        y: (whole.height * 5 / 8).saturating_sub(plate_height) / 2,
        width: plate_width,
        height: plate_height,
    };
    canvas.fill(plate, PLATE);
    let clock = Label::new(canvas, 12, plate.y, large);
    if small.height < MIN_HEIGHT {
        return (Some(clock), None);
    }
    let below = plate.y + large.height;
    let counter = Label::new(canvas, 8, below + small.height / 4, small);
    let caption = whole.width.saturating_sub(size.chars().count() * small.advance()) / 2;
    small.draw(canvas, caption, below + small.height * 13 / 8, &size, Colour::grey(170));
    (Some(clock), Some(counter))
}

/// Text of digits that is put down anew only where it changed.
pub(super) struct Label {
    x: usize,
    y: usize,
    lettering: Lettering,
    /// All that the text consists of, drawn once, side by side.
    letters: Canvas,
    shown: Vec<char>,
}

const LETTERS: &str = "0123456789:.";
const PLATE: Colour = Colour::grey(16);

impl Label {
    /// In the middle of the canvas' width.
    fn new(canvas: &Canvas, columns: usize, y: usize, lettering: Lettering) -> Self {
        let width = LETTERS.len() * lettering.advance();
        let mut letters = Canvas::new(width as u32, lettering.height as u32, PLATE);
        lettering.draw(&mut letters, 0, 0, LETTERS, Colour::grey(255));
        Self {
            x: canvas.whole().width.saturating_sub(columns * lettering.advance()) / 2,
            y,
            lettering,
            letters,
            shown: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, canvas: &mut Canvas, text: &str) {
        self.shown.resize(text.len(), ' ');
        for ((column, letter), shown) in text.chars().enumerate().zip(&mut self.shown) {
            if let Some(number) = LETTERS.find(letter).filter(|_| *shown != letter) {
                let cell = self.lettering.cell(self.x, self.y, column);
                canvas.copy_luma(cell, &self.letters, number * cell.width);
                *shown = letter;
            }
        }
    }
}
