/** Pages of a list of names: `limit`, and a cursor that says behind which name to go on. */
import { Refusal } from '../../../domain/refusal.js';

const defaultLimit = 1000;
export const largestPage = 10_000;

/** @throws Refusal */
export function readPage(
  limit: string | undefined,
  cursor: string | undefined,
): { count: number; after: string | null } {
  const count = limit === undefined ? defaultLimit : Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > largestPage) {
    throw new Refusal('invalid_parameter', `limit: must be an integer from 1 to ${largestPage}`);
  }
  return { count, after: cursor === undefined ? null : nameIn(cursor) };
}

export function cursorBehind(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url');
}

function nameIn(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('utf8');
  if (cursor === '' || cursorBehind(name) !== cursor) throw new Refusal('invalid_cursor', 'cursor: is not one of ours');
  return name;
}
