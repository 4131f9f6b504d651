"""Which node is the camera: found by asking it, not by its number."""

from harness import cameras, case, picture
from harness.cameras import CAPTURE, META_CAPTURE, OUTPUT, Vivid
from harness.case import Case
from harness.viewer import get

# Usual on a Pi: what has the low numbers is no camera.
OUTPUT_NODE, META_NODE, CAMERA_NODE = "/dev/video0", "/dev/video1", "/dev/video7"


def hold(test, device):
    """Another program streams from it until the test ends."""
    test.vm.run(f"systemd-run --quiet --unit=holder v4l2-ctl -d {device} --stream-mmap")
    test.addCleanup(test.vm.run, "systemctl stop holder", check=False)
    test.vm.run(f"for tries in $(seq 50); do v4l2-ctl -d {device} --stream-mmap --stream-count=1 2>&1 | "
                "grep -qi busy && exit 0; sleep 0.2; done; exit 1")  # fmt: skip


class Choice(Case):
    @classmethod
    def setUpClass(cls):
        Vivid(case.VM, CAPTURE | OUTPUT | META_CAPTURE, 7, "vid_out_nr=0 meta_cap_nr=1")
        nodes = case.VM.out("ls /dev/video*").split()
        assert nodes == [OUTPUT_NODE, META_NODE, CAMERA_NODE], nodes

    def mjpegd(self, words):
        done = self.vm.run(f"mjpegd {words}", check=False)
        return done.returncode, done.stdout + done.stderr

    def test_by_default_the_first_node_that_is_a_camera_is_taken(self):
        place = self.service.start()
        status, _, jpeg = get(self.vm, "/snapshot")
        self.assertEqual(status, 200, jpeg[:200])
        self.assertEqual(picture.complaints([jpeg]), "")
        self.assertIn(CAMERA_NODE, "\n".join(self.service.log(place)))

    def test_of_a_list_the_first_that_is_there_is_taken(self):
        place = self.service.start("--device", "/dev/video33", "--device", CAMERA_NODE)
        self.assertEqual(get(self.vm, "/snapshot")[0], 200, self.service.log(place))

    def test_devices_lists_the_camera_with_what_it_offers_and_no_other_node(self):
        status, text = self.mjpegd("devices")
        self.assertEqual(status, 0, text)
        for word in (CAMERA_NODE, "vivid", "YUYV", "NV12", "RGB24", "640x480", "1280x720", "25"):
            self.assertIn(word, text)
        # What is no camera may be told of, but in other words.
        self.assertNotRegex(text, f"(?m)^({OUTPUT_NODE}|{META_NODE})")

    def test_check_is_content_with_a_camera(self):
        status, text = self.mjpegd(f"check --device {CAMERA_NODE}")
        self.assertEqual(status, 0, text)
        self.assertIn(CAMERA_NODE, text)

    def test_check_says_that_an_output_node_is_not_a_camera(self):
        status, text = self.mjpegd(f"check --device {OUTPUT_NODE}")
        self.assertNotEqual(status, 0, text)
        self.assertRegex(text, f"{OUTPUT_NODE}.*(not|no) (a )?camera")

    def test_check_names_who_holds_the_camera(self):
        hold(self, CAMERA_NODE)
        status, text = self.mjpegd(f"check --device {CAMERA_NODE}")
        self.assertNotEqual(status, 0, text)
        self.assertIn("v4l2-ctl", text)

    def test_check_tells_how_to_join_group_video(self):
        done = self.vm.run(f"setpriv --reuid=nobody --regid=nogroup --clear-groups mjpegd check --device {CAMERA_NODE}",
                           check=False)  # fmt: skip
        text = done.stdout + done.stderr
        self.assertNotEqual(done.returncode, 0, text)
        self.assertRegex(text, r"(usermod|adduser|gpasswd).*video")


class TwoCameras(Case):
    def test_by_default_a_camera_that_another_program_uses_is_passed_over(self):
        Vivid(self.vm, options="n_devs=2 node_types=0x1,0x1 vid_cap_nr=0,1")
        hold(self, "/dev/video0")
        place = self.service.start()
        self.assertEqual(get(self.vm, "/snapshot")[0], 200, self.service.log(place))
        self.assertIn("/dev/video1", "\n".join(self.service.log(place)))


class NoCamera(Case):
    def test_devices_says_so_when_there_is_no_camera(self):
        cameras.unload(self.vm)
        done = self.vm.run("mjpegd devices", check=False)
        self.assertRegex(done.stdout.lower(), "no camera")
        self.assertEqual(done.returncode, 1, "a script can tell")
