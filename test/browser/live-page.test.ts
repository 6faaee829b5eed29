/**
 * docs/live-page.html as a user opens it: from a web server of its own, at an origin that the service allows. And the guide's
 * device, in a page of that origin.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { projectRoot } from '../../src/config/settings.js';
import { programOf } from '../house/examples.js';
import { CountingDevice } from '../live/counting-device.js';
import { InletProcess } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { chromiumIsMissing, launchChromium } from './chromium.js';

const patienceMs = 30_000;

if (!chromiumIsMissing('docs/live-page.html')) await testLivePage();

async function testLivePage(): Promise<void> {
  const site = await serveDocs(t);
  const service = new InletProcess({ INLET_ALLOWED_ORIGINS: site });
  await service.start();
  const browser = await launchChromium();
  t.teardown(async () => {
    await browser.close();
    await service.end();
  });

  await t.test('it shows history, then live, and no seam when the service is killed and started again', async (t) => {
    const devices = ['d1', 'd2', 'd3'].map((name) => new CountingDevice(service, name));
    const acked = () => devices.reduce((sum, { acked }) => sum + acked.size, 0);
    // What comes first is history when the page is opened, and readings come meanwhile.
    for (const device of devices) device.start();
    t.ok(await until(async () => acked() >= 50, patienceMs));
    const page = await browser.newPage();
    page.on('pageerror', (error) => t.fail(`the page threw: ${error.message}`));
    await page.goto(`${site}/live-page.html?inlet=${service.url}`);
    t.ok(await until(async () => (await linesOf(page)).length > 50, patienceMs), 'history');
    await service.kill9();
    t.ok(await until(async () => (await linesOf(page)).includes('not connected: 1006 '), patienceMs), 'it says so');
    await pause(500);
    await service.start();
    const atStart = acked();
    t.ok(await until(async () => acked() >= atStart + 50, patienceMs), 'readings flow again');
    await Promise.all(devices.map((device) => device.stop()));
    const shownOf = async () => seriesIn(await linesOf(page));
    const isWhole = async () => {
      const shown = await shownOf();
      return devices.every((device) => device.isShownWhole(shown.get(device.name) ?? []));
    };
    t.ok(await until(isWhole, patienceMs), 'every acknowledged reading is shown');
    const shown = await shownOf();
    for (const device of devices) t.same(device.wrongIn(shown.get(device.name)!), [], 'once, and in order');
    const lines = await linesOf(page);
    t.ok(lines.length < 1_000, 'nothing has left the page at its end');
    t.same(
      lines.filter((line) => /missing|refused/.test(line)),
      [],
      'no gap',
    );
  });

  await t.test("the guide's device in JavaScript runs in a page as well", async (t) => {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => void said.push(message.text()));
    await page.goto(`${site}/none`);
    const program = programOf('docs/device-makers.md', 'A whole device in JavaScript', 'js');
    const content = program.replace('127.0.0.1:8080', new URL(service.url).host);
    await page.addScriptTag({ type: 'module', content });
    t.ok(await until(async () => said.includes('100 readings are on disk'), patienceMs));
    await service.settled();
    const { rows } = await service.getJson<{ rows: unknown[] }>('/v1/history?devices=boiler-7&limit=1000');
    t.equal(rows.length, 100);
  });

  await t.test('a page of another origin gets nothing', async (t) => {
    const page = await browser.newPage();
    await page.goto(`${site.replace('127.0.0.1', 'localhost')}/live-page.html?inlet=${service.url}`);
    t.ok(await until(async () => (await linesOf(page)).includes('not connected: 1006 '), patienceMs));
  });
}

/** In the order in which they were shown. */
async function linesOf(page: Page): Promise<string[]> {
  const text = await page.evaluate<string>("document.querySelector('#lines').textContent");
  return text.split('\n').slice(0, -1).reverse();
}

/** The numbers that each device has on the page. */
function seriesIn(lines: readonly string[]): Map<string, number[]> {
  const series = new Map<string, number[]>();
  for (const line of lines) {
    const [, device, n] = / (\S+) count \{"n":(\d+)\}$/.exec(line) ?? [];
    if (device !== undefined) series.set(device, [...(series.get(device) ?? []), Number(n)]);
  }
  return series;
}

async function serveDocs(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const name = path.basename(new URL(request.url!, 'http://docs').pathname);
    readFile(path.join(projectRoot, 'docs', name)).then(
      (bytes) => response.writeHead(200, { 'content-type': 'text/html' }).end(bytes),
      () => response.writeHead(404).end('no such page'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
