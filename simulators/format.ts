/** Readings in each format that Inlet takes, as a device would write them. */
import { encode } from 'cborg';
import type { BatchFormat } from '../src/client/index.js';

export const formats = ['json', 'ndjson', 'senml', 'senml-cbor', 'line'] as const;
export type Format = (typeof formats)[number];

/** SenML has no place for a type either. A request has its address for it; on any other way its readings are `telemetry`. */
export function hasTypes(format: Format): boolean {
  return format !== 'senml' && format !== 'senml-cbor';
}

export const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  senml: 'application/senml+json',
  'senml-cbor': 'application/senml+cbor',
  line: 'text/plain',
};

/** As it is sent: `ts` in milliseconds. Line protocol names the device by a tag, SenML by the base name. */
export interface FormatReading {
  device: string;
  type?: string | undefined;
  ts?: number | string | undefined;
  tags?: Readonly<Record<string, string>> | undefined;
  fields: Readonly<Record<string, number | boolean | string | null>>;
}

export interface Encoded {
  bytes: Uint8Array;
  /** SenML: of each record, the reading that it belongs to. SenML has no tags, so those do not go with it. */
  readingOf?: number[];
}

/** RFC 8428 §6. */
const numbersOfLabels: Readonly<Record<string, number>> = { bn: -2, bt: -3, n: 0, v: 2, vs: 3, vb: 4, t: 6 };

/** @param seq SenML: the number of the frame that it is */
export function encodeReadings(format: Format, readings: readonly FormatReading[], seq?: number): Encoded {
  switch (format) {
    case 'json':
      return { bytes: textBytes(JSON.stringify(readings)) };
    case 'ndjson':
      return { bytes: textBytes(readings.map((reading) => `${JSON.stringify(reading)}\n`).join('')) };
    case 'line':
      return { bytes: textBytes(readings.map(lineOf).join('')) };
    case 'senml':
    case 'senml-cbor': {
      const { records, readingOf } = packOf(readings);
      if (seq !== undefined && records[0]) records[0]['seq'] = seq;
      return {
        bytes: format === 'senml' ? textBytes(JSON.stringify(records)) : encode(records.map(numbered)),
        readingOf,
      };
    }
  }
}

/** For a device of the client library. */
export function batchFormat(format: Format): BatchFormat {
  return {
    mediaType: mediaTypes[format],
    encode(readings, marks) {
      const { bytes, readingOf } = encodeReadings(format, readings, marks?.seq);
      // SenML has no place for the type; a simulated device has one only.
      const type = readingOf && readings[0]?.type;
      return {
        body: new Uint8Array(bytes),
        ...(type === undefined ? {} : { query: { type } }),
        ...(readingOf ? { readingOf } : {}),
      };
    },
  };
}

function textBytes(text: string): Uint8Array {
  return Buffer.from(text);
}

function lineOf({ device, type = 'telemetry', ts, tags = {}, fields }: FormatReading): string {
  const tagText = Object.entries(tags).map(([key, value]) => `,${key}=${value.replace(/[,= ]/g, '\\$&')}`);
  const fieldText = Object.entries(fields).flatMap(([key, value]) =>
    value === null ? [] : [`${key}=${lineValue(value)}`],
  );
  return `${type},device=${device}${tagText.join('')} ${fieldText.join(',')}${ts === undefined ? '' : ` ${ts}000000`}\n`;
}

function lineValue(value: number | boolean | string): string {
  return typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : String(value);
}

type SenmlRecord = Record<string, number | boolean | string>;

/** Each reading says its name and time once, for the records behind it. */
function packOf(readings: readonly FormatReading[]): { records: SenmlRecord[]; readingOf: number[] } {
  const records: SenmlRecord[] = [];
  const readingOf: number[] = [];
  let device = '';
  for (const [index, reading] of readings.entries()) {
    let base: SenmlRecord = {
      ...(reading.device === device ? {} : { bn: `${reading.device}:` }),
      ...(reading.ts === undefined ? {} : { bt: Number(reading.ts) / 1000 }),
    };
    ({ device } = reading);
    for (const [n, value] of Object.entries(reading.fields)) {
      if (value === null) continue;
      const label = typeof value === 'number' ? 'v' : typeof value === 'string' ? 'vs' : 'vb';
      records.push({ ...base, n, [label]: value });
      readingOf.push(index);
      base = {};
    }
  }
  return { records, readingOf };
}

function numbered(record: SenmlRecord): Map<number | string, number | boolean | string> {
  return new Map(Object.entries(record).map(([label, value]) => [numbersOfLabels[label] ?? label, value]));
}
