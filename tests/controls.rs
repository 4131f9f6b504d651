//! A camera's controls: listed, got, set, and set again whenever the camera is opened.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::process::{Command, Output};

use common::camera::Camera;
use common::client::{get, state};
use common::daemon::{self, Daemon, Launch};
use common::stream::Stream;
use common::{PATIENCE, within};

/// What `mjpegd controls` says with the camera of the test.
struct Said {
    out: String,
    trouble: String,
    ok: bool,
}

fn mjpegd(camera: &Camera, words: &[&str]) -> Said {
    let binary = daemon::words();
    let mut command = Command::new(&binary[0]);
    command.args(&binary[1..]).args(["--config", "/dev/null", "--device", camera.path(0)]).args(words);
    command.env_remove("RUST_LOG");
    camera.preload_into(&mut command);
    let Output { status, stdout, stderr } = command.output().unwrap();
    Said {
        out: String::from_utf8(stdout).unwrap(),
        trouble: String::from_utf8(stderr).unwrap(),
        ok: status.success(),
    }
}

fn controls(camera: &Camera, words: &[&str]) -> Said {
    mjpegd(camera, &[&["controls"], words].concat())
}

/// The line of one control, with single spaces.
fn line(said: &Said, key: &str) -> String {
    let line = said.out.lines().find(|line| line.split_whitespace().next() == Some(key));
    let line = line.unwrap_or_else(|| panic!("no {key} in:\n{}", said.out));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn all_controls_are_listed_with_ranges_values_and_menus() {
    let said = controls(&Camera::mjpeg(), &[]);
    assert!(said.ok, "{}", said.trouble);
    for expected in [
        "brightness 128 int, 0 to 255, default 128",
        "contrast 0 int, -10 to 10 in steps of 5, default 0",
        "white_balance_automatic true bool, default true",
        "power_line_frequency 1 (50 Hz) menu, default 1 (50 Hz)",
        "white_balance_temperature 4600 int, 2800 to 6500 in steps of 10, default 4600, inactive",
        "brightness_2 3 int, 0 to 7, default 3",
        "caf_led_of_a_name_without_its false bool, default false",
        "wide 0 int64, -1 to 1099511627776, default 0",
        "bits 0x00000001 bitmask, 0 and the bits of 0x8000000f, default 0x00000001",
        "title \"\" str, 0 to 16 bytes of text, default \"\"",
        "upside_down_range 0 int, -9 to 9, default 0",
        "auto_exposure 3 (Aperture Priority Mode) menu, default 3 (Aperture Priority Mode)",
        "privacy false bool, default false, read only",
        "auto_focus_start button, write only",
    ] {
        assert_eq!(line(&said, expected.split(' ').next().unwrap()), expected);
    }
    assert!(
        said.out.starts_with("User Controls\n") && said.out.contains("\n\nCamera Controls\n"),
        "{}",
        said.out
    );
    let items = said.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let items: Vec<_> = items.filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).collect();
    assert_eq!(
        items,
        [
            "0 Disabled",
            "1 50 Hz",
            "3 Auto",
            "0 15",
            "2 5000000000",
            "1 Manual Mode",
            "3 Aperture Priority Mode"
        ]
    );
    for absent in ["gain", "area"] {
        assert!(!said.out.contains(absent), "disabled, or of no kind that can be shown: {absent}");
    }
}

#[test]
fn each_kind_is_set_and_what_the_camera_made_of_it_is_told() {
    let camera = Camera::mjpeg();
    for (word, told) in [
        ("brightness=5", "brightness: 5"),
        ("brightness=255", "brightness: 200"),
        ("brightness=default", "brightness: 128"),
        ("contrast=-8", "contrast: -10"),
        ("White Balance, Automatic=off", "white_balance_automatic: false"),
        ("power_line_frequency=auto", "power_line_frequency: 3 (Auto)"),
        ("rate=2", "rate: 2 (5000000000)"),
        ("wide=1099511627776", "wide: 1099511627776"),
        ("bits=0x80000001", "bits: 0x80000001"),
        ("title= a = b ", "title: \" a = b \""),
        ("auto_focus_start=", "auto_focus_start: has no value"),
        ("caf_led_of_a_name_without_its=1", "caf_led_of_a_name_without_its: true"),
        ("0x00980900=7", "brightness: 7"),
    ] {
        let said = controls(&camera, &[word]);
        assert!(said.ok, "{word}: {}", said.trouble);
        assert_eq!(said.out.trim_end(), told, "{word}");
    }
    let said = controls(&camera, &["brightness", "contrast=5"]);
    assert_eq!(said.out, "contrast: 5\nbrightness: 128\n");
}

#[test]
fn what_cannot_be_set_is_refused_in_words_and_nothing_is_set() {
    let camera = Camera::mjpeg();
    for (word, told) in [
        ("brightnes=5", "brightnes: no such control; did you mean brightness?"),
        ("brightness=256", "brightness: 256 is out of range; allowed: 0 to 255"),
        ("brightness=bright", "brightness: \"bright\" will not do; allowed: 0 to 255"),
        ("gain=1", "gain: no such control"),
        ("privacy=1", "privacy: can be read only"),
        (
            "power_line_frequency=2",
            "power_line_frequency: \"2\" will not do; allowed: 0 (Disabled), 1 (50 Hz), 3 (Auto)",
        ),
        (
            "title=12345678901234567",
            "title: a text of 17 bytes is out of range; allowed: 0 to 16 bytes of text",
        ),
        ("exposure_time_absolute=9", "exposure_time_absolute: held by auto_exposure"),
        ("auto_focus_start=off", "auto_focus_start: \"off\" will not do; allowed: no value"),
    ] {
        let said = controls(&camera, &[word]);
        assert_eq!((said.trouble.trim_end(), said.ok), (told, false), "{word}");
        assert_eq!(said.out, "");
    }
    controls(&camera, &["contrast=5", "brightnes=5"]);
    assert_eq!(camera.settings(), [""; 0], "not even what was right");
}

#[test]
fn a_driver_that_fails_is_told_with_its_call_and_the_control() {
    for (fault, told) in [
        ("s_ctrl=EIO", "brightness: VIDIOC_S_EXT_CTRLS failed: Input/output error"),
        ("s_ctrl=EBUSY", "brightness: in use"),
        ("s_ctrl=ENODEV", "the camera was unplugged"),
        ("open=ENOENT", "no such camera"),
        ("open=EACCES", "usermod -aG video"),
    ] {
        let camera = Camera::mjpeg();
        camera.fault(fault);
        let said = controls(&camera, &["brightness=5"]);
        assert!(said.trouble.contains(told) && !said.ok, "{fault}: {}", said.trouble);
    }
}

#[test]
fn a_driver_that_knows_only_the_old_calls_has_controls_too() {
    let camera = Camera::mjpeg();
    camera.fault("query_ext_ctrl=ENOTTY g_ext_ctrls=ENOTTY s_ext_ctrls=ENOTTY");
    let said = controls(&camera, &[]);
    assert_eq!(line(&said, "brightness"), "brightness 128 int, 0 to 255, default 128");
    assert_eq!(controls(&camera, &["brightness=5"]).out, "brightness: 5\n");
    assert!(!controls(&camera, &["wide=5"]).ok, "which 64 bits do not go through");
}

#[test]
fn a_source_that_is_no_camera_says_so() {
    let said = controls(&Camera::mjpeg(), &["--source", "pattern"]);
    assert!(said.trouble.contains("this source has no controls") && !said.ok, "{}", said.trouble);
    let camera = Camera::new("MJPG");
    camera.fault("unplug");
    assert!(controls(&camera, &[]).trouble.contains("no such camera"));
}

/// The camera's settings and starts, in order.
fn settings_of(camera: &Camera, args: &[&str], expected: &[&str]) {
    let daemon = Daemon::with_camera(camera, args);
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    let enough = within(PATIENCE, || camera.settings().len() >= expected.len());
    assert!(enough, "{:?}\n{}", camera.settings(), daemon.log.text());
    assert_eq!(camera.settings(), expected);
}

#[test]
fn wanted_controls_are_set_when_the_camera_is_opened_switches_first() {
    let camera = Camera::mjpeg();
    let toml = "[source.v4l2.controls]\nbrightness = 9\nexposure_absolute = 300\nexposure_auto = \"Manual Mode\"\ntitle = \"a\"\n\
                white_balance_automatic = false\n";
    let daemon = Launch::default().camera(&camera).config(toml).args(&["--control", "brightness=10"]).start();
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    let events = camera.events();
    let started = events.iter().position(|event| event == "streamon").unwrap();
    let before: Vec<_> = events[..started].iter().filter_map(|event| event.strip_prefix("set:")).collect();
    assert_eq!(before, ["auto=1", "awb=0", "exposure=300", "title=a", "brightness=10"]);
    assert_eq!(camera.settings().len(), 5, "and not again: they hold");
    assert!(daemon.log.text().lines().all(|line| !line.contains("WARN")), "{}", daemon.log.text());
}

#[test]
fn ustreamers_image_flags_set_them() {
    settings_of(
        &Camera::mjpeg(),
        &["--brightness", "7", "--contrast=-5", "--white-balance", "3000", "--hue", "default"],
        &["awb=0", "contrast=-5", "brightness=7", "temperature=3000"],
    );
    settings_of(&Camera::mjpeg(), &["--white-balance=auto", "--contrast=default"], &["awb=1", "contrast=0"]);
    // Those that the camera has; the temperature is held by what is automatic, which is the default.
    settings_of(
        &Camera::mjpeg(),
        &["--image-default", "--brightness=9"],
        &["awb=1", "contrast=0", "brightness=9"],
    );
}

#[test]
fn a_camera_that_forgets_when_it_starts_is_told_again() {
    let camera = Camera::mjpeg();
    camera.fault("forget");
    let args = ["--control", "brightness=5", "--control", "auto_focus_start=", "--control", "contrast=0"];
    // The contrast is what it forgets to; and a button is not pressed twice.
    settings_of(&camera, &args, &["brightness=5", "focus=0", "contrast=0", "brightness=5"]);
}

#[test]
fn a_camera_that_takes_controls_only_while_it_streams_gets_them_then() {
    let camera = Camera::mjpeg();
    camera.fault("refuse-idle");
    let args = [
        "--control",
        "brightness=5",
        "--control",
        "exposure_time_absolute=9",
        "--control",
        "auto_exposure=1",
    ];
    settings_of(&camera, &args, &["auto=1", "brightness=5", "exposure=9"]);
}

#[test]
fn controls_hold_after_a_replug_and_after_a_rest() {
    let camera = Camera::mjpeg();
    let args = ["--control", "brightness=5", "--idle-timeout", "1", "--device-error-delay", "0.2"];
    let daemon = Daemon::with_camera(&camera, &args);
    let mut stream = Stream::open(&daemon, "/stream");
    stream.next();
    camera.fault("unplug");
    assert!(stream.find(400, |part| part.marker().is_none()).is_some());
    camera.mend();
    assert!(stream.find(400, |part| part.marker().is_some()).is_some());
    assert_eq!(camera.settings(), ["brightness=5", "brightness=5"]);
    drop(stream);
    let word = || state(&daemon)["result"]["mjpegd"]["camera"]["state"].clone();
    assert!(within(PATIENCE, || word() == "idle"));
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    assert_eq!(camera.settings().len(), 3);
}

#[test]
fn what_a_camera_has_not_or_refuses_is_one_warning_and_no_reason_to_stop() {
    let camera = Camera::mjpeg();
    let args = [
        "--control",
        "zoom=5",
        "--control",
        "exposure_absolute=9",
        "--control",
        "contrast=5",
        "--idle-timeout",
        "1",
    ];
    let daemon = Daemon::with_camera(&camera, &args);
    for round in 1..=2 {
        let mut stream = Stream::open(&daemon, "/stream");
        assert!(stream.find(9, |part| part.marker().is_some()).is_some());
        assert!(stream.find(9, |part| part.marker().is_some()).is_some());
        drop(stream);
        assert!(camera.wait_for("close", round, PATIENCE));
    }
    let path = camera.path(0);
    for told in ["control zoom: no such control", "control exposure_time_absolute: held by auto_exposure"] {
        assert_eq!(daemon.log.count(&format!("{path}: {told}")), 1, "{}", daemon.log.text());
    }
    assert_eq!(camera.settings(), ["contrast=5", "contrast=5"]);
}

#[test]
fn a_camera_that_takes_no_value_at_all_is_shown_all_the_same() {
    let camera = Camera::mjpeg();
    camera.fault("s_ctrl=EIO");
    let daemon = Daemon::with_camera(&camera, &["--control", "brightness=5"]);
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
    let told =
        daemon.log.wait_for("control brightness: VIDIOC_S_EXT_CTRLS failed: Input/output error", PATIENCE);
    assert!(told.is_some(), "{}", daemon.log.text());
}

#[test]
fn check_names_what_the_camera_has_not() {
    let said = mjpegd(
        &Camera::mjpeg(),
        &["check", "--port", "0", "--control", "brightnes=5", "--control", "contrast=5"],
    );
    assert!(said.ok, "the camera works without: {}", said.trouble);
    assert!(
        said.out.contains("control brightnes: no such control; did you mean brightness?"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("contrast"), "{}", said.out);
}
