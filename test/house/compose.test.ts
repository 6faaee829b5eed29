/** The containers, checked as data: nothing here needs Docker. */
import { existsSync, readFileSync } from 'node:fs';
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
  command?: string[];
  profiles?: string[];
  healthcheck: { test: string[]; interval: string; retries: number };
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const pathOf = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url));
const read = (file: string): string => readFileSync(pathOf(file), 'utf8');
const text = read('docker-compose.yml');
const { services, volumes } = parse(text) as Compose;
const inlet = services['inlet']!;
const schema = JSON.parse(read('schemas/config.schema.json')) as {
  properties: Record<string, { 'x-available'?: boolean }>;
};
const example: Record<string, string> = {};
for (const [, name, value] of read('.env.example').matchAll(/^([A-Z]\w*)=(.*)$/gm)) {
  // As compose does, from what stands above.
  example[name!] = value!.replace(/\$\{(\w+)\}/g, (_, above: string) => example[above] ?? '');
}

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
  t.match(settingsOf({}), { store: 'duckdb', host: '0.0.0.0', port: 8080, mqtt: {} });
  const { store, influx, mqtt } = settingsOf(example);
  t.equal(mqtt.url, `mqtt://inlet:${example['MQTT_PASSWORD']}@mosquitto:1883`);
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
    const named = service.volumes.flatMap((volume) => {
      const [what = '', , mode] = volume.split(':');
      // A file of ours, which the container only reads.
      return what.startsWith('./') && mode === 'ro' && existsSync(pathOf(what)) ? [] : [what];
    });
    t.ok(named.length > 0, `${name} has a volume`);
    for (const volume of named) t.ok(volume in volumes, `${volume} is a named one`);
  }
  const dataDirectory = /^ENV INLET_DATA_DIR=(.+)$/m.exec(read('Dockerfile'))?.[1];
  t.equal(inlet.volumes[0], `inlet-data:${dataDirectory}`);
});

await t.test('a service is healthy when it answers, and what is beside Inlet comes only when asked for', async (t) => {
  for (const [name, { healthcheck }] of Object.entries(services)) {
    t.ok(healthcheck.test.length > 1, name);
    t.ok(healthcheck.interval && healthcheck.retries > 0, name);
  }
  t.match(inlet.healthcheck.test.join(' '), '/readyz');
  t.equal(inlet.profiles, undefined);
  const others = Object.entries(services).filter(([name]) => name !== 'inlet');
  for (const [name, { profiles }] of others) t.same(profiles, [name]);
  t.same(
    example['COMPOSE_PROFILES']?.split(','),
    others.map(([name]) => name),
  );
});

await t.test(
  'Mosquitto has the settings that we recommend, and the users that its password file is made with',
  async (t) => {
    const { volumes, command = [] } = services['mosquitto']!;
    const script = command.at(-1) ?? '';
    const settings = read('deploy/mosquitto.conf');
    t.ok(volumes.some((volume) => volume === './deploy/mosquitto.conf:/mosquitto/config/mosquitto.conf:ro'));
    t.match(script, /exec mosquitto -c \/mosquitto\/config\/mosquitto\.conf\n$/);
    const passwords = /^password_file (.+)$/m.exec(settings)?.[1] ?? '';
    t.ok(script.includes(`mosquitto_passwd -b ${passwords} inlet "$$MQTT_PASSWORD"`));
    t.ok(volumes.some((volume) => volume.startsWith('mosquitto-data:') && passwords.startsWith(volume.split(':')[1]!)));
    t.match(settings, /^allow_anonymous false$/m);
    t.match(settings, /^persistence_location \/mosquitto\/data\/$/m, 'what waits is on the volume');
    t.match(settings, /^listener 1883$/m);
  },
);

await t.test('an image is the same tomorrow: its version is named', async (t) => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  const needed = /\d+/.exec(engines.node)?.[0];
  const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
  t.same(new Set(bases), new Set([`node:${needed}-bookworm-slim`]), 'built and run on one');
  const images = Object.values(services).flatMap(({ image }) => image ?? []);
  for (const image of [...bases, ...images]) t.match(image, /^[a-z-]+:\d+(\.\d+)*(-[a-z-]+)?$/, image);
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
