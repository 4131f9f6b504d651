//! The multipart stream, byte for byte as ustreamer sends it: boundary after each picture, in the same write.
//!
//! Browsers show a picture when its boundary has come, VLC takes the first line for the boundary, Mainsail needs
//! `Content-Length`: this form is the one that all of them read.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::Arc;

use super::answer::{Body, Outgoing};
use super::context::Context;
use super::request::{Query, Request};
use crate::clock::{Monotonic, unix_seconds};
use crate::config::values::FrameRate;
use crate::frame::{ForMany, Frame, Jpeg};
use crate::kernel_copy::KernelCopy;

const BOUNDARY: &str = "--boundarydonotcross\r\n";
const PART_END: &[u8] = b"\r\n--boundarydonotcross\r\n";

pub const CONTENT_TYPE: &str = "multipart/x-mixed-replace;boundary=boundarydonotcross";

/// Longest `key` that is echoed in the cookie.
const MAX_KEY_LEN: usize = 64;

/// What a viewer asked for, by ustreamer's parameter names; `fps` is ours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// `X-UStreamer-*` lines in each part.
    pub extra_headers: bool,
    /// The next part's head follows each boundary at once, since Chromium draws a picture only then (bug 527446).
    /// Its length is not known by then.
    pub advance_headers: bool,
    /// The last picture before a pause is sent twice, since WebKit draws one picture late.
    pub dual_final_frames: bool,
    /// Parts without pictures, to measure with.
    pub zero_data: bool,
    /// Comes back in the cookie, so that a page can find its own stream in `/state`.
    pub key: String,
    /// At most so many pictures a second.
    pub fps: Option<FrameRate>,
}

impl Options {
    /// An `fps` that is none is an error; everything else that is unknown is ignored, as all peers do.
    pub fn parse(query: &Query) -> Result<Self, String> {
        let fps = match query.get("fps") {
            None | Some("" | "0") => None,
            Some(text) => Some(text.parse().map_err(|error| format!("fps: {error}, or 0 for all"))?),
        };
        let key = query.get("key").filter(|key| is_cookie_safe(key)).unwrap_or("0").to_owned();
        Ok(Self {
            extra_headers: query.is_on("extra_headers"),
            advance_headers: query.is_on("advance_headers"),
            dual_final_frames: query.is_on("dual_final_frames"),
            zero_data: query.is_on("zero_data"),
            key,
            fps,
        })
    }
}

fn is_cookie_safe(key: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !key.is_empty() && key.len() <= MAX_KEY_LEN && key.bytes().all(safe)
}

/// What a part's head tells of the viewer.
#[derive(Clone, Copy, Debug, Default)]
pub struct PartInfo {
    /// Frames that this viewer was too slow for.
    pub skipped: u64,
    pub fps: f64,
}

/// The answer's head, with the first boundary.
pub fn head(request: &Request, options: &Options, id: u64, context: &Context) -> Vec<u8> {
    let mut head = String::from("HTTP/1.0 200 OK\r\n");
    for (name, value) in super::routes::cors_headers(request, &context.settings().http) {
        head += &format!("{name}: {value}\r\n");
    }
    for (name, value) in super::routes::NO_CACHE {
        head += &format!("{name}: {value}\r\n");
    }
    // nginx buffers an answer that does not forbid it, and the picture lags behind by what it has buffered.
    head += &format!(
        "X-Accel-Buffering: no\r\n\
         Set-Cookie: stream_client={}/{id:016x}; path=/; max-age=30\r\n\
         Content-Type: {CONTENT_TYPE}\r\n\r\n{BOUNDARY}",
        options.key
    );
    let mut head = head.into_bytes();
    if options.advance_headers {
        write_advance_head(&mut head);
    }
    head
}

/// The same for all who asked for nothing special, so that the kernel can send it to each without a copy. False: it has
/// to be `put_part`.
pub fn put_shared_part(outgoing: &mut Outgoing, frame: &Arc<Frame>, options: &Options) -> bool {
    // The first part follows the answer's head.
    if options.extra_headers || options.zero_data || !outgoing.head.is_empty() {
        return false;
    }
    let Some(copy) = frame.jpeg.for_many.get_or_init(|| copy_for_many(&frame.jpeg)) else { return false };
    let span = copy.copy.span(if options.advance_headers { 1..4 } else { 0..3 });
    outgoing.body = Body::Shared { copy: Arc::clone(copy), span };
    true
}

fn copy_for_many(jpeg: &Jpeg) -> Option<Arc<ForMany>> {
    let (mut head, mut advance_head) = (Vec::with_capacity(128), Vec::with_capacity(128));
    write_part_head(&mut head, jpeg.len());
    head.extend_from_slice(b"\r\n");
    write_advance_head(&mut advance_head);
    KernelCopy::new(&[&head, jpeg, PART_END, &advance_head])
        .inspect_err(|error| log::debug!("cannot copy a frame for many viewers: {error}"))
        .ok()
        .map(|copy| Arc::new(jpeg.with_copy(copy)))
}

/// Adds a picture to what goes out: part head, picture, and the boundary after it.
pub fn put_part(outgoing: &mut Outgoing, frame: &Arc<Frame>, options: &Options, info: PartInfo) {
    if !options.zero_data {
        outgoing.body = Body::Frame(Arc::clone(frame));
    }
    if options.advance_headers {
        // The head of this part has gone out after the last one, and the head of the next goes out after this.
        let mut tail = PART_END.to_vec();
        write_advance_head(&mut tail);
        outgoing.tail = Cow::Owned(tail);
        return;
    }
    let len = if options.zero_data { 0 } else { frame.jpeg.len() };
    let head = &mut outgoing.head;
    write_part_head(head, len);
    if options.extra_headers {
        write_extra_headers(head, frame, info);
    }
    head.extend_from_slice(b"\r\n");
    outgoing.tail = Cow::Borrowed(PART_END);
}

/// Without the empty line that ends it.
fn write_part_head(head: &mut Vec<u8>, len: usize) {
    // Writing into memory does not fail, here and below.
    let _ = write!(
        head,
        "Content-Type: image/jpeg\r\nContent-Length: {len}\r\nX-Timestamp: {:.6}\r\n",
        unix_seconds()
    );
}

/// The head that goes out before its picture is known.
fn write_advance_head(head: &mut Vec<u8>) {
    let _ = write!(head, "Content-Type: image/jpeg\r\nX-Timestamp: {:.6}\r\n\r\n", unix_seconds());
}

fn write_extra_headers(head: &mut Vec<u8>, frame: &Frame, info: PartInfo) {
    let now = Monotonic::now();
    let times = &frame.times;
    let _ = write!(
        head,
        "X-UStreamer-Online: {}\r\nX-UStreamer-Dropped: {}\r\nX-UStreamer-Width: {}\r\nX-UStreamer-Height: {}\r\n\
         X-UStreamer-Client-FPS: {:.0}\r\n",
        frame.online, info.skipped, frame.width, frame.height, info.fps
    );
    // We expose a frame in one atomic step: its begin, comparison and end are the same moment.
    let moments = [
        ("Grab-Begin-Time", times.captured),
        ("Grab-End-Time", times.grabbed),
        ("Encode-Begin-Time", times.encode_begin),
        ("Encode-End-Time", times.encode_end),
        ("Expose-Begin-Time", times.published),
        ("Expose-Cmp-Time", times.published),
        ("Expose-End-Time", times.published),
        ("Send-Time", now),
    ];
    for (name, moment) in moments {
        let _ = write!(head, "X-UStreamer-{name}: {:.6}\r\n", moment.as_secs_f64());
    }
    let _ = write!(head, "X-UStreamer-Latency: {:.6}\r\n", (now - times.captured).as_secs_f64());
}
