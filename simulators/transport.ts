import { WebSocket } from 'ws';
import {
  FallbackDevice,
  HttpDevice,
  MqttDevice,
  StreamDevice,
  type AnsweredBatch,
  type Device,
  type DeviceEvents,
} from '../src/client/index.js';
import type { Protocol } from './arguments.js';
import { batchFormat, type Format } from './format.js';
import { mqttConnect } from './mqtt.js';
import type { Tally } from './tally.js';

export interface Transport {
  protocol: Protocol;
  url: string;
  token?: string | undefined;
  /** With `auto`: the share of devices that stream. */
  streamShare?: number;
  /** Readings in a request at most. */
  batch: number;
  /** JSON when it is left out. */
  format?: Format;
}

/** Who else wants to know what was answered. */
export interface Listener {
  answered(batch: AnsweredBatch): void;
}

/** A started device whose answers are counted. */
export function openDevice(name: string, transport: Transport, tally: Tally, listener?: Listener): Device {
  const events: DeviceEvents = {
    onReceipt: (answered) => {
      tally.answered(answered);
      listener?.answered(answered);
    },
    onRefused: (readings, refused) => tally.givenUp(readings, refused),
    onRetry: (retry) => tally.retried(retry),
  };
  const device = deviceFor(name, transport, events);
  device.start();
  return device;
}

function deviceFor(name: string, transport: Transport, events: DeviceEvents): Device {
  const { protocol, url, token, streamShare = 1, batch, format = 'json' } = transport;
  // A simulator is there to be watched: after a restart of the service it is back within seconds.
  const usual = {
    url,
    ...(token === undefined ? {} : { token }),
    ...(format === 'json' ? {} : { format: batchFormat(format) }),
    ...events,
    backoff: { maxMs: 5000 },
  };
  const posting = { batchReadings: batch, batchDelayMs: 0 };
  switch (protocol) {
    case 'http':
      return new HttpDevice({ ...usual, ...posting });
    case 'ws':
      return new StreamDevice({ ...usual, WebSocket });
    case 'mqtt':
      return new MqttDevice({ ...usual, connect: mqttConnect() });
    case 'auto':
      return new FallbackDevice({ ...usual, ...posting, WebSocket, name, streamShare });
  }
}
