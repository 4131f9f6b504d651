//! The page in a real browser: the picture is painted, and it moves.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::thread;
use std::time::Duration;

use common::browser::Browser;
use common::camera::Camera;
use common::client::state;
use common::daemon::{Daemon, Launch, free_port};
use common::{PATIENCE, within};
use serde_json::Value;

/// Paints the picture as it is now into a canvas, and gives its size and some of its colours: what a person would see.
const LOOK: &str = "
    const picture = document.querySelector('img');
    if (!picture || !picture.naturalWidth) return { width: 0, height: 0, points: [] };
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    const points = [];
    for (let y = 1; y < 24; y++) for (let x = 1; x < 32; x++) {
        const at = [canvas.width * x / 32 | 0, canvas.height * y / 24 | 0, 1, 1];
        points.push([...context.getImageData(...at).data.slice(0, 3)]);
    }
    return { width: canvas.width, height: canvas.height, points };
";

fn look(browser: &Browser) -> Value {
    let seen = browser.run(LOOK);
    assert!(seen["points"].is_array(), "{seen}");
    seen
}

/// Waits until the picture is there, and then until it has changed a few times.
fn sees_a_moving_picture(browser: &Browser, width: u64, height: u64) -> Value {
    let mut seen = Value::Null;
    let is_there = || {
        seen = look(browser);
        seen["width"] == width && seen["height"] == height
    };
    assert!(
        within(PATIENCE, is_there),
        "a picture of {width}x{height}, not {}x{}",
        seen["width"],
        seen["height"]
    );
    let points = seen["points"].as_array().unwrap().clone();
    assert!(points.iter().any(|point| *point != points[0]), "it is not all of one colour");
    for _ in 0..3 {
        let before = seen["points"].clone();
        let moves = || {
            seen = look(browser);
            seen["points"] != before
        };
        assert!(within(PATIENCE, moves), "it moves");
    }
    seen
}

#[test]
fn the_last_change_is_painted_though_equal_pictures_are_not_sent() {
    let camera = Camera::new("YUYV");
    camera.fault("still:5");
    // So many that the test ends before the next one is sent.
    let daemon = Daemon::with_camera(&camera, &["--drop-same-frames", "1000"]);
    let browser = Browser::start();
    // As the page asks for it, and as other pages do.
    for target in ["stream?advance_headers=1", "stream"] {
        camera.fault("still:5");
        browser.open(&daemon.url("/"));
        browser.run(&format!("document.querySelector('img').src = '{target}'"));
        assert!(within(PATIENCE, || look(&browser)["width"] == 640), "{target}");
        // The bar moves by eight points for each number.
        for number in [20, 40, 60] {
            thread::sleep(Duration::from_secs(2));
            let before = look(&browser)["points"].clone();
            camera.fault(&format!("still:{number}"));
            let painted = within(Duration::from_secs(15), || look(&browser)["points"] != before);
            assert!(painted, "{target}: {number}");
        }
    }
}

#[test]
fn the_pattern_is_painted_and_moves() {
    let daemon = Daemon::with_pattern(&[]);
    let browser = Browser::start();
    browser.open(&daemon.url("/"));
    sees_a_moving_picture(&browser, 640, 480);
    browser.screenshot("page-pattern.png");
    let words = browser.run("return document.body.innerText");
    assert!(within(PATIENCE, || browser
        .run("return document.body.innerText")
        .as_str()
        .unwrap()
        .contains("640")));
    assert!(!words.as_str().unwrap().is_empty());
}

#[test]
fn a_camera_without_huffman_tables_is_painted_in_its_colours_and_moves() {
    let camera = Camera::mjpeg();
    camera.fault("strip-dht pad:1024");
    let daemon = Daemon::with_camera(&camera, &[]);
    let browser = Browser::start();
    browser.open(&daemon.url("/"));
    let seen = sees_a_moving_picture(&browser, 640, 480);
    browser.screenshot("page-camera.png");
    let is = |at: usize, part: usize| {
        let point = seen["points"][at].as_array().unwrap();
        point.iter().enumerate().all(|(index, value)| (value.as_u64() > Some(150)) == (index == part))
    };
    // Rows of 31 points; the bar may hide a few.
    let red = (0..23).filter(|row| is(row * 31 + 5, 0) || is(row * 31 + 8, 0)).count();
    let blue = (0..23).filter(|row| is(row * 31 + 22, 2) || is(row * 31 + 25, 2)).count();
    assert!(red > 20 && blue > 20, "{red} red, {blue} blue of 23 rows: {seen}");
}

#[test]
fn a_page_that_is_open_shows_the_trouble_and_then_the_camera_again() {
    let camera = Camera::mjpeg();
    let daemon = Launch::default().camera(&camera).args(&["--device-error-delay", "0.2"]).start();
    let browser = Browser::start();
    browser.open(&daemon.url("/"));
    sees_a_moving_picture(&browser, 640, 480);
    let text = || browser.run("return document.body.innerText").as_str().unwrap().to_lowercase();
    camera.fault("unplug");
    assert!(within(PATIENCE, || text().contains("no camera")), "{}", text());
    let is_placard = || {
        let points = look(&browser)["points"].clone();
        let red = points.as_array().unwrap().iter().filter(|point| point[0].as_u64() > Some(200)).count();
        red < 200
    };
    assert!(within(PATIENCE, is_placard), "the placard is painted");
    browser.screenshot("page-no-camera.png");
    camera.mend();
    assert!(within(PATIENCE, || !is_placard()), "the picture is back");
    sees_a_moving_picture(&browser, 640, 480);
}

#[test]
fn nothing_on_the_page_is_refused_by_its_own_policy() {
    let daemon = Daemon::with_pattern(&[]);
    let browser = Browser::start();
    browser.open(&daemon.url("/"));
    sees_a_moving_picture(&browser, 640, 480);
    let styled = browser.run("return [...document.styleSheets].every((sheet) => sheet.cssRules.length > 0)");
    assert_eq!(styled, true);
    // The script has run: it fills in what the page is delivered without.
    assert!(within(PATIENCE, || {
        browser.run("return document.body.innerText").as_str().unwrap().contains("640 × 480")
    }));
}

#[test]
fn picture_events_and_buttons_work_over_tls() {
    let port = free_port();
    let daemon = Daemon::with_pattern(&["--tls-port", &port.to_string()]);
    let browser = Browser::start();
    browser.open(&format!("https://127.0.0.1:{port}/"));
    sees_a_moving_picture(&browser, 640, 480);
    assert_eq!(browser.run("return location.protocol"), "https:");
    let event = browser.run(
        "const source = new EventSource('api/v1/events');
         const event = await new Promise((resolve) => source.addEventListener('state', resolve));
         source.close();
         return JSON.parse(event.data).camera.state",
    );
    assert_eq!(event, "online");
    let paused = browser.run("return (await fetch('api/v1/actions/pause', {method: 'POST'})).ok");
    assert_eq!(paused, true);
    let state = || state(&daemon)["result"]["mjpegd"]["camera"]["state"].clone();
    assert!(within(PATIENCE, || state() == "paused"), "{}", state());
}
