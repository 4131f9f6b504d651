"""A virtual machine under QEMU without KVM, on a throw-away layer over the image's disk."""

import glob
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time

from harness.monitor import Monitor

# The machines that run this are shared and emulate every instruction: a boot takes 30 s on a quiet one.
BOOT_SECONDS = 180
COMMAND_SECONDS = 60

HTTP = 8080  # The service.
EXTRA_HTTP = 8081  # Daemons that a test starts beside the service.
SSH = 22

MACHINES = {
    "amd64": (["-M", "q35", "-cpu", "max"], "ttyS0"),
    # Without what costs an emulator most and Debian has no need of, it takes a quarter less of the processor.
    "arm64": (["-M", "virt,gic-version=2", "-cpu", "max,pauth=off,sve=off"], "ttyAMA0"),
}


class CommandFailed(AssertionError):
    """A command in the guest ended with another status than asked."""


class Vm:
    def __init__(self, arch, image, qemu, processors):
        self.folder = tempfile.mkdtemp(prefix="mjpegd-vm-")
        self.serial_log = os.path.join(self.folder, "serial.log")
        self._key = os.path.join(image, "key")
        self._monitor = os.path.join(self.folder, "monitor")
        self._control = os.path.join(self.folder, "ssh")
        machine, console = MACHINES[arch]
        # Host port 0: QEMU takes any free one, so that two runs at once do not meet.
        forwards = ",".join(f"hostfwd=tcp:127.0.0.1:0-:{port}" for port in (HTTP, EXTRA_HTTP, SSH))
        # setpriv: no machine outlives its tests, however they end.
        # snapshot: what the guest writes goes into a file of QEMU's own, over reboots and until it ends.
        command = [
            "setpriv", "--pdeathsig", "KILL", *qemu, *machine, "-smp", str(processors), "-m", "1024", "-accel", "tcg,thread=multi", "-nodefaults", "-no-user-config",
            "-kernel", os.path.join(image, "vmlinuz"), "-initrd", os.path.join(image, "initrd.gz"),
            "-append", f"console={console} root=/dev/vda rw net.ifnames=0 mitigations=off loglevel=3",
            "-drive", f"if=none,id=disk,format=raw,cache=unsafe,snapshot=on,file={os.path.join(image, 'root.img')}",
            "-device", "virtio-blk-pci,drive=disk",
            "-netdev", f"user,id=net,{forwards}", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-device", "virtio-rng-pci", "-serial", f"file:{self.serial_log}",
            "-qmp", f"unix:{self._monitor},server=on,wait=off", "-display", "none",
        ]  # fmt: skip
        # A session of its own: Ctrl-C reaches the tests, which then stop the machine in order.
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, "TMPDIR": self.folder}
        )
        self._boot_log = 0  # Where in the serial log the current boot begins.
        self._ports = {}
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._ports:
            try:
                self._ports = self._ask_ports()
            except OSError:  # The monitor does not listen yet.
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def wait_until_up(self):
        """Returns the seconds that the boot took."""
        start = time.monotonic()
        while time.monotonic() - start < BOOT_SECONDS:
            if self._process.poll() is not None:
                raise RuntimeError(f"QEMU ended with status {self._process.returncode}")
            try:
                if self.run("true", check=False, timeout=15).returncode == 0:
                    return time.monotonic() - start
            except (OSError, subprocess.TimeoutExpired):
                pass
            time.sleep(0.5)
        raise RuntimeError(f"no answer from the guest within {BOOT_SECONDS} s")

    def reboot(self, link=True):
        """The guest's own reboot; returns when the machine begins to boot, with its network cable in or out."""
        with Monitor(self._monitor) as monitor:
            self.run("systemctl --no-block reboot")
            self._hang_up()
            monitor.ask("set_link", name="net", up=link)
            monitor.wait_for("RESET")
        self._boot_log = len(self._serial())

    def keep(self, name):
        """Keeps the machine as it is, memory and disk, for `go_back`."""
        self._hang_up()
        self._say(f"savevm {name}")

    def go_back(self, name):
        """The machine is again as it was when it was kept under this name, to the last process."""
        self._hang_up()
        self._say(f"loadvm {name}")
        self.wait_until_up()

    def _say(self, line):
        with Monitor(self._monitor) as monitor:
            complaint = monitor.words(line)
        if complaint.strip():
            raise RuntimeError(f"QEMU's monitor: {line}: {complaint}")

    def set_link(self, up):
        """Puts the network cable in, or pulls it out."""
        with Monitor(self._monitor) as monitor:
            monitor.ask("set_link", name="net", up=up)

    def sleep_for(self, seconds):
        """Suspends the machine to memory, and wakes it up by its button."""
        with Monitor(self._monitor) as monitor:
            self.run("systemctl --no-block suspend")
            monitor.wait_for("SUSPEND")
            time.sleep(seconds)
            monitor.ask("system_wakeup")

    def uptime(self):
        """Seconds since the guest's kernel started."""
        asked = time.monotonic()
        seconds = float(self.out("cut -d ' ' -f 1 /proc/uptime"))
        return seconds - (time.monotonic() - asked) / 2

    def port(self, guest_port):
        return self._ports[guest_port]

    def url(self, path, guest_port=HTTP):
        return f"http://127.0.0.1:{self.port(guest_port)}{path}"

    def run(self, command, check=True, timeout=COMMAND_SECONDS, stdin=None):
        """Runs a shell command as root in the guest; its output is text."""
        # The inner limit ends the command itself; without it, it would go on in the guest and disturb the next test.
        limited = f"timeout -k 2 {timeout} sh -c {shlex.quote(command)}"
        done = subprocess.run(
            [*self.ssh_words(), limited], input=stdin or b"", capture_output=True, timeout=timeout + 10, check=False
        )
        done.stdout, done.stderr = (out.decode(errors="replace") for out in (done.stdout, done.stderr))
        if check and done.returncode != 0:
            raise CommandFailed(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def out(self, command, **options):
        return self.run(command, **options).stdout.strip()

    def journal_place(self):
        """A place in the journal, for what comes after it."""
        return self.out("journalctl -n 0 --show-cursor --no-pager | sed -n 's/^-- cursor: //p'")

    def write(self, path, content, mode="644"):
        data = content if isinstance(content, bytes) else content.encode()
        quoted = shlex.quote(path)
        self.run(f"mkdir -p $(dirname {quoted}) && cat >{quoted} && chmod {mode} {quoted}", stdin=data)

    def write_all(self, folder, files):
        """Many small files at once: {name: bytes}."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        self.run(f"mkdir -p {folder} && tar -x -C {folder}", stdin=packed.getvalue())

    def copy(self, source, path, mode="644"):
        with open(source, "rb") as file:
            self.write(path, file.read(), mode)

    def ssh_config(self, user):
        """A configuration file for ssh and scp that knows the guest as `camera`; each call opens a connection of its own."""
        path = os.path.join(self.folder, f"ssh-{user}.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"Host camera\nHostName 127.0.0.1\nPort {self.port(SSH)}\nUser {user}\nIdentityFile {self._key}\n"
                       "IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n")  # fmt: skip
        return path

    def ssh_words(self):
        # One connection carries all commands: a new key exchange for each would take longer than the commands.
        return [
            "ssh", "-q", "-i", self._key, "-p", str(self.port(SSH)), "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10",
            "-o", "ControlMaster=auto", "-o", "ControlPersist=600", "-o", f"ControlPath={self._control}",
            "root@127.0.0.1",
        ]  # fmt: skip

    def cpu_time(self):
        """(seconds run, seconds spent waiting for a processor) of all its threads so far."""
        total = [0, 0]
        for schedstat in glob.glob(f"/proc/{self._process.pid}/task/*/schedstat"):
            try:
                with open(schedstat, encoding="ascii") as file:
                    ran, waited, _ = file.read().split()
            except OSError:  # The thread has ended.
                continue
            total = [total[0] + int(ran) / 1e9, total[1] + int(waited) / 1e9]
        return total

    def granted_since(self, before):
        """The part of the processor time it wanted that the host, shared with others, gave it since `cpu_time`."""
        ran, waited = (now - then for now, then in zip(self.cpu_time(), before, strict=True))
        return ran / (ran + waited) if ran > 0 else 1.0

    def serial(self):
        """What the guest's console has shown since it booted."""
        return self._serial()[self._boot_log :]

    def _serial(self):
        try:
            with open(self.serial_log, errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def stop(self):
        if self._ports:
            self._hang_up()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hang_up(self):
        subprocess.run([*self.ssh_words()[:-1], "-O", "exit", "guest"], capture_output=True, check=False)

    def _ask_ports(self):
        """{guest port: host port}, as QEMU's monitor tells it."""
        with Monitor(self._monitor) as monitor:
            table = monitor.words("info usernet")
        rows = re.findall(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+(\d+)", table)
        return {int(guest): int(host) for host, guest in rows}
