"""Viewers over real links: a slow one must not make pictures old, a long one must not make them few."""

import statistics

from harness.cameras import LOOPBACK_RATE, Loopback, draw_pictures
from harness.case import Case

WATCHED_SECONDS = 20
# TCP finds out what the link can do, and the daemon's first picture waits for the camera.
SETTLING_SECONDS = 10
SLOW_BITS = 8_000_000
ONE_WAY_MS = 50


class Links(Case):
    def setUp(self):
        """A camera of 29 Mbit/s, a link to a namespace `far`, and a viewer's program on both sides of it."""
        camera = Loopback(self.vm, self.folder)
        noisy = draw_pictures(self.folder, noise=30)
        self.vm.write_all("/srv/pictures", {f"{number:02}.jpg": one for number, one in enumerate(noisy)})
        self.mean_bytes = statistics.mean(map(len, noisy))
        camera.feed()
        self.addCleanup(self.vm.run, "ip netns del far; ip link del near 2>/dev/null; true")
        self.vm.run("ip netns add far && ip link add near type veth peer name far netns far && "
                    "ip address add 10.77.0.1/24 dev near && ip -n far address add 10.77.0.2/24 dev far && "
                    "ip link set near up && ip -n far link set far up")  # fmt: skip
        self.service.start("--device", camera.device, "--resolution", "640x480")

    def watch_from_both_sides(self):
        """The ages of the pictures that came to the viewer there and to the one here, after both have settled."""
        seconds = SETTLING_SECONDS + WATCHED_SECONDS
        before = self.vm.cpu_time()
        self.vm.run(f"ip netns exec far arrivals 10.77.0.1 8080 {seconds} >/run/there & "
                    f"arrivals 127.0.0.1 8080 {seconds} >/run/here & wait", timeout=seconds + 60)  # fmt: skip
        self.granted = self.vm.granted_since(before)
        sides = []
        for side in ("there", "here"):
            ages = [float(line.split()[0]) for line in self.vm.out(f"cat /run/{side}").splitlines()]
            sides.append(ages[len(ages) * SETTLING_SECONDS // seconds :])
        for side, ages in zip(("there", "here"), sides):
            deciles = ", ".join(f"{age * 1000:.0f}" for age in statistics.quantiles(ages, n=10))
            print(f"test-system: {len(ages)} pictures {side}, deciles of their age: {deciles} ms", flush=True)
        return sides

    def assert_full_rate(self, ages, who):
        # A fifth is left to the emulation, and what other work on the host took away.
        least = 0.8 * LOOPBACK_RATE * self.granted
        self.assertGreater(len(ages) / WATCHED_SECONDS, least, f"pictures a second of the viewer {who}")

    def test_over_a_slow_link_pictures_are_few_but_new(self):
        self.vm.run(f"tc qdisc add dev near root tbf rate {SLOW_BITS}bit burst 16kb latency 100ms")
        there, here = self.watch_from_both_sides()
        transmission = self.mean_bytes * 8 / SLOW_BITS
        self.assertGreater(len(there) * transmission, 0.7 * WATCHED_SECONDS, "the link was not used")
        # One picture on its way, and one that came just after it had left; a queue of pictures adds one for each.
        ninth = statistics.quantiles(there, n=10)[8]
        self.assertLess(ninth, 2.1 * transmission / self.granted, f"a picture takes {transmission:.3f} s: {there}")
        self.assert_full_rate(here, "beside it")

    def test_over_a_long_link_all_pictures_come(self):
        self.vm.run(f"tc qdisc add dev near root netem limit 10000 delay {ONE_WAY_MS}ms && "
                    f"tc -n far qdisc add dev far root netem limit 10000 delay {ONE_WAY_MS}ms")  # fmt: skip
        there, here = self.watch_from_both_sides()
        self.assertGreater(min(there), ONE_WAY_MS / 1000, "the link is not long")
        self.assert_full_rate(there, "over the link")
        self.assert_full_rate(here, "beside it")
