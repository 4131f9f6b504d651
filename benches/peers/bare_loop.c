/* bare_loop HOST PORT FOLDER FPS (2 or more): the least that a server can do for each viewer and frame; a yardstick, not a server.
 *
 * One thread, and one sendmsg for each viewer that is ready when a frame comes; whoever is not misses that frame. It
 * trusts its viewers, waits for each one's request, and ends only when it is killed.
 */
#define _GNU_SOURCE
#include "film.h"
#include "listen.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#define VIEWERS 4096

/* What epoll tells of that is no viewer. */
enum { LISTENER = VIEWERS, TICK };

/* Kept until the last viewer has it whole. */
struct frame {
	unsigned users;
	size_t length;
	unsigned char bytes[];
};

static struct viewer {
	/* 0: the place is free. */
	int fd;
	struct frame *frame;
	size_t sent, head_length;
	char head[96];
} viewers[VIEWERS];

static void let_go(struct frame *frame)
{
	if (frame && --frame->users == 0)
		free(frame);
}

static void leave(struct viewer *viewer)
{
	let_go(viewer->frame);
	close(viewer->fd);
	memset(viewer, 0, sizeof *viewer);
}

/* Sends what the socket takes of head, frame and boundary, in one call where it takes them all. */
static void send_rest(struct viewer *viewer)
{
	while (viewer->frame) {
		struct iovec parts[3] = {
			{ viewer->head, viewer->head_length },
			{ viewer->frame->bytes, viewer->frame->length },
			{ PART_END, sizeof PART_END - 1 },
		};
		size_t skip = viewer->sent, total = 0;
		for (int i = 0; i < 3; i++) {
			size_t gone = skip < parts[i].iov_len ? skip : parts[i].iov_len;
			total += parts[i].iov_len;
			parts[i].iov_base = (char *)parts[i].iov_base + gone;
			parts[i].iov_len -= gone;
			skip -= gone;
		}
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };
		ssize_t sent = sendmsg(viewer->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0) {
			if (errno != EAGAIN)
				leave(viewer);
			return;
		}
		viewer->sent += (size_t)sent;
		if (viewer->sent == total) {
			let_go(viewer->frame);
			viewer->frame = NULL;
		}
	}
}

static void show(uint64_t sequence)
{
	struct frame *frame = malloc(sizeof *frame + film_length(sequence));

	frame->users = 1;
	frame->length = film_length(sequence);
	film_read(sequence, frame->bytes);
	for (struct viewer *viewer = viewers; viewer < viewers + VIEWERS; viewer++) {
		if (!viewer->fd || viewer->frame)
			continue;
		viewer->frame = frame;
		viewer->sent = 0;
		viewer->head_length = (size_t)sprintf(viewer->head, PART, frame->length);
		frame->users++;
		send_rest(viewer);
	}
	let_go(frame);
}

static void watch(int epoll, int fd, uint64_t who, uint32_t what)
{
	struct epoll_event event = { what, { .u64 = who } };
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take(int epoll, int listener)
{
	int fd = welcome(listener);
	unsigned place = 0;

	if (fd < 0)
		return;
	while (place < VIEWERS && viewers[place].fd)
		place++;
	if (place == VIEWERS) {
		close(fd);
		return;
	}
	viewers[place].fd = fd;
	watch(epoll, fd, place, EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int main(int count, char **argument)
{
	if (count != 5)
		return fprintf(stderr, "bare_loop HOST PORT FOLDER FPS\n"), 2;
	struct timespec period = { 0, 1000000000 / atoi(argument[4]) };
	struct itimerspec every = { period, period };
	int epoll = epoll_create1(0), tick = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct epoll_event events[256];
	uint64_t sequence = 0, ticks;

	signal(SIGPIPE, SIG_IGN);
	film_open(argument[3]);
	int listener = listen_on(argument[1], argument[2]);
	timerfd_settime(tick, 0, &every, NULL);
	watch(epoll, listener, LISTENER, EPOLLIN);
	watch(epoll, tick, TICK, EPOLLIN);
	for (;;) {
		int ready = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < ready; i++) {
			uint64_t who = events[i].data.u64;
			if (who == LISTENER)
				take(epoll, listener);
			else if (who == TICK && read(tick, &ticks, sizeof ticks) == sizeof ticks)
				show(sequence += ticks);
			else if (who < VIEWERS && viewers[who].fd && events[i].events & (EPOLLHUP | EPOLLRDHUP))
				leave(&viewers[who]);
			else if (who < VIEWERS && viewers[who].fd)
				send_rest(&viewers[who]);
		}
	}
}
