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

/** Whether server-sent events are asked for by their name: whoever takes anything may not know when an answer ends. */
export function acceptsEvents(accept: string | undefined): boolean {
  return ranges(accept).some(({ type, quality }) => type === 'text/event-stream' && quality > 0);
}

export function formatFor(accept: string | undefined): Format {
  let best: Format = 'json';
  let bestQuality = 0;
  for (const { type, quality } of ranges(accept)) {
    const found = formats.find(([, mediaType]) => mediaType === type);
    if (found && quality > bestQuality) {
      best = found[0];
      bestQuality = quality;
    }
  }
  return best;
}

function ranges(accept = ''): { type: string; quality: number }[] {
  return accept.split(',', maxRanges).map((range) => {
    const [name, ...parameters] = range.toLowerCase().split(';');
    return { type: name!.trim(), quality: qualityIn(parameters) };
  });
}

function qualityIn(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => /^\s*q=/.test(parameter));
  const quality = text === undefined ? 1 : Number(text.slice(text.indexOf('=') + 1));
  return Number.isNaN(quality) ? 1 : quality;
}
