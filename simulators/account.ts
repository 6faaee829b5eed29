/** What the demonstration tells when it is done: counts that close, and what they mean. */
import { isSame, type Comparison } from './acknowledged.js';
import type { Stats } from './history.js';
import type { Latencies } from './latencies.js';
import type { Sensor } from './sensors.js';
import { count, quantiles, table } from './terminal.js';

export interface SensorAccount {
  sensor: Sensor;
  sent: number;
  accepted: number;
  rejected: number;
  live: number;
  overwritten: number;
  inHistory: number;
  comparison: Comparison;
}

export interface Account {
  sensors: SensorAccount[];
  stats: Stats;
  live: { conflated: number; gaps: number };
  resent: number;
  latencies: { http: Latencies; ws: Latencies };
  sendingMs: number;
  reading: { pages: number; ms: number };
}

/** A promise and whether it was kept. */
export interface Check {
  kept: boolean;
  text: string;
}

export function checks({ sensors, stats, live }: Account): Check[] {
  const sent = sum(sensors, 'sent');
  const accepted = sum(sensors, 'accepted');
  const seen = sum(sensors, 'live') + live.conflated;
  const lost = total(sensors.map(({ comparison }) => comparison));
  const delivered = stats.stored + stats.quarantined + stats.discarded + stats.pending;
  return [
    { kept: accepted === sent, text: `all ${count(sent)} readings were accepted` },
    {
      kept: isSame(lost),
      text: isSame(lost)
        ? 'every acknowledged reading was found again in history, once and with its value'
        : `history against what was acknowledged: ${describe(lost)}`,
    },
    {
      kept: stats.received === stats.accepted + stats.rejected,
      text: `received ${count(stats.received)} = accepted ${count(stats.accepted)} + rejected ${count(stats.rejected)}`,
    },
    {
      kept: stats.accepted === delivered && stats.pending === 0,
      text:
        `accepted ${count(stats.accepted)} = stored ${count(stats.stored)} + quarantined ${count(stats.quarantined)}` +
        ` + discarded ${count(stats.discarded)} + pending ${count(stats.pending)}`,
    },
    {
      kept: live.gaps > 0 || seen === stats.accepted,
      text: `the live subscription saw ${count(seen)}${live.conflated > 0 ? `, ${count(live.conflated)} of them merged` : ''}, ${
        live.gaps === 0 ? 'without a gap' : `and was told of ${live.gaps} gaps`
      }`,
    },
  ];
}

export function describeAccount(account: Account): string {
  const { sensors, resent, latencies, sendingMs, reading } = account;
  const accepted = sum(sensors, 'accepted');
  const inHistory = sum(sensors, 'inHistory');
  const facts = [
    [
      'in',
      `${count(accepted)} readings in ${seconds(sendingMs)}, ${perSecond(accepted, sendingMs)}, each acked once on disk`,
    ],
    ['ack latency', `HTTP ${quantiles(latencies.http)} · WebSocket ${quantiles(latencies.ws)}`],
    ['out', `${count(inHistory)} readings in ${seconds(reading.ms)}, over ${reading.pages} pages`],
    ...(resent > 0 ? [['resent', `${count(resent)} readings, after a break`]] : []),
  ];
  const kept = checks(account).map(({ kept, text }) => `  ${kept ? '✓' : '✗'} ${text}`);
  return [sensorTable(sensors), overwritten(sensors), table(facts, 2), kept.join('\n')].filter(Boolean).join('\n\n');
}

function sensorTable(sensors: SensorAccount[]): string {
  const numbers = ['sent', 'accepted', 'rejected', 'live', 'inHistory'] as const;
  return table(
    [
      ['sensor', 'over', 'sent', 'accepted', 'rejected', 'live', 'in history'],
      ...sensors.map((account) => [
        account.sensor.device,
        account.sensor.protocol === 'http' ? 'HTTP' : 'WebSocket',
        ...numbers.map((key) => count(account[key])),
      ]),
      ['total', '', ...numbers.map((key) => count(sum(sensors, key)))],
    ],
    2,
  );
}

/** Why history has fewer readings than were stored. */
function overwritten(sensors: SensorAccount[]): string {
  const accepted = sum(sensors, 'accepted');
  return sensors
    .filter(({ overwritten }) => overwritten > 0)
    .map(
      ({ sensor, overwritten }) =>
        `  The data of ${sensor.device} has ${overwritten} times twice, with different values. A reading is known by its type, device,\n` +
        `  tags and time, and the last accepted value wins: ${count(accepted)} accepted − ${overwritten} overwritten = ${count(accepted - overwritten)} in history.`,
    )
    .join('\n');
}

function sum(sensors: SensorAccount[], key: 'sent' | 'accepted' | 'rejected' | 'live' | 'inHistory'): number {
  return sensors.reduce((sum, sensor) => sum + sensor[key], 0);
}

function total(comparisons: Comparison[]): Comparison {
  const all = { missing: 0, wrong: 0, unknown: 0, doubled: 0 };
  for (const one of comparisons) {
    all.missing += one.missing;
    all.wrong += one.wrong;
    all.unknown += one.unknown;
    all.doubled += one.doubled;
  }
  return all;
}

function describe({ missing, wrong, unknown, doubled }: Comparison): string {
  return `${missing} missing, ${wrong} with another value, ${unknown} never acknowledged, ${doubled} doubled`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function perSecond(readings: number, ms: number): string {
  return `${count(Math.round((readings * 1000) / ms))} readings/s`;
}
