/** A data directory as a process leaves it that took in more than the store did: its spool, and nothing else. */
import path from 'node:path';
import { encodeField, encodePrefix } from '../src/domain/line.js';
import { nanosecondDigits } from '../src/domain/timestamp.js';
import { SegmentedSpool } from '../src/spool/log.js';
import { deviceCount, firstTimeMs, readingText, stepMs } from './shape.js';

interface ShapedReading {
  device: string;
  type: string;
  tags: Record<string, string>;
  fields: Record<string, number | string>;
}

export async function fillSpool(dataDirectory: string, bytes: number): Promise<void> {
  const spool = new SegmentedSpool({
    directory: path.join(dataDirectory, 'spool'),
    maxBytes: 4 * 2 ** 30,
    keepBytes: 256 * 2 ** 20,
  });
  await spool.start(null);
  const lines = Array.from({ length: deviceCount }, (_, device) => lineOf(device));
  for (let step = 0; spool.status().totalBytes < bytes; step++) {
    const time = nanosecondDigits(firstTimeMs + step * stepMs, 0);
    const payload = lines.map((line) => `${line} ${time}\n`).join('');
    await spool.append({ payload, count: deviceCount, late: false, arrivedMs: Date.now() }).durable;
  }
  await spool.stop();
}

/** All but the time. */
function lineOf(device: number): string {
  const { type, device: name, tags, fields } = JSON.parse(readingText(device, device, firstTimeMs)) as ShapedReading;
  const values = Object.entries(fields).map(([key, value]) => {
    return `${key}=${encodeField(value, typeof value === 'string' ? 'string' : 'float')}`;
  });
  return `${encodePrefix(type, name, tags)} ${values.join(',')}`;
}
