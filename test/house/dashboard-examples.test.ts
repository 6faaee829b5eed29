/** What docs/dashboard-developers.md shows, run as it stands there. Its EventSource is in test/browser/. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { projectRoot } from '../../src/config/settings.js';
import { CountingDevice } from '../live/counting-device.js';
import { startInlet } from '../servers/inlet.js';
import { pythonIsMissing } from '../servers/python.js';
import { until } from '../servers/until.js';
import { programOf, RunningExample } from './examples.js';

const document = 'docs/dashboard-developers.md';
const patienceMs = 60_000;

if (!pythonIsMissing('The followers in Python')) {
  await t.test('its followers in Python see each reading once, while the service is killed', async (t) => {
    const service = await startInlet(t);
    const devices = ['boiler-1', 'boiler-2'].map((name) => new CountingDevice(service, name));
    const acked = () => devices.reduce((sum, { acked }) => sum + acked.size, 0);
    for (const device of devices) device.start();
    t.ok(await until(async () => acked() >= 50, patienceMs), 'there is history');
    const followers = ['A whole program in Python', 'Without WebSocket'].map(
      (heading) => new RunningExample('python', programOf(document, heading, 'python'), service.url),
    );
    t.ok(
      await until(async () => followers.every(({ lines }) => lines.length >= 100), patienceMs),
      'history, then live',
    );
    await service.kill9();
    await pause(500);
    await service.start();
    const atStart = acked();
    t.ok(await until(async () => acked() >= atStart + 50, patienceMs));
    await Promise.all(devices.map((device) => device.stop()));
    for (const follower of followers) {
      const shown = (name: string) => numbersIn(follower.lines, name);
      const isWhole = async () => devices.every((device) => device.isShownWhole(shown(device.name)));
      t.ok(await until(isWhole, patienceMs), follower.errors);
      for (const device of devices) t.same(device.wrongIn(shown(device.name)), []);
      t.same(
        follower.lines.filter((line) => line.includes('missing')),
        [],
        'no gap',
      );
      await follower.kill();
    }
  });
}

function numbersIn(lines: readonly string[], name: string): number[] {
  const readings = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { device: string; fields: { n: number } });
  return readings.filter(({ device }) => device === name).map(({ fields }) => fields.n);
}

await t.test('the page that it shows is the page that is tested', async (t) => {
  t.equal(
    programOf(document, 'A whole page', 'html'),
    readFileSync(path.join(projectRoot, 'docs', 'live-page.html'), 'utf8'),
  );
});
