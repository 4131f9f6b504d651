//! Nobody sleeps with an older frame than there is: threads and viewers that come, wait and leave while frames are published,
//! many times over. `fuzz/model/wake_up.rs` tries all orders of the part that has no lock.

// Clippy counts only the functions marked as tests as such, not what they share.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use common::client::Client;
use common::daemon::Launch;
use common::stream::Stream;
use common::{PATIENCE, picture, within};
use mjpegd::audience::Audience;
use mjpegd::bell::Bell;
use mjpegd::clock::Monotonic;
use mjpegd::frame::{Frame, FramePool, Times};
use mjpegd::latest::Latest;
use mjpegd::mailbox::{Letter, Mailbox};

const THREADS: usize = 6;
const BURSTS: u64 = 1500;

fn publish(latest: &Latest, pool: &Arc<FramePool>) -> u64 {
    let jpeg = pool.join(&[b"a frame"]);
    latest
        .publish(Frame { jpeg, width: 1, height: 1, online: true, times: Times::default(), number: 0 })
        .number
}

/// Waits without sleeping, so that the next burst comes when the others are just about to sleep.
fn reaches(counter: &AtomicU64, number: u64) -> bool {
    let begin = Monotonic::now();
    while counter.load(Ordering::Acquire) < number {
        if begin.age() > PATIENCE {
            return false;
        }
        thread::yield_now();
    }
    true
}

#[test]
fn every_thread_that_waits_for_frames_sees_the_newest_of_each_burst() {
    let (latest, pool) = (Latest::new(), FramePool::new());
    let waiters: Vec<_> = (0..THREADS).map(|_| (Bell::new(&latest), Arc::new(AtomicU64::new(0)))).collect();
    let threads: Vec<_> = waiters
        .iter()
        .cloned()
        .zip(0..)
        .map(|((bell, seen), number)| {
            let latest = Arc::clone(&latest);
            // Every other one waits as the sink does, with something else to look at now and then.
            let wait = move || match number % 2 {
                0 => bell.wait(),
                _ => bell.wait_until(Monotonic::now() + Duration::from_secs(3600)),
            };
            thread::spawn(move || {
                let mut last = 0;
                while wait() {
                    let newest = latest.get().map_or(0, |frame| frame.number);
                    assert!(newest >= last, "{newest} after {last}");
                    last = newest;
                    seen.store(newest, Ordering::Release);
                }
            })
        })
        .collect();
    for burst in 0..BURSTS {
        let newest = (0..=burst % 3).map(|_| publish(&latest, &pool)).max().unwrap();
        for (_, seen) in &waiters {
            assert!(reaches(seen, newest), "burst {burst}: one sleeps with an older frame than {newest}");
        }
    }
    waiters.iter().for_each(|(bell, _)| bell.close());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn the_newest_picture_in_a_mailbox_is_fetched_however_its_threads_meet() {
    let (mailbox, fetched) = (Arc::new(Mailbox::default()), Arc::new(AtomicU64::new(0)));
    let fetcher = thread::spawn({
        let (mailbox, fetched) = (Arc::clone(&mailbox), Arc::clone(&fetched));
        move || {
            let (mut bytes, mut total) = (Vec::new(), 0);
            while let Letter::Picture { lost, .. } = mailbox.fetch(Duration::from_secs(3600), &mut bytes) {
                total += 1 + lost;
                fetched.store(u64::from_le_bytes(*bytes.first_chunk().unwrap()), Ordering::Release);
            }
            total
        }
    });
    let mut number: u64 = 0;
    for burst in 0..BURSTS {
        for _ in 0..=burst % 3 {
            number += 1;
            assert!(mailbox.put(&number.to_le_bytes()));
        }
        assert!(reaches(&fetched, number), "burst {burst}");
    }
    mailbox.end("that was all".to_owned());
    assert_eq!(fetcher.join().unwrap(), number, "each was fetched, or counted as lost");
}

#[test]
fn no_call_to_the_capture_thread_is_slept_through() {
    let (audience, answered) = (Audience::new(), Arc::new(AtomicU64::new(0)));
    let waiter = thread::spawn({
        let (audience, answered) = (Arc::clone(&audience), Arc::clone(&answered));
        move || {
            while audience.wait_for_nudge() {
                answered.fetch_add(1, Ordering::Release);
            }
        }
    });
    // Viewers come and go meanwhile, and wake it for nothing.
    let passers = [(); 2].map(|()| {
        let audience = Arc::clone(&audience);
        thread::spawn(move || {
            while !audience.is_closed() {
                drop(audience.sit());
                thread::yield_now();
            }
        })
    });
    for call in 1..=BURSTS {
        audience.nudge();
        assert!(reaches(&answered, call), "call {call}");
    }
    audience.close();
    waiter.join().unwrap();
    passers.into_iter().for_each(|passer| passer.join().unwrap());
    assert_eq!(audience.seats(), 0);
}

/// Pictures are handed in now and then, and nothing else ever wakes the event loops: whoever missed one would wait for ever.
#[test]
fn viewers_that_come_while_a_picture_is_published_see_it_like_those_that_are_there() {
    let daemon = Launch::default().config("[source]\nname = \"inbox\"\ntimeout = 3600\n").start();
    let hand_in = |jpeg: &[u8]| {
        let mut client = Client::connect(&daemon);
        client.ask(
            "POST",
            "/frame",
            &format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n", jpeg.len()),
        );
        client.send(jpeg);
        assert_eq!(client.answer().head.status(), 200);
    };
    let mut viewers = vec![Stream::open(&daemon, "/stream")];
    for round in 0..40 {
        let [first, last] = [0, 1].map(|which| picture::draw(64, 48, 2 * round + which, (round + 1) as u8));
        let mut newcomers = thread::scope(|scope| {
            let newcomers = [0, 1, 2].map(|delay| {
                let daemon = &daemon;
                scope.spawn(move || {
                    thread::sleep(Duration::from_micros(200 * ((round as u64 * 7 + delay) % 11)));
                    Stream::open(daemon, "/stream")
                })
            });
            hand_in(&first);
            hand_in(&last);
            newcomers.map(|newcomer| newcomer.join().unwrap()).into_iter().collect::<Vec<_>>()
        });
        viewers.append(&mut newcomers);
        for viewer in &mut viewers {
            // Nothing within the patience fails the test.
            assert!(viewer.find(5, |part| part.jpeg == last).is_some(), "round {round}");
        }
        // Some leave without a word.
        viewers.drain(..viewers.len().saturating_sub(8));
    }
    drop(viewers);
    assert!(within(PATIENCE, || common::client::state(&daemon)["result"]["stream"]["clients"] == 0));
}
