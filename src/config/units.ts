/** Sizes and durations as people write them in settings. */

const bytesPerUnit: Record<string, number> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
const msPerUnit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1048576`, `64KiB`, `4 GiB`; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d{1,15}) ?(KiB|MiB|GiB)?$/.exec(text);
  return match ? safe(Number(match[1]) * bytesPerUnit[match[2] ?? '']!) : undefined;
}

/** `250ms`, `30s`, `15m`, `24h`, `30d` or `0`, in milliseconds; undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  return match ? safe(Number(match[1]) * msPerUnit[match[2]!]!) : undefined;
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}
