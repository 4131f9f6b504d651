//! Which address gives what. Methods, unknown paths and CORS are decided here and nowhere else.

use std::path::Path;
use std::sync::Arc;

use super::answer::{Answer, Body};
use super::api::{self, Resource};
use super::auth::Pass;
use super::context::Context;
use super::errands::Work;
use super::inflow::Inflow;
use super::peer::Peer;
use super::peers::{camera_streamer, mjpg_streamer, ustreamer};
use super::refusals::Limit;
use super::request::Request;
use super::snapshot::Wanted;
use super::{events, health, inbox, metrics, origin, page, static_files, stream, web_command};
use crate::config::Http;
use crate::config::values::Right;

/// What a request comes to.
pub enum Route {
    Answer(Answer),
    Stream(stream::Options),
    Snapshot(Wanted),
    Events(events::Options),
    /// What is decided when the body has come.
    Upload(Upload),
    /// Pictures that come one after another, for as long as the peer likes.
    Inflow(Inflow),
    /// Work that may take a while.
    Errand(Work),
    /// A password that is to be checked.
    Login(Work),
}

pub type Upload = Box<dyn FnOnce(&[u8], &Arc<Context>) -> Route + Send>;

/// Nothing that shows the camera may be kept by anybody on the way: ustreamer's lines, to the letter.
pub const NO_CACHE: [(&str, &str); 3] = [
    (
        "Cache-Control",
        "no-store, no-cache, must-revalidate, proxy-revalidate, pre-check=0, post-check=0, max-age=0",
    ),
    ("Pragma", "no-cache"),
    ("Expires", "Mon, 3 Jan 2000 12:34:56 GMT"),
];

/// Methods that IANA has registered and that a client may try; any other word is not implemented rather than not allowed.
const KNOWN_METHODS: [&str; 10] =
    ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "QUERY"];

/// The answer still has to get its CORS lines. What lasts goes on for as long as the pass is good.
pub fn route(request: &Request, peer: Peer, context: &Arc<Context>) -> (Route, Option<Pass>) {
    let settings = context.settings();
    match admit(request, peer, settings.http.static_folder.as_deref(), context) {
        Ok((target, pass)) => (target.route(request, context), pass),
        Err(refusal) => (refusal, None),
    }
}

/// What is asked for, by somebody who may have it. `Err`: what to answer to others, or to find out first.
fn admit<'a>(
    request: &Request,
    peer: Peer,
    folder: Option<&'a Path>,
    context: &Arc<Context>,
) -> Result<(Target<'a>, Option<Pass>), Route> {
    if !KNOWN_METHODS.contains(&request.method.as_str()) {
        return Err(answer(Answer::text(501, "this method is not known here")));
    }
    let target = match target(request, folder) {
        Some(target) => target,
        None if request.method == "OPTIONS" && request.path == "*" => Target::Page,
        None => return Err(answer(Answer::text(404, "there is nothing at this address"))),
    };
    if request.body_len.is_some_and(|len| len > target.most_bytes(request, context)) {
        context.refusals.count(Limit::Bodies);
        return Err(answer(Answer::text(413, "the body is larger than anything that is accepted here")));
    }
    let allowed = target.allowed();
    let method = request.method.as_str();
    if method == "OPTIONS" {
        return Err(answer(Answer::empty(200).with("Allow", allowed)));
    }
    if !allowed.split(", ").any(|one| one == method) {
        let refusal = Answer::text(405, &format!("only {allowed} are allowed here"));
        return Err(answer(refusal.with("Allow", allowed)));
    }
    // Asked by machines that watch machines, and it tells nothing.
    if matches!(target, Target::Health) {
        return Ok((target, None));
    }
    let pass = context.guard.admit(request, peer, context)?;
    let needed = target.needs(request);
    if pass.right() < needed {
        return Err(answer(context.guard.lacking(request)));
    }
    if needed > Right::View {
        origin::is_own_page(&request.from, context).map_err(answer)?;
    }
    Ok((target, Some(pass)))
}

enum Target<'a> {
    Stream,
    Snapshot,
    State,
    Page,
    Metrics,
    Health,
    Ready,
    /// mjpg-streamer's.
    Program,
    Input,
    Command,
    /// camera-streamer's.
    Status,
    SetOption,
    Inbox(inbox::Slot),
    Asset(page::Asset),
    /// Whatever else is asked for, where there is a folder for that.
    File(&'a Path),
    Api(Resource),
}

impl Target<'_> {
    fn route(self, request: &Request, context: &Arc<Context>) -> Route {
        let is_head = request.method == "HEAD";
        match self {
            // As ustreamer does: no camera is started for a head, and there is no length to tell.
            Self::Stream if is_head => answer(Answer::head_of(stream::CONTENT_TYPE)),
            Self::Snapshot if is_head => answer(Answer::head_of("image/jpeg")),
            Self::Stream => match stream::Options::parse(&request.query) {
                Ok(options) => Route::Stream(options),
                Err(reason) => answer(Answer::text(400, &reason)),
            },
            Self::Snapshot => match Wanted::parse(&request.query) {
                Ok(wanted) => Route::Snapshot(wanted),
                Err(reason) => answer(Answer::text(400, &reason)),
            },
            Self::State => answer(ustreamer::state(context)),
            Self::Page if request.method == "POST" => Route::Upload(Box::new(web_command::route)),
            Self::Page => match &context.settings().http.static_folder {
                Some(folder) => static_files::route(folder, request),
                None => answer(page::index()),
            },
            Self::File(folder) => static_files::route(folder, request),
            Self::Metrics => {
                let text = Answer::new(200, metrics::CONTENT_TYPE, Body::Bytes(metrics::text(context)));
                answer(no_cache(text))
            }
            Self::Health => answer(no_cache(health::alive())),
            Self::Ready => answer(no_cache(health::ready(context))),
            Self::Program => answer(mjpg_streamer::program(context)),
            Self::Input => mjpg_streamer::input(context),
            Self::Command => mjpg_streamer::command(request, context),
            Self::Status => answer(camera_streamer::status(request, context)),
            Self::SetOption => camera_streamer::option(request, context),
            Self::Asset(asset) => answer(asset.answer()),
            Self::Inbox(slot) => inbox::route(slot, request, context),
            Self::Api(resource) => resource.route(request, context),
        }
    }

    fn needs(&self, request: &Request) -> Right {
        let reads = matches!(request.method.as_str(), "GET" | "HEAD") && !self.changes_by_get();
        match self {
            Self::Inbox(_) => Right::Push,
            // It names those who watch.
            Self::Api(Resource::Log) => Right::Control,
            _ if reads => Right::View,
            _ => Right::Control,
        }
    }

    /// As those servers have it.
    const fn changes_by_get(&self) -> bool {
        matches!(self, Self::Command | Self::SetOption)
    }

    /// Of a body that is read whole.
    fn most_bytes(&self, request: &Request, context: &Context) -> u64 {
        let picture = context.settings().http.max_frame_bytes as u64;
        match self {
            Self::Inbox(inbox::Slot::Form) => inbox::FORM_GROWS * picture,
            // Many pictures, which are taken one by one.
            Self::Inbox(inbox::Slot::Frame) if request.method == "PUT" => u64::MAX,
            Self::Inbox(inbox::Slot::Frame) => picture * 4 / 3 + 1024,
            _ => context.settings().http.max_body_bytes as u64,
        }
    }

    fn allowed(&self) -> &'static str {
        match self {
            Self::Api(resource) => resource.allowed(),
            Self::Page => "GET, HEAD, POST, OPTIONS",
            Self::Command => "GET, OPTIONS",
            Self::SetOption => "GET, POST, OPTIONS",
            Self::Inbox(inbox::Slot::Form) => "POST, OPTIONS",
            Self::Inbox(inbox::Slot::Frame) => "POST, PUT, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }
}

/// Paths as ustreamer has them, mjpg-streamer's `/?action=`, camera-streamer's, and that of the Flask tutorials.
fn target<'a>(request: &Request, folder: Option<&'a Path>) -> Option<Target<'a>> {
    match (request.path.as_str(), request.query.get("action")) {
        ("/stream" | "/video_feed", _) | ("/", Some("stream")) => Some(Target::Stream),
        ("/snapshot" | "/snapshot.jpg", _) | ("/", Some("snapshot")) => Some(Target::Snapshot),
        ("/state", _) => Some(Target::State),
        ("/metrics", _) => Some(Target::Metrics),
        ("/healthz", _) => Some(Target::Health),
        ("/readyz", _) => Some(Target::Ready),
        ("/", Some("command")) => Some(Target::Command),
        ("/program.json", _) => Some(Target::Program),
        ("/input_0.json" | "/input.json", _) => Some(Target::Input),
        ("/status", _) => Some(Target::Status),
        ("/option", _) => Some(Target::SetOption),
        ("/image_post", _) => Some(Target::Inbox(inbox::Slot::Form)),
        ("/frame", _) => Some(Target::Inbox(inbox::Slot::Frame)),
        ("/" | "/index.html", _) => Some(Target::Page),
        (path, _) => Resource::at(path).map(Target::Api).or_else(|| match folder {
            // Nothing of the folder can be taken for a part of the API.
            Some(folder) if !path.starts_with(api::PREFIX) => Some(Target::File(folder)),
            Some(_) => None,
            None => page::asset(path).map(Target::Asset),
        }),
    }
}

fn answer(answer: Answer) -> Route {
    Route::Answer(answer)
}

pub fn no_cache(answer: Answer) -> Answer {
    NO_CACHE.iter().fold(answer, |answer, (name, value)| answer.with(name, value))
}

pub fn with_cors(answer: Answer, request: &Request, http: &Http) -> Answer {
    cors_headers(request, http).into_iter().fold(answer, |answer, (name, value)| answer.with(name, &value))
}

/// The CORS lines of ustreamer: none unless an origin is allowed, and what the browser asks for is echoed.
pub fn cors_headers(request: &Request, http: &Http) -> Vec<(&'static str, String)> {
    let Some(origin) = &http.allow_origin else { return Vec::new() };
    let mut headers = vec![
        ("Access-Control-Allow-Origin", origin.clone()),
        ("Access-Control-Allow-Credentials", "true".to_owned()),
    ];
    if let Some(methods) = &request.cors_method {
        headers.push(("Access-Control-Allow-Methods", methods.clone()));
    }
    if let Some(names) = &request.cors_headers {
        headers.push(("Access-Control-Allow-Headers", names.clone()));
    }
    headers
}
