/**
 * What the server says on `/v1/stream`:
 *
 *     {"type":"welcome","version":1,"maxInFlight":64,"maxFrameBytes":1048576,"pingIntervalMs":25000,"serverTime":…}
 *     {"type":"ack","seq":20,"accepted":40,"rejected":0}
 *     {"type":"ack","seq":21,"accepted":1,"rejected":1,"results":[{"index":1,"code":"field_type","path":"…","message":"…"}]}
 *     {"type":"error","seq":22,"code":"spool_full","message":"…","retryAfterMs":1000}
 */
import type { Rejection } from '../domain/refusal.js';

export interface Welcome {
  type: 'welcome';
  maxInFlight: number;
  maxFrameBytes: number;
}

export interface Ack {
  type: 'ack';
  seq: number;
  accepted: number;
  rejected: number;
  results: Rejection[];
}

export interface StreamError {
  type: 'error';
  /** Absent where the server could not read it. */
  seq: number | undefined;
  code: string;
  message: string;
  retryAfterMs: number;
}

/** By which binary frames are agreed, for the media type that they have. JSON comes in text frames, and needs none. */
export const subprotocols: ReadonlyMap<string, string> = new Map([['application/senml+cbor', 'inlet.v1.senml+cbor']]);

/** @returns undefined for what is none of the three, or lacks what it has to have */
export function readStreamFrame(frame: Record<string, unknown>): Welcome | Ack | StreamError | undefined {
  switch (frame['type']) {
    case 'welcome':
      if (!isCount(frame['maxInFlight']) || !isCount(frame['maxFrameBytes'])) return undefined;
      return { type: 'welcome', maxInFlight: frame['maxInFlight'], maxFrameBytes: frame['maxFrameBytes'] };
    case 'ack': {
      const { seq, accepted, rejected, results } = frame;
      if (!isCount(seq) || !isCount(accepted) || !isCount(rejected)) return undefined;
      return { type: 'ack', seq, accepted, rejected, results: Array.isArray(results) ? (results as Rejection[]) : [] };
    }
    case 'error': {
      const { seq, code, message, retryAfterMs } = frame;
      return {
        type: 'error',
        seq: isCount(seq) ? seq : undefined,
        code: String(code),
        message: typeof message === 'string' ? message : String(code),
        retryAfterMs: isCount(retryAfterMs) ? retryAfterMs : 0,
      };
    }
    default:
      return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
