/* thread_per_viewer HOST PORT FOLDER FPS: a thread for each viewer and blocking writes, as mjpg-streamer does it.
 *
 * mjpg-streamer is in no distribution's archive, so its way of serving stands here without its plugins: one buffer with
 * the newest frame under one mutex, a condition variable that wakes all viewers, and each of them copies the frame into
 * memory of its own while it holds the mutex, and then writes head, frame and boundary.
 */
#define _GNU_SOURCE
#include "film.h"
#include "listen.h"

#include <pthread.h>
#include <signal.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t fresh = PTHREAD_COND_INITIALIZER;
static unsigned char *newest;
static size_t newest_length, newest_room;

/* Memory only grows, by a little more than is needed. */
static unsigned char *grow(unsigned char *memory, size_t *room, size_t length)
{
	if (length <= *room)
		return memory;
	*room = length + 10240;
	return realloc(memory, *room);
}

static int write_all(int fd, const void *bytes, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t written = write(fd, (const char *)bytes + done, length - done);
		if (written <= 0)
			return 0;
		done += (size_t)written;
	}
	return 1;
}

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument;
	unsigned char *frame = NULL;
	size_t length, room = 0;
	char head[96];

	do {
		pthread_mutex_lock(&lock);
		pthread_cond_wait(&fresh, &lock);
		length = newest_length;
		frame = grow(frame, &room, length);
		memcpy(frame, newest, length);
		pthread_mutex_unlock(&lock);
		sprintf(head, PART, length);
	} while (write_all(fd, head, strlen(head)) && write_all(fd, frame, length)
		&& write_all(fd, PART_END, sizeof PART_END - 1));
	free(frame);
	close(fd);
	return NULL;
}

static void *accept_all(void *argument)
{
	int listener = *(int *)argument;
	pthread_t thread;

	for (;;) {
		int fd = welcome(listener);
		if (fd < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
			close(fd);
		else
			pthread_detach(thread);
	}
	return NULL;
}

int main(int count, char **argument)
{
	if (count != 5)
		return fprintf(stderr, "thread_per_viewer HOST PORT FOLDER FPS\n"), 2;
	struct timespec next;
	pthread_t acceptor;
	unsigned char *taken = NULL;
	size_t room = 0;

	signal(SIGPIPE, SIG_IGN);
	film_open(argument[3]);
	int listener = listen_on(argument[1], argument[2]);
	pthread_create(&acceptor, NULL, accept_all, &listener);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (uint64_t sequence = 0;; sequence++) {
		next.tv_nsec += 1000000000 / atoi(argument[4]);
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		/* Into the camera's buffer, and from there into the one that all share. */
		taken = grow(taken, &room, film_length(sequence));
		film_read(sequence, taken);
		pthread_mutex_lock(&lock);
		newest_length = film_length(sequence);
		newest = grow(newest, &newest_room, newest_length);
		memcpy(newest, taken, newest_length);
		pthread_cond_broadcast(&fresh);
		pthread_mutex_unlock(&lock);
	}
}
