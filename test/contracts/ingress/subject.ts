import type { Receipt } from '../../../src/domain/refusal.js';
import type { InletProcess } from '../../servers/inlet.js';

/** What a batch came to: a receipt, or the code with which all of it was refused. */
export type Outcome = { receipt: Receipt } | { refused: string };

/** A protocol's way in, as a device uses it. */
export interface Ingress {
  /** One batch. The bytes go out as they are, but for the numbering that a protocol may add. */
  send(bytes: Buffer): Promise<Outcome>;
  close(): Promise<void>;
  /** What the protocol itself has to say of these, before they are a batch. */
  readonly refusals: { notUtf8: string; tooLarge: string };
  /** Whether the way itself says whose readings they are: then one without a device is that one's. */
  readonly namesDevice?: boolean;
  /** Whether nothing is said of a batch that was accepted whole, so that its `id` does not come back. */
  readonly isSilent?: boolean;
}

/** A service that nobody else writes to, and the way into it. It has the reading type `lab` beside those of the project. */
export interface OpenedIngress {
  service: InletProcess;
  ingress: Ingress;
}

/**
 * A batch and what has to become of it. In the batch, the words DEVICE and TYPE stand for names of this case alone, so
 * that no case sees what another left.
 */
export interface Case {
  promise: string;
  /** Text and bytes go out as they are; anything else as its JSON. */
  batch: unknown;
  accepted?: number;
  /** Rejected readings: place in the batch, code, path. */
  results?: [index: number, code: string, path: string][];
  /** Where it is more than `results` lists. */
  rejected?: number;
  id?: string;
  /** Whether it has a reading without a device, and nothing else wrong with it. */
  deviceless?: boolean;
  /** The code with which the batch is refused. */
  refused?: string;
  /** Rows of DEVICE in the history afterwards, times in nanoseconds; absent where only their number counts. */
  stored?: Record<string, unknown>[];
}

/** What names a device may write in its place. */
export function bytesOf(batch: unknown, number: number): Buffer {
  if (Buffer.isBuffer(batch)) return batch;
  const text = typeof batch === 'string' ? batch : JSON.stringify(batch);
  return Buffer.from(text.replaceAll('DEVICE', deviceOf(number)).replaceAll('TYPE', `type-${number}`), 'utf8');
}

export function deviceOf(number: number): string {
  return `case-${number}`;
}

interface HistoryAnswer {
  columns: string[];
  rows: unknown[][];
}

/** Types that readings of a case may have. */
export function typesOf(number: number): string {
  return `type-${number},type-${number}.*,telemetry,lab`;
}

/** The stored readings of a device, oldest first, without what is null, `ts` in nanoseconds. */
export async function storedOf(
  service: InletProcess,
  { device, types }: { device: string; types: string },
): Promise<Record<string, unknown>[]> {
  const range = `from=${Date.UTC(1971, 0, 1)}&to=${Date.now() + 48 * 3_600_000}`;
  const answer = await service.getJson<HistoryAnswer>(
    `/v1/history?devices=${device}&types=${types}&${range}&precision=ns&limit=20000`,
  );
  return answer.rows.map((row) => {
    const cells = answer.columns.map((column, at): [string, unknown] => [column, row[at]]);
    return Object.fromEntries(cells.filter(([column, cell]) => cell !== null && column !== 'device'));
  });
}
