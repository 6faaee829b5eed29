/** What all devices have in common: `HttpDevice` and `StreamDevice` can take each other's place. */
import type { Rejection } from '../domain/refusal.js';
import type { OutgoingReading } from './outgoing-reading.js';

export interface Device {
  start(): void;
  /**
   * Hands readings over. Resolves when they found room in the bounded buffer, which is not yet an acknowledgement: that
   * is `onReceipt`. A caller that awaits each `send` is slowed down to the speed of the server, and runs out of nothing.
   * @throws DeviceFailed when the device can never send them
   */
  send(readings: readonly OutgoingReading[]): Promise<void>;
  /** Resolves when everything handed over was answered. @throws DeviceFailed */
  flush(): Promise<void>;
  /** Ends at once, without waiting for answers: call `flush` first, or keep what `unacked` gives. */
  stop(): void;
  /** Readings without an answer, in order. */
  unacked(): OutgoingReading[];
}

/** A batch was answered: what was accepted is durable, what was rejected never will be. */
export interface AnsweredBatch {
  readings: readonly OutgoingReading[];
  accepted: number;
  rejected: number;
  /** The first 100 of the rejected; `index` counts in `readings`. */
  rejections: readonly Rejection[];
  /** From the first attempt to the answer. */
  latencyMs: number;
}

/** Why a whole batch, a connection or a device was refused. */
export interface Refused {
  /** A code of the server's catalogue, such as `spool_full`, or `network`, `timeout`, `protocol`, `closed`. */
  code: string;
  message: string;
}

/** Nothing is lost: these readings will be sent again. */
export interface Retry extends Refused {
  /** Readings that were on their way and will be sent again; with the first failure in a row, not with those after it. */
  readings: number;
  delayMs: number;
}

export type DeviceState = 'connecting' | 'online' | 'waiting' | 'failed' | 'stopped';

export interface DeviceEvents {
  onReceipt?: (answered: AnsweredBatch) => void;
  /** The server will never take this batch as it is, and it is given up. */
  onRefused?: (readings: readonly OutgoingReading[], refused: Refused) => void;
  onRetry?: (retry: Retry) => void;
  onState?: (state: DeviceState) => void;
}

/** The device gave up for good: wrong credentials, say. What was not acknowledged is in `unacked()`. */
export class DeviceFailed extends Error {
  readonly code: string;

  constructor(refused: Refused) {
    super(refused.message);
    this.name = 'DeviceFailed';
    this.code = refused.code;
  }
}
