/** Single parameters of a history request, as text from the URL. What cannot be understood is refused by name. */
import { Refusal } from '../domain/refusal.js';

export type Parameters = Readonly<Record<string, string>>;

/** Entries that one comma-separated list may have. */
export const maxListed = 1000;
/** Characters of one entry: twice as many as the longest name has. */
const maxEntryCharacters = 256;
const maxQuotedCharacters = 80;

export function refuse(name: string, message: string): never {
  throw new Refusal('invalid_parameter', `${name}: ${message}`);
}

/** A client's own words in a message: short, and in quotes. */
export function quote(text: string): string {
  return JSON.stringify(text.length > maxQuotedCharacters ? `${text.slice(0, maxQuotedCharacters)}…` : text);
}

/** An empty value is as good as none: forms and simple clients send those. */
export function textOf(parameters: Parameters, name: string): string | undefined {
  const text = parameters[name];
  return text === undefined || text === '' ? undefined : text;
}

export function listOf(parameters: Parameters, name: string): string[] | undefined {
  const text = textOf(parameters, name);
  if (text === undefined) return undefined;
  const entries = [...new Set(text.split(',').filter((entry) => entry !== ''))];
  if (entries.length === 0) refuse(name, 'must name something');
  if (entries.length > maxListed) refuse(name, `must not list more than ${maxListed}`);
  const long = entries.find((entry) => entry.length > maxEntryCharacters);
  if (long !== undefined) refuse(name, `${quote(long)} is longer than ${maxEntryCharacters} characters`);
  return entries;
}

export function choiceOf<Choice extends string>(
  parameters: Parameters,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textOf(parameters, name);
  return text === undefined ? undefined : choose(name, text, choices);
}

export function choicesOf<Choice extends string>(
  parameters: Parameters,
  name: string,
  choices: readonly Choice[],
): Choice[] | undefined {
  return listOf(parameters, name)?.map((text) => choose(name, text, choices));
}

function choose<Choice extends string>(name: string, text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((choice) => choice === text);
  return choice ?? refuse(name, `must be one of ${choices.join(', ')}, not ${quote(text)}`);
}

export function integerOf(parameters: Parameters, name: string, min: number, max: number): number | undefined {
  const text = textOf(parameters, name);
  if (text === undefined) return undefined;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  return refuse(name, `must be an integer from ${min} to ${max}, not ${quote(text)}`);
}
