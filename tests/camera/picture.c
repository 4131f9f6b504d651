/* What a camera sees: a file of its film, or a picture that a test can recognise in any raw format. */
#include "fakecam.h"

#include <string.h>

#define MAX_WIDTH 4096
#define NUMBER_ROWS 16
#define BLOCK 16

/* Copies the segments before the scan, but for the Huffman tables; says how much is left of them. */
static size_t without_tables(unsigned char *jpeg, size_t length)
{
	size_t from = 2, to = 2;

	while (from + 4 <= length && jpeg[from] == 0xff && jpeg[from + 1] != 0xda) {
		size_t segment = 2u + ((size_t)jpeg[from + 2] << 8 | jpeg[from + 3]);
		if (jpeg[from + 1] != 0xc4) {
			memmove(jpeg + to, jpeg + from, segment);
			to += segment;
		}
		from += segment;
	}
	memmove(jpeg + to, jpeg + from, length - from);
	return length - (from - to);
}

static size_t jpeg(const struct camera *camera, uint64_t sequence, uint64_t taken, unsigned char *out,
	const struct faults *faults)
{
	static const unsigned char head[] = { 0xff, 0xd8, 0xff, 0xfe, 0, 22, 'F', 'C', 'A', 'M' };

	struct camera sized = *camera;
	fault_size(faults, "film", &sized.width, &sized.height);
	const struct film *film = film_of(&sized);
	/* The stamp goes between SOI and what follows it. */
	size_t length = film ? film_read(film, sequence, 2, out + sizeof head + 16, camera->slice - sizeof head - 16) : 0;
	if (!length)
		return 0;
	memcpy(out, head, sizeof head);
	memcpy(out + 10, &sequence, 8);
	memcpy(out + 18, &taken, 8);
	return sizeof head + 16 + length;
}

struct colour {
	unsigned char r, g, b, y, u, v;
};
static const struct colour BLACK = { 0, 0, 0, 16, 128, 128 }, WHITE = { 255, 255, 255, 235, 128, 128 },
	RED = { 255, 0, 0, 81, 90, 240 }, BLUE = { 0, 0, 255, 41, 240, 110 };

/* What stands at column X of the number rows, or of the rows below. */
static const struct colour *at(unsigned x, unsigned width, uint64_t sequence, int number_rows)
{
	/* Even, so that subsampled chroma never mixes bar and ground. */
	unsigned bar = (unsigned)(sequence * 8 % width) & ~1u;

	if (number_rows)
		return x / BLOCK < 32 && sequence >> x / BLOCK & 1 ? &WHITE : &BLACK;
	if (x >= bar && x < bar + BLOCK)
		return &WHITE;
	return x < width / 2 ? &RED : &BLUE;
}

/* One line of the first plane. */
static void pack(uint32_t fourcc, unsigned width, const struct colour *line, unsigned char *out)
{
	for (unsigned x = 0; x < width; x++) {
		const struct colour *c = &line[x];
		unsigned sixteen = (unsigned)(c->r >> 3) << 11 | (unsigned)(c->g >> 2) << 5 | c->b >> 3;

		switch (fourcc) {
		case V4L2_PIX_FMT_YUYV: out[2 * x] = c->y; out[2 * x + 1] = x & 1 ? c->v : c->u; break;
		case V4L2_PIX_FMT_YVYU: out[2 * x] = c->y; out[2 * x + 1] = x & 1 ? c->u : c->v; break;
		case V4L2_PIX_FMT_UYVY: out[2 * x + 1] = c->y; out[2 * x] = x & 1 ? c->v : c->u; break;
		case V4L2_PIX_FMT_RGB24: out[3 * x] = c->r; out[3 * x + 1] = c->g; out[3 * x + 2] = c->b; break;
		case V4L2_PIX_FMT_BGR24: out[3 * x] = c->b; out[3 * x + 1] = c->g; out[3 * x + 2] = c->r; break;
		case V4L2_PIX_FMT_RGB565: out[2 * x] = sixteen & 255; out[2 * x + 1] = (unsigned char)(sixteen >> 8); break;
		default: out[x] = c->y;
		}
	}
}

/* The chroma planes' lines that belong to two lines of the first. */
static void chroma(const struct camera *camera, const struct colour *line, unsigned row, unsigned char *out)
{
	size_t stride = line_bytes(camera->fourcc, camera->width), planes = stride * camera->height;
	unsigned char *both = out + planes + row * stride;
	unsigned char *first = out + planes + row * (stride / 2);
	unsigned char *second = first + stride / 2 * (camera->height / 2);

	for (unsigned x = 0; x < camera->width / 2; x++) {
		const struct colour *c = &line[2 * x];

		switch (camera->fourcc) {
		case V4L2_PIX_FMT_NV12: both[2 * x] = c->u; both[2 * x + 1] = c->v; break;
		case V4L2_PIX_FMT_NV21: both[2 * x] = c->v; both[2 * x + 1] = c->u; break;
		case V4L2_PIX_FMT_YUV420: first[x] = c->u; second[x] = c->v; break;
		case V4L2_PIX_FMT_YVU420: first[x] = c->v; second[x] = c->u; break;
		default: return;
		}
	}
}

/* Draws lines; those of the number, and those of the ground, are all alike. */
static void draw(const struct camera *camera, uint64_t sequence, unsigned lines, unsigned char *out)
{
	struct colour number[MAX_WIDTH], ground[MAX_WIDTH];
	unsigned width = camera->width, stride = line_bytes(camera->fourcc, width), lies = flips();
	/* Of each kind the line that was drawn first, if one was. */
	const unsigned char *drawn[2] = { NULL, NULL };

	for (unsigned x = 0; x < width; x++) {
		unsigned from = lies & HORIZONTAL ? width - 1 - x : x;
		number[x] = *at(from, width, sequence, 1);
		ground[x] = *at(from, width, sequence, 0);
	}
	for (unsigned y = 0; y < lines; y++) {
		unsigned is_ground = (lies & VERTICAL ? lines - 1 - y : y) >= NUMBER_ROWS;
		const struct colour *line = is_ground ? ground : number;
		unsigned char *place = out + (size_t)y * stride;

		if (drawn[is_ground])
			memcpy(place, drawn[is_ground], stride);
		else
			pack(camera->fourcc, width, line, place);
		drawn[is_ground] = place;
		if (y % 2)
			chroma(camera, line, y / 2, out);
	}
}

static size_t raw(const struct camera *camera, uint64_t sequence, unsigned char *out)
{
	size_t length = picture_bytes(camera->fourcc, camera->width, camera->height);
	const struct film *film = film_of(camera);

	if (camera->width > MAX_WIDTH)
		return 0;
	if (film) {
		/* A file of another size is no picture of this camera's; nor is one without the padding that it has. */
		if (film_read(film, sequence, 0, out, length) != length)
			return 0;
	} else {
		/* Whoever takes the padding for pixels sees it: it is neither colour. */
		memset(out, 0x55, length);
	}
	draw(camera, sequence, film ? NUMBER_ROWS : camera->height, out);
	return length;
}

size_t picture(const struct camera *camera, uint64_t sequence, uint64_t taken, unsigned char *out,
	const struct faults *faults)
{
	const struct format *format = format_by(camera->fourcc);
	size_t length = format && format->line ? raw(camera, sequence, out) : jpeg(camera, sequence, taken, out, faults);
	unsigned number;

	if (fault(faults, "every", &number) && number && sequence % number)
		return length;
	if (fault(faults, "strip-dht", NULL))
		length = without_tables(out, length);
	if (fault(faults, "pad", &number) && length + number <= camera->slice) {
		memset(out + length, 0, number);
		length += number;
	}
	if (fault(faults, "truncate", NULL))
		length /= 2;
	if (fault(faults, "garbage", NULL))
		for (size_t i = 0; i < length; i++)
			out[i] = (unsigned char)(((uint32_t)i * 2654435761u >> 13) ^ (uint32_t)sequence);
	return fault(faults, "empty", NULL) ? 0 : length;
}
