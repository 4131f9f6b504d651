/* long_link DELAY_MS NETNS_A NETNS_B: a link between two network namespaces (as `ip netns add` makes them) on which each
 * packet takes DELAY_MS either way, where the kernel has no netem. Both ends are TUN devices named "wire", so that TCP
 * on both sides is the kernel's own. The ends get their addresses from whoever starts this; it runs until it is killed.
 * Needs root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_PACKET 2048
#define MAX_PACKETS 65536

struct packet {
	uint64_t due;
	ssize_t length;
	unsigned char bytes[MAX_PACKET];
};

/* One way: packets that wait for their time, first in, first out. Beyond its length they are lost, as on any link. */
struct way {
	struct packet *packets;
	unsigned head, tail;
	int from, to;
};

static void fail(const char *what)
{
	fprintf(stderr, "long_link: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

/* A TUN device belongs to the namespace in which it was opened. */
static int open_end(const char *namespace)
{
	char path[256];
	snprintf(path, sizeof path, "/run/netns/%s", namespace);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
	struct ifreq request = { .ifr_name = "wire", .ifr_flags = IFF_TUN | IFF_NO_PI };
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		fail("/dev/net/tun");
	return fd;
}

static void take(struct way *way, uint64_t delay)
{
	static unsigned char lost[MAX_PACKET];
	for (;;) {
		int full = way->tail - way->head == MAX_PACKETS;
		struct packet *packet = &way->packets[way->tail % MAX_PACKETS];
		ssize_t length = read(way->from, full ? lost : packet->bytes, MAX_PACKET);
		if (length <= 0)
			return;
		if (full)
			continue;
		packet->length = length;
		packet->due = now() + delay;
		way->tail++;
	}
}

static void give(struct way *way)
{
	while (way->head != way->tail) {
		struct packet *packet = &way->packets[way->head % MAX_PACKETS];
		if (packet->due > now())
			return;
		/* One that the other end does not take is lost. */
		if (write(way->to, packet->bytes, packet->length) < 0 && errno == EBADFD)
			fail("an end has gone");
		way->head++;
	}
}

static uint64_t first_due(const struct way *way)
{
	return way->head == way->tail ? UINT64_MAX : way->packets[way->head % MAX_PACKETS].due;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: long_link DELAY_MS NETNS_A NETNS_B\n");
		return 2;
	}
	uint64_t delay = strtoull(argv[1], NULL, 10) * 1000000;
	int a = open_end(argv[2]), b = open_end(argv[3]);
	struct way ways[2] = { { .from = a, .to = b }, { .from = b, .to = a } };
	for (int i = 0; i < 2; i++)
		if (!(ways[i].packets = calloc(MAX_PACKETS, sizeof(struct packet))))
			fail("memory");
	for (;;) {
		struct pollfd ends[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
		uint64_t one = first_due(&ways[0]), other = first_due(&ways[1]);
		uint64_t due = one < other ? one : other, moment = now();
		uint64_t wait = due > moment ? due - moment : 0;
		struct timespec timeout = { wait / 1000000000, wait % 1000000000 };
		if (ppoll(ends, 2, due == UINT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR)
			fail("poll");
		for (int i = 0; i < 2; i++) {
			take(&ways[i], delay);
			give(&ways[i]);
		}
	}
}
