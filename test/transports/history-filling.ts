/** Enough readings to export. */
import type { InletProcess } from '../servers/inlet.js';

export const start = 1_700_000_000_000;
export const hour = `from=${start}&to=${start + 3_600_000}`;

/** Writes so many readings of 100 devices, a millisecond after another. */
export async function fill(service: InletProcess, count: number): Promise<void> {
  const batch = 5000;
  for (let from = 0; from < count; from += batch) {
    const part = Array.from({ length: batch }, (_, index) => {
      const nth = from + index;
      return { device: `bulk-${nth % 100}`, ts: start + nth, fields: { value: nth, note: 'x'.repeat(40) } };
    });
    await service.send(...part);
  }
  await service.settled();
}
