/**
 * The form of an answer by `Accept` (RFC 9110 §12.5.1). JSON where nothing is said, where anything will do, and also where none
 * of the forms that there are is named: an answer that can be looked at helps more than a 406.
 */
import type { Format } from '../../history/query.js';

export const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
};

const formats = Object.entries(mediaTypes) as [Format, string][];
const maxRanges = 32;

export function formatFor(accept: string | undefined): Format {
  let best: Format = 'json';
  let bestQuality = 0;
  for (const range of (accept ?? '').split(',', maxRanges)) {
    const [name, ...parameters] = range.toLowerCase().split(';');
    const quality = qualityIn(parameters);
    const found = formats.find(([, type]) => type === name!.trim());
    if (found && quality > bestQuality) {
      best = found[0];
      bestQuality = quality;
    }
  }
  return best;
}

function qualityIn(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => /^\s*q=/.test(parameter));
  const quality = text === undefined ? 1 : Number(text.slice(text.indexOf('=') + 1));
  return Number.isNaN(quality) ? 1 : quality;
}
