/**
 * The contract of `GET /v1/history`, one suite for every store: the same readings in, the same answers out, whichever
 * parameter is asked with. What is right is what the planner makes of the readings themselves, by the definitions.
 */
import { answerHistory, type HistoryAnswer } from '../../src/history/json-answer.js';
import { readHistoryQuery } from '../../src/history/parameters.js';
import type { HistoryReader, HistoryStore } from '../../src/ports/history-store.js';
import { PlainReader } from './history-answers/plain-reader.js';
import { type Question, questions } from './history-answers/questions.js';
import { oddReadings, to } from './history-answers/readings.js';
import { lineOf } from './history-store/plain-store.js';

const samples = oddReadings();
const plainReader = new PlainReader(samples);

/** Writes the readings in the order in which they were accepted, in batches. */
export async function putReadings(store: HistoryStore): Promise<void> {
  const batchReadings = 500;
  for (let position = 0; position < samples.length; position += batchReadings) {
    const part = samples.slice(position, position + batchReadings);
    const low = position + part.length;
    const payload = Buffer.from(part.map(lineOf).join(''), 'utf8');
    const batch = { payload, runs: [{ position, count: part.length }], count: part.length };
    const result = await store.writer.write(batch, { low, ranges: [], stored: low, quarantined: 0 });
    if (result.outcome !== 'stored') throw new Error(JSON.stringify(result));
  }
}

const expectedAnswers = new Map<Question, string[]>();

async function expectedFor(question: Question): Promise<string[]> {
  let expected = expectedAnswers.get(question);
  if (!expected) expectedAnswers.set(question, (expected = await answersTo(question, plainReader)));
  return expected;
}

/**
 * @param most differences that are wanted
 * @returns a line for each question that this reader answers differently, with the first difference
 */
export async function differencesOf(reader: HistoryReader, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const differences: string[] = [];
  for (const question of questions) {
    if (differences.length >= most) break;
    const expected = await expectedFor(question);
    const given = await answersTo(question, reader);
    const place = expected.findIndex((line, index) => line !== given[index]);
    if (place < 0 && expected.length === given.length) continue;
    const at = place < 0 ? expected.length : place;
    differences.push(`${new URLSearchParams(question)}: ${given[at]} instead of ${expected[at]}`);
  }
  return differences;
}

const maxPages = 1000;

/** All pages, line by line. */
async function answersTo(question: Question, reader: HistoryReader): Promise<string[]> {
  const lines: string[] = [];
  let cursor: string | null = '';
  for (let page = 0; cursor !== null; page++) {
    if (page === maxPages) throw new Error(`${new URLSearchParams(question)} has no end`);
    const query = readHistoryQuery({ ...question, cursor }, { now: to, types: plainReader.types });
    const answer: HistoryAnswer = await answerHistory(query, reader);
    lines.push(JSON.stringify([answer.columns, answer.truncated, answer.next]));
    const isSummed = answer.columns.map((name) => /_(?:mean|sum|stddev)$/.test(name));
    for (const row of answer.rows)
      lines.push(JSON.stringify(row.map((cell, at) => (isSummed[at] ? rounded(cell) : cell))));
    cursor = answer.next;
  }
  return lines;
}

/** Sums of doubles differ in their last digits with the order of addition. */
function rounded(cell: unknown): unknown {
  return typeof cell === 'number' ? Number(cell.toPrecision(10)) : cell;
}
