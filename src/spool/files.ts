/**
 * All that the spool asks of a file system. Injectable, so that a test can lose, tear or refuse what was not synced.
 *
 * Files are opened with O_DSYNC: a write returns when its data, and the size that it needs, are on the medium, as fdatasync
 * would have it, and without a second way through the event loop for that.
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import type { ReusedBytes } from '../domain/reused-bytes.js';

export interface LogFile {
  size(): Promise<number>;
  /** Writes all of the buffers, in order, from `offset` on. Returns when they are on the medium. */
  write(buffers: Uint8Array[], offset: number): Promise<void>;
  /**
   * @param memory that the bytes may be read into
   * @returns the bytes read, fewer than `length` only at the end of the file
   */
  read(offset: number, length: number, memory?: ReusedBytes): Promise<Buffer>;
  /** Returns when the new length is on the medium. */
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export interface FileLayer {
  makeDirectory(path: string): Promise<void>;
  /** Names of the files in a directory. */
  list(directory: string): Promise<string[]>;
  /** Makes the file, or empties the one that is there. */
  create(path: string): Promise<LogFile>;
  /** Opens an existing file for reading and writing. */
  open(path: string): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(directory: string): Promise<void>;
}

const durable = constants.O_RDWR | constants.O_DSYNC;

class NodeLogFile implements LogFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async write(buffers: Uint8Array[], offset: number): Promise<void> {
    let at = offset;
    let rest = buffers;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, at);
      at += bytesWritten;
      rest = behind(rest, bytesWritten);
    }
  }

  async read(offset: number, length: number, memory?: ReusedBytes): Promise<Buffer> {
    const buffer = memory?.take(length) ?? Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length);
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** What is left of the buffers when so many bytes of them are written. */
function behind(buffers: Uint8Array[], bytes: number): Uint8Array[] {
  let passed = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (passed < buffer.length) return [buffer.subarray(passed), ...buffers.slice(index + 1)];
    passed -= buffer.length;
  }
  return [];
}

export const nodeFiles: FileLayer = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true });
  },
  async list(directory) {
    return readdir(directory);
  },
  async create(path) {
    return new NodeLogFile(await open(path, durable | constants.O_CREAT | constants.O_TRUNC, 0o640));
  },
  async open(path) {
    return new NodeLogFile(await open(path, durable));
  },
  rename,
  async remove(path) {
    await unlink(path);
  },
  async syncDirectory(directory) {
    const handle = await open(directory, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};
