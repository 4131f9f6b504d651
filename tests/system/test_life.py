"""The service's life: stopped, killed, hung, misconfigured, and resting when nobody watches."""

import time

from harness.cameras import Vivid
from harness.case import Case
from harness.picture import Pixels
from harness.service import DROP_INS, SETTINGS, UNIT
from harness.viewer import get, until

IDLE_SECONDS = 10  # The default of idle-timeout.


class Life(Case):
    def watched(self):
        camera = Vivid(self.vm)
        self.service.start("--resolution", "640x480", "--device", camera.device)
        viewer = self.watch()
        self.assert_live(viewer, 30)
        return camera, viewer

    def assert_restarted(self, before):
        self.assertTrue(
            until(lambda: self.service.show("MainPID") not in ("0", before), 60, pause=1), "a new process"
        )
        self.assertTrue(until(lambda: self.service.show("ActiveState") == "active", 30, pause=1), "active again")
        self.assert_live(self.watch(), 30)

    def assert_camera_free(self, camera, seconds=5):
        """Another program can stream from it. v4l2-ctl ends with 0 after most errors: its text counts."""
        def streams():
            done = self.vm.run(f"v4l2-ctl -d {camera.device} --stream-mmap --stream-count=1 --stream-to=/run/frame; "
                               "stat -c %s /run/frame; rm -f /run/frame", check=False)  # fmt: skip
            self.said = done.stdout + done.stderr
            sizes = [int(line) for line in done.stdout.splitlines() if line.isdigit()]
            return sizes and sizes[-1] > 0

        self.assertTrue(until(streams, seconds, pause=0.5), self.said)

    def test_stopping_it_lets_go_of_viewers_and_camera(self):
        camera, viewer = self.watched()
        second = self.watch()
        self.assert_live(second, 10)
        self.vm.run(f"systemctl stop {UNIT}")
        # By itself and not by the signal, which "exited" says.
        self.assertEqual(self.service.ended(), ["success", "exited", "0"])
        for one in (viewer, second):
            self.assertTrue(one.wait_for_end(5), "a viewer's connection is still open")
        self.assert_camera_free(camera, 0)

    def test_killed_it_comes_back(self):
        _, viewer = self.watched()
        before = self.service.show("MainPID")
        self.vm.run(f"systemctl kill -s KILL {UNIT}")
        self.assertTrue(viewer.wait_for_end(10))
        self.assert_restarted(before)

    def test_hung_it_is_restarted_by_the_watchdog(self):
        self.assertRegex(self.service.unit, r"(?m)^WatchdogSec=")
        drop_in = f"{DROP_INS}/watchdog.conf"
        self.vm.write(drop_in, "[Service]\nWatchdogSec=5\n")
        self.vm.run("systemctl daemon-reload")
        self.addCleanup(self.vm.run, f"rm {drop_in}; systemctl daemon-reload")
        self.watched()
        before = self.service.show("MainPID")
        # Alive it must satisfy the short watchdog too, or this would prove nothing.
        time.sleep(8)
        self.assertEqual(self.service.show("MainPID"), before)
        # A stopped process takes the watchdog's SIGABRT only when it goes on, or SIGKILL after the time to stop.
        self.vm.run(f"systemctl kill -s STOP {UNIT}")
        self.assert_restarted(before)

    def test_bad_settings_end_it_with_78_and_are_not_tried_again(self):
        Vivid(self.vm)
        self.addCleanup(self.service.ship_settings)
        self.vm.write(SETTINGS, "no-such-key = 1\n")
        place = self.service.start(wait=False)
        self.assertTrue(until(lambda: self.service.show("ActiveState") == "failed", 30, pause=0.5))
        time.sleep(3)
        self.assertEqual(self.service.show("ActiveState"), "failed")
        self.assertEqual(self.service.show("ExecMainStatus"), "78")
        self.assertEqual(self.service.show("NRestarts"), "0")
        log = "\n".join(self.service.log(place))
        for word in (SETTINGS, "1", "no-such-key"):
            self.assertIn(word, log)

    def test_with_nobody_watching_the_camera_is_free_for_others(self):
        camera, viewer = self.watched()
        viewer.close()
        self.assert_camera_free(camera, IDLE_SECONDS + 10)
        # Who comes next sees the camera as it is now.
        camera.set("test_pattern=7", "osd_text_mode=2")
        again = self.watch(keep=True)
        frame = self.assert_live(again, 30)
        red, green, blue = Pixels(frame.jpeg).at(320, 240)
        self.assertTrue(red > 200 and green < 60 and blue < 60, f"an old picture: {red:.0f} {green:.0f} {blue:.0f}")

    def test_without_a_camera_a_snapshot_is_503_with_the_reason(self):
        camera = Vivid(self.vm)
        self.service.start("--device", camera.device)
        camera.unplug()
        self.addCleanup(camera.plug_in)
        status, _, body = get(self.vm, "/snapshot")
        self.assertEqual(status, 503)
        self.assertIn(camera.device, body.decode())
