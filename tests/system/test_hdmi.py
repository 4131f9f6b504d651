"""An HDMI input, which vivid has too: the size is the signal's, and follows it while somebody watches."""

import re

from harness.cameras import CAPTURE, Vivid
from harness.case import Case
from harness.viewer import state, until

# Emulated: on a real machine these are a second or two.
SECONDS = 30
# What vivid calls its signals.
CURRENT, NO_SIGNAL, NO_LOCK, OUT_OF_RANGE, SELECTED = range(5)


class Hdmi(Case):
    def setUp(self):
        super().setUp()
        # One input, of type HDMI.
        self.camera = Vivid(self.vm, CAPTURE, options="num_inputs=1 input_types=3")
        listed = self.vm.out(f"v4l2-ctl -d {self.camera.device} -L")
        menu = listed[listed.index("dv_timings 0x"):]
        self.timings = {size: number for number, size in re.findall(r"(?m)^\s+(\d+): (\d+x\d+)p(?:59|60)\s*$", menu)}
        self.select("640x480")

    def select(self, size):
        self.camera.set(f"dv_timings_signal_mode={SELECTED}", f"dv_timings={self.timings[size]}")

    def start(self, *flags):
        # The source sends 60 a second, which are more than an emulated processor compresses.
        self.place = self.service.start("--device", self.camera.device, "--desired-fps", "5", *flags)
        viewer = self.watch()
        return viewer

    def assert_size(self, viewer, size, since=0):
        width, height = size.split("x")
        shown = viewer.wait_for(
            lambda frame: frame.live and (frame.headers["x-ustreamer-width"], frame.headers["x-ustreamer-height"]) == (width, height),
            SECONDS, since,
        )  # fmt: skip
        self.assertIsNotNone(shown, f"no picture of {size}; {self.service.log(self.place)[-5:]}")

    def test_the_size_follows_the_signal_on_the_same_connection(self):
        viewer = self.start("--dv-timings")
        self.assert_size(viewer, "640x480")
        before = self.service.show("MainPID")
        for size in ("800x600", "1024x768", "640x480"):
            seen = len(viewer.frames)
            self.select(size)
            self.assert_size(viewer, size, seen)
        self.assertIsNone(viewer.ended)
        self.assertEqual(self.service.show("MainPID"), before)
        self.assertIn("640x480", state(self.vm)["mjpegd"]["camera"]["text"])
        # Each change was followed at once, and was no trouble to be waited for.
        log = "\n".join(self.service.log(self.place))
        self.assertEqual(log.count("the signal at its input has changed; starting anew"), 3, log)
        self.assertNotIn("trying again", log)

    def test_why_there_is_no_signal_is_shown_until_there_is_one_again(self):
        viewer = self.start("--dv-timings")
        self.assert_size(viewer, "640x480")
        for mode, name in ((NO_SIGNAL, "ENOLINK"), (NO_LOCK, "ENOLCK"), (OUT_OF_RANGE, "ERANGE")):
            with self.subTest(name):
                seen = len(viewer.frames)
                self.camera.set(f"dv_timings_signal_mode={mode}")
                self.assert_placard(viewer, SECONDS, seen)
                told = lambda: name in state(self.vm)["mjpegd"]["camera"]["text"]  # noqa: E731
                self.assertTrue(until(told, 10), state(self.vm)["mjpegd"]["camera"])
                self.assertEqual(state(self.vm)["mjpegd"]["camera"]["state"], "no-signal")
                seen = len(viewer.frames)
                self.select("640x480")
                self.assert_size(viewer, "640x480", seen)
        self.assertIsNone(viewer.ended)

    def test_without_the_flag_a_change_is_no_end_of_the_picture(self):
        viewer = self.start()
        self.assert_live(viewer, SECONDS)
        for size in ("800x600", "640x480"):
            seen = len(viewer.frames)
            self.select(size)
            self.assert_live(viewer, SECONDS, seen + 3)
        self.assertIsNone(viewer.ended)
