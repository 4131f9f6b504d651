"""A network that is late, waited for as the settings say; and the port opened by systemd. On the test picture: the camera
has no part in it."""

import os

from harness import case
from harness.case import Case
from harness.service import UNIT
from harness.viewer import ANSWER_SECONDS, get, until

LATE_ADDRESS = "192.168.77.7"
SOCKET = "mjpegd.socket"
# Stands in for systemd-networkd-wait-online: the network that carries these tests cannot be late by itself.
LATE_NETWORK = """[Unit]
DefaultDependencies=no
Before=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh -c 'until [ -e /run/network-is-there ]; do sleep 0.2; done'
"""


class Network(Case):
    def start(self, *flags):
        return self.service.start("--source", "pattern", *flags, wait=False)

    def take_away_the_route(self):
        """The default route, until the test ends."""
        route = self.vm.out("ip route show default")
        self.addCleanup(self.vm.run, f"ip route replace {route}")
        self.vm.run(f"ip route delete {route}")
        return route

    def assert_ready(self):
        self.assertTrue(until(lambda: self.service.show("ActiveState") == "active", ANSWER_SECONDS, pause=0.5), "ready")

    def assert_waits(self, *words):
        """For what, is told by `systemctl status`."""
        def told():
            return all(word in self.service.show("StatusText") for word in ("waiting for the network", *words))

        self.assertTrue(until(told, ANSWER_SECONDS, pause=0.5), self.service.show("StatusText"))
        self.assertEqual(self.service.show("ActiveState"), "activating")
        status = self.vm.run(f"systemctl status --no-pager {UNIT}", check=False).stdout
        self.assertIn("Status: \"waiting for the network", status)

    def assert_goes_on(self, place):
        self.assert_ready()
        log = "\n".join(self.service.log(place))
        self.assertRegex(log, "(?s)Network Error.*Network Enable")
        self.assertNotIn("waiting", self.service.show("StatusText"))

    def test_an_address_that_is_not_there_yet_is_waited_for(self):
        place = self.start("--host", LATE_ADDRESS, "--network-wait", "address")
        self.assert_waits(LATE_ADDRESS)
        self.addCleanup(self.vm.run, f"ip address delete {LATE_ADDRESS}/32 dev lo")
        self.vm.run(f"ip address add {LATE_ADDRESS}/32 dev lo")
        self.assert_goes_on(place)
        self.assertIn(f"http://{LATE_ADDRESS}:8080/", "\n".join(self.service.log(place)))

    def test_a_default_route_is_waited_for(self):
        route = self.take_away_the_route()
        place = self.start("--network-wait", "route")
        self.assert_waits("no default route")
        self.vm.run(f"ip route replace {route}")
        self.assert_goes_on(place)
        self.assertEqual(get(self.vm, "/snapshot")[0], 200)

    def test_systemds_word_that_the_machine_is_online_is_waited_for(self):
        self.vm.write("/run/systemd/system/late-network.service", LATE_NETWORK)
        wants = "/run/systemd/system/network-online.target.wants"
        self.addCleanup(self.vm.run, f"rm -rf {wants} /run/systemd/system/late-network.service /run/network-is-there; systemctl daemon-reload")
        self.vm.run(f"mkdir -p {wants}; ln -s ../late-network.service {wants}/; systemctl daemon-reload; "
                    "systemctl stop network-online.target")  # fmt: skip
        place = self.start("--network-wait", "online")
        self.assert_waits("network-online.target")
        self.vm.run("touch /run/network-is-there")
        self.assert_goes_on(place)
        self.assertEqual(get(self.vm, "/snapshot")[0], 200)

    def test_after_the_timeout_it_serves_all_the_same(self):
        self.take_away_the_route()
        place = self.start("--network-wait", "route", "--network-timeout", "3")
        self.assert_ready()
        self.assertIn("serving all the same", "\n".join(self.service.log(place)))


class OpenedBySystemd(Case):
    @classmethod
    def setUpClass(cls):
        folder = os.path.join(os.path.dirname(__file__), "..", "..", "systemd")
        case.VM.copy(os.path.join(folder, SOCKET), f"/run/systemd/system/{SOCKET}")
        case.VM.run("systemctl daemon-reload")

    @classmethod
    def tearDownClass(cls):
        case.VM.run(f"rm /run/systemd/system/{SOCKET}; systemctl daemon-reload")

    def test_the_first_viewer_starts_it_and_none_is_refused_while_it_starts_anew(self):
        # Flags are read from a file, and the socket starts the service with those that were there last.
        self.service.start("--source", "pattern")
        self.vm.run(f"systemctl stop {UNIT}; systemctl start {SOCKET}")
        self.addCleanup(self.vm.run, f"systemctl stop {SOCKET}")
        self.assertEqual(self.service.show("ActiveState"), "inactive")
        self.assertEqual(get(self.vm, "/snapshot")[0], 200)
        before = self.service.show("MainPID")
        self.vm.run(f"systemctl kill -s KILL {UNIT}")
        # RestartSec= later there is a new one; who came in between was kept waiting by systemd.
        self.assertEqual(get(self.vm, "/snapshot")[0], 200)
        self.assertNotIn(self.service.show("MainPID"), ("0", before))
