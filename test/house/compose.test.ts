/** The containers, checked as data: nothing here needs Docker. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { readSettings } from '../../src/config/settings.js';

interface Service {
  image?: string;
  build?: string;
  ports: string[];
  environment: Record<string, string>;
  volumes: string[];
  profiles?: string[];
  healthcheck: { test: string[]; interval: string; retries: number };
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');
const text = read('docker-compose.yml');
const { services, volumes } = parse(text) as Compose;
const inlet = services['inlet']!;
const schema = JSON.parse(read('schemas/config.schema.json')) as {
  properties: Record<string, { 'x-available'?: boolean }>;
};
const example = Object.fromEntries(
  read('.env.example')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => line.split('=') as [string, string]),
);

/** As compose fills in `${NAME:-default}`. */
function filledIn(value: string, variables: Record<string, string>): string {
  return value.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, otherwise: string) => variables[name] || otherwise);
}

function settingsOf(variables: Record<string, string>) {
  const entries = Object.entries(inlet.environment).map(([name, value]) => [name, filledIn(value, variables)]);
  return readSettings(Object.fromEntries(entries) as Record<string, string>);
}

await t.test('every port is published on loopback only', async (t) => {
  for (const [name, { ports }] of Object.entries(services)) {
    t.ok(ports.length > 0, `${name} can be reached`);
    for (const port of ports) t.match(port, /^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/, `${name} ${port}`);
  }
});

await t.test('every setting in it is one that the code reads, with a value that it takes', async (t) => {
  for (const name of Object.keys(inlet.environment)) {
    t.ok(name in schema.properties, `${name} exists`);
    t.not(schema.properties[name]?.['x-available'], false, `${name} is available`);
  }
  t.match(settingsOf({}), { store: 'duckdb', host: '0.0.0.0', port: 8080 });
  const { store, influx } = settingsOf(example);
  t.equal(store, 'influxdb');
  const { environment } = services['influxdb']!;
  t.match(influx, {
    url: 'http://influxdb:8086',
    org: environment['DOCKER_INFLUXDB_INIT_ORG'],
    bucket: environment['DOCKER_INFLUXDB_INIT_BUCKET'],
    token: filledIn(environment['DOCKER_INFLUXDB_INIT_ADMIN_TOKEN']!, example),
  });
});

await t.test('it is open on every address of its own, and says why that is safe', async (t) => {
  t.equal(inlet.environment['INLET_INSECURE'], '1');
  t.match(text, /( *#.*\n)+ *INLET_HOST: 0\.0\.0\.0\n *INLET_INSECURE: '1'\n/);
  t.match(
    text.slice(0, text.indexOf('INLET_INSECURE')),
    /to the outside, the loopback address under `ports` is the fence/,
  );
});

await t.test('secrets come from .env, which nobody gets to see', async (t) => {
  for (const [name, { environment }] of Object.entries(services)) {
    for (const [variable, value] of Object.entries(environment)) {
      if (/TOKEN|PASSWORD|SECRET/.test(variable)) t.match(value, /^\$\{\w+:-\}$/, `${name} ${variable} has no default`);
    }
  }
  const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!));
  t.same(
    new Set(Object.keys(example)),
    new Set([...used, 'COMPOSE_PROFILES']),
    'the example has every variable and no other',
  );
  for (const file of ['.gitignore', '.dockerignore']) t.ok(read(file).split('\n').includes('.env'), file);
});

await t.test('data outlives the containers', async (t) => {
  for (const [name, service] of Object.entries(services)) {
    const named = service.volumes.map((volume) => volume.split(':')[0] ?? '');
    t.ok(named.length > 0, `${name} has a volume`);
    for (const volume of named) t.ok(volume in volumes, `${volume} is a named one`);
  }
  const dataDirectory = /^ENV INLET_DATA_DIR=(.+)$/m.exec(read('Dockerfile'))?.[1];
  t.equal(inlet.volumes[0], `inlet-data:${dataDirectory}`);
});

await t.test('a service is healthy when it answers, and InfluxDB comes only when asked for', async (t) => {
  for (const [name, { healthcheck }] of Object.entries(services)) {
    t.ok(healthcheck.test.length > 1, name);
    t.ok(healthcheck.interval && healthcheck.retries > 0, name);
  }
  t.match(inlet.healthcheck.test.join(' '), '/readyz');
  t.equal(inlet.profiles, undefined);
  t.same(services['influxdb']?.profiles, [example['COMPOSE_PROFILES']]);
});

await t.test('an image is the same tomorrow: its version is named', async (t) => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  const needed = /\d+/.exec(engines.node)?.[0];
  const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
  t.same(new Set(bases), new Set([`node:${needed}-bookworm-slim`]), 'built and run on one');
  const images = Object.values(services).flatMap(({ image }) => image ?? []);
  for (const image of [...bases, ...images]) t.match(image, /^[a-z]+:\d+(\.\d+)*(-[a-z-]+)?$/, image);
});

await t.test('the image has what runs and nothing else, and runs as somebody without rights', async (t) => {
  const [, , run = ''] = read('Dockerfile').split(/^FROM /m);
  t.match(run, /^USER node$/m);
  t.match(run, /^CMD \["node", (".*", )?"dist\/src\/main\.js"\]$/m, 'node is who gets the signals');
  const copied = [...run.matchAll(/^COPY (.*)$/gm)].map(([, what]) => what);
  t.same(copied, [
    '--from=build /inlet/package.json ./',
    '--from=build /inlet/node_modules ./node_modules',
    '--from=build /inlet/schemas ./schemas',
    '--from=build /inlet/dist/dashboard ./dist/dashboard',
    '--from=build /inlet/dist/src ./dist/src',
  ]);
});
