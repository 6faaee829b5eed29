import { DuckDBInstance, DuckDBPendingResultState, type DuckDBConnection } from '@duckdb/node-api';
import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { prepareLayout } from './layout.js';
import { sleep } from './rests.js';
import { withThreadsBack } from './step-back.js';

export interface DatabaseOptions {
  directory: string;
  /** What DuckDB may use for its own work; more spills to disk. */
  maxMemoryBytes?: number | undefined;
  /** At a commit the log goes into the file when it has grown to this; `usualLogBytes` when it is left out. */
  longestLogBytes?: number;
}

/**
 * At 16 MiB, DuckDB's default, bringing the log into the file took a tenth of the writing. At 32 it takes 5 % more processor
 * time than here (1.53 s for a million readings, not 1.46), and what memory it saves is little: a body of 3.2 million readings
 * brings the process from 170 MiB to 430 then, and to 510 here.
 */
const usualLogBytes = 128 * 1024 * 1024;
/** Of that: then it goes there without a commit, while there is time. */
const earlyShare = 0.75;

const { RESULT_READY: ready, RESULT_NOT_READY: notReady } = DuckDBPendingResultState;
/** For the other threads of DuckDB, when they have all that is left to do. */
const waitMs = 0.5;

/** The log beside the file, which has what was committed since the last checkpoint. */
interface LogFile {
  path: string;
  earlyBytes: number;
}

/** The open file: one connection for all writing, and as many as there are queries for reading. */
export class Database {
  readonly writer: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly #log: LogFile;

  constructor(instance: DuckDBInstance, writer: DuckDBConnection, log: LogFile) {
    this.#instance = instance;
    this.#log = log;
    this.writer = writer;
  }

  /** @throws with a sentence for the operator when the file cannot be used */
  static async open({
    directory,
    maxMemoryBytes,
    longestLogBytes = usualLogBytes,
  }: DatabaseOptions): Promise<Database> {
    // Not synchronously: so the threads that Node has for file work are there before DuckDB makes its own.
    await mkdir(directory, { recursive: true });
    const file = path.join(directory, 'history.duckdb');
    const memoryBytes = maxMemoryBytes ?? Math.min(2 * 1024 ** 3, Math.floor(os.totalmem() / 4));
    const settings = {
      memory_limit: `${Math.floor(memoryBytes / 1024)}KiB`,
      checkpoint_threshold: `${longestLogBytes}B`,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    };
    let instance: DuckDBInstance | undefined;
    try {
      instance = await withThreadsBack(() => DuckDBInstance.create(file, settings));
      const writer = await instance.connect();
      await prepareLayout(writer);
      return new Database(instance, writer, { path: `${file}.wal`, earlyBytes: earlyShare * longestLogBytes });
    } catch (error) {
      instance?.closeSync();
      throw new Error(`cannot open ${file}: ${explain(error)}`, { cause: error });
    }
  }

  /** A connection for one query; whoever asked closes it. */
  async reader(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /**
   * Brings the log into the file when it will be due soon, in this thread: it takes a quarter of a second, and the thread that
   * Node has a commit carried out by would not step back.
   */
  async checkpointEarly(): Promise<void> {
    if ((statSync(this.#log.path, { throwIfNoEntry: false })?.size ?? 0) < this.#log.earlyBytes) return;
    const pending = await this.writer.start('CHECKPOINT');
    for (let state = pending.runTask(); state !== ready; state = pending.runTask()) {
      if (state !== notReady) sleep(waitMs);
    }
    await pending.getResult();
  }

  async close(): Promise<void> {
    await this.writer.run('CHECKPOINT');
    this.abandon();
  }

  /** Closes the file as it is; what is only in the log is read from there when it is opened again. */
  abandon(): void {
    this.writer.closeSync();
    this.#instance.closeSync();
  }
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const holder = /Conflicting lock is held in .*?\(PID (\d+)\)/.exec(message);
  if (holder) return `another process (PID ${holder[1]}) has it open`;
  if (/Could not set lock on file/.test(message)) return 'another process has it open';
  if (/database file with version number/.test(message)) return `another version of DuckDB wrote it (${message})`;
  return message;
}
