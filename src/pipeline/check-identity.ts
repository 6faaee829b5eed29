/** Device, type and tags of a series that the catalog does not know yet. */
import { isDevice, isKey, isLongerThan, isTypeName, limits } from '../domain/reading.js';
import { pointerSegment } from '../domain/refusal.js';
import { Rejected } from '../domain/rejected.js';

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws Rejected for the first part that is wrong */
export function checkIdentity(device: unknown, type: unknown, tags: unknown): void {
  if (!isDevice(device)) {
    throw new Rejected(
      'device_invalid',
      '/device',
      device === undefined ? 'is missing' : 'must be 1 to 128 of A-Z a-z 0-9 . _ : - and begin with a letter or digit',
    );
  }
  if (!isTypeName(type)) {
    throw new Rejected('type_invalid', '/type', 'must be 1 to 64 of A-Z a-z 0-9 _ . - and begin with a letter');
  }
  if (!isPlainObject(tags)) throw new Rejected('tags_invalid', '/tags', 'must be an object');
  const keys = Object.keys(tags);
  if (keys.length > limits.tags)
    throw new Rejected('tags_invalid', '/tags', `must not have more than ${limits.tags} keys`);
  for (const key of keys) checkTag(key, tags[key]);
}

const controlCharacter = /\p{Cc}/u;

function checkTag(key: string, value: unknown): void {
  const path = `/tags/${pointerSegment(key)}`;
  if (!isKey(key)) throw new Rejected('tags_invalid', path, 'is not a name that a tag may have');
  if (typeof value !== 'string') throw new Rejected('tags_invalid', path, 'must be a string');
  if (value === '' || isLongerThan(value, limits.tagValueCharacters)) {
    throw new Rejected('tags_invalid', path, `must have 1 to ${limits.tagValueCharacters} characters`);
  }
  if (controlCharacter.test(value)) throw new Rejected('tags_invalid', path, 'must not have control characters');
  // UTF-8 cannot say half a surrogate pair: it would come out of the spool as another character than it went in.
  if (!value.isWellFormed()) throw new Rejected('tags_invalid', path, 'must not have half a surrogate pair');
}
