//! Files of a folder in place of the page. Nothing outside of it can be had by any name, nor what begins with a dot.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, OFlags, fadvise};

use super::answer::{Answer, Body};
use super::errands::Outcome;
use super::request::Request;
use super::routes::Route;

const INDEX: &str = "index.html";

/// Opened where waiting for a disk holds nobody up.
pub fn route(root: &Path, request: &Request) -> Route {
    let (root, path) = (root.to_owned(), request.path.clone());
    let known = request.if_none_match.clone();
    Route::Errand(Box::new(move || Outcome::Answer(answer(&root, &path, known.as_deref()))))
}

fn answer(root: &Path, path: &str, known: Option<&str>) -> Answer {
    let found = relative(path).and_then(|relative| find(root, &relative, path.ends_with('/')));
    match found {
        Some(Found::File(file, len, tag, content_type)) => {
            if known.is_some_and(|known| known.split(',').any(|one| is_same(one, &tag))) {
                return cached(Answer::empty(304), &tag);
            }
            cached(Answer::new(200, content_type, Body::file(file, len)), &tag)
        }
        Some(Found::Folder) => {
            // Its own links are meant from inside of it.
            let name = path.rsplit('/').next().unwrap_or_default();
            Answer::text(301, "a folder").with("Location", &format!("./{name}/"))
        }
        None => Answer::text(404, "there is nothing at this address"),
    }
}

fn cached(answer: Answer, tag: &str) -> Answer {
    // Asked for again each time, and sent only if it is another one.
    answer.with("ETag", tag).with("Cache-Control", "no-cache").with("X-Content-Type-Options", "nosniff")
}

fn is_same(known: &str, tag: &str) -> bool {
    let known = known.trim();
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}

enum Found {
    File(File, usize, String, &'static str),
    Folder,
}

/// The path below the folder. `None`: one of its parts begins with a dot, `..` among them, or is no name.
fn relative(path: &str) -> Option<PathBuf> {
    let decoded = percent_decoded(path)?;
    let mut relative = PathBuf::new();
    for part in decoded.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
        if part[0] == b'.' || part.contains(&0) {
            return None;
        }
        relative.push(std::ffi::OsString::from_vec(part.to_vec()));
    }
    Some(relative)
}

fn percent_decoded(path: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        decoded.push(if byte == b'%' { (digit()? * 16 + digit()?) as u8 } else { byte });
    }
    Some(decoded)
}

fn find(root: &Path, relative: &Path, as_folder: bool) -> Option<Found> {
    let root = root.canonicalize().ok()?;
    // Where links lead to is looked at when they have been followed.
    let path = root.join(relative).canonicalize().ok()?;
    let is_inside = |path: &Path| {
        let below = path.strip_prefix(&root).ok();
        below.is_some_and(|below| below.iter().all(|part| !part.as_encoded_bytes().starts_with(b".")))
    };
    if !is_inside(&path) {
        return None;
    }
    let metadata = fs::metadata(&path).ok()?;
    if metadata.is_dir() {
        if !as_folder && relative.iter().next().is_some() {
            return Some(Found::Folder);
        }
        let index = path.join(INDEX).canonicalize().ok()?;
        return is_inside(&index).then(|| open(&index)).flatten();
    }
    if as_folder { None } else { open(&path) }
}

fn open(path: &Path) -> Option<Found> {
    let (file, metadata) =
        open_regular(path).inspect_err(|error| log::debug!("{}: {error}", path.display())).ok()?;
    let len = usize::try_from(metadata.len()).ok()?;
    let _ = fadvise(&file, 0, None, Advice::Sequential);
    let tag = format!("\"{:x}-{:x}-{len:x}\"", metadata.mtime(), metadata.mtime_nsec());
    Some(Found::File(file, len, tag, content_type(path)))
}

/// A pipe would be waited for, and a device can do anything: neither is opened.
fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let refused = || io::Error::other("not a file");
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(refused());
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options().read(true).custom_flags(flags.bits() as i32).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(refused()) }
}

fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_or_to_what_is_hidden() {
        for good in ["/", "/index.html", "//a//b.css", "/a%20b", "/%e4%b8%ad", "/%252e%252e/a", "/a..b"] {
            let path = relative(good).unwrap();
            assert!(path.is_relative(), "{good}");
        }
        for bad in [
            "/..",
            "/../a",
            "/a/../b",
            "/%2e%2e/a",
            "/a/%2E./b",
            "/..%2fa",
            "/.git/config",
            "/a/.b",
            "/a%00",
            "/%",
            "/%4",
            "/%zz",
            "/./a",
        ] {
            assert!(relative(bad).is_none(), "{bad}");
        }
    }
}
