/** The real service on a spool that has rotted: what the operator is told, and what becomes of the rest. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { Influxd, influxdIsMissing } from '../servers/influxd.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';

const batches = 6;
const readingsOfBatch = 5;
const damagedBatch = 2;
const told = /"msg":"readings in the spool are damaged; the others are kept"/;

async function rot(inlet: InletProcess, text: string): Promise<void> {
  const directory = path.join(inlet.dataDirectory, 'spool');
  const [name] = (await readdir(directory)).filter((file) => file.endsWith('.seg'));
  const file = path.join(directory, name!);
  const bytes = await readFile(file);
  bytes[bytes.indexOf(text)]! ^= 0x20;
  await writeFile(file, bytes);
}

async function counted(inlet: InletProcess, name: string): Promise<number> {
  const text = await (await fetch(`${inlet.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

async function isClosed(t: Test, inlet: InletProcess, expected: object): Promise<void> {
  const stats = await inlet.stats();
  t.match(stats, expected);
  t.equal(stats.accepted, stats.stored + stats.quarantined + stats.discarded + stats.pending, 'the sum closes');
}

if (!influxdIsMissing('A damaged spool under the service')) {
  await t.test('a damaged record is told in one line and by a counter, and the others are delivered', async (t) => {
    const influxd = await new Influxd().start();
    t.teardown(() => influxd.stop());
    await influxd.kill();
    const inlet = await startInlet(t, { INLET_STORE: 'influxdb', INLET_INFLUX_URL: influxd.url });
    for (let batch = 0; batch < batches; batch++) {
      const readings = Array.from({ length: readingsOfBatch }, (_, k) => ({
        device: 'd',
        ts: 1_700_000_000_000 + batch * 100 + k,
        fields: { note: `batch-${batch}` },
      }));
      await inlet.send(...readings);
    }
    await inlet.stop();
    await rot(inlet, `batch-${damagedBatch}`);
    inlet.stdout.splice(0);
    await inlet.start();

    const accepted = batches * readingsOfBatch;
    const lines = inlet.stdout.filter((line) => told.test(line));
    t.equal(lines.length, 1, inlet.stdout.join('\n'));
    const from = damagedBatch * readingsOfBatch;
    t.match(JSON.parse(lines[0]!), { from, to: from + readingsOfBatch, file: /\.seg$/ });
    await isClosed(t, inlet, { accepted, damaged: readingsOfBatch, stored: 0, pending: accepted });
    t.equal(await counted(inlet, 'inlet_readings_damaged'), readingsOfBatch);

    await influxd.restart();
    await inlet.settled();
    const stored = accepted - readingsOfBatch + 1;
    await isClosed(t, inlet, { accepted: accepted + 1, stored, quarantined: readingsOfBatch, pending: 0 });
    t.match(await inlet.getJson('/v1/quarantine'), {
      entries: [{ reason: 'its record in the spool is damaged', reading: null }],
    });
    const { rows } = await inlet.getJson<{ rows: unknown[] }>(`/v1/history?devices=d&from=1600000000000`);
    t.equal(rows.length, accepted - readingsOfBatch, 'nothing of the damaged record is served');
  });
}
