/* The calls of the C library that reach a camera: open, close, ioctl, mmap, syscall and stat. */
#define _GNU_SOURCE
#include "fakecam.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

pthread_mutex_t fakecam_lock = PTHREAD_MUTEX_INITIALIZER;
static struct camera cameras[MAX_CAMERAS];
static struct node nodes[MAX_NODES];

/* The C library's own. */
struct library {
	int (*open)(const char *, int, ...), (*openat)(int, const char *, int, ...), (*close)(int);
	int (*ioctl)(int, unsigned long, ...), (*stat)(const char *, struct stat *);
	int (*statx)(int, const char *, int, unsigned, struct statx *);
	void *(*mmap)(void *, size_t, int, int, int, off_t);
	long (*syscall)(long, ...);
};

static void read_nodes(void)
{
	char *list = strdup(setting("FAKECAM_DEV", "/dev/video0")), *rest = list;
	const char *part;

	for (unsigned i = 0; i < MAX_NODES && (part = strsep(&rest, ":")); i++) {
		size_t length = strcspn(part, "=");
		snprintf(nodes[i].path, sizeof nodes[i].path, "%.*s", (int)length, part);
		if (!strcmp(part + length, "=codec"))
			nodes[i].kind = CODEC;
		if (!strcmp(part + length, "=meta"))
			nodes[i].kind = META;
	}
	free(list);
}

/* Looked up at the first call: other libraries' constructors may call before a constructor of ours would. */
static const struct library *real(void)
{
	static struct library library;

	if (library.open)
		return &library;
	library.openat = dlsym(RTLD_NEXT, "openat");
	library.close = dlsym(RTLD_NEXT, "close");
	library.ioctl = dlsym(RTLD_NEXT, "ioctl");
	library.mmap = dlsym(RTLD_NEXT, "mmap");
	library.stat = dlsym(RTLD_NEXT, "stat");
	library.statx = dlsym(RTLD_NEXT, "statx");
	library.syscall = dlsym(RTLD_NEXT, "syscall");
	library.open = dlsym(RTLD_NEXT, "open");
	return &library;
}

/* The C library's headers promise the compiler that no path is null, and Rust's probing for statx breaks the promise:
 * volatile hides where the path comes from. */
static const struct node *node_at(const char *volatile given)
{
	static int known;
	const char *path = given;

	if (!known)
		read_nodes();
	known = 1;
	for (unsigned i = 0; path && *path && i < MAX_NODES; i++)
		if (!strcmp(path, nodes[i].path))
			return &nodes[i];
	/* A link that udev would make. */
	char target[sizeof nodes->path];
	ssize_t length = path && strstr(path, "/by-id/") ? readlink(path, target, sizeof target - 1) : -1;
	if (length <= 0)
		return NULL;
	target[length] = 0;
	return strstr(target, "/by-id/") ? NULL : node_at(target);
}

static struct camera *camera_of(int fd)
{
	for (unsigned i = 0; fd > 0 && i < MAX_CAMERAS; i++)
		if (cameras[i].fd == fd)
			return &cameras[i];
	return NULL;
}

static int failed(int number)
{
	if (!number)
		return 0;
	errno = number;
	return -1;
}

int is_gone(const struct node *node)
{
	struct faults faults;
	unsigned number;

	faults_read(&faults);
	return fault(&faults, "unplug", NULL) || (fault(&faults, "gone", &number) && number == (unsigned)(node - nodes) + 1);
}

/* Two ends for a byte a buffer. A pipe costs least; a socket has urgent data too. */
static int ends_of(int *ends, int flags)
{
	if (!has_signal())
		return pipe2(ends, O_CLOEXEC | (flags & O_NONBLOCK));
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (flags & O_NONBLOCK ? SOCK_NONBLOCK : 0), 0, ends);
}

static int open_camera(const struct node *node, int flags)
{
	struct camera *camera = NULL;
	int ends[2], number = is_gone(node) ? ENOENT : fault_of("open");

	if (number)
		return failed(number);
	pthread_mutex_lock(&fakecam_lock);
	for (unsigned i = 0; i < MAX_CAMERAS && !camera; i++)
		if (!cameras[i].fd)
			camera = &cameras[i];
	if (!camera || ends_of(ends, flags)) {
		pthread_mutex_unlock(&fakecam_lock);
		return failed(ENFILE);
	}
	memset(camera, 0, sizeof *camera);
	camera->fd = ends[0];
	camera->bell = ends[1];
	camera->node = node;
	camera->nonblocking = (flags & O_NONBLOCK) != 0;
	camera->memory = -1;
	camera->fourcc = format_offered(0)->fourcc;
	camera->fps = rate_offered(0);
	size_offered(camera->fourcc, 0, &camera->width, &camera->height);
	/* What the bridge was set to before is nobody's business. */
	camera->timings.width = 64;
	camera->timings.height = 48;
	event(camera, "open");
	pthread_mutex_unlock(&fakecam_lock);
	return ends[0];
}

static int close_camera(struct camera *camera)
{
	int fd = camera->fd;

	pthread_mutex_lock(&fakecam_lock);
	fakecam_holds = 1;
	fault_of("close");
	stream_off(camera);
	if (camera->map)
		munmap(camera->map, camera->slice * camera->count);
	if (camera->memory >= 0)
		real()->close(camera->memory);
	if (camera->bell >= 0)
		real()->close(camera->bell);
	event(camera, "close");
	camera->fd = 0;
	fakecam_holds = 0;
	pthread_mutex_unlock(&fakecam_lock);
	return real()->close(fd);
}

static int control(struct camera *camera, unsigned long request, void *argument)
{
	pthread_mutex_lock(&fakecam_lock);
	fakecam_holds = 1;
	/* Some programs' request numbers are sign-extended. */
	int number = answer(camera, request & 0xffffffffu, argument);
	fakecam_holds = 0;
	pthread_mutex_unlock(&fakecam_lock);
	return failed(number);
}

#define MODE                                                                                                           \
	va_list list;                                                                                                  \
	va_start(list, flags);                                                                                         \
	int mode = va_arg(list, int);                                                                                  \
	va_end(list)

int open(const char *path, int flags, ...)
{
	const struct node *node = node_at(path);
	MODE;
	return node ? open_camera(node, flags) : real()->open(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	const struct node *node = node_at(path);
	MODE;
	return node ? open_camera(node, flags) : real()->open(path, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	const struct node *node = node_at(path);
	MODE;
	return node ? open_camera(node, flags) : real()->openat(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
	const struct node *node = node_at(path);
	MODE;
	return node ? open_camera(node, flags) : real()->openat(folder, path, flags | O_LARGEFILE, mode);
}

int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
	return open64(path, flags);
}

int close(int fd)
{
	struct camera *camera = camera_of(fd);
	return camera ? close_camera(camera) : real()->close(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
	struct camera *camera = camera_of(fd);
	va_list list;

	va_start(list, request);
	void *argument = va_arg(list, void *);
	va_end(list);
	return camera ? control(camera, request, argument) : real()->ioctl(fd, request, argument);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	struct camera *camera = camera_of(fd);
	int number = camera ? fault_of("mmap") : 0;

	if (number) {
		errno = number;
		return MAP_FAILED;
	}
	return real()->mmap(address, length, protection, flags, camera ? camera->memory : fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
	return mmap(address, length, protection, flags, fd, (off_t)offset);
}

/* A program tells a camera from a file by stat, or by statx where it is written in Rust. */
int stat(const char *path, struct stat *status)
{
	if (!node_at(path))
		return real()->stat(path, status);
	memset(status, 0, sizeof *status);
	status->st_mode = S_IFCHR | 0660;
	status->st_rdev = makedev(81, (unsigned)(node_at(path) - nodes));
	return failed(is_gone(node_at(path)) ? ENOENT : 0);
}

#if __WORDSIZE == 64
/* The same, by another name. Of 32 bits it is not, and no program there that is tested here asks by it. */
int stat64(const char *path, struct stat64 *status)
{
	return stat(path, (struct stat *)status);
}
#endif

int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict status)
{
	const struct node *node = node_at(path);

	if (!node)
		return real()->statx(folder, path, flags, mask, status);
	memset(status, 0, sizeof *status);
	status->stx_mask = STATX_TYPE | STATX_MODE;
	status->stx_mode = S_IFCHR | 0660;
	status->stx_rdev_major = 81;
	status->stx_rdev_minor = (unsigned)(node - nodes);
	return failed(is_gone(node) ? ENOENT : 0);
}

/* The v4l crate calls ioctl this way. */
long syscall(long number, ...)
{
	va_list list;
	long a[6];

	va_start(list, number);
	for (unsigned i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_ioctl && camera_of((int)a[0]))
		return ioctl((int)a[0], (unsigned long)a[1], (void *)a[2]);
	if (number == SYS_openat && node_at((const char *)a[1]))
		return open((const char *)a[1], (int)a[2]);
	if (number == SYS_close && camera_of((int)a[0]))
		return close((int)a[0]);
	if (number == SYS_statx && node_at((const char *)a[1]))
		return statx((int)a[0], (const char *)a[1], (int)a[2], (unsigned)a[3], (struct statx *)a[4]);
	return real()->syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
