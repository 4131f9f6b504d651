"""A raw camera, from the kernel to several viewers, with the service as shipped."""

import time

from harness import picture
from harness.cameras import VIVID_RATE, Vivid
from harness.case import Case
from harness.viewer import get, state, until

WATCHED_SECONDS = 30


class RawCamera(Case):
    def test_the_service_becomes_active_with_the_shipped_settings_and_says_how_it_is(self):
        Vivid(self.vm)
        self.service.start()
        self.assertEqual(self.service.show("ActiveState"), "active")
        self.assertEqual(self.service.show("Type"), "notify")
        # STATUS= of sd_notify: systemd shows it in `systemctl status`.
        self.assertRegex(self.vm.out("systemctl status --no-pager mjpegd"), r"Status: \"\S+")
        status, _, jpeg = get(self.vm, "/snapshot")
        self.assertEqual(status, 200)
        self.assertEqual(picture.complaints([jpeg]), "")

    def test_three_viewers_see_every_frame_for_30_seconds(self):
        Vivid(self.vm)
        place = self.service.start("--resolution", "640x480", "--desired-fps", str(VIVID_RATE))
        viewers = [self.watch(keep=number == 0) for number in range(3)]
        for viewer in viewers:
            self.assert_live(viewer, 30)
        before = self.vm.cpu_time()
        start = time.monotonic()
        end = start + WATCHED_SECONDS
        time.sleep(WATCHED_SECONDS / 2)
        self.check_state()
        time.sleep(max(0, end - time.monotonic()))
        # A fifth is left to the emulation, and what other work on the host took away.
        least = 0.8 * VIVID_RATE * self.vm.granted_since(before)
        for viewer in viewers:
            frames = viewer.between(start, end)
            rate = len(frames) / WATCHED_SECONDS
            self.assertIsNone(viewer.ended, "a viewer was lost")
            self.assertTrue(all(frame.live for frame in frames), "a placard among the live frames")
            # vivid writes its clock on every picture.
            self.assertEqual(len({frame.digest for frame in frames}), len(frames), "a frame came twice")
            self.assertGreater(rate, least, "frames a second")
        self.assertEqual(picture.complaints([frame.jpeg for frame in viewers[0].between(start, end)]), "")
        self.assertEqual(picture.size(viewers[0].frames[-1].jpeg), (640, 480))
        # What was agreed with the driver stands in the log, once.
        agreed = [line for line in self.service.log(place) if "YUYV" in line and "640x480" in line]
        self.assertEqual(len(agreed), 1, self.service.log(place))

    def check_state(self):
        seen = state(self.vm)
        self.assertTrue(seen["source"]["online"])
        self.assertEqual(seen["source"]["resolution"], {"width": 640, "height": 480})
        self.assertIn("YUYV", str(seen))
        self.assertEqual(seen["stream"]["clients"], 3)
        self.assertEqual(len(seen["stream"]["clients_stat"]), 3)

    def test_ffmpeg_reads_the_stream_without_a_complaint(self):
        Vivid(self.vm)
        self.service.start("--resolution", "640x480", "--desired-fps", str(VIVID_RATE))
        self.assertEqual(picture.stream_complaints(self.vm.url("/stream"), 30, 60), "")

    def test_a_size_that_the_camera_lacks_becomes_its_nearest(self):
        Vivid(self.vm)
        self.service.start("--resolution", "700x500")
        viewer = self.watch(keep=True)
        width, height = picture.size(self.assert_live(viewer, 30).jpeg)
        self.assertIn((width, height), [(640, 360), (640, 480), (1280, 720)])
        resolution = until(lambda: state(self.vm)["source"]["resolution"], 10)
        self.assertEqual((resolution["width"], resolution["height"]), (width, height))
