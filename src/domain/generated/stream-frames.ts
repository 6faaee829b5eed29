// Generated from schemas/stream-frames.schema.json; change it there and run `npm run generate`.
import type { DeviceName, TypeName, Precision, SentTags, SentTime, SentFields, SentReading } from './reading.js';
import type { EnvelopeReading } from './batch.js';
import type { Rejection } from './receipt.js';

/**
 * A text frame on /v1/stream, in either direction.
 */
export type StreamFrame = DeviceFrame | StreamServerFrame;
/**
 * A batch, with an optional seq beside the keys of an envelope or a single reading. Without seq it is answered only when something was rejected or refused.
 */
export type DeviceFrame = SequencedEnvelope | SequencedReading | UnsequencedReadings;
/**
 * Rises from frame to frame of a connection. A refused frame is sent again under a new one.
 */
export type FrameSequenceNumber = number;
/**
 * @minItems 1
 */
export type UnsequencedReadings = SentReading[];
export type StreamServerFrame = StreamWelcome | StreamAck | StreamError;
export type StreamErrorCode =
  'malformed' | 'empty_batch' | 'too_many_readings' | 'spool_full' | 'spool_failed' | 'rate_limited' | 'stopping';

export interface SequencedEnvelope {
  seq?: FrameSequenceNumber;
  id?: string;
  device?: DeviceName;
  type?: TypeName;
  precision?: Precision;
  tags?: SentTags;
  /**
   * @minItems 1
   */
  readings: EnvelopeReading[];
}
export interface SequencedReading {
  seq?: FrameSequenceNumber;
  device: DeviceName;
  type?: TypeName;
  ts?: SentTime;
  precision?: Precision;
  tags?: SentTags;
  fields: SentFields;
}
/**
 * The first frame of a connection: what the server takes.
 */
export interface StreamWelcome {
  type: 'welcome';
  version: 1;
  /**
   * Unacknowledged frames beyond which the server stops reading.
   */
  maxInFlight: number;
  maxFrameBytes: number;
  pingIntervalMs: number;
  /**
   * Milliseconds since 1970.
   */
  serverTime: number;
}
/**
 * Durable: every frame since the last ack or error, up to seq; the counts are theirs. A frame with rejections or with an id has an ack of its own.
 */
export interface StreamAck {
  type: 'ack';
  seq?: FrameSequenceNumber;
  id?: string;
  accepted: number;
  rejected: number;
  /**
   * @maxItems 100
   */
  results?: Rejection[];
}
/**
 * A frame was refused as a whole: nothing of it is kept.
 */
export interface StreamError {
  type: 'error';
  seq?: FrameSequenceNumber;
  code: StreamErrorCode;
  message: string;
  /**
   * When sending again makes sense.
   */
  retryAfterMs?: number;
}
