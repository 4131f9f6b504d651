/* fakecam: V4L2 cameras for one process, by LD_PRELOAD, where the kernel has none.
 *
 *   cc -O2 -shared -fPIC -o fakecam.so *.c
 *
 * The environment says what cameras there are; each node must exist as a file, of any kind:
 *   FAKECAM_DEV      nodes, "/tmp/a/video0=codec:/tmp/a/video1"; kinds: capture (default), codec, meta
 *   FAKECAM_FORMATS  what they offer, in order: "MJPG,YUYV" (default MJPG); see formats.c for all
 *   FAKECAM_SIZES    "640x480,1280x720" (default 1280x720); asked for another, they take the nearest
 *   FAKECAM_SIZES_MJPG  the same for one format, by its name
 *   FAKECAM_FPS      "30,15" (default 30), the same way
 *   FAKECAM_STRIDE_PAD  bytes after each line of a raw picture (default 0)
 *   FAKECAM_FRAMES   the folder of files, or of folders named like sizes, played in name order (256 at most): *.jpg for
 *                    MJPG and JPEG; *.yuyv for YUYV, each exactly a picture, padding included. No .yuyv: it is drawn
 *   FAKECAM_FLIPS    which flips it has, none by default: h or H, v or V; of those in capitals the default is 1. They cannot be
 *                    changed while it streams. Flipped is what is drawn, and *.jpg: in folders such as 640x480-h, -v, -hv
 *   FAKECAM_DV       the signal at its input, "1280x720", which alone is its size: it has an HDMI bridge, that has to be set to the
 *                    signal (VIDIOC_QUERY_DV_TIMINGS, VIDIOC_S_DV_TIMINGS) and tells when that changes
 *   FAKECAM_METER    a file of 16 KiB, made by whoever starts the program, in which the cameras tell what they did:
 *                    64-bit words, little endian (sequences start at 0 with each STREAMON)
 *     [0]              nanoseconds of processor time that the cameras' own threads have used, all starts together
 *     [1]              pictures filled into buffers
 *     [2]              pictures lost for want of a free buffer
 *     [3]              sequence of the newest picture filled, plus 1
 *     [8 + s % 1024]   when the picture of sequence s was taken, CLOCK_MONOTONIC nanoseconds
 *   FAKECAM_LOG      a file that gets a line for each open, close, streamon and streamoff, and for each control that is
 *                    set ("set:brightness=5"; names are in controls.c), with the node's path
 *   FAKECAM_FAULT    the control file, read anew for every frame and call; while it exists, its words are faults:
 *     unplug               the node is gone, open handles get ENODEV and a hang-up for good
 *     gone:N               the same for the N-th of the nodes alone, from 1
 *     stall                no frame becomes ready
 *     start-delay:MS       the first frame comes this much later
 *     stop-delay:MS        STREAMOFF takes so long, as with a driver that hangs
 *     open=ERRNO           the call fails: EBUSY, EACCES, ... (see fault.c); also s_fmt=, reqbufs=, qbuf=, streamon=,
 *                          dqbuf=, query_ext_ctrl=, g_ext_ctrls=, s_ext_ctrls=, s_ctrl= (by either call), querycap=, enum_fmt=,
 *                          s_parm=, querybuf=, mmap=, streamoff=, close=, query_dv=, s_dv=
 *     hang=CALL            the call does not return while this lasts, whichever of these it is
 *     dv=WxH               the signal is another one, with FAKECAM_DV; a driver that is not set to it gives no frames
 *     change:N             the driver tells of a change of its source whenever N is another number, with FAKECAM_DV
 *     forget               STREAMON sets all controls to their defaults
 *     refuse-idle          no control can be set before STREAMON
 *     gap                  the driver loses two of every three frames
 *     still:N              every picture is the N-th, and its stamp says that it was taken at 0
 *     film=WxH             JPEGs have this size, whatever was agreed on
 *     jump                 a million sequence numbers between two frames
 *     stamp:N              N seconds are added to the time stamps, of which 0 stands for a clock that is not CLOCK_MONOTONIC
 *     index                DQBUF names a buffer that there is not
 *     error                buffers carry V4L2_BUF_FLAG_ERROR
 *     oversized            bytesused is twice the buffer
 *     truncate             half of each picture
 *     empty                no bytes
 *     garbage              random bytes
 *     pad:N                N zero bytes after the picture
 *     strip-dht            MJPEG without Huffman tables
 *     every:N              the eight above hit only each N-th frame
 *
 * An MJPEG frame carries, right after SOI, a COM segment "FCAM" + sequence (8 bytes LE) + CLOCK_MONOTONIC nanoseconds
 * (8 bytes LE), so that a client on the same machine knows its age. A raw picture that is drawn is red on the left and
 * blue on the right with a white bar that moves. Every raw picture's first 16 rows show the sequence as 32 black or white
 * blocks 16 pixels wide, lowest bit first.
 */
#ifndef FAKECAM_H
#define FAKECAM_H

#include <linux/videodev2.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_NODES 8
#define MAX_CAMERAS 16
#define MAX_BUFFERS 32

enum kind { CAPTURE, CODEC, META };

struct node {
	char path[512];
	enum kind kind;
};

/* First in, first out, of buffer indices. */
struct fifo {
	unsigned index[MAX_BUFFERS + 1], head, tail;
};

/* One open handle of a node. */
struct camera {
	/* The reading end of a pipe, so that the kernel itself answers poll: a byte lies in it for each filled buffer. */
	int fd;
	/* The writing end; closed by an unplugging, which poll shows as a hang-up. */
	int bell;
	const struct node *node;
	int gone, streaming, nonblocking;
	unsigned width, height, fourcc, fps;
	/* Buffers are slices of one memfd, which the program maps and the driver thread draws into. */
	int memory;
	unsigned char *map;
	size_t slice;
	unsigned count;
	struct v4l2_buffer buffer[MAX_BUFFERS];
	struct fifo queued, done;
	uint64_t sequence;
	/* The signal that it is set to, and the one that the program knows of; events that it has not taken, if it wants any. */
	struct signal {
		unsigned width, height, change;
		int number;
	} timings, told;
	unsigned wants_events, events;
	pthread_t driver;
	pthread_cond_t wake;
	int stop;
};

/* Guards everything but the pixels of a buffer that the driver has taken from the queue. */
extern pthread_mutex_t fakecam_lock;

/* fault.c: the environment and the control file. */
struct faults {
	char words[256];
};
const char *setting(const char *name, const char *otherwise);
void faults_read(struct faults *faults);
int fault(const struct faults *faults, const char *word, unsigned *number);
int fault_size(const struct faults *faults, const char *name, unsigned *width, unsigned *height);
/* Whether this thread holds the lock. */
extern __thread int fakecam_holds;
int is_gone(const struct node *node);
/* The errno that the call is to fail with, or 0; not before it is to return. */
int fault_of(const char *call);
void event(const struct camera *camera, const char *what);
uint64_t nanoseconds(void);

/* formats.c: what the cameras offer, and what they make of what they are asked. */
struct format {
	const char *name, *description;
	uint32_t fourcc;
	/* Of the first plane, in quarters of a byte a pixel; 0: compressed. */
	unsigned line;
	/* Of the whole picture, in quarters of its first plane's share. */
	unsigned planes;
};
const struct format *format_offered(unsigned index);
const struct format *format_by(uint32_t fourcc);
int size_offered(uint32_t fourcc, unsigned index, unsigned *width, unsigned *height);
unsigned rate_offered(unsigned index);
void nearest_size(uint32_t fourcc, unsigned *width, unsigned *height);
unsigned nearest_rate(unsigned fps);
unsigned line_bytes(uint32_t fourcc, unsigned width);
size_t picture_bytes(uint32_t fourcc, unsigned width, unsigned height);

/* film.c: the files for what a camera is set to, or NULL; room and skip are bytes, 0 says that there is no such picture. */
struct film;
const struct film *film_of(const struct camera *camera);
size_t film_read(const struct film *film, uint64_t sequence, size_t skip, unsigned char *out, size_t room);

/* meter.c: what FAKECAM_METER tells; nothing without one. */
void meter_filled(uint64_t sequence, uint64_t taken);
void meter_lost(void);
/* For a driver thread: what it has used since the last call; `counted` begins at 0. */
void meter_cpu(uint64_t *counted);

/* picture.c: fills a buffer and says how many bytes it took. */
size_t picture(const struct camera *camera, uint64_t sequence, uint64_t taken, unsigned char *out,
	const struct faults *faults);

/* driver.c: buffers and the thread that fills them. Each returns 0 or an errno. */
int buffers_request(struct camera *camera, struct v4l2_requestbuffers *request);
int buffer_queue(struct camera *camera, struct v4l2_buffer *buffer);
int buffer_dequeue(struct camera *camera, struct v4l2_buffer *buffer);
int stream_on(struct camera *camera);
int stream_off(struct camera *camera);

/* controls.c: 0 or an errno. */
int answer_control(struct camera *camera, unsigned long request, void *argument);
void controls_forget(void);
/* How its pictures are to lie now. */
enum { HORIZONTAL = 1, VERTICAL = 2 };
unsigned flips(void);

/* signal.c: the input of an HDMI bridge. 0 or an errno. */
int has_signal(void);
struct signal signal_now(void);
int is_set_to(const struct camera *camera, const struct signal *now);
/* Tells of a change, if there is one. */
void signal_look(struct camera *camera);
int answer_signal(struct camera *camera, unsigned long request, void *argument);

/* ioctl.c: 0 or an errno. */
int answer(struct camera *camera, unsigned long request, void *argument);

#endif
