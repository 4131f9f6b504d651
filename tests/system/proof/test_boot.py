"""The board is switched on: the picture is there, whenever the network comes."""

import re
import time

from harness.proof import LIVE_SECONDS, Proof
from harness.viewer import get, until
from harness.vm import BOOT_SECONDS


class Boot(Proof):
    EACH_ANEW = False

    def test_installed_and_rebooted_it_shows_the_camera(self):
        self.vm.reboot()
        boot = self.vm.wait_until_up()
        self.assert_streams("a live picture after the boot")
        picture = self.vm.uptime()
        print(f"test-system: from the kernel's start: {self.seconds_to_ready():.1f} s to READY, {picture:.1f} s to the first "
              f"picture seen from outside (looked for once ssh answered, {boot:.0f} s after the reset)", flush=True)  # fmt: skip
        status, headers, body = get(self.vm, "/snapshot")
        self.assertEqual((status, headers["Content-Type"], body[:2]), (200, "image/jpeg", b"\xff\xd8"))
        self.assertEqual(self.show("UnitFileState"), "enabled")
        self.assertEqual(self.show("NRestarts"), "0")
        self.assert_in_words(r'Status: ".*(1280x720|vivid|/dev/video)', self.status())
        # Avahi tells the network of it.
        announced = r"/services/mjpegd\.service.* successfully established"
        self.assertTrue(until(lambda: re.search(announced, self.journal("avahi-daemon")), LIVE_SECONDS, pause=1),
                        self.journal("avahi-daemon"))  # fmt: skip

    def test_with_the_network_cable_out_at_boot_it_serves_as_soon_as_it_is_in(self):
        self.vm.reboot(link=False)
        self.addCleanup(self.vm.set_link, True)
        reached = r"Reached target \S*multi-user\.target"
        self.assertTrue(until(lambda: re.search(reached, self.vm.serial()), BOOT_SECONDS, pause=1), "a boot")
        # A network that is as late as a user with the cable in his hand.
        time.sleep(5)
        self.vm.set_link(True)
        cable_in = time.monotonic()
        self.assert_streams("a live picture after the cable was put in")
        after = time.monotonic() - cable_in
        self.vm.wait_until_up()
        cable_in = self.vm.uptime() - (time.monotonic() - cable_in)
        ready = self.seconds_to_ready()
        print(f"test-system: from the kernel's start: {ready:.1f} s to READY, {cable_in:.1f} s to the cable's plug; "
              f"{after:.1f} s from then to a picture", flush=True)  # fmt: skip
        self.assertLess(ready, cable_in, "ready only once the network was there")
        self.assertEqual(self.show("NRestarts"), "0")

    def test_a_cable_that_comes_loose_takes_nothing_away(self):
        self.assert_streams()
        before = self.show("MainPID")
        self.addCleanup(self.vm.set_link, True)
        self.vm.set_link(False)
        time.sleep(5)
        self.vm.set_link(True)
        self.assert_streams("a live picture once the cable is in again")
        self.assertEqual(self.show("MainPID"), before)
