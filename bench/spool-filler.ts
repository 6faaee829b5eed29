/** A data directory as a process leaves it that took in more than the store did: its spool, and nothing else. */
import path from 'node:path';
import { encodePrefix } from '../src/domain/line.js';
import { LineWriter } from '../src/domain/line-writer.js';
import { SegmentedSpool } from '../src/spool/log.js';
import { deviceCount, firstTimeMs, readingText, stepMs } from './shape.js';

interface ShapedReading {
  device: string;
  type: string;
  tags: Record<string, string>;
  fields: Record<string, number | string>;
}

/**
 * Until it has so many bytes, or so many readings.
 * @param lateShare of the devices in each step send a reading from between two steps again, late
 * @returns how many readings
 */
export async function fillSpool(
  dataDirectory: string,
  bytes: number,
  lateShare = 0,
  readings = Infinity,
): Promise<number> {
  const spool = new SegmentedSpool({
    directory: path.join(dataDirectory, 'spool'),
    maxBytes: 4 * 2 ** 30,
    keepBytes: 256 * 2 ** 20,
  });
  await spool.start(null);
  const timeless = Array.from({ length: deviceCount }, (_, device) => readingOf(device));
  const lateCount = Math.round(deviceCount * lateShare);
  for (let step = 0; spool.status().totalBytes < bytes && spool.head < readings; step++) {
    const timeMs = firstTimeMs + step * stepMs;
    const arrivedMs = Date.now();
    const entries = [{ payload: linesOf(timeless, timeMs), count: deviceCount, late: false, arrivedMs }];
    if (lateCount > 0 && step > 0) {
      const first = (step * lateCount) % deviceCount;
      const late = timeless.slice(first, first + lateCount);
      entries.push({ payload: linesOf(late, timeMs - stepMs / 2), count: late.length, late: true, arrivedMs });
    }
    await spool.append(...entries).durable;
  }
  const { head } = spool;
  await spool.stop();
  return head;
}

interface Timeless {
  prefix: string;
  fields: [name: string, value: number | string][];
}

function linesOf(readings: readonly Timeless[], timeMs: number): Buffer {
  const lines = new LineWriter();
  for (const { prefix, fields } of readings) {
    lines.begin(prefix, true);
    for (const [name, value] of fields) lines.field(name, value, typeof value === 'string' ? 'string' : 'float');
    lines.end(timeMs, 0);
  }
  return lines.bytes;
}

function readingOf(device: number): Timeless {
  const { type, device: name, tags, fields } = JSON.parse(readingText(device, device, firstTimeMs)) as ShapedReading;
  return { prefix: encodePrefix(type, name, tags), fields: Object.entries(fields) };
}
