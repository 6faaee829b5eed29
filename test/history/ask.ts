/** Asks the planner as the HTTP route does. */
import { answerHistory, type HistoryAnswer } from '../../src/history/json-answer.js';
import type { Parameters } from '../../src/history/parameter.js';
import { readHistoryQuery } from '../../src/history/parameters.js';
import type { MemoryReader } from './memory-reader.js';

export const now = Date.UTC(2024, 5, 1, 12);

export async function ask(reader: MemoryReader, parameters: Parameters, at = now): Promise<HistoryAnswer> {
  return answerHistory(readHistoryQuery(parameters, { now: at, types: reader.types() }), reader);
}

/** Nanoseconds of a time in UTC. */
export function ns(iso: string): bigint {
  return BigInt(Date.parse(iso)) * 1_000_000n;
}
