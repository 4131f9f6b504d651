/* bare_loop HOST PORT FOLDER FPS [sendfile]: the least that a server can do for each viewer and frame; a yardstick, not a server.
 *
 * One thread, and one send for each viewer that is ready when a frame comes; whoever is not misses that frame. Without
 * `sendfile` each send copies the frame into the socket; with it the frame is copied once into a memfd, whose pages all
 * sockets share. It trusts its viewers, waits for each one's request, and ends only when it is killed. FPS: 2 or more.
 */
#define _GNU_SOURCE
#include "film.h"
#include "listen.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/timerfd.h>

#define VIEWERS 4096

/* What epoll tells of that is no viewer. */
enum { LISTENER = VIEWERS, TICK };

/* One part as it is sent, head and boundary with it; kept until the last viewer has it whole. */
struct frame {
	unsigned users;
	/* The memfd with the part in it, or -1. */
	int file;
	size_t length;
	unsigned char bytes[];
};

static struct viewer {
	/* 0: the place is free. */
	int fd;
	struct frame *frame;
	off_t sent;
} viewers[VIEWERS];

static int with_sendfile;

static void let_go(struct frame *frame)
{
	if (!frame || --frame->users)
		return;
	if (frame->file >= 0)
		close(frame->file);
	free(frame);
}

static void leave(struct viewer *viewer)
{
	let_go(viewer->frame);
	close(viewer->fd);
	memset(viewer, 0, sizeof *viewer);
}

/* Sends what the socket takes, in one call where it takes all. */
static void send_rest(struct viewer *viewer)
{
	while (viewer->frame) {
		struct frame *frame = viewer->frame;
		size_t rest = frame->length - (size_t)viewer->sent;
		ssize_t sent;
		if (frame->file >= 0) {
			sent = sendfile(viewer->fd, frame->file, &viewer->sent, rest);
		} else {
			sent = send(viewer->fd, frame->bytes + viewer->sent, rest, MSG_DONTWAIT);
			viewer->sent += sent > 0 ? sent : 0;
		}
		if (sent < 0) {
			if (errno != EAGAIN)
				leave(viewer);
			return;
		}
		if ((size_t)viewer->sent == frame->length) {
			let_go(frame);
			viewer->frame = NULL;
		}
	}
}

static struct frame *part(uint64_t sequence)
{
	char head[96];
	size_t picture = film_length(sequence), before = (size_t)sprintf(head, PART, picture);
	struct frame *frame = malloc(sizeof *frame + before + picture + sizeof PART_END);

	frame->users = 1;
	frame->length = before + picture + sizeof PART_END - 1;
	memcpy(frame->bytes, head, before);
	film_read(sequence, frame->bytes + before);
	memcpy(frame->bytes + before + picture, PART_END, sizeof PART_END);
	frame->file = with_sendfile ? memfd_create("part", 0) : -1;
	if (with_sendfile && write(frame->file, frame->bytes, frame->length) != (ssize_t)frame->length) {
		perror("memfd");
		exit(1);
	}
	return frame;
}

static void show(uint64_t sequence)
{
	struct frame *frame = part(sequence);

	for (struct viewer *viewer = viewers; viewer < viewers + VIEWERS; viewer++) {
		if (!viewer->fd || viewer->frame)
			continue;
		viewer->frame = frame;
		viewer->sent = 0;
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
	fcntl(fd, F_SETFL, O_NONBLOCK);
	viewers[place].fd = fd;
	watch(epoll, fd, place, EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int main(int count, char **argument)
{
	with_sendfile = count == 6 && !strcmp(argument[5], "sendfile");
	if (count != 5 + with_sendfile)
		return fprintf(stderr, "bare_loop HOST PORT FOLDER FPS [sendfile]\n"), 2;
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
