"use strict";

// Chromium draws a picture only when the next part's head has come, WebKit one picture late: the daemon has a
// parameter for each. Addresses are relative, so that the page works behind a proxy's path.
const agent = navigator.userAgent;
const quirk = /Chrome|Chromium/.test(agent) ? "advance_headers=1"
  : /Safari/.test(agent) ? "dual_final_frames=1" : "";
const element = (id) => document.getElementById(id);

let connected = true;

// A new address makes the browser open a new connection.
function openStream() {
  element("picture").src = `stream?${quirk}&t=${Date.now()}`;
}

function show(state) {
  const { source, stream, mjpegd } = state.result;
  element("camera").textContent = mjpegd.camera.text;
  element("camera").classList.toggle("trouble", mjpegd.camera.state.startsWith("no-"));
  element("size").textContent = `${source.resolution.width} × ${source.resolution.height}`;
  element("fps").textContent = mjpegd.camera.captured_fps.toFixed(1);
  element("viewers").textContent = stream.clients;
}

async function refresh() {
  try {
    const answer = await fetch("state", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    show(await answer.json());
    if (!connected) openStream();
    connected = true;
  } catch {
    connected = false;
    element("camera").textContent = "no connection to mjpegd, trying again";
    element("camera").classList.add("trouble");
  }
  setTimeout(refresh, 2000);
}

// A browser that has drawn one picture tells nothing when the stream ends: the state tells.
element("picture").addEventListener("error", () => { connected = false; });
openStream();
refresh();
