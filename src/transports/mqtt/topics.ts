/**
 * The topics of MQTT:
 *
 *     inlet/v1/readings/DEVICE    devices publish batches
 *     inlet/v1/receipts/DEVICE    what was not accepted, and why
 *     inlet/v1/status/INSTANCE    at a broker: whether this instance takes from it; retained, also its last will
 */
import { isDevice } from '../../domain/reading.js';

const readings = 'inlet/v1/readings/';
const receipts = 'inlet/v1/receipts/';

/** All devices' readings, each message to one of those who share the subscription. */
export const sharedReadings = `$share/inlet/${readings}+`;

/** Whose readings are published here; undefined where no readings are. The name may be one that no device can have. */
export function deviceOfReadings(topic: string): string | undefined {
  const device = topic.startsWith(readings) ? topic.slice(readings.length) : undefined;
  return device?.includes('/') ? undefined : device;
}

export function receiptsTopic(device: string): string {
  return receipts + device;
}

/** Whether these are the receipts of one device: neither a pattern nor another topic. */
export function isReceiptsTopic(topic: string): boolean {
  return topic.startsWith(receipts) && isDevice(topic.slice(receipts.length));
}

export function statusTopic(instance: string): string {
  return `inlet/v1/status/${instance}`;
}
