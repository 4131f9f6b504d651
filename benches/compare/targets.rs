//! What mjpegd must show, and whether it does.

use crate::camera::Input;
use crate::measure::FPS;
use crate::outcome::Outcome;
use crate::peers::Peer;
use crate::plan::{FULL_HD, HD, VGA, watch_name};
use crate::rows::Rows;
use crate::statistics::median;

pub struct Target {
    pub what: String,
    pub limit: Limit,
    /// Of each round; none where what it is compared with was not measured.
    pub values: Vec<f64>,
}

#[derive(Clone, Copy)]
pub enum Limit {
    AtMost(f64, &'static str),
    AtLeast(f64, &'static str),
}

/// Bits a second of the shaped link.
const SHAPED_RATE: f64 = 8e6;

impl Target {
    pub fn value(&self) -> Option<f64> {
        median(self.values.iter().copied())
    }

    pub fn holds(&self) -> Option<bool> {
        self.value().map(|value| match self.limit {
            Limit::AtMost(limit, _) => value <= limit,
            Limit::AtLeast(limit, _) => value >= limit,
        })
    }
}

pub fn targets(rows: &Rows) -> Vec<Target> {
    let mut all = fan_out(rows);
    all.extend(slow_viewers(rows));
    all.extend(encoding(rows));
    all.extend(idling(rows));
    all.extend(rest(rows));
    all
}

fn target(what: &str, limit: Limit, values: Vec<f64>) -> Target {
    Target { what: what.to_owned(), limit, values }
}

type Figure = fn(&Outcome) -> Option<f64>;

fn cpu_per_frame(outcome: &Outcome) -> Option<f64> {
    Some(outcome.cpu_us_per_frame())
}

fn each(rows: &Rows, scenario: &str, contestant: &str, of: Figure) -> Vec<f64> {
    rows.find(scenario, contestant).map_or(Vec::new(), |row| row.rounds.iter().filter_map(of).collect())
}

fn ours(rows: &Rows, scenario: &str, of: Figure) -> Vec<f64> {
    each(rows, scenario, Peer::Mjpegd.name(), of)
}

/// Of the one to the other, round by round: what else the machine does changes from one round to the next.
fn ratios(rows: &Rows, scenario: &str, [one, other]: [&str; 2], of: Figure) -> Vec<f64> {
    let (Some(one), Some(other)) = (rows.find(scenario, one), rows.find(scenario, other)) else {
        return Vec::new();
    };
    one.rounds.iter().zip(&other.rounds).filter_map(|(one, other)| Some(of(one)? / of(other)?)).collect()
}

/// Of mjpegd to the other.
fn ratio(rows: &Rows, scenario: &str, other: Peer, of: Figure) -> Vec<f64> {
    ratios(rows, scenario, [Peer::Mjpegd.name(), other.name()], of)
}

/// The viewer that got fewest.
const FEWEST: &str =
    "pictures of the camera's that the viewer with the fewest did not get; one is on its way";

fn fan_out(rows: &Rows) -> Vec<Target> {
    let hundred = watch_name(100, HD, Input::Mjpeg);
    let thousand = watch_name(1000, VGA, Input::Mjpeg);
    let cpu = |other| ratio(rows, &hundred, other, cpu_per_frame);
    let times = |limit| Limit::AtMost(limit, "times");
    let age: Figure = |outcome| outcome.age_ms.map(|age| age.p50);
    vec![
        target("CPU per frame to 100 viewers, of the bare loop's", times(1.25), cpu(Peer::BareLoop)),
        target("… of a thread per viewer's", times(0.5), cpu(Peer::ThreadLoop)),
        target("… of ustreamer's", times(0.2), cpu(Peer::Ustreamer)),
        target(
            "age of the picture, of the bare loop's",
            times(1.5),
            ratio(rows, &hundred, Peer::BareLoop, age),
        ),
        target(
            FEWEST,
            Limit::AtMost(1.0, ""),
            ours(rows, &hundred, |outcome| Some(outcome.lost(outcome.distinct.min))),
        ),
        target(
            "1,000 viewers: the slowest one's rate",
            Limit::AtLeast(10.0, "frames/s"),
            ours(rows, &thousand, |outcome| outcome.a_second(outcome.distinct.min)),
        ),
        target(
            "… of the median one's",
            Limit::AtLeast(0.9, "times"),
            ours(rows, &thousand, |outcome| {
                Some(outcome.distinct.min as f64 / outcome.distinct.median as f64)
            }),
        ),
        target("… RSS", Limit::AtMost(40.0, "MB"), ours(rows, &thousand, |outcome| Some(outcome.rss_mb()))),
        target(
            "viewers that it has lost, in all measurings together",
            Limit::AtMost(0.0, ""),
            vec![lost_viewers(rows)],
        ),
    ]
}

fn lost_viewers(rows: &Rows) -> f64 {
    let own = rows.rows.iter().filter(|row| row.contestant.starts_with(Peer::Mjpegd.name()));
    own.flat_map(|row| &row.rounds).map(|outcome| outcome.lost_viewers).sum::<u64>() as f64
}

fn slow_viewers(rows: &Rows) -> Vec<Target> {
    vec![
        target(
            "slow viewers: age of the picture, in times that one takes at the rate they read",
            Limit::AtMost(2.1, "times"),
            ours(rows, "slow", |outcome| {
                Some(outcome.slow_age_ms?.p50 / 1e3 / (outcome.picture_bytes / outcome.slow_rate))
            }),
        ),
        target(
            &format!("… the fast ones beside them: {FEWEST}"),
            Limit::AtMost(1.0, ""),
            ours(rows, "slow", |outcome| Some(outcome.lost(outcome.distinct.min))),
        ),
        target(
            "link of 8 Mbit/s: age of the picture, in times that one takes on it",
            Limit::AtMost(2.1, "times"),
            ours(rows, "shaped", |outcome| {
                Some(outcome.age_ms?.p50 / 1e3 / (outcome.picture_bytes * 8.0 / SHAPED_RATE))
            }),
        ),
        target(
            "link of 50 ms each way: rate",
            Limit::AtLeast(29.0, "frames/s"),
            ours(rows, "long", |outcome| outcome.a_second(outcome.distinct.median)),
        ),
    ]
}

fn encoding(rows: &Rows) -> Vec<Target> {
    let encoded = |size| watch_name(1, size, Input::Yuyv);
    let bytes = ratio(rows, &encoded(HD), Peer::Ustreamer, |outcome| Some(outcome.picture_bytes));
    vec![
        target(
            "CPU per frame encoded from 720p YUYV, of ustreamer's",
            Limit::AtMost(0.55, "times"),
            ratio(rows, &encoded(HD), Peer::Ustreamer, cpu_per_frame),
        ),
        target(
            "… difference of its bytes",
            Limit::AtMost(5.0, "%"),
            bytes.into_iter().map(|ratio| (ratio - 1.0).abs() * 100.0).collect(),
        ),
        target(
            "time to publish 1080p YUYV by two workers, in slices, of one worker's",
            Limit::AtMost(0.6, "times"),
            ratios(rows, "slices", ["mjpegd, two workers, in slices", "mjpegd, one worker"], |outcome| {
                outcome.publish_ms.map(|publish| publish.p50)
            }),
        ),
        target(
            "CPU per frame encoded from 1080p YUYV, of ustreamer's",
            Limit::AtMost(0.55, "times"),
            ratio(rows, &encoded(FULL_HD), Peer::Ustreamer, cpu_per_frame),
        ),
    ]
}

/// The test camera's driver takes as long to start as a picture lasts.
const FRAME_MS: f64 = 1e3 / FPS as f64;

fn idling(rows: &Rows) -> Vec<Target> {
    vec![
        target(
            "nobody watches: CPU",
            Limit::AtMost(0.05, "% of a core"),
            ours(rows, "idle", |outcome| Some(outcome.cpu_percent())),
        ),
        target(
            "… wakes",
            Limit::AtMost(2.0, "a second"),
            ours(rows, "idle", |outcome| outcome.a_second(outcome.switches)),
        ),
        target(
            "… then one comes: the first picture after two camera frames and the driver's start, which takes one",
            Limit::AtMost((3.0 * FRAME_MS).round(), "ms"),
            ours(rows, "idle", |outcome| outcome.first.map(|first| first.after_ms)),
        ),
        target(
            "… and it is live: its age, two camera frames",
            Limit::AtMost((2.0 * FRAME_MS).round(), "ms"),
            ours(rows, "idle", |outcome| outcome.first.map(|first| first.age_ms)),
        ),
    ]
}

fn rest(rows: &Rows) -> Vec<Target> {
    let hundred = watch_name(100, HD, Input::Mjpeg);
    vec![
        target(
            "a still 720p YUYV picture with drop-same-frames: CPU, of that without",
            Limit::AtMost(0.25, "times"),
            ratios(rows, "still", ["mjpegd, --drop-same-frames 30", "mjpegd"], |outcome| {
                Some(outcome.cpu_percent())
            }),
        ),
        target(
            "start to the first picture, test picture",
            Limit::AtMost(50.0, "ms"),
            each(rows, "start", "mjpegd, test picture", |outcome| outcome.start_ms),
        ),
        target(
            "100 viewers: RSS",
            Limit::AtMost(8.0, "MB"),
            ours(rows, &hundred, |outcome| Some(outcome.rss_mb())),
        ),
        target(
            "… page faults",
            Limit::AtMost(3.0, "a second"),
            ours(rows, &hundred, |outcome| outcome.a_second(outcome.faults)),
        ),
        target("the binary", Limit::AtMost(4.0, "MB"), vec![rows.binary_bytes as f64 / 1e6]),
    ]
}
