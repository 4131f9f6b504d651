//! `/metrics` in Prometheus' text format 0.0.4, by the naming rules of its documentation: base units, `_total` for counters.

use std::fmt::{Display, Write as _};

use super::context::Context;
use super::refusals::Limit;
use crate::filter;
use crate::outlet::Outlet;
use crate::process;
use crate::stats::Histogram;
use crate::status::State;

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub fn text(context: &Context) -> Vec<u8> {
    let mut page = Page::default();
    page.gauge("build_info", "Always 1.", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    frames(&mut page, context);
    camera(&mut page, context);
    context.filter.iter().for_each(|filter| through(&mut page, &filter.status));
    viewers(&mut page, context);
    refusals(&mut page, context);
    pushes(&mut page, context);
    page.process();
    page.0.into_bytes()
}

fn frames(page: &mut Page, context: &Context) {
    let stats = &context.stats;
    page.counter("frames_captured_total", "Pictures that the source gave.", stats.captured.get());
    page.counter("frames_lost_total", "Pictures that the driver made and that never came.", stats.lost.get());
    page.head("frames_dropped_total", "counter", "Pictures that were not shown, by the reason why.");
    for (reason, count) in [
        ("error_flag", &stats.dropped_error),
        ("truncated", &stats.dropped_truncated),
        ("invalid", &stats.dropped_invalid),
        ("late", &stats.dropped_late),
        ("same", &stats.dropped_same),
    ] {
        page.sample("frames_dropped_total", &[("reason", reason)], count.get());
    }
    page.counter("frames_published_total", "Pictures that viewers could have.", context.latest.published());
    page.counter("frames_delivered_total", "Pictures sent whole, over all viewers.", stats.delivered.get());
    page.counter("frames_skipped_total", "Pictures that a viewer was too slow for.", stats.skipped.get());
    page.counter("sink_frames_total", "Pictures written into shared memory.", stats.sink_written.get());
    page.counter("sink_dropped_total", "Pictures that had no room there.", stats.sink_dropped.get());
    page.gauge("captured_fps", "Pictures a second that the source gives.", &[], stats.captured_fps.get());
    page.gauge("published_fps", "Pictures a second that are published.", &[], context.latest.published_fps());
    page.histogram("encode_seconds", "From the begin of compressing to the end.", &stats.encode);
    page.histogram("publish_age_seconds", "Age of a picture when it is published.", &stats.publish_age);
}

fn camera(page: &mut Page, context: &Context) {
    let now = context.status.get();
    page.head("camera_state", "gauge", "1 for the state that the camera is in.");
    for state in State::WORDS {
        page.sample("camera_state", &[("state", state)], u8::from(state == now.word()));
    }
    page.counter("camera_opened_total", "Times that the camera was opened.", context.stats.opened.get());
    let same = context.stats.same_seconds.get();
    page.gauge("camera_same_seconds", "For how long its pictures have been equal.", &[], same);
    if let Some(frame) = context.latest.get() {
        let age = frame.times.captured.age().as_secs_f64();
        page.gauge("picture_age_seconds", "Age of the newest picture.", &[], age);
        page.gauge("picture_bytes", "Length of the newest picture.", &[], frame.jpeg.len());
        page.gauge("picture_width_pixels", "Width of the newest picture.", &[], frame.width);
        page.gauge("picture_height_pixels", "Height of the newest picture.", &[], frame.height);
    }
}

fn through(page: &mut Page, status: &filter::Status) {
    let now = status.get();
    page.head("filter_state", "gauge", "1 for the state that the filter is in.");
    for state in filter::State::WORDS {
        page.sample("filter_state", &[("state", state)], u8::from(state == now.word()));
    }
    page.counter("filter_restarts_total", "Times that the filter was started again.", status.restarts.get());
    page.counter("filter_answered_total", "Pictures that the filter made.", status.answered.get());
    let passed_over = status.passed_over.get();
    page.counter("filter_passed_over_total", "Pictures that the filter had no time for.", passed_over);
    page.counter("filter_dropped_total", "Answers that could not be shown.", status.dropped.get());
    page.histogram("filter_seconds", "From a picture to the filter's answer.", &status.latency);
}

fn viewers(page: &mut Page, context: &Context) {
    page.gauge("viewers", "Streams that are watched.", &[], context.viewers().len());
    let connections = context.places.open();
    page.gauge("connections", "Connections that are open.", &[], connections);
    page.counter("sent_bytes_total", "Bytes of answers and streams.", context.stats.sent_bytes.get());
}

fn refusals(page: &mut Page, context: &Context) {
    page.head("refused_total", "counter", "What was refused, by what there was too much of.");
    for limit in Limit::ALL {
        page.sample("refused_total", &[("limit", limit.word())], context.refusals.counted(limit));
    }
}

fn pushes(page: &mut Page, context: &Context) {
    type Figure = fn(&Outlet) -> Option<f64>;
    let figures: [(&str, &str, &str, Figure); 4] = [
        ("push_sent_total", "counter", "Pictures that a push has sent.", |push| Some(push.sent.get() as f64)),
        ("push_failures_total", "counter", "Pictures that did not go out.", |push| {
            Some(push.failures.get() as f64)
        }),
        ("push_skipped_total", "counter", "Pictures that a push was too slow for.", |push| {
            Some(push.skipped.get() as f64)
        }),
        ("push_last_sent_age_seconds", "gauge", "For how long nothing has gone out.", |push| {
            push.last_sent().map(|sent| sent.age().as_secs_f64())
        }),
    ];
    let outlets = context.outlets.get();
    for (name, kind, help, figure) in figures.into_iter().filter(|_| !outlets.is_empty()) {
        page.head(name, kind, help);
        for push in outlets.iter() {
            if let Some(value) = figure(push) {
                page.sample(name, &[("push", &push.settings.name)], value);
            }
        }
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// Writing into memory does not fail, here and below.
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP mjpegd_{name} {help}\n# TYPE mjpegd_{name} {kind}\n");
    }

    /// Labels are our own words and need no escapes.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "mjpegd_{name}{labels} {value}");
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.sample(name, &[], value);
    }

    fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: impl Display) {
        self.head(name, "gauge", help);
        self.sample(name, labels, value);
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let mut count = 0;
        for (limit, more) in histogram.buckets() {
            count += more;
            let limit = limit.map_or("+Inf".to_owned(), |limit| limit.as_secs_f64().to_string());
            self.sample(&format!("{name}_bucket"), &[("le", &limit)], count);
        }
        self.sample(&format!("{name}_sum"), &[], histogram.sum().as_secs_f64());
        self.sample(&format!("{name}_count"), &[], count);
    }

    /// Under the names that all exporters have for them.
    fn process(&mut self) {
        let Ok(figures) = process::Figures::read() else { return };
        for (name, kind, help, value) in [
            ("cpu_seconds_total", "counter", "Processor time used.", figures.cpu.as_secs_f64()),
            ("resident_memory_bytes", "gauge", "Memory in use (RSS).", figures.resident_bytes as f64),
            ("open_fds", "gauge", "Open files and sockets.", figures.open_fds as f64),
            ("threads", "gauge", "Threads.", figures.threads as f64),
            (
                "start_time_seconds",
                "gauge",
                "When it was started, since the epoch.",
                figures.started_unix_seconds,
            ),
        ] {
            let name = format!("process_{name}");
            let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        }
    }
}
