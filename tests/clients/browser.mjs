// What the parts of page.mjs and firefox.mjs share.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

export const [url, shots, part] = process.argv.slice(2);
export const require = createRequire(path.join(process.env.TOOLS, "package.json"));
export const PATIENCE_MILLIS = 30000;

export const at = (name) => new URL(name, url).href;
export const api = async (name, options) => (await fetch(at(`api/v1/${name}`), options)).json();
export const shoot = (page, name, fullPage = false) => page.screenshot({ path: path.join(shots, `${name}.png`), fullPage });

// Waits for a condition that is looked at outside of the page.
export async function until(condition, words) {
  const deadline = Date.now() + PATIENCE_MILLIS;
  while (Date.now() < deadline) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`not in time: ${words}`);
}

// Has the test that started this do something with the daemon or its camera.
export const order = (words) => fs.writeSync(1, `${words}\n`);

// The image as it is painted now, coarsely.
export const look = (page, selector) => page.evaluate((selected) => {
  const picture = document.querySelector(selected);
  if (!picture?.naturalWidth) return "";
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
  canvas.getContext("2d").drawImage(picture, 0, 0, 64, 48);
  return canvas.toDataURL();
}, selector);

export async function seesItMove(page, selector) {
  for (let changes = 0; changes < 4; changes += 1) {
    const before = await look(page, selector);
    await until(async () => ![before, ""].includes(await look(page, selector)), `the picture changes (${changes})`);
  }
}
