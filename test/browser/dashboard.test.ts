import type { Browser, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { InletProcess } from '../servers/inlet.js';
import { chromiumIsMissing, launchChromium } from './chromium.js';

const waitMs = 15_000;
/** Text that would show as bold, or run, where it was taken for markup. */
const hostile = '<img src=x onerror="document.title=\'hacked\'">';

if (!chromiumIsMissing('The dashboard')) await testDashboard();

async function testDashboard(): Promise<void> {
  const server = new InletProcess({ INLET_DATA_DIR: t.testdir() });
  await server.start();
  const browser = await launchChromium();
  t.teardown(async () => {
    await browser.close();
    await server.stop();
  });

  await t.test('before the first reading it says how to send one, and what it says works', async (t) => {
    const page = await openPage(t, browser, server.url);
    const command = await page.locator('#command').innerText({ timeout: waitMs });
    t.match(command, `curl ${server.url}/v1/readings`);
    const body = /-d '(.*)'/.exec(command)?.[1] ?? '';
    await server.send(JSON.parse(body) as object);
    await page.locator('#device-list a', { hasText: 'boiler-7' }).waitFor({ timeout: waitMs });
    t.notOk(await page.locator('#welcome').isVisible());
  });

  await t.test('it lists the devices with their newest values and units', async (t) => {
    await server.send(
      { device: 'boiler-7', type: 'machine', fields: { temperature: 75.25 } },
      { device: 'meter-31', type: 'power', fields: { voltage: 230.4, energy: 18_240_551 } },
    );
    const page = await openPage(t, browser, server.url);
    await seeText(page, '#device-list a:has-text("boiler-7")', '75.25\u202f°F');
    await seeText(page, '#device-list a:has-text("meter-31")', '230.4\u202fV');
    await page.fill('#search', 'met');
    await page.locator('#device-list a:has-text("boiler-7")').waitFor({ state: 'detached', timeout: waitMs });
    t.equal(await page.locator('#device-list a').count(), 1, 'the search leaves what begins so');
  });

  await t.test('a picked device has its values and a chart, and a new reading shows without a reload', async (t) => {
    const now = Date.now();
    const past = Array.from({ length: 60 }, (_, k) => ({
      device: 'boiler-7',
      type: 'machine',
      ts: now - (60 - k) * 5000,
      fields: { temperature: 70 + Math.sin(k / 5) },
    }));
    await server.send(...past);
    const page = await openPage(t, browser, server.url);
    await page.click('#device-list a:has-text("boiler-7")');
    await seeText(page, '.tile:has-text("temperature")', '°F');
    await page.waitForFunction(drawnPixels, 500, { timeout: waitMs });
    await server.send({ device: 'boiler-7', type: 'machine', fields: { temperature: 91.5, running: false } });
    await seeText(page, '.tile:has-text("temperature")', '91.5');
    await seeText(page, '#device-list a:has-text("boiler-7")', '91.5\u202f°F');
    t.equal(await page.locator('.tile.chosen').count(), 1, 'the first number is drawn');
    await page.click('.tile:has-text("running")');
    t.equal(await page.locator('.tile.chosen').count(), 2, 'and another field when it is pressed');
  });

  await t.test('text of a device is text', async (t) => {
    await server.send({ device: 'rogue-1', type: 'odd', tags: { site: hostile }, fields: { note: hostile, level: 1 } });
    await server.send({ device: 'rogue-1', type: 'odd', tags: { site: 'b' }, fields: { note: hostile, level: 2 } });
    const page = await openPage(t, browser, `${server.url}/#rogue-1`);
    await seeText(page, '.tile:has-text("note")', hostile);
    t.equal(await page.locator('main img').count(), 0);
    t.equal(await page.title(), 'rogue-1 · Inlet');
  });

  await t.test('a phone shows the list, then the device, and goes back', async (t) => {
    const page = await openPage(t, browser, server.url, { width: 390, height: 800 });
    await page.click('#device-list a:has-text("meter-31")');
    await seeText(page, '.tile:has-text("energy")', '18,240,551');
    t.notOk(await page.locator('#device-list').isVisible());
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing sticks out sideways');
    await page.click('.back');
    t.ok(await page.locator('#device-list').isVisible());
  });

  await t.test('when the server goes it says so, and when it comes back it goes on', async (t) => {
    const page = await openPage(t, browser, `${server.url}/#boiler-7`);
    await seeText(page, '#connection', 'Live');
    await server.stop();
    await seeText(page, '#connection', 'values as of');
    await server.start();
    await seeText(page, '#connection', /^Live$/);
    await server.send({ device: 'boiler-7', type: 'machine', fields: { temperature: 66.6 } });
    await seeText(page, '.tile:has-text("temperature")', '66.6');
    await page.locator('#notice').waitFor({ state: 'hidden', timeout: waitMs });
  });
}

/** A page in a context of its own. Whatever it complains of, a refused inline script say, fails the test. */
async function openPage(
  t: Test,
  browser: Browser,
  url: string,
  viewport = { width: 1280, height: 800 },
): Promise<Page> {
  const page = await browser.newPage({ viewport, locale: 'en-GB' });
  page.on('pageerror', (error) => t.fail(`the page threw: ${error.message}`));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) t.fail(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) t.fail(`it asked ${request.url()}`);
  });
  t.teardown(() => page.close());
  await page.goto(url);
  return page;
}

async function seeText(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector, { hasText: text }).first().waitFor({ timeout: waitMs });
}

/** Runs in the page: whether the chart has at least so many pixels that are not empty. */
function drawnPixels(atLeast: number): boolean {
  const canvas = document.querySelector<HTMLCanvasElement>('#chart canvas');
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  let drawn = 0;
  for (let alpha = 3; alpha < pixels.length; alpha += 4) if (pixels[alpha] !== 0) drawn++;
  return drawn >= atLeast;
}
