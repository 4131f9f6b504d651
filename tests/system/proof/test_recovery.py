"""What goes wrong on a board that nobody looks after, and what a user finds then."""

import time

from harness.proof import SETTINGS, UNIT, Proof
from harness.viewer import until


class Recovery(Proof):
    EACH_ANEW = False

    def test_killed_it_comes_back(self):
        self.assert_streams()
        before = self.show("MainPID")
        self.vm.run(f"systemctl kill -s KILL {UNIT}")
        self.assert_comes_back(before)

    def test_hung_it_is_restarted_by_the_watchdog(self):
        self.assert_streams()
        before = self.show("MainPID")
        # As shipped: WatchdogSec= until it is noticed, and TimeoutStopSec= until the kernel ends what does not react.
        self.vm.run(f"systemctl kill -s STOP {UNIT}")
        self.assert_comes_back(before)

    def test_stopped_it_stays_stopped_until_it_is_started(self):
        self.assert_streams()
        self.vm.run(f"systemctl stop {UNIT}")
        time.sleep(5)
        self.assertEqual(self.show("ActiveState"), "inactive")
        self.vm.run(f"systemctl start {UNIT}")
        self.assert_streams()

    def test_a_mistake_in_the_settings_is_told_by_the_status_and_not_tried_again(self):
        self.set("port", "80800")
        self.vm.run(f"systemctl restart {UNIT}", check=False)
        self.assertTrue(until(lambda: self.show("ActiveState") == "failed", 60, pause=1), self.status())
        time.sleep(5)
        self.assertEqual((self.show("ActiveState"), self.show("NRestarts")), ("failed", "0"))
        status = self.status()
        self.assertIn("status=78/CONFIG", status)
        for word in (SETTINGS, "port", "80800", "65535"):
            self.assertIn(word, status)
        # And mended it runs.
        self.vm.run(f"sed -i 's/80800/8080/' {SETTINGS}; systemctl restart {UNIT}")
        self.assert_streams()


class TwoCameras(Proof):
    def test_they_are_two_daemons(self):
        self.vm.run(f"systemctl disable --now {UNIT}")
        for name, port, device in (("front", 8080, "/dev/video0"), ("back", 8081, "/dev/video1")):
            settings = f"/etc/mjpegd/{name}.toml"
            self.vm.run(f"cp {SETTINGS} {settings}")
            self.set("port", port, settings)
            self.set("device", f'"{device}"', settings)
            self.set("resolution", '"640x480"', settings)
        self.vm.run("systemctl enable --now mjpegd@front mjpegd@back", timeout=120)
        for name, port, device in (("front", 8080, "/dev/video0"), ("back", 8081, "/dev/video1")):
            with self.subTest(name=name):
                self.assert_streams(guest_port=port)
                self.assertIn(device, self.vm.out(f"ls -l /proc/{self.show('MainPID', f'mjpegd@{name}')}/fd"))
        # One that is killed leaves the other alone.
        other = self.show("MainPID", "mjpegd@back")
        self.vm.run("systemctl kill -s KILL mjpegd@front")
        self.assert_streams("a live picture of the camera in front, again")
        self.assertEqual(self.show("MainPID", "mjpegd@back"), other)
