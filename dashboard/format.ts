/** How values and times read on the page. */
export type Value = number | boolean | string;

const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const shortNumber = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
const wholeNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });

/** Units that stand at the number without a space. */
const attached = new Set(['%', '°']);

export function formatValue(value: Value, unit?: string | null): string {
  return withUnit(formatBare(value, number), value, unit);
}

/** For lists, where a rough value is enough. */
export function formatBriefly(value: Value, unit?: string | null): string {
  return withUnit(formatBare(value, shortNumber), value, unit);
}

function withUnit(text: string, value: Value, unit: string | null | undefined): string {
  if (!unit || typeof value === 'boolean') return text;
  return attached.has(unit) ? `${text}${unit}` : `${text}\u202f${unit}`;
}

function formatBare(value: Value, number: Intl.NumberFormat): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? wholeNumber.format(value) : number.format(value);
}

/** `3 s ago`, or the day when that is long ago; a clock that runs ahead of ours is now, too. */
export function formatAge(ts: number, now: number): string {
  const seconds = Math.round((now - ts) / 1000);
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return seconds < 30 * 86_400 ? `${Math.floor(seconds / 86_400)} d ago` : day.format(ts);
}

/** The time of day; with the day when that is not today. */
export function formatTime(ts: number, now: number): string {
  const sameDay = new Date(ts).toDateString() === new Date(now).toDateString();
  return (sameDay ? clock : dayAndClock).format(ts);
}
