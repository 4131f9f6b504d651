"""mjpegd as systemd runs it in the guest, with the unit and the settings that the project ships."""

import json
import os
import re
import shlex

from harness.viewer import ANSWER_SECONDS, state, until

UNIT = "mjpegd.service"
SETTINGS = "/etc/mjpegd.toml"
DROP_INS = f"/run/systemd/system/{UNIT}.d"
# Flags of a test, behind those of the unit: in a file, since reloading systemd takes seconds when it is emulated.
FLAGS = "/run/mjpegd-flags"
# How the last process ended: systemd itself forgets it soon after a stop.
END = "/run/mjpegd-end"
DROP_IN = f"""[Service]
EnvironmentFile=-{FLAGS}
ExecStart=
ExecStart=%s $FLAGS
ExecStopPost=+/bin/sh -c 'echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >{END}'
"""


class Service:
    def __init__(self, vm, root, binary):
        self.vm = vm
        self._root = root
        with open(os.path.join(root, "systemd", UNIT), encoding="utf-8") as file:
            self.unit = file.read()
        vm.copy(binary, "/usr/bin/mjpegd", "755")
        vm.write(f"/etc/systemd/system/{UNIT}", self.unit)
        vm.copy(os.path.join(root, "systemd", "mjpegd.sysusers"), "/usr/lib/sysusers.d/mjpegd.conf")
        vm.run("systemd-sysusers mjpegd.conf")
        vm.write(f"{DROP_INS}/test.conf", DROP_IN % re.search(r"^ExecStart=(.*)$", self.unit, re.MULTILINE)[1])
        vm.run("systemctl daemon-reload")
        self.ship_settings()

    def ship_settings(self):
        self.vm.copy(os.path.join(self._root, "config", "mjpegd.toml"), SETTINGS)

    def start(self, *flags, wait=True):
        """Starts it with these flags behind those of the unit; returns the journal's place of before."""
        place = self.place()
        self.vm.run(f"echo 'FLAGS={' '.join(flags)}' >{FLAGS}; rm -f {END}; systemctl reset-failed {UNIT} 2>/dev/null; "
                    f"systemctl start {'' if wait else '--no-block'} {UNIT}")  # fmt: skip
        return place

    def stop(self):
        """And whatever else a failed test left running."""
        self.vm.run(f"systemctl stop {UNIT} 2>/dev/null; pkill -KILL -x mjpegd; true", timeout=120)

    def stop_only(self):
        self.vm.run(f"systemctl stop {UNIT}", timeout=120)

    def ended(self):
        """The words that systemd has for how the last process ended."""
        return self.vm.out(f"cat {END}").split()

    def show(self, name):
        return self.vm.out(f"systemctl show --value -p {name} {UNIT}")

    def wait_online(self, seconds=ANSWER_SECONDS, online=True):
        """Whether /state comes to say so. Somebody has to watch, or the camera rests."""
        return until(lambda: state(self.vm)["source"]["online"] is online, seconds)

    def place(self):
        """A place in the journal, for `log`."""
        return self.vm.journal_place()

    def log(self, place):
        """The daemon's own lines since that place, without time and name."""
        # Filtered here: journalctl's own filter loses the first line after a cursor.
        lines = self.vm.out(f"journalctl -o json --no-pager --after-cursor={shlex.quote(place)}").splitlines()
        entries = map(json.loads, lines)
        return [entry["MESSAGE"] for entry in entries if entry.get("SYSLOG_IDENTIFIER") == "mjpegd"]
