/**
 * Devices that were deleted: what the spool and an older snapshot still hold of them must not bring them back. A file of JSON
 * lines, appended and synced; the last line of a device counts:
 *
 *     {"device":"boiler-7","before":1200,"head":1230}      its readings before position 1200 are gone; said at position 1230
 *
 * A line is needed until a snapshot has been written since, and the spool has nothing older: there are never more of them
 * than devices in these two.
 */
import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

export interface Deletion {
  device: string;
  before: number;
  /** How far the spool was. */
  head: number;
}

export class Deletions {
  readonly #file: string;
  readonly #byDevice = new Map<string, Deletion>();
  #handle: FileHandle | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  async start(): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true });
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    // Nobody was told of a line that was cut off by a crash.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) if (line !== '') this.#keep(JSON.parse(line) as Deletion);
    if (whole === text) this.#handle = await open(this.#file, 'a', 0o640);
    else await this.#rewrite();
  }

  async stop(): Promise<void> {
    await this.#turn;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Returns when it is durable. */
  async add(deletion: Deletion): Promise<void> {
    this.#keep(deletion);
    await this.#inTurn(async () => {
      await this.#handle!.appendFile(lineOf(deletion));
      await this.#handle!.datasync();
    });
  }

  has(device: string, position: number): boolean {
    const deletion = this.#byDevice.get(device);
    return deletion !== undefined && position < deletion.before;
  }

  /** Those that a snapshot of this position may not know of. */
  since(position: number): Deletion[] {
    return [...this.#byDevice.values()].filter(({ head }) => head >= position);
  }

  /** Drops what nobody can bring back: the snapshot is as new as `saved`, and the spool begins at `tail`. */
  async settle(saved: number, tail: number): Promise<void> {
    const settled = [...this.#byDevice.values()].filter(({ before, head }) => head <= saved && before <= tail);
    if (settled.length === 0) return;
    for (const { device } of settled) this.#byDevice.delete(device);
    await this.#inTurn(() => this.#rewrite());
  }

  #keep(deletion: Deletion): void {
    this.#byDevice.set(deletion.device, deletion);
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #rewrite(): Promise<void> {
    const aside = `${this.#file}.new`;
    const handle = await open(aside, 'w', 0o640);
    try {
      await handle.appendFile([...this.#byDevice.values()].map(lineOf).join(''));
      await handle.sync();
      await rename(aside, this.#file);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await this.#handle?.close();
    this.#handle = handle;
    const directory = await open(path.dirname(this.#file), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

function lineOf({ device, before, head }: Deletion): string {
  return `${JSON.stringify({ device, before, head })}\n`;
}
