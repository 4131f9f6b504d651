"""The control page in real browsers: page.mjs does what a person does, in Chromium by Playwright; firefox.mjs looks at the picture."""

import os
import subprocess
import threading
import unittest

from camera import Camera
from daemon import Daemon

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 300
# Where nobody counts them, so few pictures that the browser has time for the rest of the page.
SLOWLY = ["--desired-fps", "10"]


class Page(unittest.TestCase):
    def do(self, daemon, part, orders=None, program="page.mjs"):
        """Runs a part; what it writes are orders."""
        words = ["node", os.path.join(HERE, program), daemon.url("/"), os.environ["SHOTS"], part]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            too_late = threading.Timer(SECONDS, process.kill)
            too_late.start()
            for line in process.stdout:
                (orders or {})[line.strip()]()
            said = process.stderr.read()
            status = process.wait()
            too_late.cancel()
        self.assertEqual(status, 0, said[-6000:] + "".join(daemon.log[-20:]))

    def test_in_each_shape_it_fits_and_has_no_barriers(self):
        with Camera() as camera, Daemon(camera=camera, size="1280x720") as daemon:
            self.do(daemon, "shapes")

    def test_the_bar_below_the_picture_does_what_it_says(self):
        with Daemon(*SLOWLY) as daemon:
            self.do(daemon, "bar")

    def test_its_links_lead_somewhere(self):
        with Daemon(*SLOWLY) as daemon:
            self.do(daemon, "links")

    def test_the_settings_change_the_picture(self):
        with Daemon(*SLOWLY) as daemon:
            self.do(daemon, "settings")

    def test_the_controls_of_the_camera_are_changed(self):
        with Camera() as camera, Daemon(*SLOWLY, camera=camera) as daemon:
            self.do(daemon, "controls")

    def test_all_of_it_is_reached_by_keyboard(self):
        with Camera() as camera, Daemon(*SLOWLY, camera=camera) as daemon:
            self.do(daemon, "keyboard")

    def test_without_a_camera_it_says_what_to_do(self):
        with Daemon("--device", "/nonexistent", source="v4l2") as daemon:
            self.do(daemon, "no-camera")

    def test_it_recovers_from_troubles_by_itself(self):
        flags = [*SLOWLY, "--device-error-delay", "0.2"]
        with Camera() as camera:
            running = [Daemon(*flags, camera=camera)]
            self.addCleanup(lambda: running[-1].close())
            port = running[0].port
            orders = {
                "unplug": camera.unplug,
                "plug in": camera.plug_in,
                "stop": running[0].close,
                "start": lambda: running.append(Daemon(*flags, camera=camera, port=port)),
            }
            self.do(running[0], "troubles", orders)

    def test_it_serves_browsers_without_scripts(self):
        with Daemon(*SLOWLY) as daemon:
            self.do(daemon, "scriptless")

    def test_mainsails_reader_reads_it_from_another_origin(self):
        with Daemon("--allow-origin", "*") as daemon:
            self.do(daemon, "mainsail")

    def test_firefox_shows_a_picture_that_moves(self):
        with Camera() as camera, Daemon(camera=camera) as daemon:
            self.do(daemon, "", program="firefox.mjs")


if __name__ == "__main__":
    unittest.main()
