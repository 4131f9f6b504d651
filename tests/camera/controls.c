/* What a camera lets itself be set to: some of each type, with names and holes as cameras have them. All nodes of a process share
 * one set of values, which last until the camera is unplugged. */
#include "fakecam.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRIVATE(number) (V4L2_CID_USER_BASE + 0x1000 + (number))
#define TEXT 16

struct control {
	uint32_t id, type;
	/* The log's name for it, and the driver's: 32 bytes of these count, with or without an end. */
	const char *key, *name;
	int64_t least, most, step, otherwise;
	uint32_t flags;
	/* A switch that holds it while it is set to this. */
	uint32_t holder;
	int64_t held;
};

/* By number, as NEXT_CTRL goes. */
static const struct control controls[] = {
	{ V4L2_CID_USER_CLASS, V4L2_CTRL_TYPE_CTRL_CLASS, "", "User Controls", 0, 0, 0, 0, 0, 0, 0 },
	{ V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, "brightness", "Brightness", 0, 255, 1, 128, 0, 0, 0 },
	{ V4L2_CID_CONTRAST, V4L2_CTRL_TYPE_INTEGER, "contrast", "Contrast", -10, 10, 5, 0, 0, 0, 0 },
	{ V4L2_CID_AUTO_WHITE_BALANCE, V4L2_CTRL_TYPE_BOOLEAN, "awb", "White Balance, Automatic", 0, 1, 1, 1, 0, 0, 0 },
	{ V4L2_CID_GAIN, V4L2_CTRL_TYPE_INTEGER, "gain", "Gain", 0, 9, 1, 0, V4L2_CTRL_FLAG_DISABLED, 0, 0 },
	{ V4L2_CID_HFLIP, V4L2_CTRL_TYPE_BOOLEAN, "hflip", "Horizontal Flip", 0, 1, 1, 0, 0, 0, 0 },
	{ V4L2_CID_VFLIP, V4L2_CTRL_TYPE_BOOLEAN, "vflip", "Vertical Flip", 0, 1, 1, 0, 0, 0, 0 },
	{ V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, "power", "Power Line Frequency", 0, 3, 1, 1, 0, 0, 0 },
	{ V4L2_CID_WHITE_BALANCE_TEMPERATURE, V4L2_CTRL_TYPE_INTEGER, "temperature", "White Balance Temperature", 2800, 6500, 10,
		4600, 0, V4L2_CID_AUTO_WHITE_BALANCE, 1 },
	{ PRIVATE(1), V4L2_CTRL_TYPE_INTEGER, "second", "Brightness", 0, 7, 0, 3, 0, 0, 0 },
	{ PRIVATE(2), V4L2_CTRL_TYPE_BOOLEAN, "odd", "Caf\xe9\n LED of a name without its end", 0, 1, 1, 0, 0, 0, 0 },
	{ PRIVATE(3), V4L2_CTRL_TYPE_INTEGER64, "wide", "Wide", -1, INT64_C(1) << 40, 1, 0, 0, 0, 0 },
	{ PRIVATE(4), V4L2_CTRL_TYPE_BITMASK, "bits", "Bits", 0, 0x8000000f, 0, 1, 0, 0, 0 },
	{ PRIVATE(5), V4L2_CTRL_TYPE_INTEGER_MENU, "rate", "Rate", 0, 3, 1, 0, 0, 0, 0 },
	{ PRIVATE(6), V4L2_CTRL_TYPE_STRING, "title", "Title", 0, TEXT, 1, 0, 0, 0, 0 },
	{ PRIVATE(7), V4L2_CTRL_TYPE_INTEGER, "upside", "Upside Down Range", 9, -9, 1, 0, 0, 0, 0 },
	{ PRIVATE(8), 0x106, "area", "Area", 0, 0, 0, 0, 0, 0, 0 },
	{ V4L2_CID_CAMERA_CLASS, V4L2_CTRL_TYPE_CTRL_CLASS, "", "Camera Controls", 0, 0, 0, 0, 0, 0, 0 },
	{ V4L2_CID_EXPOSURE_AUTO, V4L2_CTRL_TYPE_MENU, "auto", "Auto Exposure", 0, 3, 1, 3, V4L2_CTRL_FLAG_UPDATE, 0, 0 },
	{ V4L2_CID_EXPOSURE_ABSOLUTE, V4L2_CTRL_TYPE_INTEGER, "exposure", "Exposure Time, Absolute", 3, 2047, 1, 250, 0,
		V4L2_CID_EXPOSURE_AUTO, 3 },
	{ V4L2_CID_PRIVACY, V4L2_CTRL_TYPE_BOOLEAN, "privacy", "Privacy", 0, 1, 1, 0, V4L2_CTRL_FLAG_READ_ONLY, 0, 0 },
	{ V4L2_CID_AUTO_FOCUS_START, V4L2_CTRL_TYPE_BUTTON, "focus", "Auto Focus, Start", 0, 0, 0, 0,
		V4L2_CTRL_FLAG_WRITE_ONLY, 0, 0 },
};
#define COUNT (sizeof controls / sizeof *controls)

/* By its place above; a value that was never set is the default. */
static struct {
	int set;
	int64_t number;
	char text[TEXT + 1];
} values[COUNT];

void controls_forget(void)
{
	memset(values, 0, sizeof values);
}

/* What FAKECAM_FLIPS calls a control: a small letter by default 0, a capital by default 1; 0 for all others. */
static char letter_of(const struct control *control)
{
	return control->id == V4L2_CID_HFLIP ? 'h' : control->id == V4L2_CID_VFLIP ? 'v' : 0;
}

static int64_t default_of(const struct control *control)
{
	char letter = letter_of(control);
	return letter ? strchr(setting("FAKECAM_FLIPS", ""), letter) == NULL : control->otherwise;
}

static int is_there(const struct control *control)
{
	char letters[] = { letter_of(control), (char)(letter_of(control) - 'a' + 'A'), 0 };
	return !letters[0] || strpbrk(setting("FAKECAM_FLIPS", ""), letters);
}

static const struct control *by_id(uint32_t id)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (controls[i].id == id && is_there(&controls[i]))
			return &controls[i];
	return NULL;
}

static int64_t number_of(const struct control *control)
{
	return values[control - controls].set ? values[control - controls].number : default_of(control);
}

static int is_flipped(uint32_t id)
{
	const struct control *control = by_id(id);
	return control && number_of(control) != default_of(control);
}

unsigned flips(void)
{
	return (is_flipped(V4L2_CID_HFLIP) ? HORIZONTAL : 0) | (is_flipped(V4L2_CID_VFLIP) ? VERTICAL : 0);
}

static int is_held(const struct control *control)
{
	return control->holder && number_of(by_id(control->holder)) == control->held;
}

/* With NEXT_CTRL the first behind the number, without it the control of the number. */
static const struct control *asked(uint32_t id)
{
	if (!(id & V4L2_CTRL_FLAG_NEXT_CTRL))
		return by_id(id);
	for (unsigned i = 0; i < COUNT; i++)
		if (controls[i].id > (id & V4L2_CTRL_ID_MASK) && is_there(&controls[i]))
			return &controls[i];
	return NULL;
}

static uint32_t flags_of(const struct control *control)
{
	return control->flags | (is_held(control) ? V4L2_CTRL_FLAG_INACTIVE : 0);
}

static int query_wide(struct v4l2_query_ext_ctrl *query)
{
	const struct control *control = asked(query->id);
	int number = fault_of("query_ext_ctrl");

	if (number || !control)
		return number ? number : EINVAL;
	memset(query, 0, sizeof *query);
	query->id = control->id;
	query->type = control->type;
	memcpy(query->name, control->name, strnlen(control->name, sizeof query->name));
	query->minimum = control->least;
	query->maximum = control->most;
	query->step = (uint64_t)control->step;
	query->default_value = default_of(control);
	query->flags = flags_of(control);
	query->elem_size = control->type == V4L2_CTRL_TYPE_STRING ? TEXT + 1 : sizeof(int32_t);
	query->elems = 1;
	return 0;
}

static int query_narrow(struct v4l2_queryctrl *query)
{
	const struct control *control = asked(query->id);

	if (!control)
		return EINVAL;
	memset(query, 0, sizeof *query);
	query->id = control->id;
	query->type = control->type;
	memcpy(query->name, control->name, strnlen(control->name, sizeof query->name));
	query->minimum = (int32_t)control->least;
	query->maximum = (int32_t)control->most;
	query->step = (int32_t)control->step;
	query->default_value = (int32_t)default_of(control);
	query->flags = flags_of(control);
	return 0;
}

static int query_menu(struct v4l2_querymenu *query)
{
	static const struct {
		uint32_t id, index;
		const char *name;
		int64_t number;
	} items[] = {
		{ V4L2_CID_POWER_LINE_FREQUENCY, 0, "Disabled", 0 },
		{ V4L2_CID_POWER_LINE_FREQUENCY, 1, "50 Hz", 0 },
		{ V4L2_CID_POWER_LINE_FREQUENCY, 3, "Auto", 0 },
		{ V4L2_CID_EXPOSURE_AUTO, 1, "Manual Mode", 0 },
		{ V4L2_CID_EXPOSURE_AUTO, 3, "Aperture Priority Mode", 0 },
		{ PRIVATE(5), 0, NULL, 15 },
		{ PRIVATE(5), 2, NULL, 5000000000 },
	};

	for (unsigned i = 0; i < sizeof items / sizeof *items; i++) {
		if (items[i].id != query->id || items[i].index != query->index)
			continue;
		if (items[i].name)
			snprintf((char *)query->name, sizeof query->name, "%s", items[i].name);
		else
			query->value = items[i].number;
		return 0;
	}
	return EINVAL;
}

static int get(struct v4l2_ext_control *value, int otherwise)
{
	const struct control *control = by_id(value->id);

	if (!control || control->flags & V4L2_CTRL_FLAG_DISABLED)
		return EINVAL;
	if (control->flags & V4L2_CTRL_FLAG_WRITE_ONLY)
		return EACCES;
	if (control->type == V4L2_CTRL_TYPE_STRING) {
		if (value->size < TEXT + 1)
			return ENOSPC;
		memcpy(value->string, otherwise ? "" : values[control - controls].text, otherwise ? 1 : TEXT + 1);
	} else if (control->type == V4L2_CTRL_TYPE_INTEGER64) {
		value->value64 = otherwise ? default_of(control) : number_of(control);
	} else {
		value->value = (int32_t)(otherwise ? default_of(control) : number_of(control));
	}
	return 0;
}

/* As drivers do: what is out of range becomes the nearest that is in it. */
static int64_t clamped(const struct control *control, int64_t number)
{
	if (control->type == V4L2_CTRL_TYPE_BITMASK)
		return number & control->most;
	if (number < control->least || control->least > control->most)
		return control->least;
	return number > control->most ? control->most : number;
}

static int set(struct camera *camera, struct v4l2_ext_control *value)
{
	const struct control *control = by_id(value->id);
	int number = fault_of("s_ctrl");
	struct faults faults;
	char line[128];

	faults_read(&faults);
	if (number)
		return number;
	if (!control || control->flags & V4L2_CTRL_FLAG_DISABLED)
		return EINVAL;
	if (control->flags & V4L2_CTRL_FLAG_READ_ONLY || is_held(control))
		return EACCES;
	if (fault(&faults, "refuse-idle", NULL) && !camera->streaming)
		return EIO;
	if (letter_of(control) && camera->streaming)
		return EBUSY;
	if (control->type == V4L2_CTRL_TYPE_STRING) {
		if (value->size > TEXT + 1)
			return ERANGE;
		snprintf(values[control - controls].text, TEXT + 1, "%s", value->string);
		snprintf(line, sizeof line, "set:%s=%s", control->key, value->string);
	} else {
		int64_t wanted = control->type == V4L2_CTRL_TYPE_INTEGER64 ? value->value64 : value->value;
		/* A camera that likes nothing above 200 and does not say so. */
		if (control->id == V4L2_CID_BRIGHTNESS && wanted > 200)
			wanted = 200;
		wanted = clamped(control, wanted);
		values[control - controls].number = wanted;
		if (control->type == V4L2_CTRL_TYPE_INTEGER64)
			value->value64 = wanted;
		else
			value->value = (int32_t)wanted;
		snprintf(line, sizeof line, "set:%s=%lld", control->key, (long long)wanted);
	}
	values[control - controls].set = 1;
	event(camera, line);
	return 0;
}

static int several(struct camera *camera, struct v4l2_ext_controls *list, int write)
{
	int number = fault_of(write ? "s_ext_ctrls" : "g_ext_ctrls");

	for (unsigned i = 0; i < list->count && !number; i++) {
		list->error_idx = i;
		number = write ? set(camera, &list->controls[i]) : get(&list->controls[i], list->which == V4L2_CTRL_WHICH_DEF_VAL);
	}
	return number;
}

static int single(struct camera *camera, struct v4l2_control *one, int write)
{
	struct v4l2_ext_control value = { .id = one->id, .value = one->value };
	const struct control *control = by_id(one->id);

	if (!control || control->type == V4L2_CTRL_TYPE_STRING || control->type == V4L2_CTRL_TYPE_INTEGER64)
		return EINVAL;
	int number = write ? set(camera, &value) : get(&value, 0);
	one->value = value.value;
	return number;
}

int answer_control(struct camera *camera, unsigned long request, void *argument)
{
	switch (request) {
	case VIDIOC_QUERY_EXT_CTRL: return query_wide(argument);
	case VIDIOC_QUERYCTRL: return query_narrow(argument);
	case VIDIOC_QUERYMENU: return query_menu(argument);
	case VIDIOC_G_EXT_CTRLS: return several(camera, argument, 0);
	case VIDIOC_S_EXT_CTRLS: return several(camera, argument, 1);
	case VIDIOC_G_CTRL: return single(camera, argument, 0);
	case VIDIOC_S_CTRL: return single(camera, argument, 1);
	default: return ENOTTY;
	}
}
