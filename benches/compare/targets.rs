//! What mjpegd must show, and whether it does.

use crate::camera::Input;
use crate::outcome::Outcome;
use crate::peers::Peer;
use crate::plan::{FULL_HD, HD, SLOW_RATE, VGA, watch_name};
use crate::rows::{Row, Rows};

pub struct Target {
    pub what: String,
    pub limit: Limit,
    /// `None`: what it is compared with was not measured.
    pub value: Option<f64>,
}

#[derive(Clone, Copy)]
pub enum Limit {
    AtMost(f64, &'static str),
    AtLeast(f64, &'static str),
}

/// Bits a second of the shaped link.
const SHAPED_RATE: f64 = 8e6;

impl Target {
    pub fn holds(&self) -> Option<bool> {
        self.value.map(|value| match self.limit {
            Limit::AtMost(limit, _) => value <= limit,
            Limit::AtLeast(limit, _) => value >= limit,
        })
    }
}

pub fn targets(rows: &Rows) -> Vec<Target> {
    let mut all = fan_out(rows);
    all.extend(slow_viewers(rows));
    all.extend(encoding(rows));
    all.extend(rest(rows));
    all
}

fn target(what: &str, limit: Limit, value: Option<f64>) -> Target {
    Target { what: what.to_owned(), limit, value }
}

/// Of mjpegd to the other.
fn ratio(rows: &Rows, scenario: &str, other: Peer, of: impl Fn(&Row) -> Option<f64>) -> Option<f64> {
    let ours = of(rows.find(scenario, Peer::Mjpegd.name())?)?;
    Some(ours / of(rows.find(scenario, other.name())?)?)
}

fn ours(rows: &Rows, scenario: &str, of: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
    rows.find(scenario, Peer::Mjpegd.name())?.median(of)
}

fn fan_out(rows: &Rows) -> Vec<Target> {
    let hundred = watch_name(100, HD, Input::Mjpeg);
    let thousand = watch_name(1000, VGA, Input::Mjpeg);
    let cpu = |other| ratio(rows, &hundred, other, Row::cpu_us_per_frame);
    let times = |limit| Limit::AtMost(limit, "times");
    vec![
        target("CPU per frame to 100 viewers, of the bare loop's", times(1.25), cpu(Peer::BareLoop)),
        target("… of a thread per viewer's", times(0.5), cpu(Peer::ThreadLoop)),
        target("… of ustreamer's", times(0.2), cpu(Peer::Ustreamer)),
        target(
            "age of the picture, of the bare loop's",
            times(1.5),
            ratio(rows, &hundred, Peer::BareLoop, Row::age_p50_ms),
        ),
        target(
            "pictures that the viewer who lost most has lost",
            Limit::AtMost(0.0, ""),
            ours(rows, &hundred, |outcome| Some(outcome.missed.max as f64)),
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
        target(
            "… RSS",
            Limit::AtMost(40.0, "MB"),
            ours(rows, &thousand, |outcome| Some(outcome.rss_kib as f64 / 1024.0)),
        ),
    ]
}

fn slow_viewers(rows: &Rows) -> Vec<Target> {
    let missed = |outcome: &Outcome| Some(outcome.missed.max as f64);
    vec![
        target(
            "slow viewers: age of the picture, in times that one takes on their link",
            Limit::AtMost(2.1, "times"),
            ours(rows, "slow", |outcome| {
                Some(outcome.slow_age_ms?.p50 / 1e3 / (outcome.picture_bytes / SLOW_RATE as f64))
            }),
        ),
        target(
            "… pictures that a fast one beside them has lost",
            Limit::AtMost(0.0, ""),
            ours(rows, "slow", missed),
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
    let encoded = watch_name(1, HD, Input::Yuyv);
    let publish = |variant: &str| {
        let row = rows.of("slices").find(|row| row.contestant.ends_with(variant))?;
        row.median(|outcome| outcome.publish_ms.map(|publish| publish.p50))
    };
    let bytes = |row: &Row| row.median(|outcome| Some(outcome.picture_bytes));
    let sliced = publish("two slices").zip(publish("one worker")).map(|(two, one)| two / one);
    vec![
        target(
            "CPU per frame encoded from 720p YUYV, of ustreamer's",
            Limit::AtMost(0.55, "times"),
            ratio(rows, &encoded, Peer::Ustreamer, Row::cpu_us_per_frame),
        ),
        target(
            "… difference of its bytes",
            Limit::AtMost(5.0, "%"),
            ratio(rows, &encoded, Peer::Ustreamer, bytes).map(|ratio| (ratio - 1.0).abs() * 100.0),
        ),
        target(
            "time to publish 1080p YUYV in two slices, of one worker's",
            Limit::AtMost(0.6, "times"),
            sliced,
        ),
        target(
            "CPU per frame encoded from 1080p YUYV, of ustreamer's",
            Limit::AtMost(0.55, "times"),
            ratio(rows, &watch_name(1, FULL_HD, Input::Yuyv), Peer::Ustreamer, Row::cpu_us_per_frame),
        ),
    ]
}

fn rest(rows: &Rows) -> Vec<Target> {
    let hundred = watch_name(100, HD, Input::Mjpeg);
    let pattern = rows.of("start").find(|row| row.contestant.ends_with("test picture"));
    let still = |variant: &str| {
        let row = rows.of("still").find(|row| row.contestant.ends_with(variant))?;
        row.median(|outcome| Some(outcome.cpu_percent()))
    };
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
            "a still 720p YUYV picture with drop-same-frames: CPU, of that without",
            Limit::AtMost(0.25, "times"),
            still("drop-same-frames 30")
                .zip(still("every picture sent"))
                .map(|(with, without)| with / without),
        ),
        target(
            "start to the first picture, test picture",
            Limit::AtMost(50.0, "ms"),
            pattern.and_then(|row| row.median(|outcome| outcome.start_ms)),
        ),
        target(
            "100 viewers: RSS",
            Limit::AtMost(8.0, "MB"),
            ours(rows, &hundred, |outcome| Some(outcome.rss_kib as f64 / 1024.0)),
        ),
        target(
            "… page faults",
            Limit::AtMost(3.0, "a second"),
            ours(rows, &hundred, |outcome| outcome.a_second(outcome.faults)),
        ),
        target("the binary", Limit::AtMost(4.0, "MB"), Some(rows.binary_bytes as f64 / 1e6)),
    ]
}
