// The control page in Chromium, as a person uses it: every control on it, in four shapes, with a screenshot of each; and axe
// finds no barrier. Called by test_page.py: page.mjs URL FOLDER-OF-SCREENSHOTS WHAT
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [url, shots, what] = process.argv.slice(2);
const require = createRequire(path.join(process.env.TOOLS, "package.json"));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, locale: "en-US", bypassCSP: true, ...options });
  const page = await context.newPage();
  const said = [];
  page.on("pageerror", (error) => said.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") said.push(message.text()); });
  await page.goto(url, { waitUntil: "commit" });
  await page.waitForFunction(() => document.querySelector("#picture")?.naturalWidth > 0, null, { timeout: 30000 });
  return { page, said, close: () => context.close() };
}

const api = async (name, options) => (await fetch(new URL(`api/v1/${name}`, url), options)).json();
const shoot = (page, name, fullPage = false) => page.screenshot({ path: path.join(shots, `${name}.png`), fullPage });

// Waits until the daemon says so.
async function until(condition, words) {
  for (let tries = 0; tries < 150; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(words);
}

async function hasNoBarriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  assert.deepEqual(violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(" "))]), []);
}

// Another size of picture is drawn when the daemon sends it.
const widthIs = (page, width) => page.waitForFunction((wanted) => document.querySelector("#picture").naturalWidth === wanted, width);

const parts = {
  async shapes() {
    for (const [name, options] of [
      ["desktop", { colorScheme: "dark" }],
      ["light", { colorScheme: "light" }],
      ["phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, colorScheme: "dark" }],
      ["chinese", { colorScheme: "light", locale: "zh-CN" }],
    ]) {
      const { page, said, close } = await open(options);
      await page.waitForTimeout(4000);
      await shoot(page, name, name === "phone");
      await hasNoBarriers(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(wide, false, `${name}: it does not fit`);
      assert.deepEqual(said, [], name);
      if (name === "chinese") assert.match(await page.textContent("#pause"), /暂停/);
      await close();
    }
  },

  async bar() {
    const { page, close } = await open();
    await page.click("#pause");
    await until(async () => (await api("state")).paused, "paused");
    await page.waitForFunction(() => document.querySelector("#pause").textContent === "Continue");
    await page.waitForTimeout(1500);
    await shoot(page, "paused");
    await hasNoBarriers(page);
    await page.click("#pause");
    await until(async () => (await api("state")).camera.state === "online", "online");
    const opened = (await api("state")).camera.times_opened;
    await page.click("#restart");
    await until(async () => (await api("state")).camera.times_opened > opened, "opened again");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#snapshot")]);
    assert.match(download.suggestedFilename(), /^snapshot-\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.jpg$/);
    const picture = fs.readFileSync(await download.path());
    assert.equal(picture.readUInt16BE(0), 0xffd8);
    await page.click("#fullscreen");
    await page.waitForFunction(() => document.fullscreenElement?.id === "frame");
    await close();
  },

  async settings() {
    const { page, said, close } = await open();
    const field = (name) => page.locator(`#settings [name="${name}"]`);
    await field("size").waitFor();
    await field("size").selectOption("320x240");
    await widthIs(page, 320);
    assert.equal((await api("settings")).source.resolution, "320x240");
    await field("rotate").selectOption("90");
    await widthIs(page, 240);
    await field("rotate").selectOption("0");
    await widthIs(page, 320);
    for (const [name, key] of [["mirror", "flip-horizontal"], ["upside", "flip-vertical"], ["grey", "greyscale"]]) {
      await field(name).check();
      await until(async () => (await api("settings")).image[key], key);
    }
    await field("rate").fill("7");
    await field("rate").press("Tab");
    await until(async () => (await api("settings")).source["desired-fps"] === 7, "rate");
    // By keyboard: one step of the slider.
    await field("quality").focus();
    await page.keyboard.press("ArrowLeft");
    await until(async () => (await api("settings")).encoder.quality === 79, "quality");
    // A value that is refused is told, and changes nothing.
    await field("rate").fill("500");
    await field("rate").press("Tab");
    assert.equal(await field("rate").evaluate((input) => input.validity.rangeOverflow), true);
    await page.click("#save");
    await until(async () => (await api("state")).settings.saved, "saved");
    await page.click("#undo");
    await widthIs(page, 640);
    await until(async () => !(await api("state")).settings.changed, "undone");
    assert.deepEqual(said, []);
    await close();
  },

  async controls() {
    const { page, said, close } = await open();
    const field = (key) => page.locator(`#controls [data-key="${key}"]`);
    const value = async (key) => (await api(`controls/${key}`)).value;
    await field("brightness").waitFor();
    await page.waitForTimeout(1000);
    await shoot(page, "controls", true);
    await hasNoBarriers(page);
    for (const control of await api("controls")) {
      if (control.write_only && control.type !== "button") continue;
      const input = field(control.key);
      assert.equal(await input.isDisabled(), control.read_only || control.inactive, control.key);
      if (control.read_only || control.inactive) continue;
      if (control.type === "boolean") {
        await input.setChecked(!await input.isChecked());
        await until(async () => Boolean(await value(control.key)) !== Boolean(control.value), control.key);
        // What it held back is there now, and the other way round: the fields are drawn anew.
        await page.waitForTimeout(700);
      } else if (control.type === "menu" || control.type === "integer_menu") {
        const other = control.menu.find((item) => item.value !== control.value);
        await input.selectOption(String(other.value));
        await until(async () => await value(control.key) === other.value, control.key);
        await page.waitForTimeout(700);
      } else if (control.type === "integer" && control.min < control.max) {
        await input.focus();
        await page.keyboard.press(control.value === control.max ? "ArrowLeft" : "ArrowRight");
        await until(async () => await value(control.key) !== control.value, control.key);
      } else if (control.type === "button") {
        await input.click();
      }
    }
    await page.click("#reset-all");
    await until(async () => await value("brightness") === (await api("controls/brightness")).default, "reset");
    assert.deepEqual(said, []);
    await close();
  },

  // The daemon has no camera: the page says so, and what to do.
  async "no-camera"() {
    const { page, close } = await open();
    await page.waitForFunction(() => !document.querySelector("#trouble").hidden);
    assert.match(await page.textContent("#trouble"), /nonexistent/);
    await page.waitForTimeout(1000);
    await shoot(page, "no-camera");
    await hasNoBarriers(page);
    await close();
  },

  // Mainsail's reader, from a page of another origin: parts by Content-Length out of a fetched stream.
  async mainsail() {
    const { page, close } = await open();
    await page.goto("about:blank");
    const frames = await page.evaluate(async (stream) => {
      const reader = (await fetch(`${stream}&timestamp=${Date.now()}`, { mode: "cors" })).body.getReader();
      let rest = "";
      let lengths = [];
      const decoder = new TextDecoder("latin1");
      while (lengths.length < 10) {
        rest += decoder.decode((await reader.read()).value);
        lengths = [...rest.matchAll(/content-length:\s*(\d+)/gi)].map((one) => Number(one[1]));
      }
      reader.cancel();
      return lengths;
    }, new URL("/?action=stream", url).href);
    assert.ok(frames.every((length) => length > 1000), String(frames));
    await close();
  },
};

try {
  await parts[what]();
} finally {
  await browser.close();
}
