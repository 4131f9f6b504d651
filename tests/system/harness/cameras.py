"""The guest's cameras: vivid for raw formats, v4l2loopback with the feeder for MJPEG."""

import glob
import os
import subprocess

VIVID_DRIVER = "/sys/bus/platform/drivers/vivid"
# vivid's node_types is a set of bits.
CAPTURE, OUTPUT, META_CAPTURE = 0x1, 0x100, 0x20000
# What vivid's webcam input gives at 640x480 at most; its own limit.
VIVID_RATE = 25
LOOPBACK_RATE = 30


class Vivid:
    def __init__(self, vm, node_types=CAPTURE, number=0, options=""):
        """Loads the driver anew, so that every control has its default."""
        self._vm = vm
        self.device = f"/dev/video{number}"
        unload(vm, f"modprobe vivid n_devs=1 node_types={node_types:#x} vid_cap_nr={number} {options} && udevadm settle")

    def set(self, *controls):
        for control in controls:
            self._vm.run(f"v4l2-ctl -d {self.device} -c {control}")

    def still_bars(self):
        """Eight bars in full colours, nothing written over them."""
        self.set("test_pattern=1", "osd_text_mode=2")

    def unplug(self):
        self._vm.run(f"echo vivid.0 >{VIVID_DRIVER}/unbind")

    def plug_in(self):
        self._vm.run(f"echo vivid.0 >{VIVID_DRIVER}/bind")


class Loopback:
    """An MJPEG camera of 640x480."""

    def __init__(self, vm, folder, number=10):
        self._vm = vm
        self.device = f"/dev/video{number}"
        self.pictures = draw_pictures(folder)
        # exclusive_caps: the node is a camera while the feeder feeds it, as browsers and we expect of one.
        load = f"modprobe v4l2loopback video_nr={number} card_label=loopback exclusive_caps=1 && udevadm settle"
        unload(vm, load)
        vm.write_all("/srv/pictures", {f"{number:02}.jpg": one for number, one in enumerate(self.pictures)})

    def feed(self):
        self._vm.run("systemctl reset-failed feeder 2>/dev/null; systemd-run --quiet --unit=feeder --property=Nice=-5 "
                     f"sh -c 'exec feeder {self.device} 640 480 {LOOPBACK_RATE} /srv/pictures/*.jpg'")  # fmt: skip

    def stall(self):
        self._vm.run("systemctl kill -s STOP feeder")

    def go_on(self):
        self._vm.run("systemctl kill -s CONT feeder")

    def starve(self):
        self._vm.run("systemctl kill -s KILL feeder; systemctl stop feeder 2>/dev/null; true")


def unload(vm, then="true"):
    """Takes away all cameras; a process that still holds one would be a test's mistake, and is named."""
    vm.run("systemctl kill -s KILL feeder 2>/dev/null; systemctl stop feeder 2>/dev/null; "
           "for tries in $(seq 20); do modprobe -rq vivid; modprobe -rq v4l2loopback; "
           f"[ -d /sys/module/vivid ] || [ -d /sys/module/v4l2loopback ] || {{ {then}; exit; }}; sleep 0.5; done; "
           "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E '^/proc|/dev/video' | grep -B 1 /dev/video >&2; exit 1")  # fmt: skip


def draw_pictures(folder, count=30, noise=0):
    """Distinct JPEG files of ffmpeg's moving test picture: one second of a camera. Noise makes them long."""
    folder = os.path.join(folder, f"pictures-{noise}")
    if not os.path.isdir(folder):
        os.mkdir(folder)
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size=640x480:rate={LOOPBACK_RATE},noise=alls={noise}:allf=t",
             "-frames:v", str(count), "-q:v", "4", os.path.join(folder, "%02d.jpg")],
            check=True,
        )  # fmt: skip
    pictures = []
    for path in sorted(glob.glob(os.path.join(folder, "*.jpg"))):
        with open(path, "rb") as file:
            pictures.append(file.read())
    return pictures
