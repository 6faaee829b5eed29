/** What a device publishes and reads. */
import type { Rejection } from '../domain/refusal.js';
import type { OutgoingReading } from './outgoing-reading.js';

/** Of a message that had rejections. */
export interface DeviceReceipt {
  id: string;
  rejected: number;
  results: readonly Rejection[];
}

/** A message is for one device's topic. The order of each device's readings stays. */
export function groupByDevice(readings: readonly OutgoingReading[]): Map<string, OutgoingReading[]> {
  const groups = new Map<string, OutgoingReading[]>();
  for (const reading of readings) {
    const group = groups.get(reading.device);
    if (group) group.push(reading);
    else groups.set(reading.device, [reading]);
  }
  return groups;
}

/** @returns undefined for what is none of our messages' receipts, such as a problem */
export function readReceipt(payload: string): DeviceReceipt | undefined {
  try {
    const { id, rejected, results } = JSON.parse(payload) as Partial<DeviceReceipt>;
    return typeof id === 'string' && Number.isInteger(rejected) && Array.isArray(results)
      ? { id, rejected: rejected!, results: results as Rejection[] }
      : undefined;
  } catch {
    return undefined;
  }
}
