"use strict";

// The page: one stream, one source of events, and calls of the API. Addresses are relative, so that it works behind a
// proxy's path.

const element = (id) => document.getElementById(id);
const API = "api/v1";

// Chromium draws a picture only when the next part's head has come, WebKit one picture late: the daemon has a parameter
// for each.
const agent = navigator.userAgent;
const QUIRK = /Chrome|Chromium/.test(agent) ? "advance_headers=1" : /Safari/.test(agent) ? "dual_final_frames=1" : "";

let state = null;
let settings = null;
let generations = "";
const rates = [];

// -- what the daemon is told --------------------------------------------------------------------------------------

async function call(method, path, body) {
  const options = { method, cache: "no-store", signal: AbortSignal.timeout(25000) };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(`${API}/${path}`, options);
  } catch {
    throw new Error(word("lost"));
  }
  const type = answer.headers.get("Content-Type") ?? "";
  const json = type.includes("json") ? await answer.json() : null;
  if (!answer.ok) throw new Error(json?.detail ?? `${answer.status} ${answer.statusText}`);
  return json;
}

// Calls, and says what went wrong where the person sees it.
async function attempt(...words) {
  try {
    const json = await call(...words);
    say("");
    return json;
  } catch (error) {
    say(error.message);
    return null;
  }
}

let saying = 0;
function say(text) {
  clearTimeout(saying);
  element("message").textContent = text;
  element("message").hidden = !text;
  if (text) saying = setTimeout(() => say(""), 10000);
}

// -- the picture --------------------------------------------------------------------------------------------------

const picture = element("picture");
let streaming = false;

// A new address makes the browser open a new connection.
function openStream() {
  streaming = true;
  picture.src = `stream?${QUIRK}&t=${Date.now()}`;
}

function closeStream() {
  streaming = false;
  picture.removeAttribute("src");
}

// A browser that has drawn one picture tells nothing when the stream ends: the events tell.
picture.addEventListener("error", () => { if (streaming) setTimeout(() => streaming && openStream(), 1000); });

// -- the state ----------------------------------------------------------------------------------------------------

let events = null;
let lost = false;

function listen() {
  events?.close();
  events = new EventSource(`${API}/events?every=1`);
  events.addEventListener("state", (event) => {
    state = JSON.parse(event.data);
    if (lost) openStream();
    lost = false;
    show();
  });
  events.addEventListener("error", () => {
    lost = true;
    showState("lost", word("lost"));
    // What the browser gives up after an answer that was no event, a proxy's for one, is tried again too.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => events && listen(), 2000);
  });
}

// Nobody looks: neither pictures nor events are sent for nothing, and other tabs have the connections.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && !isFloating()) {
    closeStream();
    events?.close();
    events = null;
  } else if (!document.hidden && !events) {
    openStream();
    listen();
  }
});

function showState(name, text) {
  const badge = element("state");
  if (badge.dataset.state === name && element("word").textContent === text) return;
  badge.dataset.state = name;
  element("word").textContent = text;
}

function show() {
  const { camera, paused } = state;
  showState(camera.state, stateWord(camera.state));
  const trouble = camera.state.startsWith("no-");
  element("trouble").hidden = !trouble;
  if (trouble) {
    const text = `${camera.text} — ${word("no-camera-help")}`;
    if (element("trouble").textContent !== text) element("trouble").textContent = text;
  }
  picture.alt = word(paused ? "picture-paused" : "picture-alt");
  const pause = element("pause");
  pause.textContent = word(paused ? "continue" : "pause");
  pause.classList.toggle("on", paused);
  showFigures();
  const now = `${state.settings.generation}/${state.controls?.generation ?? 0}/${camera.device}`;
  if (now !== generations) {
    generations = now;
    loadSettings();
    loadControls();
  }
  element("save").hidden = state.settings.saved || !state.settings.can_save;
}

function showFigures() {
  const { camera } = state;
  const time = element("time");
  time.dateTime = state.time;
  // As the device's own clock shows it, wherever the browser is.
  time.textContent = state.time.slice(0, 19).replace("T", " ");
  const size = state.picture ? `${state.picture.width} × ${state.picture.height}` : "–";
  const set = (id, text) => { if (element(id).textContent !== text) element(id).textContent = text; };
  // What is wrong with a camera stands above, in a sentence.
  set("camera", camera.device ? `${camera.device}, ${camera.format}` : stateWord(camera.state));
  element("filter-row").hidden = !state.filter;
  if (state.filter) set("filter", filterWord(state.filter));
  set("size", size);
  set("fps", state.published_fps.toFixed(1));
  set("age", state.picture?.live ? `${Math.round(state.picture.age_seconds * 1000)} ms` : "–");
  set("viewers", String(state.viewers));
  set("uptime", duration(state.uptime_seconds));
  set("sent", bytes(state.sent_bytes));
  element("version").textContent = `mjpegd ${state.version}`;
  rates.push(state.published_fps);
  if (rates.length > 61) rates.shift();
  drawGraph();
}

function duration(seconds) {
  const parts = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]];
  const from = parts.findIndex(([, unit]) => seconds >= unit);
  if (from < 0) return word("seconds", { n: 0 });
  return parts.slice(from, from + 2).map(([name, unit], index) => {
    const n = Math.floor((index ? seconds % parts[from][1] : seconds) / unit);
    return word(name, { n });
  }).join(" ");
}

function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  return `${(count / 1000 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
}

// A point a second, the newest at the right edge.
function drawGraph() {
  const most = Math.max(...rates, 1);
  const points = rates.map((rate, index) => `${60 - (rates.length - 1 - index)} ${(19 - (rate / most) * 18).toFixed(2)}`);
  element("line").setAttribute("d", `M${points.join("L")}`);
  element("area").setAttribute("d", `M${61 - rates.length} 20L${points.join("L")}L60 20Z`);
  const words = word("graph-words", { least: Math.min(...rates).toFixed(1), most: Math.max(...rates).toFixed(1) });
  element("graph-words").textContent = words;
  element("graph").setAttribute("aria-label", words);
}

// What somebody is just changing is drawn with the next event, when it has been let go.
function drawAgain() {
  generations = "";
}

// -- settings -----------------------------------------------------------------------------------------------------

const change = (patch) => attempt("PATCH", "settings", patch);

async function loadSettings() {
  const [now, cameras] = await Promise.all([attempt("GET", "settings"), cameraList()]);
  if (!now) return;
  settings = now;
  if (!drawFields(element("settings"), settingFields(cameras))) drawAgain();
  element("undo").hidden = !state.settings.changed;
}

let camerasOf = { device: null, list: [] };
async function cameraList() {
  // Asked for again when another camera runs; devices are looked at for it.
  if (camerasOf.device !== state.camera.device || !camerasOf.list.length) {
    camerasOf = { device: state.camera.device, list: (await attempt("GET", "cameras")) ?? [] };
  }
  return camerasOf.list;
}

function settingFields(cameras) {
  const { source, encoder, image } = settings;
  const fields = [];
  const add = (name, input, send, more = {}) => {
    input.name = name;
    fields.push(makeField({ id: `set-${name}`, label: word(`set-${name}`), input, read: () => input, send, ...more }));
  };
  if (source.name === "v4l2") {
    const device = source.v4l2.device === "auto" ? "auto" : source.v4l2.device[0];
    const known = cameras.map((one) => [one.device, `${one.name} (${one.device})`]);
    if (device !== "auto" && !known.some(([path]) => path === device)) known.unshift([device, device]);
    add("camera", selectOf([["auto", word("any-camera")], ...known], device),
      (input) => change({ source: { v4l2: { device: input.value } } }));
  }
  add("size", selectOf(sizes(cameras, source.resolution).map((size) => [size, size.replace("x", " × ")]), source.resolution),
    (input) => change({ source: { resolution: input.value } }));
  const rate = Object.assign(document.createElement("input"), { type: "number", min: 0, max: 240, step: "any" });
  rate.value = source["desired-fps"];
  add("rate", rate, (input) => change({ source: { "desired-fps": Number(input.value) } }));
  const passed = /JPEG$/.test(state.camera.format ?? "");
  add("quality", rangeOf(1, 100, 1, encoder.quality), (input) => change({ encoder: { quality: Number(input.value) } }),
    { note: passed ? word("passed-through") : null });
  if (image) {
    add("mirror", checkboxOf(image["flip-horizontal"]), (input) => change({ image: { "flip-horizontal": input.checked } }));
    add("upside", checkboxOf(image["flip-vertical"]), (input) => change({ image: { "flip-vertical": input.checked } }));
    add("rotate", selectOf([0, 90, 180, 270].map((angle) => [angle, `${angle}°`]), image.rotate),
      (input) => change({ image: { rotate: Number(input.value) } }));
    add("grey", checkboxOf(image.greyscale), (input) => change({ image: { greyscale: input.checked } }));
  }
  return fields;
}

// What the running camera offers, else what cameras usually have; the present one always.
function sizes(cameras, now) {
  const running = cameras.find((one) => state.camera.device?.startsWith(`${one.device} `)) ?? cameras[0];
  const offered = (running?.formats ?? []).flatMap((format) => format.sizes);
  const usual = ["320x240", "640x480", "800x600", "1280x720", "1920x1080"];
  const area = (size) => size.split("x").reduce((one, other) => one * other);
  return [...new Set([...(offered.length ? offered : usual), now])].sort((one, other) => area(one) - area(other));
}

element("save").addEventListener("click", async () => {
  if (await attempt("POST", "actions/save")) say(word("saved"));
});
element("undo").addEventListener("click", () => change({ source: null, encoder: null, image: null, overlay: null }));

// -- controls -----------------------------------------------------------------------------------------------------

async function loadControls() {
  let controls = [];
  try {
    controls = await call("GET", "controls");
  } catch {
    // There is no camera, or it has none: the state says so already.
  }
  element("controls-panel").hidden = !controls.length;
  const drawn = drawControls(element("controls"), controls, {
    set: (key, value) => attempt("PUT", `controls/${encodeURIComponent(key)}`, { value }),
    reset: (key) => attempt("DELETE", `controls/${encodeURIComponent(key)}`),
  });
  if (!drawn) drawAgain();
}

element("reset-all").addEventListener("click", () => attempt("DELETE", "controls"));

// -- the bar below the picture ------------------------------------------------------------------------------------

element("pause").addEventListener("click", () => attempt("POST", `actions/${state?.paused ? "continue" : "pause"}`));
element("restart").addEventListener("click", () => attempt("POST", "actions/restart"));
element("snapshot").addEventListener("click", () => {
  const time = (state?.time ?? new Date().toISOString()).slice(0, 19).replace("T", "_").replaceAll(":", "-");
  element("snapshot").download = `snapshot-${time}.jpg`;
});

element("fullscreen").addEventListener("click", () => {
  const frame = element("frame");
  if (document.fullscreenElement) document.exitFullscreen();
  else if (frame.requestFullscreen) frame.requestFullscreen();
  // Phones that let only videos fill the screen get a page that is filled.
  else frame.classList.toggle("fills");
});
element("frame").addEventListener("click", () => element("frame").classList.remove("fills"));

// The stream is an image and only videos float, so the image is drawn for one.
const video = document.createElement("video");
const isFloating = () => document.pictureInPictureElement === video;
element("floating").hidden = !(document.pictureInPictureEnabled && HTMLCanvasElement.prototype.captureStream);
element("floating").addEventListener("click", async () => {
  if (isFloating()) { document.exitPictureInPicture(); return; }
  const canvas = document.createElement("canvas");
  const draw = () => {
    if (picture.naturalWidth) {
      if (canvas.width !== picture.naturalWidth) [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
      canvas.getContext("2d").drawImage(picture, 0, 0);
    }
  };
  draw();
  const drawing = setInterval(draw, 40);
  video.muted = true;
  video.srcObject = canvas.captureStream();
  video.addEventListener("leavepictureinpicture", () => {
    clearInterval(drawing);
    video.srcObject = null;
  }, { once: true });
  try {
    await video.play();
    await video.requestPictureInPicture();
  } catch (error) {
    clearInterval(drawing);
    say(error.message);
  }
});

openStream();
listen();
