import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { formats, type Format } from '../../simulators/format.js';
import { withPeer } from '../client/device-promises.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';
import { mosquittoIsMissing, startMosquitto } from '../servers/mosquitto.js';
import { until } from '../servers/until.js';

const simulator = fileURLToPath(new URL('../../simulators/simulate.js', import.meta.url));

interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

function simulate(...args: string[]): { ended: Promise<Ended>; interrupt: () => void } {
  const run = spawn(process.execPath, [simulator, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = Promise.all([text(run.stdout), text(run.stderr), once(run, 'exit')]).then(
    ([output, errors, [code]]: [string, string, (number | null)[]]) => ({ code: code ?? null, output, errors }),
  );
  return { ended, interrupt: () => void run.kill('SIGINT') };
}

await t.test('a fleet sends what it said, over every protocol, and exits 0 when all was acknowledged', async (t) => {
  for (const protocol of ['http', 'ws', 'auto']) {
    await withPeer(async (peer) => {
      peer.faultAt = (n) => (n === 3 ? { cut: 'after' } : undefined);
      const record = path.join(t.testdir(), 'acked.ndjson');
      const fleet = `--devices 5 --rate 20 --duration 1s --protocol ${protocol} --profile power`.split(' ');
      const { code, output } = await simulate('--url', peer.url, '--record', record, ...fleet).ended;
      t.equal(code, 0, output);
      t.match(output, /acked +100, all of them/);
      t.equal(peer.stored.size, 100);
      const recorded = (await readFile(record, 'utf8')).trim().split('\n');
      t.equal(new Set(recorded).size, 100, 'and recorded each of them once');
    });
  }
});

await t.test('a rejected reading is not an acknowledged one: exit code 1, and why', async (t) => {
  await withPeer(async (peer) => {
    const file = path.join(t.testdir({ 'data.csv': 'timestamp,value\n2024-01-01 00:00:00,1\n' }), 'data.csv');
    const replay = ['--replay', file, '--type', 'machine', '--device', 'm-1', '--field', 'bad'];
    const { code, output } = await simulate('--url', peer.url, ...replay).ended;
    t.equal(code, 1);
    t.match(output, 'last trouble: rejected: schema /fields/bad must not be');
  });
});

await t.test('Ctrl-C stops sending, and the summary says what is without an answer', async (t) => {
  await withPeer(async (peer) => {
    const run = simulate('--url', peer.url, '--duration', '1h', '--rate', '50');
    while (peer.accepted.length < 20) await pause(10);
    run.interrupt();
    const { code, output } = await run.ended;
    t.equal(code, 0, 'what was sent was acknowledged');
    t.match(output, /acked .*all of them/);
  });
});

await t.test('wrong arguments and files: exit code 2 and one sentence', async (t) => {
  const wrong = await simulate('--rate', 'fast').ended;
  t.equal(wrong.code, 2);
  t.match(wrong.errors, '--rate "fast" should be a number from 0.001 to 1000');
  t.equal(wrong.output, '');
  const missing = await simulate('--record', '/nowhere/acked.ndjson').ended;
  t.equal(missing.code, 2);
  t.match(missing.errors, /^--record: ENOENT/);
  const help = await simulate('--help').ended;
  t.equal(help.code, 0);
  t.match(help.output, /--shift-to-now/);
});

/** @returns how the simulator ended, and how many readings the service has accepted meanwhile */
async function simulateFormat(service: InletProcess, url: string, protocol: string, format: Format) {
  const before = (await service.stats()).accepted;
  const where = `--url ${url} --protocol ${protocol} --format ${format}`;
  const ended = await simulate(...`${where} --devices 2 --rate 20 --duration 500ms --profile machine`.split(' ')).ended;
  // Behind a broker readings come after their acknowledgement.
  if (ended.code === 0) await until(async () => (await service.stats()).accepted >= before + 20, 20_000);
  return { ...ended, accepted: (await service.stats()).accepted - before };
}

const ways: [protocol: string, formats: readonly Format[]][] = [
  ['http', formats],
  ['ws', ['senml-cbor']],
  ['auto', ['senml-cbor']],
];

await t.test('a fleet sends every format to a real service, and all of it is accepted', async (t) => {
  const service = await startInlet(t);
  for (const [protocol, formats] of ways) {
    for (const format of formats) {
      const { code, output, accepted } = await simulateFormat(service, service.url, protocol, format);
      t.equal(code, 0, output);
      t.match(output, /acked +20, all of them/, `${format} over ${protocol}`);
      t.equal(accepted, 20, `${format} over ${protocol}`);
    }
  }
  const { types } = await service.getJson<{ types: { type: string }[] }>('/v1/devices/machine-1');
  t.same(types.map(({ type }) => type).toSorted(), ['machine', 'telemetry'], 'SenML has a type in an address only');
});

if (!mosquittoIsMissing('Simulated devices that publish every format')) {
  await t.test('a fleet publishes every format through a broker, and all of it is accepted', async (t) => {
    const mosquitto = await startMosquitto(t);
    const service = await startInlet(t, { INLET_MQTT_URL: mosquitto.url });
    await service.takesFromBroker();
    for (const format of formats) {
      const { code, output, accepted } = await simulateFormat(service, mosquitto.url, 'mqtt', format);
      t.equal(code, 0, output);
      t.equal(accepted, 20, format);
    }
  });
}

await t.test('a server that speaks MQTT 3.1.1 only takes JSON only, and the fleet is told what to do', async (t) => {
  const service = await startInlet(t, { INLET_MQTT_LISTEN: '127.0.0.1:0' });
  const refused = await simulateFormat(service, service.mqttUrl, 'mqtt', 'senml-cbor');
  t.equal(refused.code, 1);
  t.match(refused.output, /does not speak MQTT 5.*application\/senml\+cbor: send JSON, or publish through a broker/);
  t.equal(refused.accepted, 0);
  t.match(await simulateFormat(service, service.mqttUrl, 'mqtt', 'json'), { code: 0, accepted: 20 });
});
