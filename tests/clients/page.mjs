// The control page in Chromium, as a person uses it: everything on it, in the shapes that it has, with a screenshot of each; and
// axe finds no barrier. Called by test_page.py: page.mjs URL FOLDER-OF-SCREENSHOTS PART
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import { PATIENCE_MILLIS, api, at, order, part, require, seesItMove, shoot, until, url } from "./browser.mjs";

const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
});

const DESKTOP = { viewport: { width: 1400, height: 900 }, locale: "en-US", colorScheme: "dark" };
const PHONE = { ...DESKTOP, viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

// What the page says on its console that nobody should have to read there is collected.
async function open(options = {}) {
  const context = await browser.newContext({ ...DESKTOP, ...options });
  context.setDefaultTimeout(PATIENCE_MILLIS);
  const page = await context.newPage();
  const said = [];
  page.on("pageerror", (error) => said.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") said.push(message.text()); });
  // One with a stream in it never ends loading.
  await page.goto(url, { waitUntil: "commit" });
  if (options.javaScriptEnabled !== false) await picture(page);
  return { page, said, context };
}

const picture = (page) => page.waitForFunction(() => document.querySelector("#picture")?.naturalWidth > 0);
const stateIs = (page, name) => page.waitForFunction((wanted) => document.querySelector("#state").dataset.state === wanted, name);
// Another size of picture is drawn when the daemon sends it.
const widthIs = (page, width) => page.waitForFunction((wanted) => document.querySelector("#picture").naturalWidth === wanted, width);
const settingsAre = (condition, words) => until(async () => condition(await api("settings")), words);

async function hasNoBarriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  assert.deepEqual(violations.map((one) => [one.id, one.nodes.map((node) => `${node.target} ${node.failureSummary}`)]), []);
}

const parts = {
  async shapes() {
    for (const [name, options] of [
      ["desktop", {}],
      ["light", { colorScheme: "light" }],
      ["phone", PHONE],
      ["phone-chinese", { ...PHONE, colorScheme: "light", locale: "zh-CN" }],
      ["chinese", { colorScheme: "light", locale: "zh-CN" }],
    ]) {
      const { page, said, context } = await open(options);
      await page.locator("#controls .field").first().waitFor();
      // The graph begins to be one.
      await page.waitForFunction(() => document.querySelector("#line").getAttribute("d").split("L").length > 5);
      await shoot(page, name);
      await shoot(page, `${name}-whole`, true);
      await hasNoBarriers(page);
      const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
      assert.ok(fits, `${name} fits into its width`);
      assert.deepEqual(said, [], name);
      assert.match(await page.textContent("#pause"), name.endsWith("chinese") ? /^暂停$/ : /^Pause$/);
      await context.close();
    }
  },

  async bar() {
    const { page, context } = await open();
    await stateIs(page, "online");
    await page.click("#pause");
    await until(async () => (await api("state")).paused, "paused");
    await stateIs(page, "paused");
    assert.equal(await page.textContent("#pause"), "Continue");
    await page.waitForTimeout(1500);
    await shoot(page, "paused");
    await hasNoBarriers(page);
    await page.click("#pause");
    await stateIs(page, "online");
    await seesItMove(page, "#picture");
    const opened = (await api("state")).camera.times_opened;
    await page.click("#restart");
    await until(async () => (await api("state")).camera.times_opened > opened, "opened again");
    await stateIs(page, "online");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#snapshot")]);
    assert.match(download.suggestedFilename(), /^snapshot-\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.jpg$/);
    assert.equal(fs.readFileSync(await download.path()).readUInt16BE(0), 0xffd8);
    await page.click("#fullscreen");
    await page.waitForFunction(() => document.fullscreenElement?.id === "frame");
    await shoot(page, "full-screen");
    await page.keyboard.press("Escape");
    await page.evaluate(() => document.fullscreenElement && document.exitFullscreen());
    await page.click("#floating");
    await page.waitForFunction(() => document.pictureInPictureElement?.videoWidth > 0);
    await page.click("#floating");
    await page.waitForFunction(() => !document.pictureInPictureElement);
    await context.close();
  },

  async links() {
    const { page, said, context } = await open();
    const addresses = await page.locator("footer a").evaluateAll((links) => links.map((link) => link.href));
    assert.ok(addresses.length >= 5, String(addresses));
    for (const address of addresses) {
      const answer = await fetch(address);
      assert.equal(answer.status, 200, address);
      await answer.body.cancel();
    }
    assert.deepEqual(said, []);
    await context.close();
  },

  async settings() {
    const { page, said, context } = await open();
    const field = (name) => page.locator(`#settings [name="${name}"]`);
    await field("size").selectOption("320x240");
    await widthIs(page, 320);
    await settingsAre((now) => now.source.resolution === "320x240", "size");
    await field("rotate").selectOption("90");
    await widthIs(page, 240);
    await field("rotate").selectOption("0");
    await widthIs(page, 320);
    for (const [name, key] of [["mirror", "flip-horizontal"], ["upside", "flip-vertical"], ["grey", "greyscale"]]) {
      await field(name).check();
      await settingsAre((now) => now.image[key], key);
    }
    await field("rate").fill("7");
    await field("rate").press("Tab");
    await settingsAre((now) => now.source["desired-fps"] === 7, "rate");
    // By keyboard: one step of the slider, and then the number beside it.
    await field("quality").focus();
    await page.keyboard.press("ArrowLeft");
    await settingsAre((now) => now.encoder.quality === 79, "quality by its slider");
    const number = page.locator("#settings .field", { has: page.locator('[name="quality"]') }).locator('input[type="number"]');
    await number.fill("60");
    await number.press("Enter");
    await settingsAre((now) => now.encoder.quality === 60, "quality by its number");
    // What is out of range is told, and not sent.
    const told = page.evaluate(() => new Promise((resolve) => {
      addEventListener("invalid", ({ target }) => resolve(target.validity.rangeOverflow), { capture: true });
    }));
    await field("rate").fill("500");
    await field("rate").press("Tab");
    assert.equal(await told, true);
    assert.equal((await api("settings")).source["desired-fps"], 7);
    await page.click("#save");
    await until(async () => (await api("state")).settings.saved, "saved");
    await page.locator("#save").waitFor({ state: "hidden" });
    await page.click("#undo");
    await widthIs(page, 640);
    await until(async () => !(await api("state")).settings.changed, "undone");
    await page.locator("#undo").waitFor({ state: "hidden" });
    assert.deepEqual(said, []);
    await context.close();
  },

  // Everything that can be reached by the mouse is reached by the Tab key, and shows that it was.
  async keyboard() {
    const { page, context } = await open();
    await page.locator("#controls .field").first().waitFor();
    const wanted = await page.evaluate(() => {
      const all = [...document.querySelectorAll("button, a, select, input, summary")].filter((one) => !one.disabled && one.checkVisibility());
      all.forEach((one, index) => { one.dataset.order = index; });
      return all.length;
    });
    const reached = new Set();
    for (let presses = 0; presses < wanted + 20; presses += 1) {
      await page.keyboard.press("Tab");
      const [order, outline] = await page.evaluate(() => {
        const { activeElement } = document;
        return [activeElement.dataset.order, getComputedStyle(activeElement).outlineStyle];
      });
      if (order === undefined) continue;
      reached.add(order);
      assert.notEqual(outline, "none", `the focus is seen on ${order}`);
    }
    assert.equal(reached.size, wanted);
    await page.locator("#pause").focus();
    await page.keyboard.press("Space");
    await stateIs(page, "paused");
    await page.keyboard.press("Enter");
    await stateIs(page, "online");
    await context.close();
  },

  async controls() {
    const { page, said, context } = await open();
    const field = (key) => page.locator(`#controls [data-key="${key}"]`);
    const value = async (key) => (await api(`controls/${key}`)).value;
    await field("brightness").waitFor();
    await shoot(page, "controls", true);
    for (const { key } of await api("controls")) {
      // As it is now: one may hold another.
      const control = await api(`controls/${key}`);
      const input = field(key);
      const held = control.read_only || control.inactive;
      await page.waitForFunction(([name, disabled]) => document.querySelector(`#controls [data-key="${name}"]`).disabled === disabled, [key, held]);
      if (held) continue;
      if (control.type === "boolean") {
        await input.setChecked(!control.value);
      } else if (control.type === "menu" || control.type === "integer_menu") {
        await input.selectOption(String(control.menu.find((item) => item.value !== control.value).value));
      } else if (control.type === "integer") {
        await input.focus();
        await page.keyboard.press(control.value === control.max ? "ArrowLeft" : "ArrowRight");
      } else if (control.type === "button") {
        await input.click();
        continue;
      } else {
        await input.fill(control.type === "string" ? "Garden" : String(Number(control.value) + 1));
        await input.press("Tab");
      }
      await until(async () => await value(key) !== control.value, `${key} is changed`);
    }
    await hasNoBarriers(page);
    await shoot(page, "controls-changed");
    await page.click('#controls button[aria-label="Reset: Brightness"] >> nth=0');
    await until(async () => await value("brightness") === (await api("controls/brightness")).default, "one is reset");
    await page.click("#reset-all");
    const changed = async () => (await api("controls")).filter((one) => ![null, undefined, one.value].includes(one.default));
    // This one's range is upside down, so that it cannot be set back.
    await until(async () => (await changed()).every((one) => one.key === "upside_down_range"), "all are reset");
    // A slider stays in the hand that drags it, though its changes come back while it moves.
    await field("brightness").scrollIntoViewIfNeeded();
    const box = await field("brightness").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    for (let step = 1; step <= 4; step += 1) {
      await page.mouse.move(box.x + box.width * (0.5 - step / 10), box.y + box.height / 2);
      await page.waitForTimeout(700);
    }
    await page.mouse.up();
    await until(async () => await value("brightness") < 40, "the slider was dragged to its end");
    await page.click("#reset-all");
    // A group that was closed stays closed when its fields are drawn anew.
    await page.locator("#controls summary").first().click();
    await api("controls/exposure_time_absolute", { method: "PUT", body: '{"value": 300}', headers: { "Content-Type": "application/json" } });
    await page.waitForTimeout(2000);
    assert.equal(await page.locator("#controls details").first().getAttribute("open"), null);
    assert.deepEqual(said, []);
    await context.close();
  },

  // The daemon has no camera: the page says so, and what to do.
  async "no-camera"() {
    for (const [name, options] of [["no-camera", {}], ["no-camera-phone", PHONE], ["no-camera-chinese", { locale: "zh-CN" }]]) {
      const { page, context } = await open(options);
      await page.waitForFunction(() => !document.querySelector("#trouble").hidden);
      assert.match(await page.textContent("#trouble"), /nonexistent/);
      await page.waitForTimeout(1500);
      await shoot(page, name);
      await hasNoBarriers(page);
      await context.close();
    }
  },

  // An open page tells what happens, and needs no reload.
  async troubles() {
    const { page, context } = await open();
    await stateIs(page, "online");
    order("unplug");
    await stateIs(page, "no-camera");
    await page.waitForFunction(() => !document.querySelector("#trouble").hidden);
    await page.waitForTimeout(1500);
    await shoot(page, "unplugged");
    order("plug in");
    await stateIs(page, "online");
    assert.equal(await page.isHidden("#trouble"), true);
    await seesItMove(page, "#picture");
    order("stop");
    await stateIs(page, "lost");
    await page.click("#restart");
    await page.waitForFunction(() => !document.querySelector("#message").hidden);
    await shoot(page, "lost");
    await hasNoBarriers(page);
    order("start");
    await stateIs(page, "online");
    await seesItMove(page, "#picture");
    await context.close();
  },

  // Without scripts there are the picture and the buttons of the tutorials' form.
  async scriptless() {
    const { page, context } = await open({ javaScriptEnabled: false });
    const image = page.locator("noscript img");
    await until(async () => (await image.boundingBox())?.width > 600, "a picture");
    await shoot(page, "scriptless");
    await page.click("form >> text=Pause", { noWaitAfter: true });
    await until(async () => (await api("state")).paused, "paused");
    await until(() => image.isVisible(), "the page is there again");
    await page.click("form >> text=Continue", { noWaitAfter: true });
    await until(async () => !(await api("state")).paused, "continued");
    await context.close();
  },

  // Mainsail's reader (mjpegstreamer.worker.ts), from a page of another origin: parts by Content-Length out of a fetched stream,
  // each begun where FFD8 stands within a piece, and drawn when something has come behind it.
  async mainsail() {
    const elsewhere = http.createServer((_, answer) => answer.end()).listen(0, "127.0.0.1");
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
    const sizes = await page.evaluate(async (stream) => {
      const reader = (await fetch(`${stream}&timestamp=${Date.now()}`, { mode: "cors" })).body.getReader();
      const drawn = [];
      let [headers, length, buffer, filled] = ["", -1, null, 0];
      while (drawn.length < 20) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream ended");
        for (let index = 0; index < value.length; index += 1) {
          if (!buffer && value[index] === 0xff && value[index + 1] === 0xd8) {
            length = Number(/content-length:\s*(\d+)/i.exec(headers)?.[1] ?? -1);
            [buffer, filled] = [new Uint8Array(new ArrayBuffer(length)), 0];
          }
          if (!buffer) {
            headers += String.fromCharCode(value[index]);
          } else if (filled < length) {
            buffer[filled] = value[index];
            filled += 1;
          } else {
            const bitmap = await createImageBitmap(new Blob([buffer], { type: "image/jpeg" }));
            drawn.push(`${bitmap.width}x${bitmap.height}`);
            [headers, buffer] = ["", null];
          }
        }
      }
      await reader.cancel();
      return drawn;
    }, at("/?action=stream"));
    assert.deepEqual([...new Set(sizes)], ["640x480"]);
    await context.close();
    elsewhere.close();
  },
};

try {
  await parts[part]();
} finally {
  await browser.close();
}
