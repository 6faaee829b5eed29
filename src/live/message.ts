/** The messages of subscriptions, as text that lacks only the subscription's name. */
import type { Gap } from '../domain/generated/live-frames.js';
import type { LiveMessage } from '../ports/feed.js';

/** A message has so many readings at most … */
export const readingsOfMessage = 1_000;
/** … and is ended with the reading that brings it above so many characters. */
export const charactersOfMessage = 256 * 1024;

class PreparedMessage implements LiveMessage {
  readonly kind: LiveMessage['kind'];
  readonly rest: string;
  readonly bytes: number;
  readonly cursor: string | undefined;
  readonly readings: string;
  readonly gap: Gap | undefined;
  readonly presence: LiveMessage['presence'];

  constructor(
    kind: LiveMessage['kind'],
    rest: string,
    cursor: string | undefined,
    readings = '',
    gap?: Gap,
    presence?: LiveMessage['presence'],
  ) {
    this.kind = kind;
    this.rest = rest;
    this.bytes = Buffer.byteLength(rest);
    this.cursor = cursor;
    this.readings = readings;
    this.gap = gap;
    this.presence = presence;
  }
}

export function snapshotMessage(texts: readonly string[]): LiveMessage {
  const readings = texts.join(',');
  return new PreparedMessage('snapshot', `"snapshot":[${readings}]}`, undefined, readings);
}

/** @param cursor with the last chunk: history is whole then, and the subscription's beginning a place to go on from */
export function historyMessage(texts: readonly string[], cursor: string | undefined): LiveMessage {
  const readings = texts.join(',');
  const rest = `"history":{"readings":[${readings}],"done":${cursor !== undefined}}}`;
  return new PreparedMessage('history', rest, cursor, readings);
}

export function readingsMessage(texts: readonly string[], cursor: string, conflated = 0): LiveMessage {
  const readings = texts.join(',');
  const count = conflated > 0 ? `,"conflated":${conflated}` : '';
  return new PreparedMessage('readings', `"cursor":"${cursor}","readings":[${readings}]${count}}`, cursor, readings);
}

export function cursorMessage(cursor: string): LiveMessage {
  return new PreparedMessage('cursor', `"cursor":"${cursor}"}`, cursor);
}

export function gapMessage(gap: Gap, cursor: string): LiveMessage {
  return new PreparedMessage('gap', `"cursor":"${cursor}","gap":${JSON.stringify(gap)}}`, cursor, '', gap);
}

/** @param change number of the last one that is in it, or that came before it */
export function presenceMessage(texts: readonly string[], change: number): LiveMessage {
  const states = texts.join(',');
  return new PreparedMessage('presence', `"presence":[${states}]}`, undefined, '', undefined, { states, change });
}
