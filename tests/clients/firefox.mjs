// Firefox, by WebDriver BiDi: the picture in it moves. Called by test_page.py: firefox.mjs URL FOLDER-OF-SCREENSHOTS
import { PATIENCE_MILLIS, at, require, seesItMove, shoot, url } from "./browser.mjs";

const puppeteer = require("puppeteer-core");
const browser = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr", timeout: 2 * PATIENCE_MILLIS });

// A page with a stream in it may never end loading, so nobody waits for that.
const open = (page, address) => page.evaluate((target) => { location = target; }, address);

try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1400, height: 900 });
  await open(page, url);
  await page.waitForFunction(() => document.querySelector("#picture")?.naturalWidth > 0, { timeout: PATIENCE_MILLIS });
  await seesItMove(page, "#picture");
  await page.waitForFunction(() => document.querySelector("#state").dataset.state === "online", { timeout: PATIENCE_MILLIS });
  await shoot(page, "firefox");
  // The address by itself, as one types it.
  await open(page, at("/?action=stream"));
  await page.waitForFunction(() => document.querySelector("img")?.naturalWidth > 0, { timeout: PATIENCE_MILLIS });
  await seesItMove(page, "img");
} finally {
  await browser.close();
}
