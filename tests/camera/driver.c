/* Buffers, and the thread that plays the driver: at each tick of the rate it fills the next queued buffer. */
#define _GNU_SOURCE
#include "fakecam.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How soon a change of the control file shows, however slow the camera. */
#define ATTENTION 20000000u

static int empty(const struct fifo *fifo)
{
	return fifo->head == fifo->tail;
}

static void put(struct fifo *fifo, unsigned index)
{
	fifo->index[fifo->tail] = index;
	fifo->tail = (fifo->tail + 1) % (MAX_BUFFERS + 1);
}

static unsigned take(struct fifo *fifo)
{
	unsigned index = fifo->index[fifo->head];
	fifo->head = (fifo->head + 1) % (MAX_BUFFERS + 1);
	return index;
}

int buffers_request(struct camera *camera, struct v4l2_requestbuffers *request)
{
	if (request->memory != V4L2_MEMORY_MMAP)
		return EINVAL;
	if (camera->streaming)
		return EBUSY;
	if (camera->map)
		munmap(camera->map, camera->slice * camera->count);
	if (camera->memory >= 0)
		syscall(SYS_close, camera->memory);
	camera->map = NULL;
	camera->memory = -1;
	camera->count = request->count = request->count < MAX_BUFFERS ? request->count : MAX_BUFFERS;
	camera->queued.head = camera->queued.tail = camera->done.head = camera->done.tail = 0;
	request->capabilities = V4L2_BUF_CAP_SUPPORTS_MMAP;
	if (!request->count)
		return 0;
	camera->slice = (picture_bytes(camera->fourcc, camera->width, camera->height) + 4095) & ~4095ul;
	camera->memory = memfd_create("fakecam", MFD_CLOEXEC);
	if (camera->memory < 0 || ftruncate(camera->memory, (off_t)(camera->slice * camera->count)))
		return ENOMEM;
	camera->map = mmap(NULL, camera->slice * camera->count, PROT_READ | PROT_WRITE, MAP_SHARED, camera->memory, 0);
	for (unsigned i = 0; i < camera->count; i++) {
		struct v4l2_buffer *buffer = &camera->buffer[i];
		memset(buffer, 0, sizeof *buffer);
		buffer->index = i;
		buffer->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
		buffer->memory = V4L2_MEMORY_MMAP;
		buffer->length = (uint32_t)camera->slice;
		buffer->m.offset = (uint32_t)(camera->slice * i);
		buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	}
	return 0;
}

int buffer_queue(struct camera *camera, struct v4l2_buffer *buffer)
{
	int number = camera->gone ? ENODEV : fault_of("qbuf");

	if (number)
		return number;
	/* As the kernel: what is queued or filled already cannot be queued. */
	if (buffer->index >= camera->count || buffer->memory != V4L2_MEMORY_MMAP
		|| camera->buffer[buffer->index].flags & (V4L2_BUF_FLAG_QUEUED | V4L2_BUF_FLAG_DONE))
		return EINVAL;
	camera->buffer[buffer->index].flags |= V4L2_BUF_FLAG_QUEUED;
	buffer->flags |= V4L2_BUF_FLAG_QUEUED;
	put(&camera->queued, buffer->index);
	return 0;
}

int buffer_dequeue(struct camera *camera, struct v4l2_buffer *buffer)
{
	struct faults faults;
	char byte;

	for (;;) {
		if (camera->gone)
			return ENODEV;
		int number = fault_of("dqbuf");
		if (number)
			return number;
		if (!camera->streaming)
			return EINVAL;
		/* Taking the byte of a picture would take the mark of an event with it: the event first. */
		if (!empty(&camera->done) && !camera->events)
			break;
		if (camera->nonblocking)
			return EAGAIN;
		struct pollfd wait = { camera->fd, POLLIN, 0 };
		pthread_mutex_unlock(&fakecam_lock);
		poll(&wait, 1, 100);
		pthread_mutex_lock(&fakecam_lock);
	}
	if (read(camera->fd, &byte, 1) != 1)
		return EIO;
	unsigned index = take(&camera->done);
	camera->buffer[index].flags &= ~(unsigned)V4L2_BUF_FLAG_DONE;
	*buffer = camera->buffer[index];
	faults_read(&faults);
	if (fault(&faults, "index", NULL))
		buffer->index = MAX_BUFFERS + 7;
	camera->buffer[index].flags &= ~(unsigned)V4L2_BUF_FLAG_ERROR;
	return 0;
}

/* Whether the frame of this tick exists; the lock is held. */
static int exposes(struct camera *camera, const struct faults *faults)
{
	struct signal now = { 0 };

	if (has_signal())
		now = signal_now();
	if (fault(faults, "stall", NULL) || (has_signal() && !is_set_to(camera, &now)))
		return 0;
	camera->sequence += fault(faults, "jump", NULL) ? 1000000 : 1;
	if (fault(faults, "gap", NULL) && camera->sequence % 3)
		return 0;
	if (empty(&camera->queued)) {
		meter_lost();
		return 0;
	}
	return 1;
}

static void expose(struct camera *camera, const struct faults *faults)
{
	unsigned index = take(&camera->queued), every, still, ahead;
	struct v4l2_buffer *buffer = &camera->buffer[index];
	uint64_t sequence = camera->sequence - 1, taken = nanoseconds();

	pthread_mutex_unlock(&fakecam_lock);
	int is_still = fault(faults, "still", &still);
	size_t length = picture(camera, is_still ? still : sequence, is_still ? 0 : taken,
		camera->map + camera->slice * index, faults);
	pthread_mutex_lock(&fakecam_lock);
	int hit = !(fault(faults, "every", &every) && every && sequence % every);
	buffer->bytesused = fault(faults, "oversized", NULL) && hit ? buffer->length * 2 : (uint32_t)length;
	buffer->sequence = (uint32_t)sequence;
	buffer->timestamp.tv_sec = (long)(taken / 1000000000u);
	buffer->timestamp.tv_usec = (long)(taken / 1000 % 1000000);
	buffer->field = V4L2_FIELD_NONE;
	buffer->flags = (buffer->flags & ~(unsigned)V4L2_BUF_FLAG_QUEUED) | V4L2_BUF_FLAG_DONE;
	if (fault(faults, "error", NULL) && hit)
		buffer->flags |= V4L2_BUF_FLAG_ERROR;
	if (fault(faults, "stamp", &ahead)) {
		buffer->timestamp.tv_sec += (long)ahead;
		if (!ahead)
			buffer->flags &= ~(unsigned)V4L2_BUF_FLAG_TIMESTAMP_MASK;
	}
	meter_filled(sequence, taken);
	put(&camera->done, index);
	/* Never full: it holds a byte a buffer at most. */
	if (camera->bell >= 0 && write(camera->bell, "", 1) != 1)
		camera->gone = 1;
}

static void unplug(struct camera *camera)
{
	camera->gone = 1;
	close(camera->bell);
	camera->bell = -1;
}

/* Sleeps with the lock given up until the moment, or until stream_off. */
static void sleep_until(struct camera *camera, uint64_t moment)
{
	struct timespec time = { (long)(moment / 1000000000u), (long)(moment % 1000000000u) };
	pthread_cond_timedwait(&camera->wake, &fakecam_lock, &time);
}

static void *drive(void *argument)
{
	struct camera *camera = argument;
	uint64_t period = 1000000000u / camera->fps, next = nanoseconds() + period, counted = 0;
	/* Without a control file nothing comes between two frames, and a benchmark must not count such waking. */
	uint64_t attention = setting("FAKECAM_FAULT", NULL) ? ATTENTION : period;
	struct faults faults;
	unsigned delay;

	faults_read(&faults);
	if (fault(&faults, "start-delay", &delay))
		next += (uint64_t)delay * 1000000u;
	pthread_mutex_lock(&fakecam_lock);
	while (!camera->stop && !camera->gone) {
		uint64_t now = nanoseconds();
		faults_read(&faults);
		if (has_signal())
			signal_look(camera);
		if (is_gone(camera->node)) {
			unplug(camera);
		} else if (now < next) {
			sleep_until(camera, next < now + attention ? next : now + attention);
		} else {
			/* A camera whose machine was away does not make up for it with a burst. */
			next = next + period > now ? next + period : now + period;
			if (exposes(camera, &faults))
				expose(camera, &faults);
			meter_cpu(&counted);
		}
	}
	meter_cpu(&counted);
	pthread_mutex_unlock(&fakecam_lock);
	return NULL;
}

int stream_on(struct camera *camera)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;

	if (!camera->count)
		return EINVAL;
	if (camera->streaming)
		return 0;
	camera->stop = 0;
	camera->sequence = 0;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&camera->wake, &monotonic);
	/* Signals are the program's business, and never this thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&camera->driver, NULL, drive, camera);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return ENOMEM;
	pthread_setname_np(camera->driver, "fakecam");
	camera->streaming = 1;
	event(camera, "streamon");
	return 0;
}

int stream_off(struct camera *camera)
{
	struct faults faults;
	unsigned delay = 0;
	char byte;

	if (!camera->streaming)
		return 0;
	faults_read(&faults);
	if (fault(&faults, "stop-delay", &delay))
		usleep(delay * 1000);
	camera->streaming = 0;
	camera->stop = 1;
	pthread_cond_broadcast(&camera->wake);
	pthread_mutex_unlock(&fakecam_lock);
	pthread_join(camera->driver, NULL);
	pthread_mutex_lock(&fakecam_lock);
	camera->events = 0;
	while (!empty(&camera->done) && read(camera->fd, &byte, 1) == 1)
		take(&camera->done);
	camera->queued.head = camera->queued.tail = camera->done.head = camera->done.tail = 0;
	for (unsigned i = 0; i < camera->count; i++)
		camera->buffer[i].flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	event(camera, "streamoff");
	return 0;
}
