/**
 * The one reading that all benchmarks send: 1,000 devices, 2 tags, 2 floats and 1 string, milliseconds, in order.
 *
 *     {"device":"press-0042","type":"machine","ts":1700000000000,"tags":{"site":"lyon","line":"l3"},
 *      "fields":{"temperature":73.91,"pressure":1.047,"state":"ok"}}
 *
 * The type is `machine`, which has a schema: temperature and state are held to it, and pressure is a field that it does
 * not name. So each reading is checked with ajv as well.
 */
export const deviceCount = 1000;
/** Every device reports once in a step. */
export const firstTimeMs = 1_700_000_000_000;
export const stepMs = 1000;
/** Times keep this many digits for the next 260 years. */
export const timeDigits = 13;

const sites = ['lyon', 'porto', 'gdansk', 'graz'];
const states = ['ok', 'ok', 'ok', 'ok', 'idle', 'warming', 'ok', 'fault'];

/** @param value picks the fields' values; neighbours differ as measured values do */
export function readingText(device: number, value: number, timeMs: number): string {
  const name = `press-${String(device).padStart(4, '0')}`;
  const temperature = (60 + 15 * Math.sin(device + value / 10)).toFixed(2);
  const pressure = (1 + 0.1 * Math.cos(device * 3 + value / 7)).toFixed(3);
  const tags = `{"site":"${sites[device % sites.length]}","line":"l${device % 10}"}`;
  const fields = `{"temperature":${temperature},"pressure":${pressure},"state":"${states[(device + value) % states.length]}"}`;
  return `{"device":"${name}","type":"machine","ts":${timeMs},"tags":${tags},"fields":${fields}}`;
}

/** A byte that the readings of a feed have once each, and nothing else of it: readers count them by it. */
export const mark = '~';

export function markedReading(device: number, value: number, timeMs: number): string {
  return readingText(device, value, timeMs).replace('"line":"', `"line":"${mark}`);
}
