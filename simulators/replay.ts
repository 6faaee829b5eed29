import type { ReplaySource } from './arguments.js';
import type { Planned } from './play.js';
import { readRows, type Survey } from './replay-file.js';

/**
 * The rows of a file as readings of one device, in the order of the file. With `shiftToNow` the last row lies at
 * `startMs`, so that nothing is in the future and a chart of the last days shows all of it.
 */
export async function* replayPlan(source: ReplaySource, survey: Survey, startMs: number): AsyncGenerator<Planned> {
  const { device, type, field, speed } = source;
  const shiftMs = source.shiftToNow ? startMs - survey.lastMs : 0;
  for await (const { ts, value } of readRows(source.file)) {
    const dueMs = speed === 0 ? 0 : startMs + (ts - survey.firstMs) / speed;
    yield { dueMs, reading: { device, type, ts: ts + shiftMs, fields: { [field]: value } } };
  }
}
