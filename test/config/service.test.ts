/** What an operator sees who starts the service with a wrong setting. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { InletProcess, startInlet } from '../servers/inlet.js';

async function refusedWith(
  environment: Record<string, string>,
): Promise<{ code: number | null; line: string; lines: number }> {
  const service = new InletProcess(environment);
  const { code } = await service.startRefused();
  await service.end();
  return { code, line: service.stderr[0] ?? '', lines: service.stderr.length };
}

await t.test('a wrong setting ends the start with code 2 and one line: variable, value, expectation', async (t) => {
  t.match(await refusedWith({ INLET_STORE: 'oracle' }), {
    code: 2,
    lines: 1,
    line: 'INLET_STORE: "oracle" is not valid; expected one of duckdb, influxdb',
  });
});

await t.test('so does a host that others could reach', async (t) => {
  t.match(await refusedWith({ INLET_HOST: '0.0.0.0' }), {
    code: 2,
    lines: 1,
    line: /^INLET_HOST: "0\.0\.0\.0" .*INLET_INSECURE=1/,
  });
});

await t.test('with INLET_INSECURE=1 it starts, and warns each time', async (t) => {
  const service = await startInlet(t, { INLET_HOST: '0.0.0.0', INLET_INSECURE: '1' });
  const warned = () =>
    service.stdout.filter((line) => line.includes('INLET_INSECURE=1') && line.includes('"level":40'));
  t.equal(warned().length, 1);
  await service.restart();
  t.equal(warned().length, 2);
});

await t.test('schemas that are none end the start with the name of the file', async (t) => {
  const broken: [what: string, files: Record<string, string>, said: RegExp][] = [
    ['not JSON', { 'pump.schema.json': '{' }, /pump\.schema\.json/],
    ['no JSON Schema', { 'pump.schema.json': '{"type":"vegetable"}' }, /pump\.schema\.json/],
    ['a name that no type has', { '7up.schema.json': '{}' }, /7up/],
    [
      'a field that no reading has',
      { 'pump.schema.json': '{"properties":{"fields":{"properties":{"ts":{"type":"number"}}}}}' },
      /"ts"/,
    ],
  ];
  for (const [what, files, said] of broken) {
    const directory = t.testdir(files);
    const { code, line, lines } = await refusedWith({ INLET_SCHEMA_DIR: directory });
    t.equal(code, 2, what);
    t.equal(lines, 1, what);
    t.match(line, /^INLET_SCHEMA_DIR: /, what);
    t.match(line, said, what);
  }
  t.match(await refusedWith({ INLET_SCHEMA_DIR: '/nowhere/at/all' }), {
    code: 2,
    line: /^INLET_SCHEMA_DIR: .*\/nowhere\/at\/all/,
  });
});

await t.test('a port in use ends the start with code 1, and says which', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, line, lines } = await refusedWith({ INLET_PORT: `${port}` });
  t.equal(code, 1);
  t.equal(lines, 1);
  t.match(line, `${port}`);
  t.match(line, /in use/);
});

await t.test('a second process on one data directory is refused, and the first goes on', async (t) => {
  const directory = t.testdir();
  const first = await startInlet(t, { INLET_DATA_DIR: directory });
  const { code, line, lines } = await refusedWith({ INLET_DATA_DIR: directory });
  t.equal(code, 1);
  t.equal(lines, 1);
  t.match(line, directory);
  t.match(line, /in use/);
  await first.send({ device: 'd1', fields: { a: 1 } });
});

await t.test('a data directory that is a file is refused', async (t) => {
  const directory = t.testdir({ file: '' });
  t.match(await refusedWith({ INLET_DATA_DIR: `${directory}/file` }), { code: 1, lines: 1, line: /\/file/ });
});

await t.test('the ready line is one JSON line with the address, at every log level', async (t) => {
  for (const level of ['silent', 'fatal', 'trace']) {
    const service = await startInlet(t, { INLET_LOG_LEVEL: level });
    const ready = service.stdout.filter((line) => line.includes('"msg":"ready"'));
    t.equal(ready.length, 1, level);
    t.match(JSON.parse(ready[0]!), { msg: 'ready', url: service.url });
    t.match(service.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    await service.stop();
  }
});
