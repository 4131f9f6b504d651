/* Pictures from files: .jpg where the camera compresses, .yuyv for YUYV. */
#define _GNU_SOURCE
/* On a processor of 32 bits folders of a large disk cannot be read without. */
#define _FILE_OFFSET_BITS 64
#include "fakecam.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILMS 8
#define MAX_FILES 256

/* The files of one format and size, by name. They are neither kept in memory, which would be counted as the program's, nor
 * open: some programs take no descriptor beyond 1,023 (select), and these would be 64 of theirs. */
struct film {
	uint32_t fourcc;
	unsigned width, height, flips, count;
	char folder[3072];
	struct dirent *file[MAX_FILES];
};

static int ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), tail = strlen(ending);
	return length > tail && !strcmp(name + length - tail, ending);
}

static int is_jpeg(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".jpg");
}

static int is_yuyv(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".yuyv");
}

static void load(struct film *film)
{
	const struct format *format = format_by(film->fourcc);
	const char *folder = setting("FAKECAM_FRAMES", "");
	char *sized = film->folder;
	struct dirent **entries;

	if (!*folder || (format && format->line && film->fourcc != V4L2_PIX_FMT_YUYV))
		return;
	snprintf(sized, sizeof film->folder, "%s/%ux%u%s%s%s", folder, film->width, film->height, film->flips ? "-" : "",
		film->flips & HORIZONTAL ? "h" : "", film->flips & VERTICAL ? "v" : "");
	if (access(sized, F_OK))
		snprintf(sized, sizeof film->folder, "%s", folder);
	int count = scandir(sized, &entries, format && format->line ? is_yuyv : is_jpeg, alphasort);
	for (int i = 0; i < count; i++) {
		if (film->count < MAX_FILES)
			film->file[film->count++] = entries[i];
		else
			free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

const struct film *film_of(const struct camera *camera)
{
	static struct film films[MAX_FILMS];
	static unsigned loaded;
	const struct film *found = NULL;
	unsigned lies = flips();

	pthread_mutex_lock(&fakecam_lock);
	for (unsigned i = 0; i < loaded && !found; i++)
		if (films[i].fourcc == camera->fourcc && films[i].width == camera->width
			&& films[i].height == camera->height && films[i].flips == lies)
			found = &films[i];
	if (!found && loaded < MAX_FILMS) {
		struct film *film = &films[loaded++];
		film->fourcc = camera->fourcc;
		film->width = camera->width;
		film->height = camera->height;
		film->flips = lies;
		load(film);
		found = film;
	}
	pthread_mutex_unlock(&fakecam_lock);
	return found && found->count ? found : NULL;
}

size_t film_read(const struct film *film, uint64_t sequence, size_t skip, unsigned char *out, size_t room)
{
	char path[4096];
	struct stat status;
	size_t read = 0;

	snprintf(path, sizeof path, "%s/%s", film->folder, film->file[sequence % film->count]->d_name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (!fstat(fd, &status) && (size_t)status.st_size >= skip && (size_t)status.st_size - skip <= room) {
		size_t length = (size_t)status.st_size - skip;
		if (pread(fd, out, length, (off_t)skip) == (ssize_t)length)
			read = length;
	}
	close(fd);
	return read;
}
