//! Headless Chromium, by the W3C WebDriver protocol.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// Scripts run this long at most.
const SCRIPT_MILLIS: u64 = 60_000;

pub struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it, or fails with what to do: a browser that is missing must not make a test pass.
    pub fn start() -> Self {
        let profile = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver: {error}; run `make deps`"));
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| Some(line.split_once("successfully on port ")?.1.to_owned()));
        let port = port.expect("chromedriver says its port");
        // Whoever writes into a pipe that nobody reads stops some day.
        std::thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_millis(2 * SCRIPT_MILLIS)))
            .http_status_as_error(false);
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{}/session", port.trim_end_matches('.')),
            agent: config.build().into(),
            _profile: profile,
        };
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--ignore-certificate-errors",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1000,800",
            &folder,
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": args},
            "timeouts": {"script": SCRIPT_MILLIS, "pageLoad": SCRIPT_MILLIS},
        }}});
        let answer = browser.post("", &capabilities);
        let id =
            answer["sessionId"].as_str().unwrap_or_else(|| panic!("no Chromium: {answer}; run `make deps`"));
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// A command of the protocol, and the value that it answers.
    fn post(&self, command: &str, body: &Value) -> Value {
        let answer = self.agent.post(format!("{}{command}", self.session)).send_json(body);
        let mut answer: Value = answer.unwrap().body_mut().read_json().unwrap();
        answer["value"].take()
    }

    /// Opens a page. One with a stream in it never ends loading, so nobody waits for that.
    pub fn open(&self, url: &str) {
        let answer = self.post("/execute/sync", &json!({"script": "location = arguments[0]", "args": [url]}));
        assert_eq!(answer, Value::Null, "{url}");
    }

    /// What the body of an asynchronous function returns, in the page.
    pub fn run(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];\
             (async () => {{ {script} }})().then(done, (error) => done({{ error: String(error) }}));"
        );
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// Saves what is seen as a PNG, for a person to look at.
    pub fn screenshot(&self, name: &str) {
        let answer = self.agent.get(format!("{}/screenshot", self.session)).call();
        let answer: Value = answer.unwrap().body_mut().with_config().limit(64 << 20).read_json().unwrap();
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(path, from_base64(answer["value"].as_str().unwrap())).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium; the driver alone would leave it behind.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let letters: Vec<u8> = text.bytes().filter(|letter| *letter != b'=').map(value).collect();
    let groups = letters.chunks(4).flat_map(|group| {
        let bits =
            group.iter().enumerate().fold(0, |bits, (at, six)| bits | u32::from(*six) << (18 - 6 * at));
        bits.to_be_bytes()[1..group.len()].to_vec()
    });
    groups.collect()
}
