import type { DeliveryState, WriteBatch } from '../../src/ports/history-store.js';

const startMs = 1_700_000_000_000;
export const feedColumns = [{ type: 'machine', fields: [{ name: 'value', kind: 'float' as const }] }];

/** The reading at a position: of ten devices, every seventh one late by some steps, and every thirteenth a correction. */
export function feedLine(position: number): string {
  const late = position % 7 === 0 ? 55 : 0;
  const ts = position % 13 === 0 && position > 100 ? position - 100 : position - late;
  return `machine,device=d${position % 10} value=${position} ${startMs + Math.max(0, ts)}000000\n`;
}

export function feedBatch(position: number, count: number): WriteBatch {
  const lines = Array.from({ length: count }, (_, index) => feedLine(position + index));
  return { payload: Buffer.from(lines.join('')), runs: [{ position, count }], count };
}

export function feedState(low: number): DeliveryState {
  return { low, ranges: [], stored: low, quarantined: 0 };
}

/** What the first `count` readings of the feed have to come to: series and time → value. */
export function feedAnswer(count: number): Map<string, number> {
  const answer = new Map<string, number>();
  for (let position = 0; position < count; position++) {
    const [series, , ts] = feedLine(position).trimEnd().split(' ');
    answer.set(`${series} ${ts}`, position);
  }
  return answer;
}
