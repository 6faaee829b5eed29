import path from 'node:path';
import t from 'tap';
import { readSettings, SettingError, type Settings } from '../../src/config/settings.js';

/** The line that an operator gets. */
function refusal(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
  return 'taken';
}

await t.test('without any setting the defaults hold', async (t) => {
  t.match(readSettings({}), {
    host: '127.0.0.1',
    port: 8080,
    dataDirectory: path.resolve('data'),
    store: 'duckdb',
    influx: { bucket: 'telemetry', database: 'telemetry' },
    mqtt: {},
    retentionMs: 0,
    insecure: false,
    allowedOrigins: [],
    spoolMaxBytes: 4 * 1024 ** 3,
    spoolKeepBytes: 256 * 1024 ** 2,
    maxBodyBytes: 1024 ** 2,
    maxBatchReadings: 10_000,
    maxInFlightBytes: 64 * 1024 ** 2,
    schemaDirectory: /schemas\/types$/,
    logLevel: 'info',
  });
  t.ok(Object.isFrozen(readSettings({})));
  t.same(readSettings({ INLET_PORT: '', INLET_STORE: '' }), readSettings({}), 'an empty value is as none');
});

await t.test('every setting is read', async (t) => {
  const read: [name: string, value: string, key: keyof Settings, result: unknown][] = [
    ['INLET_HOST', '::1', 'host', '::1'],
    ['INLET_HOST', 'localhost', 'host', 'localhost'],
    ['INLET_HOST', '127.8.9.10', 'host', '127.8.9.10'],
    ['INLET_PORT', '0', 'port', 0],
    ['INLET_PORT', '65535', 'port', 65_535],
    ['INLET_DATA_DIR', '/var/lib/inlet', 'dataDirectory', '/var/lib/inlet'],
    ['INLET_STORE', 'influxdb', 'store', 'influxdb'],
    ['INLET_RETENTION', '0', 'retentionMs', 0],
    ['INLET_RETENTION', '250ms', 'retentionMs', 250],
    ['INLET_RETENTION', '30s', 'retentionMs', 30_000],
    ['INLET_RETENTION', '15m', 'retentionMs', 900_000],
    ['INLET_RETENTION', '24h', 'retentionMs', 86_400_000],
    ['INLET_RETENTION', '30d', 'retentionMs', 2_592_000_000],
    ['INLET_INSECURE', '1', 'insecure', true],
    [
      'INLET_ALLOWED_ORIGINS',
      'https://a.example, http://b.example:8080',
      'allowedOrigins',
      ['https://a.example', 'http://b.example:8080'],
    ],
    ['INLET_SPOOL_MAX_BYTES', '1048576', 'spoolMaxBytes', 1_048_576],
    ['INLET_SPOOL_KEEP_BYTES', '64KiB', 'spoolKeepBytes', 65_536],
    ['INLET_SPOOL_MAX_BYTES', '2 GiB', 'spoolMaxBytes', 2_147_483_648],
    ['INLET_SPOOL_KEEP_BYTES', '0', 'spoolKeepBytes', 0],
    ['INLET_MAX_BODY_BYTES', '2 MiB', 'maxBodyBytes', 2_097_152],
    ['INLET_MAX_BATCH_READINGS', '1', 'maxBatchReadings', 1],
    ['INLET_MAX_INFLIGHT_BYTES', '2 MiB', 'maxInFlightBytes', 2_097_152],
    ['INLET_SCHEMA_DIR', '/etc/inlet', 'schemaDirectory', '/etc/inlet'],
    ['INLET_LOG_LEVEL', 'debug', 'logLevel', 'debug'],
    ['INLET_MQTT_URL', 'mqtt://127.0.0.1', 'mqtt', { url: 'mqtt://127.0.0.1' }],
    ['INLET_MQTT_URL', 'mqtts://u:p@broker.example:8883/', 'mqtt', { url: 'mqtts://u:p@broker.example:8883/' }],
    ['INLET_MQTT_LISTEN', '127.0.0.1:1883', 'mqtt', { listen: { host: '127.0.0.1', port: 1883 } }],
    ['INLET_MQTT_LISTEN', '[::1]:0', 'mqtt', { listen: { host: '::1', port: 0 } }],
    ['INLET_MQTT_LISTEN', 'localhost:65535', 'mqtt', { listen: { host: 'localhost', port: 65_535 } }],
  ];
  for (const [name, value, key, result] of read)
    t.same(readSettings({ [name]: value })[key], result, `${name}=${value}`);
  const influx = {
    url: 'https://influx.example:8086',
    token: 't',
    org: 'o',
    bucket: 'b',
    username: 'u',
    password: 'p',
    database: 'd',
  };
  const environment = Object.fromEntries(
    Object.entries(influx).map(([key, value]) => [`INLET_INFLUX_${key.toUpperCase()}`, value]),
  );
  t.same(readSettings(environment).influx, influx);
});

await t.test('a wrong value is refused by one line that names it and says what was expected', async (t) => {
  const wrong: [name: string, values: string[], expected: RegExp][] = [
    ['INLET_PORT', ['http', '-1', '65536', '80.5', '0x50', ' 80'], /an integer from 0 to 65535/],
    ['INLET_STORE', ['DuckDB', 'postgres'], /one of duckdb, influxdb/],
    ['INLET_INFLUX_URL', ['localhost:8086', 'ftp://influx', 'http://a b'], /https\?/],
    ['INLET_RETENTION', ['30', '30 d', '1w', '-1d', '1.5h', 'd'], /a duration such as .*30d/],
    ['INLET_INSECURE', ['true', 'yes', '2'], /0 or 1/],
    [
      'INLET_ALLOWED_ORIGINS',
      ['plant.example', 'https://plant.example/', 'https://a.example,*', 'https://a.example/page'],
      /https\?/,
    ],
    [
      'INLET_SPOOL_MAX_BYTES',
      ['4GB', '4  GiB', '-1', '0', '1.5 GiB', 'lots', '9999999999 GiB'],
      /a size such as .*4 GiB/,
    ],
    ['INLET_SPOOL_KEEP_BYTES', ['much'], /a size/],
    ['INLET_MAX_BODY_BYTES', ['0', '33 MiB'], /from 1 to 33554432/],
    ['INLET_MAX_BATCH_READINGS', ['0', '1000001', 'many'], /from 1 to 1000000/],
    ['INLET_MAX_INFLIGHT_BYTES', ['0', '1kb'], /a size/],
    ['INLET_LOG_LEVEL', ['loud', 'INFO'], /trace, debug, info/],
    [
      'INLET_HOST',
      ['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.0.0.1.example.org', '127.0.0.256'],
      /INLET_INSECURE=1/,
    ],
    ['INLET_MQTT_LISTEN', ['1883', '127.0.0.1', '127.0.0.1:', '::1:1883', '127.0.0.1:65536', 'a b:1'], /HOST:PORT/],
  ];
  for (const [name, values, expected] of wrong) {
    for (const value of values) {
      const line = refusal({ [name]: value });
      t.match(line, new RegExp(`^${name}: `), `${name}=${value}`);
      t.ok(line.includes(JSON.stringify(value)), `${name}=${value}: the line has the value`, { line });
      t.match(line, expected, `${name}=${value}`);
      t.notMatch(line, /\n/);
    }
  }
});

await t.test('MQTT listens where HTTP may listen', async (t) => {
  for (const host of ['0.0.0.0', '::', 'example.org']) {
    const address = host.includes(':') ? `[${host}]:1883` : `${host}:1883`;
    const line = refusal({ INLET_MQTT_LISTEN: address });
    t.match(line, /^INLET_MQTT_LISTEN: .*INLET_INSECURE=1/);
    t.ok(line.includes(JSON.stringify(host)), line);
    t.equal(refusal({ INLET_MQTT_LISTEN: address, INLET_INSECURE: '1' }), 'taken');
  }
});

await t.test('a secret is never shown', async (t) => {
  const secret = 'hunter2';
  t.notMatch(refusal({ INLET_INFLUX_TOKEN: secret, INLET_PORT: 'x' }), secret);
  t.notMatch(refusal({ INLET_INFLUX_PASSWORD: secret, INLET_STORE: 'x' }), secret);
  t.match(refusal({ INLET_INFLUX_URL: `ftp://admin:${secret}@influx` }), /^INLET_INFLUX_URL: /);
  t.notMatch(refusal({ INLET_INFLUX_URL: `ftp://admin:${secret}@influx` }), secret, 'also inside an address');
  for (const url of [
    `mqtt:/u:${secret}@broker`,
    `u:${secret}@broker`,
    `http://u:${secret}@b`,
    `mqtt://u:${secret}@b/x`,
  ]) {
    t.match(refusal({ INLET_MQTT_URL: url }), /^INLET_MQTT_URL: the value is not valid; expected mqtt:/);
    t.notMatch(refusal({ INLET_MQTT_URL: url }), secret);
  }
});

await t.test('readings are published for other programs only where there is a broker', async (t) => {
  t.match(refusal({ INLET_MQTT_REPUBLISH: '1' }), /^INLET_MQTT_REPUBLISH: .*INLET_MQTT_URL/);
  t.equal(refusal({ INLET_MQTT_REPUBLISH: '1', INLET_MQTT_URL: 'mqtt://127.0.0.1' }), 'taken');
});

await t.test('what this version does not have is refused, so that nobody relies on it', async (t) => {
  const later = {
    INLET_ACCESS_FILE: '/etc/inlet/access.json',
    INLET_TLS_CERT: 'cert.pem',
    INLET_TLS_KEY: 'key.pem',
  };
  for (const [name, value] of Object.entries(later)) {
    t.match(refusal({ [name]: value }), new RegExp(`^${name}: is not available in this version`));
    t.equal(refusal({ [name]: '' }), 'taken', `${name} empty`);
  }
});

await t.test('a setting that does not exist is refused, other variables are not', async (t) => {
  t.match(refusal({ INLET_PROT: '80' }), /^INLET_PROT: there is no such setting/);
  t.equal(refusal({ PATH: '/bin', inlet_port: 'x', OUTLET_PORT: 'x' }), 'taken');
});

await t.test('bounds that leave no room for a single body are refused', async (t) => {
  t.match(refusal({ INLET_MAX_INFLIGHT_BYTES: '512 KiB' }), /^INLET_MAX_INFLIGHT_BYTES: .*INLET_MAX_BODY_BYTES/);
  t.match(refusal({ INLET_SPOOL_MAX_BYTES: '512 KiB' }), /^INLET_SPOOL_MAX_BYTES: .*INLET_MAX_BODY_BYTES/);
  t.equal(
    refusal({ INLET_SPOOL_MAX_BYTES: '512 KiB', INLET_MAX_INFLIGHT_BYTES: '512 KiB', INLET_MAX_BODY_BYTES: '512 KiB' }),
    'taken',
  );
});
