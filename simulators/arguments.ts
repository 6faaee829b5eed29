/** The command line of `npm run simulate`: text in, either what is to be simulated or what is wrong out. */
import { parseArgs } from 'node:util';
import { isDevice, isKey, isTypeName } from '../src/domain/reading.js';
import { formats, type Format } from './format.js';
import { profiles, type ProfileName } from './profiles.js';

/** `auto` streams, and posts where no WebSocket gets through. */
export type Protocol = 'http' | 'ws' | 'mqtt' | 'auto';

export interface Settings {
  url: string;
  token: string | undefined;
  protocol: Protocol;
  /** With `auto`: the share of devices that stream. */
  streamShare: number;
  /** Readings in a request or frame at most. */
  batch: number;
  format: Format;
  /** Where to write the identity of each acknowledged reading. */
  record: string | undefined;
  source: FleetSource | ReplaySource;
}

export interface FleetSource {
  kind: 'fleet';
  devices: number;
  /** Readings a second, of each device. */
  rateHz: number;
  profile: ProfileName;
  durationMs: number;
  seed: number;
}

export interface ReplaySource {
  kind: 'replay';
  file: string;
  type: string;
  device: string;
  field: string;
  /** Seconds of data in a second; 0 = as fast as the server takes it. */
  speed: number;
  shiftToNow: boolean;
}

export const help = `Simulates devices that send readings to Inlet.

  npm run simulate -- [options]
  npm run simulate -- --replay FILE.csv --type machine --device machine-1 --field temperature [options]

Where to
  --url URL           of the service (http://127.0.0.1:8080); with --protocol mqtt, of its MQTT listener
                      or of a broker (mqtt://127.0.0.1:1883)
  --token TOKEN       credentials, if the service asks for them
  --protocol NAME     http (batched POST), ws (a stream on a WebSocket), mqtt (QoS 1), or auto: a
                      stream, and POST where no WebSocket gets through (http)
  --stream-share N    with auto: the share of devices that stream at all, 0 to 1 (1)
  --batch N           readings in a request, frame or message at most (http 100, else 1; replay 500)
  --format NAME       ${formats.join(', ')} (json): over http all of them, and over mqtt
                      where the server speaks MQTT 5; over ws and auto json and senml-cbor.
                      SenML has no tags, and over ws, auto and mqtt no type but telemetry
  --record FILE       write each acknowledged reading as a line of JSON

A fleet of made-up devices
  --devices N         how many (10)
  --rate N            readings a second, of each device (1)
  --profile NAME      ${Object.keys(profiles).join(', ')} (environment)
  --duration TIME     such as 500ms, 30s, 15m, 2h (30s)
  --seed N            the same seed gives the same values (1)

Recorded data: a CSV file with the header timestamp,value; times are UTC
  --replay FILE       the file
  --type, --device, --field NAME   what the values are
  --speed N           seconds of data in a second; 0 or max is as fast as the server takes it (max)
  --shift-to-now      move the times, so that the last row is now and none is in the future

Ctrl-C stops sending, waits for what is on its way and prints the summary; a second one stops at once.
Exit codes: 0 all was acknowledged, 1 not all, 2 wrong arguments.
`;

const options = {
  help: { type: 'boolean', short: 'h' },
  url: { type: 'string' },
  token: { type: 'string' },
  protocol: { type: 'string' },
  'stream-share': { type: 'string' },
  batch: { type: 'string' },
  format: { type: 'string' },
  record: { type: 'string' },
  devices: { type: 'string' },
  rate: { type: 'string' },
  profile: { type: 'string' },
  duration: { type: 'string' },
  seed: { type: 'string' },
  replay: { type: 'string' },
  type: { type: 'string' },
  device: { type: 'string' },
  field: { type: 'string' },
  speed: { type: 'string' },
  'shift-to-now': { type: 'boolean' },
} as const;

/** A stream has text frames of JSON, and binary ones of what is agreed. */
const frameFormats: ReadonlySet<Format> = new Set(['json', 'senml-cbor']);

const fleetOnly = ['devices', 'rate', 'profile', 'duration', 'seed'] as const;
const replayOnly = ['type', 'device', 'field', 'speed', 'shift-to-now'] as const;

type Values = ReturnType<typeof parse>;

/** A sentence for the person at the terminal. */
export class WrongArgument extends Error {}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's sentence goes on about `--` after its first full stop.
    throw new WrongArgument(error instanceof Error ? error.message.split('. ')[0] : String(error));
  }
}

/** @throws WrongArgument */
export function readArguments(args: string[]): Settings | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const protocol = oneOf('protocol', values.protocol ?? 'http', ['http', 'ws', 'mqtt', 'auto'] as const);
  if (protocol !== 'auto') refuseAll(values, ['stream-share'], 'goes with --protocol auto only');
  const format = oneOf('format', values.format ?? 'json', formats);
  if ((protocol === 'ws' || protocol === 'auto') && !frameFormats.has(format)) {
    throw new WrongArgument(`--format ${format} goes over http and mqtt; over ${protocol} json and senml-cbor do`);
  }
  const source = values.replay === undefined ? fleetSource(values) : replaySource(values, values.replay);
  const usualBatch = source.kind === 'replay' ? 500 : protocol === 'http' ? 100 : 1;
  return {
    url: serverUrl(protocol === 'mqtt' ? mqttServers : httpServers, values.url),
    token: values.token,
    protocol,
    streamShare: number('stream-share', values['stream-share'] ?? '1', 0, 1),
    batch: values.batch === undefined ? usualBatch : integer('batch', values.batch, 1, 10_000),
    format,
    record: values.record,
    source,
  };
}

function fleetSource(values: Values): FleetSource {
  refuseAll(values, replayOnly, 'goes with --replay only');
  return {
    kind: 'fleet',
    devices: integer('devices', values.devices ?? '10', 1, 10_000),
    rateHz: number('rate', values.rate ?? '1', 0.001, 1000),
    profile: oneOf('profile', values.profile ?? 'environment', Object.keys(profiles) as ProfileName[]),
    durationMs: duration('duration', values.duration ?? '30s'),
    seed: integer('seed', values.seed ?? '1', 0, 2 ** 32 - 1),
  };
}

function replaySource(values: Values, file: string): ReplaySource {
  refuseAll(values, fleetOnly, 'does not go with --replay');
  return {
    kind: 'replay',
    file,
    type: name('type', values.type, isTypeName),
    device: name('device', values.device, isDevice),
    field: name('field', values.field, (field): field is string => typeof field === 'string' && isKey(field)),
    speed: values.speed === undefined || values.speed === 'max' ? 0 : number('speed', values.speed, 0, 1e9),
    shiftToNow: values['shift-to-now'] ?? false,
  };
}

function refuseAll(values: Values, names: readonly (keyof Values)[], why: string): void {
  const given = names.find((name) => values[name] !== undefined);
  if (given !== undefined) throw new WrongArgument(`--${given} ${why}`);
}

function name(option: string, value: string | undefined, isName: (value: unknown) => value is string): string {
  if (value === undefined) throw new WrongArgument(`--replay needs --${option}`);
  if (!isName(value)) throw new WrongArgument(`--${option} ${JSON.stringify(value)} is not a name that Inlet takes`);
  return value;
}

interface Servers {
  usual: string;
  schemes: RegExp;
  kind: string;
}

const httpServers: Servers = { usual: 'http://127.0.0.1:8080', schemes: /^https?:$/, kind: 'http or https' };
const mqttServers: Servers = { usual: 'mqtt://127.0.0.1:1883', schemes: /^mqtts?:$/, kind: 'mqtt or mqtts' };

function serverUrl({ usual, schemes, kind }: Servers, text = usual): string {
  if (URL.canParse(text) && schemes.test(new URL(text).protocol)) return text;
  throw new WrongArgument(`--url ${JSON.stringify(text)} is not an ${kind} address`);
}

function oneOf<Name extends string>(option: string, value: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found === undefined) throw wrong(option, value, `one of ${names.join(', ')}`);
  return found;
}

function number(option: string, text: string, from: number, to: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= from && value <= to)) throw wrong(option, text, `a number from ${from} to ${to}`);
  return value;
}

function integer(option: string, text: string, from: number, to: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isInteger(value) || value < from || value > to)
    throw wrong(option, text, `an integer from ${from} to ${to}`);
  return value;
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(option: string, text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const valueMs = Number(amount) * (unitMs[unit ?? ''] ?? NaN);
  if (!(valueMs > 0)) throw wrong(option, text, 'a time such as 500ms, 30s, 15m or 2h');
  return valueMs;
}

function wrong(option: string, value: string, expected: string): WrongArgument {
  return new WrongArgument(`--${option} ${JSON.stringify(value)} should be ${expected}`);
}
