/**
 * Names of other formats as names that a reading may have (domain/reading.ts): a character that may not be there becomes
 * `_`, a first character that may not be the first gets a letter or `_` before it, and a reserved or doubled key gets `_`
 * behind it. What is too long stays so, and is rejected with the reading: cut off, two names could become one.
 */
import { isDevice, isReservedKey } from '../domain/reading.js';

const notInDevice = /[^A-Za-z0-9._:-]/gu;
const notInKey = /[^A-Za-z0-9_.-]/gu;
const letter = /^[A-Za-z]/;
const letterOrDigit = /^[A-Za-z0-9]/;
const letterOrUnderscore = /^[A-Za-z_]/;

export function deviceName(text: string): string {
  const isFine: boolean = isDevice(text);
  if (isFine) return text;
  const name = text.replace(notInDevice, '_');
  return letterOrDigit.test(name) ? name : `d${name}`;
}

export function typeName(text: string): string {
  const name = text.replace(notInKey, '_');
  return letter.test(name) ? name : `m${name}`;
}

/** @param isTaken whether another tag or field of the reading has the name */
export function keyName(text: string, isTaken: (name: string) => boolean): string {
  let name = text.replace(notInKey, '_');
  if (!letterOrUnderscore.test(name)) name = `_${name}`;
  while (isReservedKey(name) || isTaken(name)) name += '_';
  return name;
}
