"""What befalls the process and its machine: settings read again, a clock that jumps, a stop, a sleep, little memory, a journal that stops."""

import http.client
import re
import time

from harness.cameras import VIVID_RATE, Vivid
from harness.case import Case
from harness.service import SETTINGS, UNIT
from harness.viewer import ANSWER_SECONDS, state, until

YEARS_20 = 20 * 365 * 86400
STOP_SECONDS = 12  # Longer than server-timeout.


def latency(frame):
    """Seconds from the camera's own time stamp to our socket."""
    return float(frame.headers["x-ustreamer-latency"])


class Process(Case):
    def watched(self, size="320x180", fps=10, viewers=1):
        """Viewers of a camera that leaves the emulated processor time; the journal's place of before."""
        camera = Vivid(self.vm)
        flags = ("--resolution", size, "--desired-fps", str(fps), "--device", camera.device)
        place = self.service.start(*flags)
        watching = [self.watch() for _ in range(viewers)]
        for viewer in watching:
            self.assert_live(viewer, 60)
        return place, watching

    def pid(self):
        return self.service.show("MainPID")

    def seen_for(self, viewer, seconds):
        """The frames of so long a time, and of how many seconds of that the host gave us."""
        before = self.vm.cpu_time()
        start = time.monotonic()
        time.sleep(seconds)
        frames = viewer.between(start, start + seconds)
        self.assertIsNone(viewer.ended, "a viewer was lost")
        self.assertTrue(all(frame.live for frame in frames), "a placard among the live frames")
        return frames, seconds * self.vm.granted_since(before)

    def write_settings(self, text):
        self.addCleanup(self.service.ship_settings)
        self.vm.write(SETTINGS, text)

    def test_systemctl_reload_has_the_settings_read_again_while_viewers_stay(self):
        place, [viewer] = self.watched()
        before = self.pid()
        large = max(frame.size for frame in viewer.frames)
        self.write_settings("[encoder]\nquality = 10\n[http]\nthreads = 5\n")
        self.vm.run(f"systemctl reload {UNIT}")
        self.assertEqual(self.service.show("ActiveState"), "active")
        seen = len(viewer.frames)
        self.assertIsNotNone(viewer.wait_for(lambda frame: frame.live and frame.size < large / 2, 30, seen))
        log = self.service.log(place)
        self.assertTrue([line for line in log if line.endswith("read again; changed: encoder.quality")], log)
        self.assertTrue([line for line in log if "takes a restart: http.threads" in line], log)
        self.write_settings("[encoder]\nquality = 101\n")
        self.vm.run(f"systemctl reload {UNIT}")
        self.assertTrue(until(lambda: any("going on with the settings" in line for line in self.service.log(place)), 30))
        log = self.service.log(place)
        self.assertTrue([line for line in log if f"{SETTINGS}:2: encoder.quality: 101 is out of range" in line], log)
        self.assertEqual((self.service.show("ActiveState"), self.pid()), ("active", before))
        self.seen_for(viewer, 3)

    def test_a_clock_that_jumps_by_20_years_changes_nothing_but_the_time_that_is_shown(self):
        self.addCleanup(lambda: self.vm.run(f"date -s @{int(time.time())}"))
        # They would all be due at once, and keep an emulated processor busy.
        timers = self.vm.out("systemctl list-units --plain --no-legend --state=active -t timer | cut -d' ' -f1").split()
        self.vm.run(f"systemctl stop {' '.join(timers)}")
        self.addCleanup(self.vm.run, f"systemctl start {' '.join(timers)}")
        _, [viewer] = self.watched()
        before = self.pid()
        frames, seconds = self.seen_for(viewer, 10)
        rate = len(frames) / seconds
        # Of a host that others use too.
        usual = max(latency(frame) for frame in frames)
        for jump in (YEARS_20, -2 * YEARS_20, YEARS_20):
            seen = len(viewer.frames)
            self.vm.run(f"date -s @$(($(date +%s) + {jump}))")
            frames, seconds = self.seen_for(viewer, 10)
            # What other work on the host takes comes and goes.
            self.assertGreater(len(frames) / seconds, 0.5 * rate, "frames a second")
            self.assertLess(max(latency(frame) for frame in viewer.frames[seen:]), 3 * usual + 2, "a frame is older")
            gaps = [b.time - a.time for a, b in zip(viewer.frames[seen:], viewer.frames[seen + 1 :])]
            self.assertLess(max(gaps), 8, "a pause")
            shown = float(frames[-1].headers["x-timestamp"])
            self.assertLess(abs(shown - int(self.vm.out("date +%s"))), 60)
            now = state(self.vm)
            self.assertTrue(now["source"]["online"])
            self.assertLess(now["mjpegd"]["uptime_seconds"], 600)
            self.assertEqual(self.pid(), before)
        # Not taken for a silence of the camera's either.
        self.assertEqual(now["mjpegd"]["camera"]["times_opened"], 1)

    def test_stopped_for_longer_than_timeouts_and_continued_it_goes_on_where_it_was(self):
        place, viewers = self.watched(viewers=3)
        before = self.pid()
        # The camera fills its buffers meanwhile, and they are old.
        self.vm.run(f"systemctl kill -s STOP {UNIT}; sleep {STOP_SECONDS}; systemctl kill -s CONT {UNIT}")
        resumed = time.monotonic()
        for viewer in viewers:
            seen = len(viewer.frames)
            self.assertIsNotNone(viewer.wait_for(lambda frame: frame.live, 10, seen), viewer.ended)
        time.sleep(3)
        for viewer in viewers:
            ages = [latency(frame) for frame in viewer.between(resumed, resumed + 3)]
            old = [age for age in ages if age > STOP_SECONDS / 2]
            # What was being compressed, or was on its way to him, when all stood still; and then what is.
            self.assertLessEqual(len(old), 2, f"a burst of old pictures: {ages}")
            self.assertGreater(len(ages), len(old))
            self.assertNotIn(ages[-1], old)
            self.assertIsNone(viewer.ended)
        self.assertEqual(self.pid(), before)
        log = self.service.log(place)
        self.assertFalse([line for line in log if re.search("hangs|stalled|no picture", line)], log)
        self.assertGreater(state(self.vm)["mjpegd"]["frames"]["lost_by_driver"], 20)

    def test_asleep_with_its_machine_it_shows_what_is_when_that_wakes(self):
        place, viewers = self.watched(viewers=3)
        before = self.pid()
        self.vm.sleep_for(STOP_SECONDS)
        woken = time.monotonic()
        for viewer in viewers:
            seen = len(viewer.frames)
            self.assertIsNotNone(viewer.wait_for(lambda frame: frame.live, 30, seen), viewer.ended)
        print(f"test-system: live again {time.monotonic() - woken:.1f} s after the machine was woken", flush=True)
        frames, _ = self.seen_for(viewers[0], 5)
        self.assertGreater(len(frames), 5)
        self.assertTrue(all(viewer.ended is None for viewer in viewers))
        self.assertEqual(self.pid(), before)
        log = self.service.log(place)
        self.assertFalse([line for line in log if re.search("hangs|stalled|no picture", line)], log)

    def limit_memory(self, limit):
        self.vm.run(f"systemctl set-property --runtime {UNIT} MemoryMax={limit}")
        # Not by systemctl revert, which takes away the tests' own drop-in too.
        self.addCleanup(self.vm.run, f"rm -rf /run/systemd/system.control/{UNIT}.d; systemctl daemon-reload")

    def test_64_megabytes_are_enough_for_20_viewers_of_a_raw_720p_camera(self):
        _, viewers = self.watched(size="1280x720", fps=VIVID_RATE, viewers=20)
        before = self.pid()
        self.limit_memory("64M")
        counts = [len(viewer.frames) for viewer in viewers]
        for viewer, count in zip(viewers, counts, strict=True):
            self.assertTrue(until(lambda: viewer.ended or len(viewer.frames) > count + 50, 120))  # noqa: B023
            self.assertIsNone(viewer.ended)
        self.assertEqual(self.pid(), before)
        peak = int(self.vm.out(f"cat /sys/fs/cgroup/system.slice/{UNIT}/memory.peak"))
        resident = int(re.search(r"VmHWM:\s+(\d+) kB", self.vm.out(f"cat /proc/{before}/status"))[1])
        print(f"test-system: with 20 viewers {peak / 1e6:.0f} MB charged, {resident / 1e3:.0f} MB resident at most", flush=True)
        self.assertLess(peak, 64 << 20)

    def test_ended_for_want_of_memory_it_comes_back_and_so_do_viewers(self):
        _, [viewer] = self.watched()
        before = self.pid()
        self.limit_memory("512M")
        # The kernel's own choice cannot be waited for; systemd sees the same end.
        self.vm.run(f"echo 1000 >/proc/{before}/oom_score_adj; systemctl set-property --runtime {UNIT} MemoryMax=1M")
        self.assertTrue(viewer.wait_for_end(60), "it runs in one megabyte")
        self.limit_memory("512M")
        # One that had begun with too little has its end before it.
        self.assertTrue(until(lambda: self.service.show("ActiveState") == "active", 120, pause=1), "active again")
        self.assertNotEqual(self.pid(), before)
        self.assert_live(self.watch(), 60)

    def test_a_journal_that_takes_no_more_lines_holds_up_no_picture(self):
        self.write_settings("[log]\naccess = true\n")
        _, [viewer] = self.watched()
        frames, seconds = self.seen_for(viewer, 10)
        rate = len(frames) / seconds
        self.addCleanup(self.vm.run, "systemctl kill -s CONT systemd-journald")
        self.vm.run("systemctl kill -s STOP systemd-journald")
        # A line of 28 kB each: backslashes are written as four letters. systemd gives the stream to the journal a buffer of 8 MiB.
        connection = http.client.HTTPConnection("127.0.0.1", self.vm.port(8080), timeout=ANSWER_SECONDS)
        for _ in range(350):
            connection.request("GET", "/healthz", headers={"Referer": "\\" * 7000})
            self.assertEqual(connection.getresponse().read() and 200, 200)
        frames, seconds = self.seen_for(viewer, 10)
        self.assertGreater(len(frames) / seconds, 0.5 * rate, "frames a second")
        self.vm.run("systemctl kill -s CONT systemd-journald")
        self.seen_for(viewer, 5)
