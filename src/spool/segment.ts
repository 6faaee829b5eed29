/** One file of the log, with a sparse index from position to offset that lives in memory only. */
import path from 'node:path';
import type { FileLayer, LogFile } from './files.js';
import { encodeSegmentHeader, segmentHeaderBytes, segmentName, type SegmentName } from './format.js';

/** A read for a position starts at most this far before it. */
export const indexEveryBytes = 64 * 1024;

export class Segment {
  readonly key: number;
  readonly firstPosition: number;
  readonly path: string;
  readonly file: LogFile;
  /** Behind the last durable record: what is written but not synced, or void, lies beyond. */
  endOffset: number = segmentHeaderBytes;
  /** Position behind the last durable reading. */
  endPosition: number;
  readonly #positions: number[] = [];
  readonly #offsets: number[] = [];
  #readers = 0;
  #isUnlinked = false;
  #removed = false;

  constructor({ firstPosition, key }: SegmentName, filePath: string, file: LogFile) {
    this.firstPosition = firstPosition;
    this.endPosition = firstPosition;
    this.key = key;
    this.path = filePath;
    this.file = file;
  }

  /** Makes the file durable, header and directory entry, before anything relies on it. */
  static async create(files: FileLayer, directory: string, name: SegmentName, rejectedTotal: number): Promise<Segment> {
    const filePath = path.join(directory, segmentName(name));
    const file = await files.create(filePath);
    try {
      await file.write([encodeSegmentHeader(name.firstPosition, rejectedTotal)], 0);
      await files.syncDirectory(directory);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Segment(name, filePath, file);
  }

  /** A durable record lies at `offset`. Records come in order. */
  note(position: number, count: number, offset: number, bytes: number): void {
    const last = this.#offsets.length - 1;
    if (last < 0 || offset - this.#offsets[last]! >= indexEveryBytes) {
      this.#positions.push(position);
      this.#offsets.push(offset);
    }
    this.endOffset = offset + bytes;
    this.endPosition = position + count;
  }

  /** The nearest indexed record at or before the one that holds `position`, or the first. */
  startBefore(position: number): { offset: number; position: number } {
    let low = 0;
    let high = this.#positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#positions[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return { offset: segmentHeaderBytes, position: this.firstPosition };
    return { offset: this.#offsets[low - 1]!, position: this.#positions[low - 1]! };
  }

  /** Runs `read` with the file kept open, also when the segment is removed meanwhile. */
  async whileOpen<T>(read: () => Promise<T>): Promise<T> {
    this.#readers++;
    try {
      return await read();
    } finally {
      this.#readers--;
      if (this.#removed && this.#readers === 0) await this.file.close();
    }
  }

  /** May be called again when it failed. */
  async remove(files: FileLayer): Promise<void> {
    if (!this.#isUnlinked) await files.remove(this.path);
    this.#isUnlinked = true;
    await files.syncDirectory(path.dirname(this.path));
    this.#removed = true;
    if (this.#readers === 0) await this.file.close();
  }
}
