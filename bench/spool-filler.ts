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

export async function fillSpool(dataDirectory: string, bytes: number): Promise<void> {
  const spool = new SegmentedSpool({
    directory: path.join(dataDirectory, 'spool'),
    maxBytes: 4 * 2 ** 30,
    keepBytes: 256 * 2 ** 20,
  });
  await spool.start(null);
  const readings = Array.from({ length: deviceCount }, (_, device) => readingOf(device));
  for (let step = 0; spool.status().totalBytes < bytes; step++) {
    const lines = new LineWriter(0);
    for (const { prefix, fields } of readings) {
      lines.begin(prefix, true);
      for (const [name, value] of fields) lines.field(name, value, typeof value === 'string' ? 'string' : 'float');
      lines.end(firstTimeMs + step * stepMs, 0);
    }
    await spool.append({ payload: lines.bytes, count: deviceCount, late: false, arrivedMs: Date.now() }).durable;
  }
  await spool.stop();
}

/** All but the time. */
function readingOf(device: number): { prefix: string; fields: [name: string, value: number | string][] } {
  const { type, device: name, tags, fields } = JSON.parse(readingText(device, device, firstTimeMs)) as ShapedReading;
  return { prefix: encodePrefix(type, name, tags), fields: Object.entries(fields) };
}
