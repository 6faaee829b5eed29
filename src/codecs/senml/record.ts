/**
 * One record of a SenML pack as it was sent (RFC 8428 §4): its labels by name, in either of the two forms.
 *
 *     {"bn":"urn:dev:ow:10e2073a01080063:","n":"temperature","u":"Cel","v":23.1}      JSON (§5)
 *     {-2: "urn:dev:ow:10e2073a01080063:", 0: "temperature", 1: "Cel", 2: 23.1}       CBOR (§6)
 */
export interface SenmlRecord {
  bn?: unknown;
  bt?: unknown;
  bu?: unknown;
  bv?: unknown;
  bs?: unknown;
  bver?: unknown;
  n?: unknown;
  u?: unknown;
  v?: unknown;
  vs?: unknown;
  vb?: unknown;
  vd?: unknown;
  s?: unknown;
  t?: unknown;
  ut?: unknown;
  /** Not of SenML: the number of a frame, in the first record of a pack that is sent as one. */
  seq?: unknown;
}

const labels = new Set(['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'u', 'v', 'vs', 'vb', 'vd', 's', 't', 'ut', 'seq']);

/** §6, table 4. */
const labelsOfNumbers = new Map<unknown, string>([
  [-1, 'bver'],
  [-2, 'bn'],
  [-3, 'bt'],
  [-4, 'bu'],
  [-5, 'bv'],
  [-6, 'bs'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
]);

/** A label that must be understood (§4.4), and is not. */
export class UnknownLabel {
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }
}

/** @returns undefined for what is no record; labels that are not known are left out, unless they must not be */
export function recordOf(sent: unknown): SenmlRecord | UnknownLabel | undefined {
  if (sent instanceof Map) return recordOfMap(sent);
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return undefined;
  for (const label in sent) {
    if (!labels.has(label) && label.endsWith('_')) return new UnknownLabel(label);
  }
  return sent;
}

function recordOfMap(sent: ReadonlyMap<unknown, unknown>): SenmlRecord | UnknownLabel {
  const record: Record<string, unknown> = {};
  for (const [key, value] of sent) {
    const label = labelsOfNumbers.get(key) ?? key;
    if (typeof label !== 'string') continue;
    if (labels.has(label)) record[label] = value;
    else if (label.endsWith('_')) return new UnknownLabel(label);
  }
  return record;
}
