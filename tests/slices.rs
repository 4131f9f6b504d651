//! One picture from several threads: what decoders make of a JPEG in slices, and when there are any.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};

use common::PATIENCE;
use common::browser::Browser;
use common::client::get;
use common::daemon::Daemon;
use common::picture;
use mjpegd::clock::Monotonic;
use mjpegd::config::Encoder;
use mjpegd::config::values::Subsampling;
use mjpegd::frame::FramePool;
use mjpegd::jpeg::{Change, EncoderPool};
use mjpegd::picture::{Picture, PixelFormat};
use mjpegd::stats::Stats;

/// The same picture, of which no two parts are alike, in about so many slices.
fn compressed(format: PixelFormat, size: (u32, u32), subsampling: Subsampling, slices: usize) -> Vec<u8> {
    let (width, height) = size;
    let stride = format.min_stride(width);
    let bytes: Vec<u8> = (0..format.picture_len(stride, height))
        .map(|at| {
            (at % stride * 90 / stride + at / stride * 70 / height as usize + (at % 23) * (at % 23) % 23)
                as u8
        })
        .collect();
    let slices = NonZeroUsize::new(slices).unwrap();
    let settings = Encoder { workers: slices.min(NonZeroUsize::MIN.saturating_add(1)), ..Encoder::default() };
    let settings = Encoder { slices: Some(slices), subsampling, ..settings };
    let (sender, frames) = mpsc::channel();
    let deliver = Arc::new(move |frame| sender.send(frame).unwrap());
    let pool = EncoderPool::new(&settings, FramePool::new(), Stats::new(), deliver).unwrap();
    let now = Monotonic::now();
    let picture = Picture { bytes: &bytes, format, width, height, stride, captured: now, grabbed: now };
    pool.take(picture, Change::default()).unwrap().submit();
    frames.recv_timeout(PATIENCE).unwrap().jpeg.to_vec()
}

fn restarts(jpeg: &[u8]) -> usize {
    jpeg.windows(2).filter(|pair| pair[0] == 0xFF && (0xD0..=0xD7).contains(&pair[1])).count()
}

/// Cuts pictures of a height that is no multiple of a block's, and has a decoder turn the files into pixels.
fn decodes_alike(decode: fn(&Path) -> Vec<u8>) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let save = |jpeg: &[u8]| -> PathBuf {
        let path = folder.path().join("picture.jpg");
        std::fs::write(&path, jpeg).unwrap();
        path
    };
    for (format, size) in [
        (PixelFormat::Yuyv, (1920, 1080)),
        (PixelFormat::Nv12, (518, 386)),
        (PixelFormat::Grey, (333, 251)),
        (PixelFormat::Rgb24, (201, 199)),
    ] {
        for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422] {
            let whole = decode(&save(&compressed(format, size, subsampling, 1)));
            assert!(whole.len() >= (size.0 * size.1) as usize, "{format}");
            for slices in [2, 3, 12] {
                let sliced = compressed(format, size, subsampling, slices);
                assert!(restarts(&sliced) > 0);
                assert!(decode(&save(&sliced)) == whole, "{format} {size:?} {subsampling} in {slices}");
            }
        }
    }
}

/// What a program writes, if it has nothing to complain of.
fn output_of(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run `make deps`"));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command:?}");
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

#[test]
fn ffmpeg_decodes_slices_without_a_warning_and_to_the_same_pixels() {
    decodes_alike(|path| {
        let input = ["-nostdin", "-v", "warning", "-i"];
        let output = ["-f", "rawvideo", "pipe:1"];
        output_of(Command::new("ffmpeg").args(input).arg(path).args(output))
    });
}

#[test]
fn libjpeg_turbo_decodes_slices_without_a_warning_and_to_the_same_pixels() {
    decodes_alike(|path| picture::decode(&std::fs::read(path).unwrap()).pixels);
}

#[test]
fn pillow_decodes_slices_without_a_warning_and_to_the_same_pixels() {
    // Debian's own Python is the one that has Debian's Pillow.
    decodes_alike(|path| {
        let script =
            "import sys; from PIL import Image; sys.stdout.buffer.write(Image.open(sys.argv[1]).tobytes())";
        output_of(Command::new("/usr/bin/python3").args(["-W", "error", "-c", script]).arg(path))
    });
}

#[test]
fn chromium_draws_slices_to_the_same_pixels() {
    let browser = Browser::start();
    for subsampling in [Subsampling::Yuv420, Subsampling::Yuv422] {
        let jpegs =
            [1, 2, 3, 12].map(|slices| compressed(PixelFormat::Yuyv, (638, 358), subsampling, slices));
        let answer = browser.run(&format!(
            "const pixels = [];
             for (const bytes of {}) {{
                 const jpeg = new Blob([new Uint8Array(bytes)], {{ type: 'image/jpeg' }});
                 const image = await createImageBitmap(jpeg);
                 const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
                 context.drawImage(image, 0, 0);
                 pixels.push(context.getImageData(0, 0, image.width, image.height));
             }}
             const [whole, ...sliced] = pixels.map((image) => image.data);
             const same = (data) => data.every((value, at) => value === whole[at]);
             return [pixels[3].width, pixels[3].height, ...sliced.map(same)];",
            serde_json::to_string(&jpegs).unwrap()
        ));
        assert_eq!(answer, serde_json::json!([638, 358, true, true, true]), "{subsampling}");
    }
}

#[test]
fn ffmpeg_reads_a_stream_in_slices_without_a_warning() {
    let daemon = Daemon::with_pattern(&["--workers", "2", "--encoder-slices", "5"]);
    let input = ["-nostdin", "-v", "warning", "-i", &daemon.url("/stream")];
    output_of(Command::new("ffmpeg").args(input).args(["-frames:v", "30", "-f", "null", "-"]));
}

#[test]
fn large_pictures_are_cut_for_the_workers_that_there_are() {
    for (arguments, expected) in [
        (&["--workers", "1", "--resolution", "1280x720"][..], 0),
        (&["--workers", "2", "--resolution", "1280x720"], 5),
        (&["--workers", "4", "--resolution", "1280x720"], 3),
        (&["--workers", "4", "--resolution", "320x240"], 0),
        (&["--workers", "1", "--resolution", "320x240", "--encoder-slices", "3"], 2),
        (&["--workers", "4", "--resolution", "1280x720", "--encoder-slices", "1"], 0),
    ] {
        let jpeg = get(&Daemon::with_pattern(arguments), "/snapshot").body;
        picture::decode(&jpeg);
        assert_eq!(restarts(&jpeg), expected, "{arguments:?}");
    }
}
