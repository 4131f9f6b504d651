"""Every raw format comes out in the right colours: what vivid draws is known."""

from harness import picture
from harness.cameras import Vivid
from harness.case import Case
from harness.viewer import get, until
from harness.vm import EXTRA_HTTP

# {our name: the driver's}
FORMATS = {name: name for name in ("YUYV", "UYVY", "YVYU", "NV12", "NV21", "YU12", "YV12", "GREY")}
FORMATS |= {"RGB24": "RGB3", "BGR24": "BGR3", "RGB565": "RGBP"}


class Formats(Case):
    def test_each_raw_format_shows_the_colours_of_the_camera(self):
        camera = Vivid(self.vm)
        camera.still_bars()
        for name in FORMATS:
            with self.subTest(format=name):
                self.one(camera, name)

    def test_a_multi_planar_camera(self):
        camera = Vivid(self.vm, options="multiplanar=2")
        camera.still_bars()
        self.assertIn("Multiplanar", self.vm.out(f"v4l2-ctl -d {camera.device} --info"))
        self.one(camera, "YUYV")

    def one(self, camera, name):
        words = f"mjpegd --device {camera.device} --format {name} --resolution 640x480 --quality 95 --port {EXTRA_HTTP}"
        self.vm.run(f"systemd-run --quiet --collect --unit=format-{name} --property=SyslogIdentifier=mjpegd {words}")
        try:
            answer = until(lambda: get(self.vm, "/snapshot", EXTRA_HTTP), 30)
            self.assertIsNotNone(answer, "no answer")
            status, _, jpeg = answer
            self.assertEqual(status, 200, jpeg[:200])
            self.assertEqual(picture.size(jpeg), (640, 480))
            if name != "GREY":  # Of grey bars ffmpeg says "EOI missing" whoever compressed them; the end is there.
                self.assertEqual(picture.complaints([jpeg]), "")
            self.assertEqual(jpeg[-2:], b"\xff\xd9")
            self.assertEqual(picture.wrong_bars(jpeg, grey=name == "GREY"), [])
            # The camera really gave this format, not another one that we like better.
            format = self.vm.out(f"v4l2-ctl -d {camera.device} --get-fmt-video")
            self.assertIn(f"'{FORMATS[name]}'", format)
        finally:
            self.vm.run(f"systemctl stop format-{name}", check=False)

