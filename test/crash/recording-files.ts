/**
 * A file layer in memory that writes down every operation, so that the states in which a power cut could leave the disk
 * can be made afterwards. What it assumes of a disk is little: data of a file is durable when a sync of that file has
 * returned, a directory entry when a sync of the directory has; of what was done since, any part may have arrived, in any
 * order, and a write may be torn at a sector.
 */
import path from 'node:path';
import { setImmediate as aWhile } from 'node:timers/promises';
import type { FileLayer, LogFile } from '../../src/spool/files.js';

export type Inode = number;

export type FileOperation =
  { kind: 'write'; inode: Inode; offset: number; bytes: Buffer } | { kind: 'truncate'; inode: Inode; length: number };

export type EntryOperation = { kind: 'link'; name: string; inode: Inode } | { kind: 'unlink'; name: string };

export type Operation =
  | FileOperation
  | EntryOperation
  | { kind: 'sync'; inode: Inode }
  | { kind: 'syncDirectory' }
  /** Something that the outside was told, for the oracle. */
  | { kind: 'mark'; mark: unknown };

/** What must not be done, to see that a test notices. */
export type Sabotage = 'no fsync' | 'no directory fsync';

export class RecordingFiles implements FileLayer {
  readonly operations: Operation[] = [];
  readonly #contents: Buffer[] = [];
  readonly #entries = new Map<string, Inode>();
  readonly #sabotage: Sabotage | undefined;
  /** Called before each operation of a kind; what it throws is what the disk says. */
  failing: (kind: Operation['kind']) => void = () => undefined;

  constructor(start: ReadonlyMap<string, Buffer> = new Map(), sabotage?: Sabotage) {
    this.#sabotage = sabotage;
    for (const [name, bytes] of start) {
      this.#entries.set(name, this.#contents.push(Buffer.from(bytes)) - 1);
      const inode = this.#contents.length - 1;
      this.operations.push(
        { kind: 'link', name, inode },
        { kind: 'write', inode, offset: 0, bytes: Buffer.from(bytes) },
      );
      this.operations.push({ kind: 'sync', inode });
    }
    this.operations.push({ kind: 'syncDirectory' });
  }

  mark(mark: unknown): void {
    this.operations.push({ kind: 'mark', mark });
  }

  async makeDirectory(): Promise<void> {
    // Directories are the names of their files.
  }

  async list(directory: string): Promise<string[]> {
    return [...this.#entries.keys()]
      .filter((name) => path.dirname(name) === directory)
      .map((name) => path.basename(name));
  }

  async create(name: string): Promise<LogFile> {
    this.failing('link');
    const known = this.#entries.get(name);
    if (known !== undefined) {
      const file = this.#file(known);
      await file.truncate(0);
      return file;
    }
    const inode = this.#contents.push(Buffer.alloc(0)) - 1;
    this.#entries.set(name, inode);
    this.operations.push({ kind: 'link', name, inode });
    return this.#file(inode);
  }

  async open(name: string): Promise<LogFile> {
    const inode = this.#entries.get(name);
    if (inode === undefined) throw Object.assign(new Error(`no such file: ${name}`), { code: 'ENOENT' });
    return this.#file(inode);
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.#entries.get(from)!;
    this.#entries.delete(from);
    this.#entries.set(to, inode);
    // A rename is atomic: one operation for what stands at the new name, one for what does not at the old.
    this.operations.push({ kind: 'link', name: to, inode }, { kind: 'unlink', name: from });
  }

  /** Takes a while, as it does on a disk, so that what goes on beside it comes before it and between two of them. */
  async remove(name: string): Promise<void> {
    await aWhile();
    this.#entries.delete(name);
    this.operations.push({ kind: 'unlink', name });
  }

  async syncDirectory(): Promise<void> {
    if (this.#sabotage !== 'no directory fsync') this.operations.push({ kind: 'syncDirectory' });
  }

  #file(inode: Inode): LogFile {
    const contents = this.#contents;
    const note = (operation: Operation) => {
      this.failing(operation.kind);
      this.operations.push(operation);
    };
    const sync = () => {
      if (this.#sabotage !== 'no fsync') note({ kind: 'sync', inode });
    };
    return {
      async size() {
        return contents[inode]!.length;
      },
      async write(buffers, offset) {
        const bytes = Buffer.concat(buffers);
        note({ kind: 'write', inode, offset, bytes });
        contents[inode] = written(contents[inode]!, offset, bytes);
        sync();
      },
      async read(offset, length, memory) {
        const found = contents[inode]!.subarray(offset, offset + length);
        const bytes = memory?.take(found.length) ?? Buffer.alloc(found.length);
        found.copy(bytes);
        return bytes;
      },
      async truncate(length) {
        note({ kind: 'truncate', inode, length });
        contents[inode] = Buffer.from(contents[inode]!.subarray(0, length));
        sync();
      },
      async close() {
        // Nothing is held.
      },
    };
  }
}

/** A file's bytes after a write; what lies between its end and the offset is zeros. */
export function written(before: Buffer, offset: number, bytes: Buffer): Buffer {
  const after = Buffer.alloc(Math.max(before.length, offset + bytes.length));
  before.copy(after);
  bytes.copy(after, offset);
  return after;
}
