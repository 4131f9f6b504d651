"use strict";

// Fields that change something at once: while a change is on its way the newest one waits, and those between are dropped.

let fieldCount = 0;

// A label, what is changed, and below it a word on it. `send(value)` gives a promise.
function makeField({ label, input, note, reset }) {
  const field = document.createElement("div");
  field.className = "field";
  const name = document.createElement("label");
  input.id = `field-${fieldCount += 1}`;
  name.htmlFor = input.id;
  name.textContent = label;
  const value = document.createElement("div");
  value.className = "value";
  if (reset) value.append(reset);
  field.append(name, value);
  const number = input.type === "range" ? rangeNumber(input, label) : null;
  value.prepend(number ?? input);
  if (number) field.append(input);
  if (note) {
    const words = document.createElement("span");
    words.className = "note";
    words.id = `${input.id}-note`;
    words.textContent = note;
    input.setAttribute("aria-describedby", words.id);
    field.append(words);
  }
  return field;
}

// A slider's value as a number that can be typed.
function rangeNumber(range, label) {
  const number = document.createElement("input");
  number.type = "number";
  for (const name of ["min", "max", "step", "disabled"]) number[name] = range[name];
  number.value = range.value;
  number.ariaLabel = label;
  range.addEventListener("input", () => { number.value = range.value; });
  number.addEventListener("change", () => {
    if (!number.checkValidity()) { number.reportValidity(); number.value = range.value; return; }
    range.value = number.value;
    range.dispatchEvent(new Event("input"));
  });
  return number;
}

// Calls `send` with the newest value, one call at a time.
function latestOnly(send) {
  let busy = false;
  let next = null;
  return async function push(value) {
    if (busy) { next = { value }; return; }
    busy = true;
    try { await send(value); } finally {
      busy = false;
      if (next) { const { value: newest } = next; next = null; push(newest); }
    }
  };
}

function selectOf(options, value) {
  const select = document.createElement("select");
  for (const [key, text] of options) select.add(new Option(text, key, false, String(key) === String(value)));
  return select;
}

function rangeOf(min, max, step, value) {
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min, max, step: step || 1 });
  range.value = value;
  return range;
}

function checkboxOf(checked) {
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", checked });
  return box;
}

// What a driver's control is changed with, and how its value is read from there.
function controlInput(control) {
  switch (control.type) {
    case "boolean": {
      const box = checkboxOf(control.value === true || control.value === 1);
      return { input: box, read: () => box.checked };
    }
    case "menu":
    case "integer_menu": {
      const select = selectOf(control.menu.map((item) => [item.value, item.name]), control.value);
      return { input: select, read: () => Number(select.value) };
    }
    case "button": {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = word("press");
      return { input: button, read: () => null };
    }
    case "string": {
      const text = document.createElement("input");
      Object.assign(text, { type: "text", value: control.value ?? "", maxLength: control.max });
      return { input: text, read: () => text.value };
    }
    case "integer": {
      const range = rangeOf(control.min, control.max, control.step, control.value);
      return { input: range, read: () => Number(range.value) };
    }
    default: {
      // Numbers too large for a slider, and sets of bits.
      const number = document.createElement("input");
      Object.assign(number, { type: "number", min: control.min, max: control.max, value: control.value ?? 0 });
      return { input: number, read: () => Number(number.value) };
    }
  }
}

// Draws all controls, by groups. Groups that were closed stay closed.
function drawControls(place, controls, { set, reset }) {
  const closed = new Set([...place.querySelectorAll("details:not([open])")].map((one) => one.dataset.group));
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren();
  const groups = Map.groupBy ? Map.groupBy(controls, (one) => one.group_title) : groupBy(controls);
  for (const [group, members] of groups) {
    const details = document.createElement("details");
    details.dataset.group = group;
    details.open = !closed.has(group);
    const summary = document.createElement("summary");
    summary.textContent = controlWord(group.toLowerCase().replace(/\W+/g, "_"), group);
    details.append(summary, ...members.map((control) => controlField(control, set, reset)));
    place.append(details);
  }
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function groupBy(controls) {
  const groups = new Map();
  for (const one of controls) groups.set(one.group_title, [...(groups.get(one.group_title) ?? []), one]);
  return groups;
}

function controlField(control, set, reset) {
  const { input, read } = controlInput(control);
  input.dataset.key = control.key;
  input.disabled = control.read_only || control.inactive;
  const push = latestOnly((value) => set(control.key, value));
  input.addEventListener(control.type === "button" ? "click" : input.type === "range" ? "input" : "change", () => push(read()));
  const label = controlWord(control.key, control.name);
  let button = null;
  const differs = control.default !== undefined && control.default !== null && Number(control.value) !== Number(control.default);
  if (differs && !input.disabled && !["button", "string"].includes(control.type)) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "reset";
    button.textContent = word("reset");
    button.ariaLabel = `${word("reset")}: ${label}`;
    button.addEventListener("click", () => reset(control.key));
  }
  const note = control.read_only ? word("read-only") : control.inactive ? word("inactive") : null;
  return makeField({ label, input, note, reset: button });
}
