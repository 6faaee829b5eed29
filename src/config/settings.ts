/** The environment, read once: a frozen, validated object, or one line that says what is wrong. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLoopback, isServerUrl, parseListenAddress, type ListenAddress } from './addresses.js';
import { parseBytes, parseDurationMs } from './units.js';

/** The repository's root, or wherever the compiled sources lie beside `schemas/`. */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface Settings {
  host: string;
  port: number;
  dataDirectory: string;
  store: 'duckdb' | 'influxdb';
  influx: {
    url: string;
    token?: string;
    org?: string;
    bucket: string;
    username?: string;
    password?: string;
    database: string;
  };
  mqtt: {
    /** Of the broker that readings are taken from. */
    url?: string;
    /** Where devices may connect without a broker. */
    listen?: ListenAddress;
    /** Whether each reading is also published there for other programs. */
    republish?: boolean;
  };
  /** 0 keeps for ever. */
  retentionMs: number;
  /** Line protocol: the first of these tags that a line has names its device. */
  lineDeviceTags: readonly string[];
  senmlNames: { rule: 'base' | 'split' | 'whole'; separators: string };
  insecure: boolean;
  /** Origins of browsers beside the service's own. */
  allowedOrigins: readonly string[];
  spoolMaxBytes: number;
  spoolKeepBytes: number;
  maxBodyBytes: number;
  maxBatchReadings: number;
  maxInFlightBytes: number;
  schemaDirectory: string;
  logLevel: LogLevel;
}

/** What is wrong with a variable; its message is one line for the operator. */
export class SettingError extends Error {}

type Kind = 'text' | 'secret' | 'choice' | 'boolean' | 'list' | 'integer' | 'bytes' | 'duration';

/** A property of schemas/config.schema.json, as that file's description explains it. */
interface SettingSchema {
  'x-kind': Kind;
  'x-available'?: boolean;
  'x-minimum'?: number;
  'x-maximum'?: number;
  default?: string;
  enum?: string[];
  pattern?: string;
  minLength?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws SettingError for the first variable that is wrong */
export function readSettings(environment: Environment): Readonly<Settings> {
  const schemas = settingSchemas();
  refuseUnknown(environment, schemas);
  const read = new Map<string, string | number | boolean | string[] | undefined>();
  for (const [name, schema] of Object.entries(schemas)) read.set(name, readOne(name, schema, environment[name]));
  const text = (name: string) => read.get(name) as string;
  const number = (name: string) => read.get(name) as number;
  const settings: Settings = {
    host: text('INLET_HOST'),
    port: number('INLET_PORT'),
    dataDirectory: path.resolve(text('INLET_DATA_DIR')),
    store: text('INLET_STORE') as Settings['store'],
    influx: influxSettings(read),
    mqtt: mqttSettings(read),
    retentionMs: number('INLET_RETENTION'),
    lineDeviceTags: read.get('INLET_LINE_DEVICE_TAGS') as string[],
    senmlNames: {
      rule: text('INLET_SENML_NAMES') as Settings['senmlNames']['rule'],
      separators: text('INLET_SENML_SEPARATORS'),
    },
    insecure: read.get('INLET_INSECURE') as boolean,
    allowedOrigins: (read.get('INLET_ALLOWED_ORIGINS') as string[] | undefined) ?? [],
    spoolMaxBytes: number('INLET_SPOOL_MAX_BYTES'),
    spoolKeepBytes: number('INLET_SPOOL_KEEP_BYTES'),
    maxBodyBytes: number('INLET_MAX_BODY_BYTES'),
    maxBatchReadings: number('INLET_MAX_BATCH_READINGS'),
    maxInFlightBytes: number('INLET_MAX_INFLIGHT_BYTES'),
    schemaDirectory: schemaDirectory(environment['INLET_SCHEMA_DIR']),
    logLevel: text('INLET_LOG_LEVEL') as LogLevel,
  };
  refuseOpenHosts(settings);
  refuseSmallBounds(settings);
  return Object.freeze(settings);
}

function settingSchemas(): Record<string, SettingSchema> {
  const file = path.join(projectRoot, 'schemas', 'config.schema.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { properties: Record<string, SettingSchema> }).properties;
}

function refuseUnknown(environment: Environment, schemas: Record<string, SettingSchema>): void {
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('INLET_') || name in schemas) continue;
    throw new SettingError(`${name}: there is no such setting; the README lists those that there are`);
  }
}

function readOne(
  name: string,
  schema: SettingSchema,
  value: string | undefined,
): string | number | boolean | string[] | undefined {
  const isSet = value !== undefined && value !== '';
  if (isSet && schema['x-available'] === false) {
    throw new SettingError(
      `${name}: is not available in this version; it must not be set, so that nobody relies on it`,
    );
  }
  const given = isSet ? value : schema.default;
  if (given === undefined) return undefined;
  const expected = checked(schema, given);
  if (expected.ok) return expected.value;
  const shown = schema['x-kind'] === 'secret' ? 'the value' : JSON.stringify(withoutPassword(given));
  throw new SettingError(`${name}: ${shown} is not valid; expected ${expected.expected}`);
}

/** An address may have one in it. */
function withoutPassword(value: string): string {
  return value.replace(/\/\/[^/]*@/, '//***@');
}

type Checked = { ok: true; value: string | number | boolean | string[] } | { ok: false; expected: string };

function checked(schema: SettingSchema, given: string): Checked {
  switch (schema['x-kind']) {
    case 'integer':
      return bounded(schema, /^\d{1,15}$/.test(given) ? Number(given) : undefined, 'an integer');
    case 'bytes':
      return bounded(schema, parseBytes(given), 'a size such as 1048576, 64 KiB or 4 GiB');
    case 'duration':
      return bounded(schema, parseDurationMs(given), 'a duration such as 250ms, 30s, 15m, 24h or 30d, or 0');
    case 'boolean':
      return given === '0' || given === '1' ? { ok: true, value: given === '1' } : { ok: false, expected: '0 or 1' };
    case 'choice':
      return schema.enum?.includes(given)
        ? { ok: true, value: given }
        : { ok: false, expected: `one of ${(schema.enum ?? []).join(', ')}` };
    case 'list':
      return inForm(schema, given, given.split(/[ ,]+/));
    case 'text':
    case 'secret':
      return inForm(schema, given, given);
  }
}

function inForm({ pattern = '' }: SettingSchema, given: string, value: string | string[]): Checked {
  return new RegExp(pattern, 'u').test(given)
    ? { ok: true, value }
    : { ok: false, expected: `a text of the form ${pattern}` };
}

function bounded(schema: SettingSchema, value: number | undefined, expected: string): Checked {
  const { 'x-minimum': minimum = 0, 'x-maximum': maximum = Number.MAX_SAFE_INTEGER } = schema;
  if (value !== undefined && value >= minimum && value <= maximum) return { ok: true, value };
  const range = schema['x-maximum'] === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
  return { ok: false, expected: expected + range };
}

function influxSettings(read: ReadonlyMap<string, unknown>): Settings['influx'] {
  const optional = (key: string, name: string) => {
    const value = read.get(name) as string | undefined;
    return value === undefined ? {} : { [key]: value };
  };
  return {
    url: read.get('INLET_INFLUX_URL') as string,
    bucket: read.get('INLET_INFLUX_BUCKET') as string,
    database: read.get('INLET_INFLUX_DATABASE') as string,
    ...optional('token', 'INLET_INFLUX_TOKEN'),
    ...optional('org', 'INLET_INFLUX_ORG'),
    ...optional('username', 'INLET_INFLUX_USERNAME'),
    ...optional('password', 'INLET_INFLUX_PASSWORD'),
  };
}

function mqttSettings(read: ReadonlyMap<string, unknown>): Settings['mqtt'] {
  const url = read.get('INLET_MQTT_URL') as string | undefined;
  const listen = read.get('INLET_MQTT_LISTEN') as string | undefined;
  // The value is not shown: there may be a password in it.
  if (url !== undefined && !isServerUrl(url, ['mqtt:', 'mqtts:'])) {
    throw new SettingError('INLET_MQTT_URL: the value is not valid; expected mqtt://HOST:PORT or mqtts://HOST:PORT');
  }
  const address = listen === undefined ? undefined : parseListenAddress(listen);
  if (listen !== undefined && !address) {
    throw new SettingError(`INLET_MQTT_LISTEN: ${JSON.stringify(listen)} is not valid; expected HOST:PORT`);
  }
  const republish = read.get('INLET_MQTT_REPUBLISH') as boolean;
  if (republish && url === undefined) {
    throw new SettingError('INLET_MQTT_REPUBLISH: "1" is not valid; expected 0, for INLET_MQTT_URL names no broker');
  }
  return {
    ...(url === undefined ? {} : { url }),
    ...(address ? { listen: address } : {}),
    ...(republish && { republish }),
  };
}

/** The default lies beside the program, wherever it is started from; what is given is relative to where one is. */
function schemaDirectory(given: string | undefined): string {
  return given === undefined || given === '' ? path.join(projectRoot, 'schemas', 'types') : path.resolve(given);
}

function refuseOpenHosts({ host, mqtt, insecure }: Settings): void {
  if (insecure) return;
  refuseOpenHost('INLET_HOST', host);
  if (mqtt.listen) refuseOpenHost('INLET_MQTT_LISTEN', mqtt.listen.host);
}

function refuseOpenHost(variable: string, host: string): void {
  if (isLoopback(host)) return;
  throw new SettingError(
    `${variable}: ${JSON.stringify(host)} is not a loopback address, and without access control anybody who reaches it ` +
      `could write and read; expected 127.0.0.1, ::1 or localhost, or INLET_INSECURE=1 to allow it all the same`,
  );
}

/** Where not even one body of the allowed size fits, every device would be told to come back later, for ever. */
function refuseSmallBounds({ maxBodyBytes, maxInFlightBytes, spoolMaxBytes }: Settings): void {
  const bounds = { INLET_MAX_INFLIGHT_BYTES: maxInFlightBytes, INLET_SPOOL_MAX_BYTES: spoolMaxBytes };
  for (const [name, bytes] of Object.entries(bounds)) {
    if (bytes >= maxBodyBytes) continue;
    throw new SettingError(`${name}: ${bytes} is not valid; expected at least INLET_MAX_BODY_BYTES, ${maxBodyBytes}`);
  }
}
