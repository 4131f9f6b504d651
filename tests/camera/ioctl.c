/* The answers to the ioctls of a V4L2 device. Called with the lock held. */
#include "fakecam.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int capabilities(const struct camera *camera, struct v4l2_capability *cap)
{
	static const struct {
		const char *driver, *card;
		uint32_t caps;
	} kinds[] = {
		[CAPTURE] = { "uvcvideo", "Fakecam: Test Camera", V4L2_CAP_VIDEO_CAPTURE },
		[CODEC] = { "bcm2835-codec", "bcm2835-codec-decode", V4L2_CAP_VIDEO_M2M_MPLANE },
		[META] = { "uvcvideo", "Fakecam: Test Camera", V4L2_CAP_META_CAPTURE },
	};
	unsigned kind = camera->node->kind;

	memset(cap, 0, sizeof *cap);
	strcpy((char *)cap->driver, kinds[kind].driver);
	strcpy((char *)cap->card, kinds[kind].card);
	strcpy((char *)cap->bus_info, kind == CODEC ? "platform:bcm2835-codec" : "usb-fakecam-1");
	cap->version = 0x060100;
	cap->device_caps = kinds[kind].caps | V4L2_CAP_STREAMING | V4L2_CAP_EXT_PIX_FORMAT;
	cap->capabilities = cap->device_caps | V4L2_CAP_DEVICE_CAPS;
	/* uvcvideo's two nodes both tell what the whole device can do; only device_caps tells them apart. */
	if (kind != CODEC)
		cap->capabilities |= V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_META_CAPTURE;
	return 0;
}

static int enumerate_formats(struct v4l2_fmtdesc *description)
{
	const struct format *format = format_offered(description->index);
	int number = fault_of("enum_fmt");

	if (number || !format)
		return number ? number : EINVAL;
	description->pixelformat = format->fourcc;
	description->flags = format->line ? 0 : V4L2_FMT_FLAG_COMPRESSED;
	snprintf((char *)description->description, sizeof description->description, "%s", format->description);
	return 0;
}

static int enumerate_sizes(struct v4l2_frmsizeenum *size)
{
	if (has_signal() || !format_by(size->pixel_format) || !size_offered(size->pixel_format, size->index,
		&size->discrete.width, &size->discrete.height))
		return EINVAL;
	size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
	return 0;
}

static int enumerate_rates(struct v4l2_frmivalenum *interval)
{
	unsigned width = interval->width, height = interval->height, rate = rate_offered(interval->index);

	nearest_size(interval->pixel_format, &width, &height);
	if (!rate || !format_by(interval->pixel_format) || width != interval->width || height != interval->height)
		return EINVAL;
	interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
	interval->discrete.numerator = 1;
	interval->discrete.denominator = rate;
	return 0;
}

/* As drivers do: what cannot be had becomes the nearest that can. */
static void adjust(const struct camera *camera, struct v4l2_pix_format *pix)
{
	if (!format_by(pix->pixelformat))
		pix->pixelformat = format_offered(0)->fourcc;
	if (has_signal()) {
		pix->width = camera->timings.width;
		pix->height = camera->timings.height;
	} else {
		nearest_size(pix->pixelformat, &pix->width, &pix->height);
	}
	pix->field = V4L2_FIELD_NONE;
	pix->bytesperline = line_bytes(pix->pixelformat, pix->width);
	pix->sizeimage = (uint32_t)picture_bytes(pix->pixelformat, pix->width, pix->height);
	pix->colorspace = V4L2_COLORSPACE_SRGB;
	pix->priv = 0;
}

static int set_format(struct camera *camera, struct v4l2_format *format)
{
	if (camera->count)
		return EBUSY;
	adjust(camera, &format->fmt.pix);
	camera->width = format->fmt.pix.width;
	camera->height = format->fmt.pix.height;
	camera->fourcc = format->fmt.pix.pixelformat;
	return fault_of("s_fmt");
}

static int get_format(const struct camera *camera, struct v4l2_format *format)
{
	format->fmt.pix.width = camera->width;
	format->fmt.pix.height = camera->height;
	format->fmt.pix.pixelformat = camera->fourcc;
	adjust(camera, &format->fmt.pix);
	return 0;
}

static int parameters(struct camera *camera, struct v4l2_streamparm *parameters, int set)
{
	struct v4l2_captureparm *capture = &parameters->parm.capture;

	int number = set ? fault_of("s_parm") : 0;
	if (number)
		return number;
	if (set && capture->timeperframe.numerator && camera->streaming)
		return EBUSY;
	if (set && capture->timeperframe.numerator)
		camera->fps = nearest_rate(capture->timeperframe.denominator / capture->timeperframe.numerator);
	memset(capture, 0, sizeof *capture);
	capture->capability = V4L2_CAP_TIMEPERFRAME;
	capture->timeperframe.numerator = 1;
	capture->timeperframe.denominator = camera->fps;
	return 0;
}

static int input(struct v4l2_input *input)
{
	if (input->index)
		return EINVAL;
	memset(input, 0, sizeof *input);
	strcpy((char *)input->name, "Camera 1");
	input->type = V4L2_INPUT_TYPE_CAMERA;
	return 0;
}

static int query_buffer(const struct camera *camera, struct v4l2_buffer *buffer)
{
	int number = fault_of("querybuf");
	if (number || buffer->index >= camera->count)
		return number ? number : EINVAL;
	*buffer = camera->buffer[buffer->index];
	return 0;
}

static int request_buffers(struct camera *camera, struct v4l2_requestbuffers *request)
{
	int number = request->count ? fault_of("reqbufs") : 0;
	return number ? number : buffers_request(camera, request);
}

static int start(struct camera *camera)
{
	int number = fault_of("streamon");
	struct faults faults;

	faults_read(&faults);
	if (fault(&faults, "forget", NULL))
		controls_forget();
	return number ? number : stream_on(camera);
}

/* Each of these structures begins with the buffer type, but for the enumerations by pixel format. */
static int captures(unsigned long request, const void *argument)
{
	switch (request) {
	case VIDIOC_ENUM_FMT: return ((const struct v4l2_fmtdesc *)argument)->type == V4L2_BUF_TYPE_VIDEO_CAPTURE;
	case VIDIOC_REQBUFS: return ((const struct v4l2_requestbuffers *)argument)->type == V4L2_BUF_TYPE_VIDEO_CAPTURE;
	case VIDIOC_QUERYBUF: case VIDIOC_QBUF: case VIDIOC_DQBUF:
		return ((const struct v4l2_buffer *)argument)->type == V4L2_BUF_TYPE_VIDEO_CAPTURE;
	case VIDIOC_G_FMT: case VIDIOC_S_FMT: case VIDIOC_TRY_FMT: case VIDIOC_G_PARM: case VIDIOC_S_PARM:
	case VIDIOC_STREAMON: case VIDIOC_STREAMOFF:
		return *(const uint32_t *)argument == V4L2_BUF_TYPE_VIDEO_CAPTURE;
	default: return 1;
	}
}

int answer(struct camera *camera, unsigned long request, void *argument)
{
	if (is_gone(camera->node)) {
		camera->gone = 1;
		controls_forget();
	}
	if (camera->gone && request != VIDIOC_STREAMOFF)
		return ENODEV;
	if (request == VIDIOC_QUERYCAP) {
		int number = fault_of("querycap");
		return number ? number : capabilities(camera, argument);
	}
	if (camera->node->kind != CAPTURE || !captures(request, argument))
		return EINVAL;
	switch (request) {
	case VIDIOC_ENUM_FMT: return enumerate_formats(argument);
	case VIDIOC_ENUM_FRAMESIZES: return enumerate_sizes(argument);
	case VIDIOC_ENUM_FRAMEINTERVALS: return enumerate_rates(argument);
	case VIDIOC_G_FMT: return get_format(camera, argument);
	case VIDIOC_S_FMT: return set_format(camera, argument);
	case VIDIOC_TRY_FMT: adjust(camera, &((struct v4l2_format *)argument)->fmt.pix); return 0;
	case VIDIOC_G_PARM: return parameters(camera, argument, 0);
	case VIDIOC_S_PARM: return parameters(camera, argument, 1);
	case VIDIOC_ENUMINPUT: return input(argument);
	case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
	case VIDIOC_S_INPUT: return *(int *)argument ? EINVAL : 0;
	case VIDIOC_REQBUFS: return request_buffers(camera, argument);
	case VIDIOC_QUERYBUF: return query_buffer(camera, argument);
	case VIDIOC_QBUF: return buffer_queue(camera, argument);
	case VIDIOC_DQBUF: return buffer_dequeue(camera, argument);
	case VIDIOC_STREAMON: return start(camera);
	case VIDIOC_STREAMOFF: {
		int gone = camera->gone, number = fault_of("streamoff");
		stream_off(camera);
		if (number)
			return number;
		/* The kernel answers ENODEV for every ioctl of a device that is gone, this one too. */
		return gone ? ENODEV : 0;
	}
	case VIDIOC_UNSUBSCRIBE_EVENT: return 0;
	case VIDIOC_SUBSCRIBE_EVENT: case VIDIOC_DQEVENT: case VIDIOC_QUERY_DV_TIMINGS: case VIDIOC_S_DV_TIMINGS:
		if (has_signal())
			return answer_signal(camera, request, argument);
		/* As uvcvideo: of events it has those of controls. */
		if (request == VIDIOC_SUBSCRIBE_EVENT)
			return ((const struct v4l2_event_subscription *)argument)->type == V4L2_EVENT_CTRL ? 0 : EINVAL;
		return request == VIDIOC_DQEVENT ? ENOENT : ENOTTY;
	default: return answer_control(camera, request, argument);
	}
}
