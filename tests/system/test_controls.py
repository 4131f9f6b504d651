"""The driver's controls: what v4l2-ctl lists, gets and sees is what mjpegd lists and sets."""

import re
import time

from harness import picture
from harness.cameras import Vivid
from harness.case import Case
from harness.viewer import get, until

# What mjpegd leaves out: values that are no single one.
KINDS = ("int", "int64", "bool", "menu", "intmenu", "bitmask", "button", "str")


def v4l2_ctl_list(text):
    """{key: {"kind": ..., "min": ..., ...}} of `v4l2-ctl -L`."""
    controls = {}
    for line in text.splitlines():
        found = re.match(r"\s+(\w+) 0x[0-9a-f]{8} \((\w+)\)\s*: ?(.*)", line)
        if found and found[2] in KINDS and "dims=" not in found[3]:
            # A text stands in quotes, and may have anything in it.
            facts, _, flags = found[3].partition(" flags=")
            facts = re.findall(r"(\w+)=('.*?'(?= |$)|\S+)", facts)
            controls[found[1]] = {"kind": found[2], "flags": flags, **dict(facts)}
    return controls


def mjpegd_list(text):
    """The same of `mjpegd controls`."""
    controls = {}
    for line in text.splitlines():
        found = re.match(rf"    (\w+)\s+(.*?)\s+({'|'.join(KINDS)})((?:, .*)?)$", line)
        if found:
            controls[found[1]] = {"value": found[2], "kind": found[3], "facts": found[4].split(", ")[1:]}
    return controls


def as_v4l2_ctl_has_it(control, value):
    """mjpegd's words for a value in those of v4l2-ctl."""
    if control["kind"] == "bool":
        return {"true": "1", "false": "0"}[value]
    if control["kind"] in ("menu", "intmenu"):
        return value.split(" ")[0]
    if control["kind"] == "str":
        return "'" + value[1:-1] + "'"
    return value


def unsigned(control, value):
    """v4l2-ctl has the bits of a bitmask as a number with a sign, or as bits, by its version."""
    return f"{int(value, 0) & 0xffffffff:#010x}" if control["kind"] == "bitmask" else value


class Controls(Case):
    def setUp(self):
        super().setUp()
        self.camera = Vivid(self.vm)

    def mjpegd(self, words=""):
        done = self.vm.run(f"mjpegd controls --device {self.camera.device} {words}", check=False)
        return done.returncode, done.stdout, done.stderr

    def seen(self, key):
        """By v4l2-ctl, without the name of a menu's item."""
        return self.vm.out(f"v4l2-ctl -d {self.camera.device} -C {key}").split(": ", 1)[1].split(" (")[0]

    def assert_seen(self, key, value, why=""):
        self.assertTrue(until(lambda: self.seen(key) == value, 20), f"{key}: {self.seen(key)}, not {value} {why}")

    def test_all_controls_are_listed_as_v4l2_ctl_does(self):
        theirs = v4l2_ctl_list(self.vm.out(f"v4l2-ctl -d {self.camera.device} -L"))
        status, text, trouble = self.mjpegd()
        ours = mjpegd_list(text)
        self.assertEqual(status, 0, trouble)
        self.assertGreater(len(theirs), 30)
        self.assertEqual(set(ours), set(theirs))
        self.assertEqual({theirs[key]["kind"] for key in theirs}, set(KINDS), "each kind is there")
        for key, facts in theirs.items():
            with self.subTest(key=key):
                control = ours[key]
                self.assertEqual(control["kind"], facts["kind"])
                if control["kind"] in ("int", "int64"):
                    steps = "" if facts["step"] == "1" else f" in steps of {facts['step']}"
                    self.assertIn(f"{facts['min']} to {facts['max']}{steps}", control["facts"])
                # What changes by itself is another one already.
                if control["kind"] != "button" and "volatile" not in facts["flags"]:
                    self.assertEqual(as_v4l2_ctl_has_it(control, control["value"]), unsigned(control, facts["value"]))
                if "default" in facts:
                    default = next(fact for fact in control["facts"] if fact.startswith("default "))
                    self.assertEqual(as_v4l2_ctl_has_it(control, default[8:]), unsigned(control, facts["default"]))
                for flag, word in (("inactive", "inactive"), ("read-only", "read only"), ("volatile", "changes by itself")):
                    self.assertEqual(word in control["facts"], flag in facts["flags"], flag)

    def test_a_menu_has_the_items_that_the_driver_has(self):
        _, text, _ = self.mjpegd()
        menu = re.search(r"^    menu .*\n((?:        .*\n)+)", text, re.MULTILINE)[1]
        ours = [line.split(None, 1) for line in menu.splitlines()]
        theirs = self.vm.out(f"v4l2-ctl -d {self.camera.device} -L")
        menu = re.search(r"^ +menu 0x.*\n((?:\s+\d+: .*\n)+)", theirs, re.MULTILINE)[1]
        self.assertEqual(ours, [line.strip().split(": ", 1) for line in menu.splitlines()])

    def test_each_kind_is_set_for_v4l2_ctl_to_see(self):
        for word, key, value in (
            ("brightness=7", "brightness", "7"),
            ("integer_32_bits=-2147483648", "integer_32_bits", "-2147483648"),
            ("integer_64_bits=4294967296000", "integer_64_bits", "4294967296000"),
            ("boolean=off", "boolean", "0"),
            ("menu=4", "menu", "4"),
            ("integer_menu=7", "integer_menu", "7"),
            ("bitmask=0x2000", "bitmask", "8192"),
            ("string=' a'", "string", " a"),
            ("'Horizontal Flip=1'", "horizontal_flip", "1"),
        ):
            with self.subTest(word=word):
                status, text, trouble = self.mjpegd(word)
                self.assertEqual(status, 0, trouble)
                self.assertIn(f"{key}: ", text)
                self.assertEqual(self.seen(key).strip("'\n"), value)
        self.assertEqual(self.mjpegd("button=")[0], 0)
        self.assertEqual(self.mjpegd("brightness=default")[1], "brightness: 128\n")
        self.assertEqual(self.seen("brightness"), "128")

    def test_what_the_driver_would_not_take_is_refused(self):
        for word in ("brightness=256", "menu=0", "bitmask=1", "string=abcde", "volume_of_it=1", "brightness"):
            status, text, trouble = self.mjpegd(word)
            if word == "brightness":
                self.assertEqual((status, text), (0, "brightness: 128\n"), "nothing was set")
            else:
                self.assertEqual(status, 1, word)
                self.assertRegex(trouble, "out of range|will not do|no such control")

    def test_controls_can_be_got_and_set_while_the_camera_streams_and_while_it_rests(self):
        self.service.start("--resolution", "640x480", "--device", self.camera.device, "--idle-timeout", "1")
        viewer = self.watch()
        self.assert_live(viewer, 30)
        self.assertEqual(self.mjpegd("brightness=33")[1], "brightness: 33\n")
        viewer.close()
        self.assertEqual(self.mjpegd("contrast=34")[1], "contrast: 34\n")
        self.assertEqual((self.seen("brightness"), self.seen("contrast")), ("33", "34"))

    def test_wanted_controls_hold_and_again_after_a_replug(self):
        self.service.start("--resolution", "640x480", "--device", self.camera.device, "--control", "menu=4",
                           "--brightness", "99", "--gain", "77")  # fmt: skip
        viewer = self.watch()
        self.assert_live(viewer, 30)
        wanted = (("brightness", "99"), ("menu", "4"), ("gain_automatic", "0"), ("gain", "77"))
        for key, value in wanted:
            self.assertEqual(self.seen(key), value, key)
        self.camera.unplug()
        self.assert_placard(viewer, 20, len(viewer.frames))
        self.camera.plug_in()
        self.assertTrue(until(lambda: self.vm.run(f"test -e {self.camera.device}", check=False).returncode == 0, 20))
        self.assert_live(viewer, 30, len(viewer.frames), "live again")
        for key, value in wanted:
            self.assert_seen(key, value, "after the replug")

    def flips(self):
        return self.seen("horizontal_flip"), self.seen("vertical_flip")

    def mirrored_once(self):
        viewer = self.watch(keep=True)
        frame = self.assert_live(viewer, 60)
        self.assertEqual(picture.wrong_bars(frame.jpeg, mirrored=True), [])
        viewer.close()

    def test_the_driver_flips_and_is_left_as_it_was_and_a_daemon_that_was_killed_flips_no_second_time(self):
        self.camera.still_bars()
        place = self.service.start("--resolution", "640x480", "--device", self.camera.device, "--rotate", "180")
        self.mirrored_once()
        self.assertEqual(self.flips(), ("1", "1"))
        told = [line for line in self.service.log(place) if "turned by 180 degrees by the camera" in line]
        self.assertEqual(len(told), 1, self.service.log(place))
        self.vm.run("systemctl kill -s KILL mjpegd")
        self.assertTrue(until(lambda: self.service.show("NRestarts") != "0", 60), "systemd starts it again")
        self.service.wait_online()
        self.mirrored_once()
        self.assertEqual(self.flips(), ("1", "1"))
        self.service.stop()
        self.assertEqual(self.flips(), ("0", "0"))

    def test_a_flip_that_is_set_by_its_name_is_not_the_drivers(self):
        self.camera.still_bars()
        self.service.start("--resolution", "640x480", "--device", self.camera.device, "--flip-horizontal",
                           "--control", "horizontal_flip=default")  # fmt: skip
        self.mirrored_once()
        self.assertEqual(self.flips(), ("0", "0"))

    def test_a_change_by_another_program_is_noticed(self):
        place = self.service.start("--resolution", "640x480", "--device", self.camera.device, "--brightness", "99",
                                   "--log-level", "debug")  # fmt: skip
        viewer = self.watch()
        self.assert_live(viewer, 30)
        noticed = lambda: sum("controls have changed" in line for line in self.service.log(place))  # noqa: E731
        self.camera.set("contrast=1")
        self.assertTrue(until(lambda: noticed() > 0, 20), self.service.log(place))
        # The pictures go on. vivid counts them in a control, so that one changes with each: four a second are told.
        seen, before, began = len(viewer.frames), noticed(), time.monotonic()
        self.assertIsNotNone(viewer.wait_for(lambda frame: frame.live, 60, seen + 10))
        self.assertLess(noticed() - before, 4 * (time.monotonic() - began) + 2)

    def test_a_control_that_the_camera_has_not_is_told_and_no_reason_to_fail(self):
        place = self.service.start("--resolution", "640x480", "--device", self.camera.device, "--control", "brightnes=1")
        self.assertEqual(get(self.vm, "/snapshot")[0], 200)
        told = lambda: [line for line in self.service.log(place) if "did you mean brightness" in line]  # noqa: E731
        self.assertTrue(until(told, 20), self.service.log(place))
        self.assertEqual(len(told()), 1)
