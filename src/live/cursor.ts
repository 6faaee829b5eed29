/**
 * A cursor is a place in the feed: for each instance that feeds it, how many of its readings came before. To clients it
 * is opaque: base64url of `1;INSTANCE=POSITION`, more instances separated by semicolons. Behind it one
 * who polls for presence has `.INSTANCE CHANGE` without the space, the number of the last change that this instance told him of.
 * All others pass over that.
 */

/** Instance name to position. */
export type FeedPosition = ReadonlyMap<string, number>;

const maxCursorCharacters = 256;
/** What a cursor has room for, with a name of 8 characters and a position of 11 each. */
export const maxInstances = 8;

export function encodeCursor(position: FeedPosition): string {
  const parts = [...position].map(([instance, at]) => `${instance}=${at.toString(36)}`);
  return Buffer.from(['1', ...parts].join(';'), 'latin1').toString('base64url');
}

/** @returns undefined for what is not one of ours */
export function decodeCursor(cursor: string): FeedPosition | undefined {
  if (cursor.length > maxCursorCharacters || !/^[A-Za-z0-9_-]+(\.[0-9a-f]{8}[0-9a-z]{1,11})?$/.test(cursor))
    return undefined;
  const [version, ...parts] = Buffer.from(placeIn(cursor), 'base64url').toString('latin1').split(';');
  if (version !== '1' || parts.length === 0) return undefined;
  const position = new Map<string, number>();
  for (const part of parts) {
    const match = /^([0-9a-f]{8})=([0-9a-z]{1,11})$/.exec(part);
    if (!match) return undefined;
    position.set(match[1]!, Number.parseInt(match[2]!, 36));
  }
  return position;
}

/** The cursor with the number of a change of presence, whatever it had before. */
export function withChange(cursor: string, instance: string, change: number): string {
  return `${placeIn(cursor)}.${instance}${change.toString(36)}`;
}

/** @returns 0 for a cursor without one of this instance: all changes are after it */
export function changeIn(cursor: string, instance: string): number {
  const [, suffix = ''] = cursor.split('.');
  return suffix.startsWith(instance) ? Number.parseInt(suffix.slice(instance.length), 36) : 0;
}

function placeIn(cursor: string): string {
  return cursor.split('.', 1)[0]!;
}
