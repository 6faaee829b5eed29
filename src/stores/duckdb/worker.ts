/** The thread that all DuckDB work is done in: parsing and appending a batch would block the main one for 60 ms. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseOptions } from './database.js';
import { DatabaseLost, Engine } from './engine.js';
import type { Answer, Calls, CallName, QueryChunk, Question } from './protocol.js';
import type { RunningQuery } from './running-query.js';
import { stepBack } from './step-back.js';
import { Turnstile } from '../../domain/turnstile.js';

/** Open queries at most; each has a connection. */
const maxQueries = 64;
/**
 * Steps of queries at a time. A running statement holds one of the four threads that Node has for file work, in all of
 * its workers together, and the spool's fsync needs one too: an ack must not wait for an export.
 */
const maxSteps = 2;

stepBack();
const port = parentPort!;
const engine = new Engine(workerData as DatabaseOptions);
const queries = new Map<number, RunningQuery>();
const steps = new Turnstile(maxSteps);

// A thread that ends with the file open takes the whole process with it, as DuckDB's binding then throws where nobody can
// catch it. So whatever goes wrong here, the file is closed first.
process.on('uncaughtException', (error) => {
  process.emitWarning(`the store's worker ends: ${error.message}`);
  void end();
});

port.on('message', (question: Question) => {
  void respond(question);
});

async function respond(question: Question): Promise<void> {
  let answer: Answer;
  try {
    answer = { id: question.id, value: await answerTo(question) };
  } catch (error) {
    if (error instanceof DatabaseLost) return end();
    answer = { id: question.id, error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
  if (question.call === 'stop' || (question.call === 'open' && 'error' in answer)) port.close();
}

/** Leaves what is only in the log to the next worker. */
async function end(): Promise<void> {
  for (const number of queries.keys()) await endQuery(number);
  await engine.abandon();
  port.close();
}

async function answerTo(question: Question): Promise<Calls[CallName]['answer']> {
  switch (question.call) {
    case 'open':
      await engine.open();
      return null;
    case 'prepare':
      engine.prepare(question.batch);
      return null;
    case 'write':
      return engine.write(question.batch, question.state);
    case 'hold':
      engine.hold(question.position);
      return null;
    case 'retain':
      await engine.retain(question.beforeMs);
      return null;
    case 'remove':
      await engine.remove(question.device);
      return null;
    case 'deliveryState':
      return engine.deliveryState();
    case 'kinds':
      return engine.kinds();
    case 'query':
      if (queries.size >= maxQueries) throw new Error(`there are ${maxQueries} queries under way already`);
      queries.set(question.query, await engine.query(question));
      return nextChunk(question.query);
    case 'next':
      return nextChunk(question.query);
    case 'cancel':
      await endQuery(question.query);
      return null;
    default:
      // stop.
      for (const number of queries.keys()) await endQuery(number);
      await engine.close();
      return null;
  }
}

async function nextChunk(number: number): Promise<QueryChunk | null> {
  const query = queries.get(number);
  if (!query) throw new Error('the query has ended');
  const chunk = await steps
    .pass(async () => (queries.has(number) ? query.next() : null))
    .catch((error: unknown) => {
      queries.delete(number);
      throw error;
    });
  if (chunk === null) queries.delete(number);
  return chunk;
}

async function endQuery(number: number): Promise<void> {
  const query = queries.get(number);
  queries.delete(number);
  await query?.cancel();
}
