"""An MJPEG camera: what it gives is what viewers get."""

import hashlib
import time

from harness import picture
from harness.cameras import LOOPBACK_RATE, Loopback
from harness.case import Case
from harness.viewer import get, state

WATCHED_SECONDS = 30


class MjpegCamera(Case):
    def test_its_pictures_pass_unchanged_to_three_viewers_for_30_seconds(self):
        camera = Loopback(self.vm, self.folder)
        camera.feed()
        self.service.start("--device", camera.device, "--resolution", "640x480")
        viewers = [self.watch(keep=number == 0) for number in range(3)]
        for viewer in viewers:
            self.assert_live(viewer, 30)
        before = self.vm.cpu_time()
        start = time.monotonic()
        end = start + WATCHED_SECONDS
        time.sleep(WATCHED_SECONDS)
        seen = state(self.vm)
        self.assertTrue(seen["source"]["online"])
        self.assertRegex(str(seen), "MJPE?G")
        self.assertEqual(seen["source"]["resolution"], {"width": 640, "height": 480})
        fed = {hashlib.sha1(jpeg).digest() for jpeg in camera.pictures}
        # A fifth is left to the emulation, and what other work on the host took away.
        least = 0.8 * LOOPBACK_RATE * self.vm.granted_since(before)
        for viewer in viewers:
            frames = viewer.between(start, end)
            self.assertIsNone(viewer.ended, "a viewer was lost")
            self.assertGreater(len(frames) / WATCHED_SECONDS, least, "frames a second")
            self.assertEqual({frame.digest for frame in frames} - fed, set(), "a picture that was not fed")
            repeated = sum(one.digest == next.digest for one, next in zip(frames, frames[1:], strict=False))
            self.assertEqual(repeated, 0, "a frame came twice in a row")
        self.assertEqual(picture.complaints([frame.jpeg for frame in viewers[0].between(start, end)]), "")

    def test_a_snapshot_is_the_cameras_own_picture(self):
        camera = Loopback(self.vm, self.folder)
        camera.feed()
        self.service.start("--device", camera.device, "--resolution", "640x480")
        status, headers, jpeg = get(self.vm, "/snapshot")
        self.assertEqual((status, headers["Content-Type"]), (200, "image/jpeg"))
        self.assertIn(jpeg, camera.pictures)
