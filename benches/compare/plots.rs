//! The plots beside the tables: SVG, mjpegd in colour.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::camera::Input;
use crate::peers::Peer;
use crate::plan::{HD, VGA, watch_name};
use crate::rows::{Row, Rows};
use crate::statistics::number;

const WIDTH: u32 = 720;
const OURS: RGBColor = RGBColor(0, 120, 90);
const INK: RGBColor = RGBColor(40, 40, 40);
/// For the others' lines, which are told apart by them.
const OTHERS: [RGBColor; 5] = [
    RGBColor(120, 120, 120),
    RGBColor(180, 120, 30),
    RGBColor(60, 100, 180),
    RGBColor(160, 70, 130),
    RGBColor(190, 60, 50),
];
const BAR_HEIGHT: u32 = 34;
/// Of the white behind all, since a page may be dark.
const MARGIN: u32 = 14;

/// File name, what it shows, scenario, and the figure of each server in it.
type Bars = (&'static str, &'static str, String, fn(&Row) -> Option<f64>);

/// The same, for scenarios with ever more viewers.
type Lines = (&'static str, &'static str, &'static [(usize, (u32, u32))], fn(&Row) -> Option<f64>);

const LINES: [Lines; 2] = [
    (
        "fan-out.svg",
        "CPU time per picture and viewer, in µs: 1280x720 MJPEG at 30/s",
        &[(1, HD), (10, HD), (100, HD)],
        Row::cpu_us_per_frame,
    ),
    (
        "rate.svg",
        "Frames/s of the slowest viewer: 1280x720 MJPEG (1,000: 640x480)",
        &[(1, HD), (10, HD), (100, HD), (1000, VGA)],
        |row| row.median(|outcome| outcome.a_second(outcome.distinct.min)),
    ),
];

/// Draws all for which there are figures: file names with what they show.
pub fn draw(rows: &Rows, folder: &Path) -> Result<Vec<(&'static str, &'static str)>> {
    fs::create_dir_all(folder)?;
    let mut drawn = Vec::new();
    for (file, caption, points, of) in LINES {
        let names =
            points.iter().map(|(viewers, size)| (*viewers, watch_name(*viewers, *size, Input::Mjpeg)));
        if lines(caption, &series(rows, &names.collect::<Vec<_>>(), of), &folder.join(file))? {
            drawn.push((file, caption));
        }
    }
    let all: [Bars; 6] = [
        (
            "slow.svg",
            "Age of the picture that a slow viewer sees in seconds 3 to 10, in ms",
            "slow".into(),
            |row| row.median(|outcome| outcome.slow_age_ms.map(|age| age.p50)),
        ),
        (
            "age.svg",
            "Age of the picture that 100 viewers see, in ms: 1280x720 MJPEG at 30/s",
            watch_name(100, HD, Input::Mjpeg),
            |row| row.median(|outcome| outcome.age_ms.map(|age| age.p50)),
        ),
        (
            "encoding.svg",
            "CPU time per picture compressed, in µs: 1280x720 YUYV",
            watch_name(1, HD, Input::Yuyv),
            Row::cpu_us_per_frame,
        ),
        ("memory.svg", "Memory with 100 viewers, in MB", watch_name(100, HD, Input::Mjpeg), |row| {
            row.median(|outcome| Some(outcome.rss_mb()))
        }),
        ("idle.svg", "CPU with nobody watching, in % of a core", "idle".into(), |row| {
            row.median(|outcome| Some(outcome.cpu_percent()))
        }),
        ("start.svg", "From the start of the process to the first picture, in ms", "start".into(), |row| {
            row.median(|outcome| outcome.start_ms)
        }),
    ];
    for (file, caption, scenario, of) in all {
        let values: Vec<(&str, f64)> =
            rows.of(&scenario).filter_map(|row| Some((row.contestant.as_str(), of(row)?))).collect();
        if !values.is_empty() {
            bars(caption, &values, &folder.join(file)).map_err(|error| anyhow!("{file}: {error}"))?;
            drawn.push((file, caption));
        }
    }
    Ok(drawn)
}

/// Values side by side, the smallest at the top.
fn bars(caption: &str, values: &[(&str, f64)], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut values = values.to_vec();
    values.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let height = BAR_HEIGHT * values.len() as u32 + 70;
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&Text::new(
        caption.to_owned(),
        (MARGIN as i32, 16),
        ("sans-serif", 18).into_font().color(&INK),
    ))?;
    let widest = values.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let (left, room) = (230, f64::from(WIDTH - 230 - 90));
    for (at, (name, value)) in values.iter().enumerate() {
        let top = 52 + at as i32 * BAR_HEIGHT as i32;
        let colour = if name.starts_with(Peer::Mjpegd.name()) { OURS } else { OTHERS[0] };
        let right = left + ((value / widest) * room).max(1.0) as i32;
        let font = ("sans-serif", 15).into_font().color(&INK);
        area.draw(&Text::new((*name).to_owned(), (MARGIN as i32, top + 3), font.clone()))?;
        area.draw(&Rectangle::new([(left, top), (right, top + 20)], colour.filled()))?;
        area.draw(&Text::new(number(*value), (right + 6, top + 3), font))?;
    }
    area.present()?;
    Ok(())
}

/// A name, and a figure for each number of viewers.
type Series = (String, Vec<(f64, f64)>);

/// Of those servers that were measured with more than one number of viewers.
fn series(rows: &Rows, scenarios: &[(usize, String)], of: fn(&Row) -> Option<f64>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for (viewers, scenario) in scenarios {
        for row in rows.of(scenario) {
            let Some(value) = of(row).filter(|value| *value > 0.0) else { continue };
            let point = (*viewers as f64, value);
            match all.iter_mut().find(|(name, _)| *name == row.contestant) {
                Some((_, points)) => points.push(point),
                None => all.push((row.contestant.clone(), vec![point])),
            }
        }
    }
    all.retain(|(_, points)| points.len() > 1);
    all
}

/// A line for each server over the number of viewers. False: there are no figures.
fn lines(caption: &str, servers: &[Series], path: &Path) -> Result<bool> {
    if servers.is_empty() {
        return Ok(false);
    }
    draw_lines(caption, servers, path).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    Ok(true)
}

fn draw_lines(caption: &str, servers: &[Series], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let values = || servers.iter().flat_map(|(_, points)| points.iter().map(|(_, value)| *value));
    let most =
        servers.iter().flat_map(|(_, points)| points.last()).map(|(viewers, _)| *viewers).fold(1.0, f64::max);
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(1.0, f64::max));
    let area = SVGBackend::new(path, (WIDTH, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(caption, ("sans-serif", 18).into_font().color(&INK))
        .margin(MARGIN)
        .margin_right(150)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((0.9..most).log_scale(), (low / 1.5..high * 1.5).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("viewers")
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| number(*value))
        .light_line_style(WHITE)
        .draw()?;
    let mut others = OTHERS.iter().cycle();
    let mut ends = Vec::new();
    for (name, points) in servers {
        let ours = name.starts_with(Peer::Mjpegd.name());
        let colour = if ours { OURS } else { *others.next().unwrap_or(&INK) };
        let style = colour.stroke_width(if ours { 4 } else { 2 });
        chart.draw_series(LineSeries::new(points.iter().copied(), style).point_size(if ours {
            5
        } else {
            3
        }))?;
        ends.extend(points.last().map(|point| (chart.backend_coord(point), name, colour)));
    }
    // Each line's name stands at its end, or below one that stands there already.
    ends.sort_by_key(|((_, y), ..)| *y);
    let mut free = i32::MIN;
    for ((x, y), name, colour) in ends {
        let y = free.max(y - 6);
        free = y + 15;
        area.draw(&Text::new(name.clone(), (x + 12, y), ("sans-serif", 14).into_font().color(&colour)))?;
    }
    area.present()?;
    Ok(())
}
