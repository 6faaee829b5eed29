/** A page's EventSource, which goes on by itself: nobody but the browser says from where. */
import t from 'tap';
import { programOf } from '../house/examples.js';
import { startInlet } from '../servers/inlet.js';
import { until } from '../servers/until.js';
import { chromiumIsMissing, launchChromium } from './chromium.js';

const document = 'docs/dashboard-developers.md';
/** Runs in the page, behind the example, which shows what comes. */
const tell = `
  source.addEventListener('subscribed', ({ data }) => window.told.push(JSON.parse(data).subscribed.recovered ?? 'new'));
  source.addEventListener('gap', ({ data }) => window.told.push('gap'));
`;

if (!chromiumIsMissing('EventSource')) await testEventSource();

async function testEventSource(): Promise<void> {
  const service = await startInlet(t);
  const browser = await launchChromium();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${service.url}/`);

  await t.test('an EventSource shows history, then live, and no seam at a restart', async (t) => {
    const seen = async () => page.evaluate<number[]>('window.seen');
    for (const n of [1, 2, 3]) await service.send({ device: 'boiler-1', fields: { n } });
    const follow = programOf(document, 'Without WebSocket', 'js').replace('127.0.0.1:8080', new URL(service.url).host);
    const show = `window.seen = []; window.told = [];
      const show = (readings) => window.seen.push(...readings.map(({ fields }) => fields.n));`;
    await page.evaluate(show + follow + tell);
    t.ok(await until(async () => (await seen()).length === 3, 15_000), 'history');
    await service.send({ device: 'boiler-1', fields: { n: 4 } });
    t.ok(await until(async () => (await seen()).length === 4, 15_000), 'live');
    await service.restart();
    await service.send({ device: 'boiler-1', fields: { n: 5 } });
    t.ok(await until(async () => (await seen()).length === 5, 30_000), 'it came back');
    await service.send({ device: 'boiler-1', fields: { n: 6 } });
    t.ok(await until(async () => (await seen()).length === 6, 15_000), 'and follows');
    t.same(await seen(), [1, 2, 3, 4, 5, 6]);
    t.same(await page.evaluate('window.told'), ['new', true]);
  });
}
