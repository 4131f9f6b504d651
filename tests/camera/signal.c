/* What comes in at the HDMI input of a bridge, and the events by which its driver tells that it is another thing now. */
#define _GNU_SOURCE
#include "fakecam.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int has_signal(void)
{
	return setting("FAKECAM_DV", NULL) != NULL;
}

struct signal signal_now(void)
{
	struct signal now = { 0 };
	struct faults faults;

	faults_read(&faults);
	sscanf(setting("FAKECAM_DV", ""), "%ux%u", &now.width, &now.height);
	fault_size(&faults, "dv", &now.width, &now.height);
	fault(&faults, "change", &now.change);
	now.number = fault_of("query_dv");
	return now;
}

int is_set_to(const struct camera *camera, const struct signal *now)
{
	return !now->number && camera->timings.width == now->width && camera->timings.height == now->height;
}

void signal_look(struct camera *camera)
{
	struct signal now = signal_now();

	if (!memcmp(&now, &camera->told, sizeof now))
		return;
	camera->told = now;
	/* Urgent data, which poll shows as POLLPRI: a second such byte would take the first one's place. */
	if (camera->wants_events && !camera->events++)
		send(camera->bell, "", 1, MSG_OOB | MSG_NOSIGNAL);
}

static int take_event(struct camera *camera, struct v4l2_event *event)
{
	char byte;

	if (!camera->events)
		return ENOENT;
	memset(event, 0, sizeof *event);
	event->type = V4L2_EVENT_SOURCE_CHANGE;
	event->u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION;
	event->pending = --camera->events;
	if (!camera->events)
		recv(camera->fd, &byte, 1, MSG_OOB);
	return 0;
}

static int query(struct v4l2_dv_timings *timings)
{
	struct signal now = signal_now();

	if (now.number)
		return now.number;
	memset(timings, 0, sizeof *timings);
	timings->type = V4L2_DV_BT_656_1120;
	timings->bt.width = now.width;
	timings->bt.height = now.height;
	timings->bt.hsync = 160;
	timings->bt.vsync = 30;
	/* At 30 a second. */
	timings->bt.pixelclock = 30ull * (now.width + 160) * (now.height + 30);
	return 0;
}

int answer_signal(struct camera *camera, unsigned long request, void *argument)
{
	const struct v4l2_event_subscription *wish = argument;
	const struct v4l2_dv_timings *timings = argument;

	switch (request) {
	case VIDIOC_SUBSCRIBE_EVENT:
		if (wish->type != V4L2_EVENT_SOURCE_CHANGE)
			return 0;
		camera->told = signal_now();
		camera->wants_events = 1;
		return 0;
	case VIDIOC_DQEVENT: return take_event(camera, argument);
	case VIDIOC_QUERY_DV_TIMINGS: return query(argument);
	case VIDIOC_S_DV_TIMINGS: {
		int number = fault_of("s_dv");
		if (number)
			return number;
		if (camera->count)
			return EBUSY;
		camera->timings.width = timings->bt.width;
		camera->timings.height = timings->bt.height;
		return 0;
	}
	default: return ENOTTY;
	}
}
