/**
 * The file of the quarantine: one JSON object a line, appended and synced.
 *
 *     {"id":5,"at":1700000000000,"reason":"…","line":"machine,device=…"}     an entry came
 *     {"left":[5,6],"departure":"replayed"}                                  entries left
 *     {"replayed":1,"discarded":0}                                           first line: those that left before
 *
 * A line that was cut off by a crash was never relied on. At start the file is written anew, without what has left.
 */
import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Departure, QuarantineEntry } from '../ports/quarantine.js';

type Line = QuarantineEntry | { left: number[]; departure: Departure } | { replayed: number; discarded: number };

export interface EntryLogContent {
  entries: Map<number, QuarantineEntry>;
  replayed: number;
  discarded: number;
}

export class EntryLog {
  readonly #file: string;
  #handle: FileHandle | undefined;

  constructor(directory: string) {
    this.#file = path.join(directory, 'entries.ndjson');
  }

  /** Reads what is there and writes it anew. */
  async open(): Promise<EntryLogContent> {
    await mkdir(path.dirname(this.#file), { recursive: true });
    const content = await this.#read();
    await this.#rewrite(content);
    this.#handle = await open(this.#file, 'a', 0o640);
    return content;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async append(lines: readonly Line[]): Promise<void> {
    const handle = this.#handle;
    if (!handle) throw new Error('the quarantine is closed');
    await handle.appendFile(textOf(lines));
    await handle.datasync();
  }

  async #read(): Promise<EntryLogContent> {
    const content: EntryLogContent = { entries: new Map(), replayed: 0, discarded: 0 };
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) if (line !== '') take(JSON.parse(line) as Line, content);
    return content;
  }

  async #rewrite({ entries, replayed, discarded }: EntryLogContent): Promise<void> {
    const aside = `${this.#file}.new`;
    const handle = await open(aside, 'w', 0o640);
    try {
      await handle.appendFile(textOf([{ replayed, discarded }, ...entries.values()]));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, this.#file);
    const directory = await open(path.dirname(this.#file), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

function take(line: Line, content: EntryLogContent): void {
  if ('id' in line) content.entries.set(line.id, line);
  else if ('left' in line) {
    for (const id of line.left) if (content.entries.delete(id)) content[line.departure]++;
  } else {
    content.replayed = line.replayed;
    content.discarded = line.discarded;
  }
}

function textOf(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
