/** The thread that one Parquet file is made in. It takes chunks one after the other, then `finish`, or `cancel` at any time. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Cell } from '../../ports/history-store.js';
import { ParquetJob, type ParquetJobOptions } from './parquet-job.js';
import { stepBack } from './step-back.js';

export type ParquetAsk = { append: Cell[][] } | { finish: true } | { cancel: true };
export type ParquetAnswer = { taken: true } | { byteLength: number } | { error: string };

stepBack();
const port = parentPort!;
const opening = ParquetJob.open(workerData as ParquetJobOptions);
let lastWork: Promise<unknown> = opening;
let isCancelled = false;

port.on('message', (ask: ParquetAsk) => {
  if ('cancel' in ask) {
    void end();
    return;
  }
  const work = answerTo(ask);
  lastWork = work;
  work.then(
    (answer) => port.postMessage(answer),
    (error: unknown) => {
      if (!isCancelled) port.postMessage({ error: error instanceof Error ? error.message : String(error) });
    },
  );
});

async function answerTo(ask: Exclude<ParquetAsk, { cancel: true }>): Promise<ParquetAnswer> {
  const job = await opening;
  if ('finish' in ask) return { byteLength: await job.finish() };
  job.append(ask.append);
  return { taken: true };
}

/** DuckDB's binding must be closed before the thread ends, or the process goes with it; and not while it works. */
async function end(): Promise<void> {
  isCancelled = true;
  const job = await opening.catch(() => undefined);
  job?.interrupt();
  await lastWork.catch(() => undefined);
  job?.close();
  port.close();
}
