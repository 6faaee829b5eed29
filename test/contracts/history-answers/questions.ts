/** Questions to `/v1/history`: every parameter, alone and with those that it could get in the way of. */
import { aggregateFunctions } from '../../../src/ports/history-store.js';
import { from, oddTexts, to } from './readings.js';

export type Question = Readonly<Record<string, string>>;

const whole = { from: String(from), to: String(to), limit: '100000' };
/** Sums of the largest doubles are infinite, or not, by the order of addition. */
const ordinary = { fields: 'temperature,count,state,running,text,nth,exact' };
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'];
const odd = { from: '2024-06-01T12:00:00Z', to: '2024-06-01T12:00:01Z' };

function raw(): Question[] {
  return [
    whole,
    { ...whole, order: 'desc' },
    ...['d0', 'd*', '*', 'd1,clock,f', 'none', '*1', 'o*d'].map((devices) => ({ ...whole, devices })),
    ...['meter', 'm*', 'label,meter', 'none'].map((types) => ({ ...whole, types })),
    ...['temperature', 'count', 'state', 'running,state', 't*', 'extreme', 'exact', 'none'].map((fields) => ({
      ...whole,
      fields,
    })),
    ...oddTexts.map((text) => ({ ...whole, 'tag.note': text })),
    { ...whole, 'tag.site': 'a*' },
    { ...whole, 'tag.line.no': '1', 'tag.site': '*' },
    { ...whole, 'tag.none': 'x' },
    ...['s', 'ms', 'us', 'ns'].map((precision) => ({ ...whole, precision, devices: 'odd,ns,i' })),
    { from: '2024-06-01T12:00:00.000123457Z', to: '2024-06-01T12:00:00.000123459Z', precision: 'ns' },
    { ...whole, limit: '97' },
    { ...odd, limit: '3', order: 'desc' },
    ...['1', '2', '10', '100000'].map((maxPoints) => ({ ...whole, maxPoints })),
    { ...whole, maxPoints: '5', order: 'desc', devices: 'd*' },
  ];
}

function buckets(): Question[] {
  const every = { ...whole, ...ordinary };
  return [
    ...aggregateFunctions.flatMap((fn) => [
      { ...every, every: '1w', fn },
      { ...every, every: '1mo', fn, group: 'device' },
      { ...every, every: '5d', fn, group: 'none' },
      { ...every, every: '1mo', fn, group: 'tag.site,type' },
    ]),
    ...zones.flatMap((tz) =>
      ['6h', '1d', '1w', '1mo', '36h', '2w', '3mo', '1y'].map((length) => {
        return { ...every, tz, every: length, fn: 'mean,count,last', devices: 'clock,d1' };
      }),
    ),
    ...['none', 'null', 'previous', 'linear'].flatMap((fill) =>
      ['asc', 'desc'].map((order) => ({
        ...every,
        every: '2d',
        fn: 'max,last,count',
        fill,
        order,
        devices: 'd1,clock',
      })),
    ),
    { ...whole, fields: 'extreme', every: '1d', fn: 'min,max,first,last,count,p50,p95' },
    { ...whole, every: '1y', fn: aggregateFunctions.join(','), ...ordinary },
    { ...whole, every: '1y', fn: 'p50,p95,p99,stddev', types: 'machine', group: 'none', ...ordinary },
    { ...every, from: '2024-03-31T00:30:00Z', to: '2024-03-31T09:17:03.5Z', every: '1h', tz: 'Europe/Berlin' },
    { ...every, every: '1ms', ...odd, fn: 'first,last' },
    { ...every, every: '3d', limit: '50', fn: 'mean' },
    { ...every, every: '3d', limit: '50', fn: 'mean', order: 'desc', group: 'type' },
    { ...every, every: '7d', 'tag.site': 'a*', fn: 'sum,spread', group: 'tag.line.no' },
    { ...every, every: '1mo', types: 'machine,meter', fn: 'mean,sum,min,max,spread,count', group: 'device,tag.site' },
    { ...every, every: '1d', types: 'none' },
    { ...every, every: '1d', devices: 'none', fill: 'null' },
  ];
}

export const questions: readonly Question[] = [...raw(), ...buckets()];
