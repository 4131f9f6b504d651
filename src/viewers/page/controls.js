"use strict";

// Fields that change something at once: while a change is on its way the newest one waits, and those between are dropped.

// A label, what is changed, and below it a word on it. `send(value)` gives a promise; `reset` is called by a button, which is
// hidden where `atDefault`.
function makeField({ id, label, input, read, send, note, reset, atDefault }) {
  const field = document.createElement("div");
  field.className = "field";
  const name = document.createElement("label");
  input.id = id;
  name.htmlFor = id;
  name.textContent = label;
  const value = document.createElement("div");
  value.className = "value";
  const number = input.type === "range" ? rangeNumber(input, label) : null;
  value.append(number ?? input);
  if (reset) value.append(resetButton(label, reset, atDefault));
  field.append(name, value);
  if (number) field.append(input);
  if (note) {
    const words = document.createElement("span");
    words.className = "note";
    words.id = `${id}-note`;
    words.textContent = note;
    input.setAttribute("aria-describedby", words.id);
    field.append(words);
  }
  const push = latestOnly(send);
  input.addEventListener(input.type === "button" ? "click" : input.type === "range" ? "input" : "change", () => {
    if (input.checkValidity()) push(read()); else input.reportValidity();
  });
  // Half typed, dragged and not yet let go, or on its way.
  let touched = false;
  field.addEventListener("input", () => { touched = true; });
  for (const end of ["change", "focusout"]) field.addEventListener(end, () => { touched = false; });
  field.isInHand = () => touched || push.isBusy();
  return field;
}

function resetButton(label, reset, atDefault) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "reset", textContent: word("reset"), hidden: atDefault });
  button.ariaLabel = `${word("reset")}: ${label}`;
  button.addEventListener("click", reset);
  return button;
}

// Draws fields where there may be some already. What differs only in its value stays: a slider is not taken out of the hand that
// drags it, no list is closed, no half number lost. Whether all of them show what they should.
function drawFields(place, fields) {
  const old = [...place.children];
  if (old.length !== fields.length) {
    place.replaceChildren(...fields);
    return true;
  }
  return old.map((field, index) => renewField(field, fields[index])).every(Boolean);
}

function renewField(old, fresh) {
  if (old.isInHand()) return false;
  const [button, freshButton] = [old, fresh].map((field) => field.querySelector(".reset"));
  const atDefault = freshButton?.hidden;
  if (button && freshButton) freshButton.hidden = button.hidden;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  if (!old.isEqualNode(fresh)) {
    if (freshButton) freshButton.hidden = atDefault;
    old.replaceWith(fresh);
    if (focused) (document.getElementById(focused.id) ?? fresh.querySelector("input, select"))?.focus();
    return true;
  }
  const inputs = old.querySelectorAll("input, select");
  fresh.querySelectorAll("input, select").forEach((input, index) => {
    if (input.type === "checkbox") inputs[index].checked = input.checked; else inputs[index].value = input.value;
  });
  if (button) button.hidden = atDefault;
  if (focused === button && atDefault) inputs[0]?.focus();
  return true;
}

// A slider's value as a number that can be typed.
function rangeNumber(range, label) {
  const number = document.createElement("input");
  number.type = "number";
  for (const name of ["min", "max", "step", "disabled"]) number[name] = range[name];
  number.value = range.value;
  number.id = `${range.id}-number`;
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
  async function push(value) {
    if (busy) { next = { value }; return; }
    busy = true;
    try { await send(value); } finally {
      busy = false;
      if (next) { const { value: newest } = next; next = null; push(newest); }
    }
  }
  push.isBusy = () => busy;
  return push;
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

// Draws all controls, by groups, which stay closed where they were. Whether all show what they should.
function drawControls(place, controls, calls) {
  const groups = new Map();
  for (const one of controls) groups.set(one.group_title, [...(groups.get(one.group_title) ?? []), one]);
  const names = [...groups.keys()];
  const old = [...place.children];
  if (names.length !== old.length || names.some((name, index) => old[index].dataset.group !== name)) {
    place.replaceChildren(...names.map(controlGroup));
  }
  return names.map((name, index) => {
    const fields = groups.get(name).map((control) => controlField(control, calls));
    return drawFields(place.children[index].lastElementChild, fields);
  }).every(Boolean);
}

function controlGroup(group) {
  const details = document.createElement("details");
  details.dataset.group = group;
  details.open = true;
  const summary = document.createElement("summary");
  summary.textContent = controlWord(group.toLowerCase().replace(/\W+/g, "_"), group);
  details.append(summary, document.createElement("div"));
  return details;
}

function controlField(control, { set, reset }) {
  const { input, read } = controlInput(control);
  const { key } = control;
  input.dataset.key = key;
  input.disabled = control.read_only || control.inactive;
  const canReset = !input.disabled && !["button", "string"].includes(control.type) && ![undefined, null].includes(control.default);
  return makeField({
    id: `control-${key}`,
    label: controlWord(key, control.name),
    input,
    read,
    send: (value) => set(key, value),
    note: control.read_only ? word("read-only") : control.inactive ? word("inactive") : null,
    reset: canReset ? () => reset(key) : null,
    atDefault: Number(control.value) === Number(control.default),
  });
}
