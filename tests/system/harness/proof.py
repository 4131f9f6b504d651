"""The base of the proof: a guest that has what a user has, a Debian with cameras and mjpegd's package."""

import re

from harness import case
from harness.viewer import until

SETTINGS = "/etc/mjpegd.toml"
UNIT = "mjpegd.service"
# From a start of the service to a picture, on an emulated processor.
LIVE_SECONDS = 60


class Proof(case.Case):
    # Whether the package is there before a test begins.
    INSTALLED = True

    @property
    def package(self):
        return case.PACKAGE

    def setUp(self):
        if not self.INSTALLED:
            self.clean()
        elif not self.is_fresh():
            self.clean()
            self.package.install()

    def is_fresh(self):
        """Whether the test before left the package as it was installed; to install it takes long."""
        return self.vm.run(
            f"test \"$(dpkg-query -W -f '${{Version}}' mjpegd)\" = {self.package.version} && ! dpkg --verify mjpegd | grep '^??5' && "
            "! systemctl list-units --plain --no-legend --all 'mjpegd@*' | grep . && ! ls /etc/mjpegd | grep toml && "
            f"systemctl is-enabled {UNIT} && systemctl restart {UNIT}", check=False).returncode == 0  # fmt: skip

    def tearDown(self):
        pass

    def clean(self):
        """No mjpegd, however the test before left it; two cameras, also after a boot."""
        if self.vm.run("dpkg-query -W mjpegd", check=False).returncode == 0:
            self.package.purge()
        self.vm.run("systemctl stop mjpegd 'mjpegd@*' 2>/dev/null; rm -rf /etc/mjpegd* /etc/avahi/services/mjpegd* /var/cache/mjpegd /usr/bin/mjpegd* "
                    "/lib/systemd/system/mjpegd* /etc/systemd/system/*/mjpegd* /etc/systemd/system/mjpegd* "
                    "/usr/lib/sysusers.d/mjpegd.conf; systemctl daemon-reload; systemctl reset-failed; "
                    "echo options vivid n_devs=2 node_types=0x1,0x1 vid_cap_nr=0,1 >/etc/modprobe.d/cameras.conf; "
                    "echo vivid >/etc/modules-load.d/cameras.conf; modprobe vivid; udevadm settle")  # fmt: skip

    def show(self, name, unit=UNIT):
        return self.vm.out(f"systemctl show --value -p {name} {unit}")

    def set(self, key, value, settings=SETTINGS):
        """As a user edits the settings: takes the comment sign from the line of the key, and puts the value in."""
        self.vm.run(f"sed -i 's|^# {key} = .*|{key} = {value}|' {settings}")
        self.assertEqual(self.vm.out(f"grep '^{key} = ' {settings}"), f"{key} = {value}")

    def assert_streams(self, why="a live picture", guest_port=8080):
        """Somebody outside sees the camera; a service that comes up may still refuse him, and QEMU then takes his call and drops
        it."""
        def live():
            return self.watch(guest_port=guest_port).wait_for(lambda frame: frame.live, LIVE_SECONDS)

        frame = until(live, LIVE_SECONDS, pause=0.5)
        self.assertIsNotNone(frame, why)
        return frame

    def assert_comes_back(self, before):
        """As another process, by itself."""
        self.assertTrue(until(lambda: self.show("MainPID") not in ("0", before), 120, pause=1), "a new process")
        self.assert_streams("a live picture of the new process")

    def status(self, unit=UNIT):
        return self.vm.run(f"systemctl status --no-pager --full {unit}", check=False).stdout

    def seconds_to_ready(self):
        """From the kernel's start."""
        return int(self.show("ActiveEnterTimestampMonotonic")) / 1e6

    def journal(self, name):
        return self.vm.out(f"journalctl --no-pager -o cat -t {name}")

    def assert_in_words(self, pattern, text):
        self.assertRegex(re.sub(r"\s+", " ", text), pattern)
