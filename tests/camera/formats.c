/* What the cameras offer: formats, sizes and rates. */
#include "fakecam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct format formats[] = {
	{ "MJPG", "Motion-JPEG", V4L2_PIX_FMT_MJPEG, 0, 0 },
	{ "JPEG", "JFIF JPEG", V4L2_PIX_FMT_JPEG, 0, 0 },
	{ "H264", "H.264", V4L2_PIX_FMT_H264, 0, 0 },
	{ "YUYV", "YUYV 4:2:2", V4L2_PIX_FMT_YUYV, 8, 4 },
	{ "UYVY", "UYVY 4:2:2", V4L2_PIX_FMT_UYVY, 8, 4 },
	{ "YVYU", "YVYU 4:2:2", V4L2_PIX_FMT_YVYU, 8, 4 },
	{ "NV12", "Y/UV 4:2:0", V4L2_PIX_FMT_NV12, 4, 6 },
	{ "NV21", "Y/VU 4:2:0", V4L2_PIX_FMT_NV21, 4, 6 },
	{ "YU12", "Planar YUV 4:2:0", V4L2_PIX_FMT_YUV420, 4, 6 },
	{ "YV12", "Planar YVU 4:2:0", V4L2_PIX_FMT_YVU420, 4, 6 },
	{ "RGB3", "24-bit RGB 8-8-8", V4L2_PIX_FMT_RGB24, 12, 4 },
	{ "BGR3", "24-bit BGR 8-8-8", V4L2_PIX_FMT_BGR24, 12, 4 },
	{ "RGBP", "16-bit RGB 5-6-5", V4L2_PIX_FMT_RGB565, 8, 4 },
	{ "GREY", "8-bit Greyscale", V4L2_PIX_FMT_GREY, 4, 4 },
};

/* The index-th part of a list with commas; 0 when there are fewer. */
static const char *part(const char *list, unsigned index)
{
	while (index-- && list) {
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return list;
}

const struct format *format_offered(unsigned index)
{
	const char *name = part(setting("FAKECAM_FORMATS", "MJPG"), index);

	for (unsigned i = 0; name && i < sizeof formats / sizeof *formats; i++)
		if (!strncmp(name, formats[i].name, 4))
			return &formats[i];
	return NULL;
}

const struct format *format_by(uint32_t fourcc)
{
	const struct format *format;

	for (unsigned i = 0; (format = format_offered(i)); i++)
		if (format->fourcc == fourcc)
			return format;
	return NULL;
}

int size_offered(uint32_t fourcc, unsigned index, unsigned *width, unsigned *height)
{
	char own[] = "FAKECAM_SIZES_????";

	/* A fourcc is its name, lowest byte first. */
	for (unsigned i = 0; i < 4; i++)
		own[14 + i] = (char)(fourcc >> 8 * i);
	const char *size = part(setting(own, setting("FAKECAM_SIZES", "1280x720")), index);
	return size && sscanf(size, "%ux%u", width, height) == 2;
}

unsigned rate_offered(unsigned index)
{
	const char *rate = part(setting("FAKECAM_FPS", "30"), index);
	return rate ? (unsigned)atoi(rate) : 0;
}

static unsigned distance(unsigned a, unsigned b)
{
	return a > b ? a - b : b - a;
}

void nearest_size(uint32_t fourcc, unsigned *width, unsigned *height)
{
	unsigned w, h, best_w = 1280, best_h = 720, best = ~0u;

	for (unsigned i = 0; size_offered(fourcc, i, &w, &h); i++) {
		unsigned far = distance(w, *width) + distance(h, *height);
		if (far < best) {
			best = far;
			best_w = w;
			best_h = h;
		}
	}
	*width = best_w;
	*height = best_h;
}

unsigned nearest_rate(unsigned fps)
{
	unsigned rate, found = 30, best = ~0u;

	for (unsigned i = 0; (rate = rate_offered(i)); i++)
		if (distance(rate, fps) < best) {
			best = distance(rate, fps);
			found = rate;
		}
	return found;
}

unsigned line_bytes(uint32_t fourcc, unsigned width)
{
	const struct format *format = format_by(fourcc);

	if (!format || !format->line)
		return 0;
	return width * format->line / 4 + (unsigned)atoi(setting("FAKECAM_STRIDE_PAD", "0"));
}

size_t picture_bytes(uint32_t fourcc, unsigned width, unsigned height)
{
	const struct format *format = format_by(fourcc);

	/* What UVC cameras ask for their MJPEG: as much as the picture would take raw. */
	if (!format || !format->line)
		return (size_t)width * height * 2;
	return (size_t)line_bytes(fourcc, width) * height * format->planes / 4;
}
