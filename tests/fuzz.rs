//! What `make fuzz` runs for long, for a bounded count: each target of `fuzz/targets/` with all of its corpus, and with
//! mutations of it that follow from a seed. Another seed or count: `MJPEGD_FUZZ_SEED`, `MJPEGD_FUZZ_ROUNDS`. An input that
//! fails is kept in `target/fuzz-failures/`; it goes into the corpus with a name that says what it was.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::client::{Client, get};
use common::daemon::Daemon;
use mjpegd::viewers::request;

use targets::Target;

const SEED: u64 = 0x6d6a_7065_6764;

/// No input takes a hundredth of it on any machine.
const LONGEST: Duration = Duration::from_secs(120);

/// As libFuzzer's default: what is longer is not mutated.
const MOST_BYTES: usize = 16 << 10;

fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap().into()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// xorshift64*: enough to wander, and the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }

    fn one_of<'a>(&mut self, all: &'a [Vec<u8>]) -> &'a [u8] {
        all.get(self.below(all.len())).map_or(&[], Vec::as_slice)
    }

    fn mutated(&mut self, corpus: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.one_of(corpus).to_vec();
        // One in every other, so that enough of them still mean something.
        for _ in 0..=self.below(2) * self.below(5) {
            self.mutate(&mut input, corpus, words);
        }
        input.truncate(MOST_BYTES);
        input
    }

    /// Changes a byte or a bit, takes out, doubles or puts in a piece.
    fn mutate(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = at + self.below((input.len() - at).min(64) + 1);
        match self.below(8) {
            // Headers are the smaller part, and the more interesting one.
            0 => {
                let at = self.below(input.len().min(700));
                if let Some(byte) = input.get_mut(at) {
                    *byte = self.below(256) as u8;
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            2 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = [0, 1, 0x7F, 0x80, 0xFF][self.below(5)];
                }
            }
            3 => drop(input.drain(at..end)),
            4 => {
                let again = input[at..end].repeat(1 + self.below(3));
                input.splice(at..at, again);
            }
            5 => input.truncate(at),
            6 => {
                let word = self.one_of(words).to_vec();
                input.splice(at..at, word);
            }
            _ => {
                let other = self.one_of(corpus);
                let from = self.below(other.len() + 1);
                let to = from + self.below((other.len() - from).min(500) + 1);
                input.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().filter(|path| path.is_file()).map(|path| fs::read(path).unwrap()).collect()
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut corpus = files(&root().join("fuzz/corpus").join(name));
    if name == "settings_file" {
        // What is wrong in them is wrong in all ways that a person has found.
        corpus.extend(files(&root().join("tests/config/bad")));
    }
    assert!(corpus.len() >= 5, "{name}");
    corpus
}

/// The words of a dictionary as libFuzzer has them: `"\x0d\x0a"`.
fn dictionary(name: &str) -> Vec<Vec<u8>> {
    let which = match name {
        "http_head" | "http_body" | "query_and_form" => "http",
        "jpeg_repair" | "jpeg_change" | "splitter" => "jpeg",
        "settings_file" | "state_file" | "merge_patch" | "values" => "settings",
        _ => return vec![vec![0; 4], vec![0xFF; 4], vec![0x7F, 0xFF]],
    };
    let text = fs::read_to_string(root().join(format!("fuzz/dictionaries/{which}.dict"))).unwrap();
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(|word| unescaped(word.as_bytes())).collect()
}

fn unescaped(mut word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some((first, rest)) = word.split_first() {
        word = rest;
        bytes.push(match (first, rest) {
            (b'\\', [b'x', high, low, rest @ ..]) => {
                word = rest;
                let digits = [*high, *low];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            (b'\\', [escaped, rest @ ..]) => {
                word = rest;
                *escaped
            }
            _ => *first,
        });
    }
    bytes
}

/// Where an input is kept that was not passed.
fn keep(name: &str, input: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("fuzz-failures").join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = folder.join(format!("{:016x}", hasher.finish()));
    fs::write(&path, input).unwrap();
    path
}

/// The target takes the corpus and so many mutations of it, each within the time.
fn holds(name: &'static str, rounds: usize) {
    let (_, target) = *targets::ALL.iter().find(|(there, _)| *there == name).unwrap();
    let rounds = number("MJPEGD_FUZZ_ROUNDS").map_or(rounds, |rounds| rounds as usize);
    let seed = number("MJPEGD_FUZZ_SEED").unwrap_or(SEED);
    println!("{name}: {rounds} rounds, MJPEGD_FUZZ_SEED={seed}");
    let (inputs, outputs) = mpsc::sync_channel::<Vec<u8>>(0);
    let (done, verdicts) = mpsc::channel();
    let worker = thread::spawn(move || {
        for input in outputs {
            done.send(check(name, target, &input)).unwrap();
        }
    });
    let take = |input: Vec<u8>| {
        inputs.send(input.clone()).unwrap();
        match verdicts.recv_timeout(LONGEST) {
            Ok(Ok(taken)) => taken,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => panic!("{name}: {} takes for ever", keep(name, &input).display()),
        }
    };
    let (corpus, words) = (corpus(name), dictionary(name));
    let mut random = Random(seed ^ name.len() as u64 | 1);
    let mut taken = corpus.iter().filter(|input| take((*input).clone())).count();
    assert!(taken > 0, "{name}: nothing of the corpus is taken");
    for _ in 0..rounds {
        taken += usize::from(take(random.mutated(&corpus, &words)));
    }
    drop(inputs);
    worker.join().unwrap();
    println!("{name}: {taken} were taken");
    // To refuse all or to take all would be a test of one half.
    let all = corpus.len() + rounds;
    assert!(rounds < 500 || (all / 200..all - all / 200).contains(&taken), "{name}: {taken} of {all}");
}

fn check(name: &str, target: Target, input: &[u8]) -> thread::Result<bool> {
    let verdict = catch_unwind(AssertUnwindSafe(|| target(input)));
    if verdict.is_err() {
        eprintln!("{name}: the input is kept in {}", keep(name, input).display());
    }
    verdict
}

/// Each is a test of its own, so that they run side by side.
macro_rules! hold {
    ($($name:ident $rounds:literal,)*) => {
        mod whatever_comes_holds_for {
            $(#[test]
            fn $name() {
                super::holds(stringify!($name), $rounds);
            })*
        }

        #[test]
        fn every_target_is_tested_has_a_corpus_and_is_known_to_cargo_fuzz() {
            let tested = [$(stringify!($name)),*];
            let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
            for (name, _) in targets::ALL {
                assert!(tested.contains(&name), "{name}");
                assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
                let shim = fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
                assert!(shim.contains(&format!("targets::{name}::run(data)")), "{name}");
            }
            let mut corpora: Vec<_> = root().join("fuzz/corpus").read_dir().unwrap().map(|entry| entry.unwrap()).collect();
            corpora.retain(|entry| tested.iter().all(|name| entry.file_name() != *name));
            assert!(corpora.is_empty(), "{corpora:?}");
        }
    };
}

hold! {
    http_head 20_000,
    query_and_form 20_000,
    http_body 20_000,
    wrapping 10_000,
    splitter 20_000,
    jpeg_repair 20_000,
    jpeg_change 3_000,
    raw_picture 1_000,
    png 10_000,
    settings_file 1_500,
    state_file 1_000,
    merge_patch 3_000,
    values 5_000,
    sink_reader 5_000,
}

#[test]
fn half_a_head_is_never_refused_where_the_whole_is_read() {
    let mut read = 0;
    for seed in corpus("http_head") {
        let Ok(Some((_, length))) = request::parse(&seed) else { continue };
        read += 1;
        for end in 0..length {
            assert!(
                matches!(request::parse(&seed[..end]), Ok(None)),
                "{:?}",
                String::from_utf8_lossy(&seed[..end])
            );
        }
    }
    assert!(read >= 8, "{read}");
}

#[test]
fn the_daemon_serves_on_after_two_thousand_odd_heads() {
    let daemon = Daemon::with_pattern(&[]);
    let (corpus, words) = (corpus("http_head"), dictionary("http_head"));
    let mut random = Random(0x6865_6164);
    let mut open = Vec::new();
    for _ in 0..2000 {
        let mut client = Client::connect(&daemon);
        client.try_send(random.mutated(&corpus, &words));
        // Some stay open, so that answers and streams run beside each other.
        open.push(client);
        if open.len() > 50 {
            open.swap_remove(random.below(50));
        }
    }
    assert_eq!(get(&daemon, "/snapshot").head.status(), 200);
}
