"""A camera that goes, stalls or fails: viewers stay, see a placard, and then the camera again."""

from harness.cameras import Loopback, Vivid
from harness.case import Case
from harness.viewer import state, until

# Emulated: on a real machine these are a second or two.
PLACARD_SECONDS = 10
LIVE_SECONDS = 20


class Faults(Case):
    def watched_vivid(self):
        camera = Vivid(self.vm)
        self.place = self.service.start("--resolution", "640x480", "--device", camera.device)
        viewer = self.watch()
        self.assert_live(viewer, 30)
        return camera, viewer

    def assert_back(self, viewer, since, before):
        self.assert_live(viewer, LIVE_SECONDS, since, "live again")
        self.assertIsNone(viewer.ended, "the viewer was lost")
        self.assertTrue(until(lambda: state(self.vm)["source"]["online"], 5), "/state says online")
        # Nothing came back by way of a restart.
        self.assertEqual(self.service.show("MainPID"), before)

    def assert_few_lines(self, most):
        """One line a change of state: attempts that fail the same way again say nothing."""
        lines = [line for line in self.service.log(self.place) if "viewer" not in line]
        self.assertLessEqual(len(lines), most, "\n".join(lines))

    def test_unplugged_and_plugged_in_again(self):
        camera, viewer = self.watched_vivid()
        before = self.service.show("MainPID")
        self.place = self.service.place()
        for _ in range(2):
            seen = len(viewer.frames)
            camera.unplug()
            placard = self.assert_placard(viewer, PLACARD_SECONDS, seen)
            self.assertEqual(placard.headers["x-ustreamer-width"], "640")
            self.assertTrue(self.service.wait_online(10, online=False), "/state says offline")
            # Away for several of the daemon's attempts: they must not fill the log.
            self.assertIsNone(viewer.wait_for(lambda frame: frame.live, 4, len(viewer.frames)), "live while unplugged")
            seen = len(viewer.frames)
            camera.plug_in()
            self.assert_back(viewer, seen, before)
        # Gone and back, twice, and what was agreed with the driver on each return.
        self.assert_few_lines(6)
        self.assertGreaterEqual(len(self.service.log(self.place)), 4)

    def test_plugged_in_as_another_node(self):
        link = "/dev/v4l/by-id/usb-vivid-video-index0"
        self.addCleanup(self.vm.run, f"rm -f {link}")
        for device in (link, "auto"):
            with self.subTest(device):
                camera = Vivid(self.vm, number=0)
                self.vm.run(f"mkdir -p /dev/v4l/by-id; ln -sfn {camera.device} {link}")
                place = self.service.start("--resolution", "640x480", "--device", device)
                viewer = self.watch()
                self.assert_live(viewer, 30)
                before = self.service.show("MainPID")
                camera.unplug()
                self.assert_placard(viewer, PLACARD_SECONDS)
                # The driver is unloaded, which the daemon must not be in the way of.
                camera = Vivid(self.vm, number=7)
                seen = len(viewer.frames)
                self.vm.run(f"ln -sfn {camera.device} {link}")
                self.assert_back(viewer, seen, before)
                self.assertTrue(until(lambda: "video7" in "".join(self.service.log(place)) or device == link, 5))
                viewer.close()
                self.service.stop()

    def test_the_second_of_two_daemons_names_the_first_and_takes_over(self):
        _, viewer = self.watched_vivid()
        first = self.service.show("MainPID")
        words = "mjpegd --port 8081 --resolution 640x480 --device /dev/video0"
        self.vm.run(f"systemd-run --quiet --unit=second {words}")
        self.addCleanup(self.vm.run, "systemctl stop second", check=False)
        self.assertTrue(until(lambda: state(self.vm, 8081), 20))
        second = self.watch(guest_port=8081)
        self.assert_placard(second, PLACARD_SECONDS)
        text = state(self.vm, 8081)["mjpegd"]["camera"]["text"]
        self.assertIn(f"in use by mjpegd (pid {first})", text)
        self.assertFalse([frame for frame in viewer.frames if not frame.live], "the first is not disturbed")
        seen = len(second.frames)
        self.service.stop_only()
        self.assert_live(second, LIVE_SECONDS, seen, "the second has it")

    def test_the_cable_out_while_the_node_stays(self):
        camera, viewer = self.watched_vivid()
        before = self.service.show("MainPID")
        seen = len(viewer.frames)
        # vivid's node then fails until its last descriptor is closed: the daemon has to close it to get it back.
        camera.set("disconnect=1")
        self.assert_placard(viewer, PLACARD_SECONDS, seen)
        self.assert_back(viewer, len(viewer.frames), before)

    def test_an_error_in_the_middle_of_the_stream(self):
        camera, viewer = self.watched_vivid()
        before = self.service.show("MainPID")
        seen = len(viewer.frames)
        camera.set("inject_fatal_streaming_error=1")
        self.assert_placard(viewer, PLACARD_SECONDS, seen)
        self.assert_back(viewer, len(viewer.frames), before)

    def test_a_frame_marked_as_broken_is_dropped_and_no_reason_to_reopen(self):
        camera, viewer = self.watched_vivid()
        seen = len(viewer.frames)
        camera.set("inject_v4l2_buf_flag_error=1")
        self.assertIsNone(viewer.wait_for(lambda frame: not frame.live, 3, seen), "a placard")
        self.assertGreater(len(viewer.frames) - seen, 10)

    def test_errors_while_the_camera_is_started(self):
        for error in ("inject_vidioc_reqbufs_error", "inject_vidioc_qbuf_error", "inject_vidioc_streamon_error"):
            with self.subTest(error=error):
                camera = Vivid(self.vm)
                self.service.start("--resolution", "640x480", "--device", camera.device)
                before = self.service.show("MainPID")
                camera.set(f"{error}=1")
                viewer = self.watch()
                self.assert_back(viewer, 0, before)
                viewer.close()
                self.service.stop()

    def test_stalled_and_going_on(self):
        camera = Loopback(self.vm, self.folder)
        camera.feed()
        self.place = self.service.start("--device", camera.device, "--resolution", "640x480")
        viewer = self.watch()
        self.assert_live(viewer, 30)
        before = self.service.show("MainPID")
        seen = len(viewer.frames)
        camera.stall()
        self.assert_placard(viewer, PLACARD_SECONDS + 10, seen)
        self.assertIsNone(viewer.ended)
        seen = len(viewer.frames)
        camera.go_on()
        self.assert_back(viewer, seen, before)

    def test_the_feeder_gone_and_back(self):
        camera = Loopback(self.vm, self.folder)
        camera.feed()
        self.place = self.service.start("--device", camera.device, "--resolution", "640x480")
        viewer = self.watch()
        self.assert_live(viewer, 30)
        before = self.service.show("MainPID")
        self.place = self.service.place()
        seen = len(viewer.frames)
        camera.starve()
        self.assert_placard(viewer, PLACARD_SECONDS + 10, seen)
        seen = len(viewer.frames)
        camera.feed()
        self.assert_back(viewer, seen, before)
        self.assert_few_lines(5)
