/**
 * Batches whose sender counts records, several of which make one reading. A record that is wrong is rejected, and the
 * reading goes on without it as long as it has others: it may still be wrong in another place.
 */
import type { RecordPart } from '../domain/batch.js';
import { Rejected } from '../domain/rejected.js';
import { maxListedRejections, type Rejection } from '../domain/refusal.js';
import type { Outcome } from './outcome.js';

/** @param take keeps a reading. @throws Rejected when it is wrong */
export function takeRecords(
  readings: readonly unknown[],
  records: readonly (readonly RecordPart[])[],
  take: (reading: unknown) => void,
): Outcome {
  const outcome: Outcome = { accepted: 0, readings: 0, rejected: 0, rejections: [] };
  const rejections: Rejection[] = [];
  for (const [index, reading] of readings.entries()) {
    const rest = takeWhatIsRight(reading, records[index]!, take, rejections);
    outcome.accepted += rest;
    if (rest > 0) outcome.readings++;
  }
  outcome.rejected = rejections.length;
  outcome.rejections = rejections.sort((a, b) => a.index - b.index).slice(0, maxListedRejections);
  return outcome;
}

/** @returns how many of the records were kept */
function takeWhatIsRight(
  reading: unknown,
  records: readonly RecordPart[],
  take: (reading: unknown) => void,
  rejections: Rejection[],
): number {
  let rest = records;
  while (rest.length > 0) {
    try {
      take(reading);
      return rest.length;
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      const wrong = new Set(atFault(rest, error.path));
      for (const { index } of wrong) {
        const { code, path, message } = error;
        rejections.push({ index, code, path, message });
      }
      if (wrong.size === rest.length) return 0;
      rest = rest.filter((record) => !wrong.has(record));
      removeFields(reading, wrong, rest);
    }
  }
  return 0;
}

/** Those that gave the field that the path points at; all of them where it points elsewhere. */
function atFault(records: readonly RecordPart[], path: string): readonly RecordPart[] {
  const found = records.filter(({ fields }) => fields.some((field) => path === `/fields/${field}`));
  return found.length > 0 ? found : records;
}

function removeFields(reading: unknown, wrong: ReadonlySet<RecordPart>, rest: readonly RecordPart[]): void {
  if (reading instanceof Rejected) return;
  const { fields } = reading as { fields: Record<string, unknown> };
  const kept = new Set(rest.flatMap((record) => record.fields));
  for (const name of [...wrong].flatMap((record) => record.fields)) if (!kept.has(name)) delete fields[name];
}
