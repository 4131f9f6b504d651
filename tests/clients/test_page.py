"""The control page in Chromium, by Playwright: page.mjs does what a person does."""

import os
import subprocess
import unittest

from daemon import Daemon

HERE = os.path.dirname(os.path.abspath(__file__))


class Page(unittest.TestCase):
    def do(self, daemon, what):
        words = ["node", os.path.join(HERE, "page.mjs"), daemon.url("/"), os.environ["SHOTS"], what]
        done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:] + "".join(daemon.log[-20:]))

    def test_in_each_shape_it_fits_and_has_no_barriers(self):
        with Daemon(size="1280x720") as daemon:
            self.do(daemon, "shapes")

    def test_the_bar_below_the_picture_does_what_it_says(self):
        with Daemon() as daemon:
            self.do(daemon, "bar")

    def test_the_settings_change_the_picture(self):
        with Daemon() as daemon:
            self.do(daemon, "settings")

    def test_without_a_camera_it_says_what_to_do(self):
        with Daemon("--device", "/nonexistent", source="v4l2") as daemon:
            self.do(daemon, "no-camera")

    def test_mainsails_reader_reads_it_from_another_origin(self):
        with Daemon("--allow-origin", "*") as daemon:
            self.do(daemon, "mainsail")


if __name__ == "__main__":
    unittest.main()
