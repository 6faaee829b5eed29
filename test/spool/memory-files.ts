/**
 * A file system in memory that knows what would survive a power cut: only synced bytes of files whose directory entry
 * was synced. Faults are planted by replacing `failing`.
 */
import path from 'node:path';
import type { FileLayer, LogFile } from '../../src/spool/files.js';

interface Inode {
  data: Buffer;
  synced: Buffer;
}

export type Operation = 'create' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncDirectory';

export class MemoryFiles implements FileLayer {
  readonly #entries = new Map<string, Inode>();
  #syncedEntries = new Map<string, Inode>();
  /** Called before each operation; what it throws is what the file system says. */
  failing: (operation: Operation, file: string) => void | Promise<void> = () => undefined;
  syncs = 0;

  /** What a machine finds that comes back after a power cut. */
  afterPowerCut(): MemoryFiles {
    const after = new MemoryFiles();
    for (const [name, { synced }] of this.#syncedEntries) after.put(name, Buffer.from(synced));
    return after;
  }

  /** What the next process finds after a kill: everything that was written, synced or not. */
  afterKill(): MemoryFiles {
    const after = new MemoryFiles();
    for (const [name, { data }] of this.#entries) after.put(name, Buffer.from(data));
    return after;
  }

  put(name: string, data: Buffer): void {
    const inode = { data, synced: Buffer.from(data) };
    this.#entries.set(name, inode);
    this.#syncedEntries.set(name, inode);
  }

  get(name: string): Buffer | undefined {
    return this.#entries.get(name)?.data;
  }

  names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  async makeDirectory(): Promise<void> {
    // Directories are the names of their files.
  }

  async list(directory: string): Promise<string[]> {
    return this.names()
      .filter((name) => path.dirname(name) === directory)
      .map((name) => path.basename(name));
  }

  async create(name: string): Promise<LogFile> {
    await this.failing('create', name);
    const inode = this.#entries.get(name) ?? { data: Buffer.alloc(0), synced: Buffer.alloc(0) };
    inode.data = Buffer.alloc(0);
    this.#entries.set(name, inode);
    return this.#file(name, inode);
  }

  async open(name: string): Promise<LogFile> {
    const inode = this.#entries.get(name);
    if (!inode) throw Object.assign(new Error(`no such file: ${name}`), { code: 'ENOENT' });
    return this.#file(name, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.failing('rename', from);
    const inode = this.#entries.get(from)!;
    this.#entries.delete(from);
    this.#entries.set(to, inode);
  }

  async remove(name: string): Promise<void> {
    await this.failing('remove', name);
    this.#entries.delete(name);
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.failing('syncDirectory', directory);
    this.#syncedEntries = new Map(this.#entries);
  }

  #file(name: string, inode: Inode): LogFile {
    const before = (operation: Operation) => this.failing(operation, name);
    const sync = async () => {
      await before('sync');
      this.syncs++;
      inode.synced = Buffer.from(inode.data);
    };
    return {
      async size() {
        return inode.data.length;
      },
      async write(buffers, offset) {
        const bytes = Buffer.concat(buffers);
        await before('write');
        const grown = Buffer.alloc(Math.max(inode.data.length, offset + bytes.length));
        inode.data.copy(grown);
        bytes.copy(grown, offset);
        inode.data = grown;
        await sync();
      },
      async read(offset, length, memory) {
        const found = inode.data.subarray(offset, offset + length);
        const bytes = memory?.take(found.length) ?? Buffer.alloc(found.length);
        found.copy(bytes);
        return bytes;
      },
      async truncate(length) {
        await before('truncate');
        inode.data = Buffer.from(inode.data.subarray(0, length));
        await sync();
      },
      async close() {
        // Nothing is held.
      },
    };
  }
}
