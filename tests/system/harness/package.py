"""mjpegd's package: as it is, and as later versions of it would be."""

import os
import shutil
import subprocess

THERE = "/var/tmp/mjpegd.deb"
# A package goes through dozens of processes, each of them emulated.
PACKAGE_SECONDS = 300


class Package:
    def __init__(self, vm, deb, folder):
        self.vm = vm
        self.deb = deb
        self._folder = folder
        self.version = self.field("Version")

    def field(self, name):
        return subprocess.run(["dpkg-deb", "-f", self.deb, name], capture_output=True, text=True, check=True).stdout.strip()

    def install(self, by="dpkg --force-confold --install"):
        """dpkg is what apt calls in the end; emulated, apt itself takes a while more."""
        self.vm.copy(self.deb, THERE)
        self.vm.run(f"DEBIAN_FRONTEND=noninteractive {by} {THERE}", timeout=PACKAGE_SECONDS)
        self.vm.run(f"rm {THERE}")

    def install_by_apt(self):
        """As README says it."""
        self.install("apt-get install -y --no-install-recommends")

    def remove(self):
        self.vm.run("dpkg --remove mjpegd", timeout=PACKAGE_SECONDS)

    def purge(self):
        self.vm.run("dpkg --purge mjpegd", timeout=PACKAGE_SECONDS)

    def installed_version(self):
        return self.vm.out("dpkg-query -W -f '${Version} ${db:Status-Status}' mjpegd 2>/dev/null | sed -n 's/ installed$//p'")

    def changed(self, version, change):
        """Another version of the package; `change` alters its unpacked files."""
        there = os.path.join(self._folder, f"mjpegd-{version}")
        shutil.rmtree(there, ignore_errors=True)
        subprocess.run(["dpkg-deb", "-R", self.deb, there], check=True)
        control = os.path.join(there, "DEBIAN", "control")
        with open(control, encoding="utf-8") as file:
            text = file.read()
        with open(control, "w", encoding="utf-8") as file:
            file.write(text.replace(f"\nVersion: {self.version}\n", f"\nVersion: {version}\n"))
        change(there)
        # What md5sums says of the changed files is no longer true, and nothing needs it.
        sums = os.path.join(there, "DEBIAN", "md5sums")
        if os.path.exists(sums):
            os.remove(sums)
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", there, f"{there}.deb"], check=True, capture_output=True)
        return Package(self.vm, f"{there}.deb", self._folder)
