/** The states in which a power cut may leave a disk, made from a record of what was done to it. */
import { createHash } from 'node:crypto';
import { written, type EntryOperation, type FileOperation, type Inode, type Operation } from './recording-files.js';

export interface CrashState {
  files: Map<string, Buffer>;
  /** Operations before the cut. */
  cutAt: number;
  /** What became of the operations that were not synced. */
  fate: string;
}

const sectors = [512, 4096];
/** With more operations than that in doubt at once, not every combination is tried. */
const maxCombined = 4;

/** Every distinct state, for a cut at every operation from `from` on. `seen` holds the digests of those that were given. */
export function* crashStates(operations: readonly Operation[], from: number, seen: Set<string>): Generator<CrashState> {
  const disk = new Disk();
  for (const [index, operation] of operations.entries()) {
    disk.do(operation);
    if (index < from || operation.kind === 'mark') continue;
    for (const { files, fate } of disk.statesAfterCut()) {
      const digest = digestOf(files);
      if (seen.has(digest)) continue;
      seen.add(digest);
      yield { files, cutAt: index + 1, fate };
    }
  }
}

class Disk {
  readonly #durable = new Map<Inode, Buffer>();
  readonly #entries = new Map<string, Inode>();
  #doubtfulData: FileOperation[] = [];
  #doubtfulEntries: EntryOperation[] = [];

  do(operation: Operation): void {
    switch (operation.kind) {
      case 'write':
      case 'truncate':
        this.#doubtfulData.push(operation);
        return;
      case 'link':
      case 'unlink':
        this.#doubtfulEntries.push(operation);
        return;
      case 'sync': {
        const { inode } = operation;
        for (const one of this.#doubtfulData) if (one.inode === inode) apply(this.#durable, one);
        this.#doubtfulData = this.#doubtfulData.filter((one) => one.inode !== inode);
        return;
      }
      case 'syncDirectory':
        for (const one of this.#doubtfulEntries) applyEntry(this.#entries, one);
        this.#doubtfulEntries = [];
        return;
      case 'mark':
    }
  }

  *statesAfterCut(): Generator<{ files: Map<string, Buffer>; fate: string }> {
    for (const entries of fates(this.#doubtfulEntries)) {
      const names = new Map(this.#entries);
      for (const one of entries.kept) applyEntry(names, one);
      for (const data of dataFates(this.#doubtfulData)) {
        const contents = new Map(this.#durable);
        for (const one of data.kept) apply(contents, one);
        const files = new Map([...names].map(([name, inode]) => [name, contents.get(inode) ?? Buffer.alloc(0)]));
        yield { files, fate: `entries ${entries.fate}, data ${data.fate}` };
      }
    }
  }
}

/** Which of the operations arrived: every combination of a few, else every beginning and every single one. */
function* fates<T>(doubtful: readonly T[]): Generator<{ kept: T[]; fate: string }> {
  if (doubtful.length <= maxCombined) {
    for (let bits = 0; bits < 2 ** doubtful.length; bits++) {
      yield { kept: doubtful.filter((_, index) => bits & (1 << index)), fate: `combination ${bits}` };
    }
    return;
  }
  for (let count = 0; count <= doubtful.length; count++)
    yield { kept: doubtful.slice(0, count), fate: `first ${count}` };
  for (const [index, one] of doubtful.entries()) yield { kept: [one], fate: `only ${index}` };
}

/** Beside what arrived whole: the last write torn at each sector, its beginning or its end kept, or only its length. */
function* dataFates(doubtful: readonly FileOperation[]): Generator<{ kept: FileOperation[]; fate: string }> {
  yield* fates(doubtful);
  const last = doubtful.at(-1);
  if (last?.kind !== 'write') return;
  const before = doubtful.slice(0, -1);
  for (const sector of sectors) {
    for (let cut = sector - (last.offset % sector); cut < last.bytes.length; cut += sector) {
      const head = { ...last, bytes: last.bytes.subarray(0, cut) };
      const tail = { ...last, offset: last.offset + cut, bytes: last.bytes.subarray(cut) };
      yield { kept: [...before, head], fate: `torn at ${cut}, beginning kept` };
      yield { kept: [...before, tail], fate: `torn at ${cut}, end kept` };
    }
  }
  yield { kept: [...before, { ...last, bytes: Buffer.alloc(last.bytes.length) }], fate: 'length kept, bytes zero' };
}

function apply(contents: Map<Inode, Buffer>, operation: FileOperation): void {
  const before = contents.get(operation.inode) ?? Buffer.alloc(0);
  if (operation.kind === 'write') contents.set(operation.inode, written(before, operation.offset, operation.bytes));
  else contents.set(operation.inode, Buffer.from(before.subarray(0, operation.length)));
}

function applyEntry(entries: Map<string, Inode>, operation: EntryOperation): void {
  if (operation.kind === 'link') entries.set(operation.name, operation.inode);
  else entries.delete(operation.name);
}

function digestOf(files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha1');
  for (const name of [...files.keys()].sort())
    hash.update(`${name}\0${files.get(name)!.length}\0`).update(files.get(name)!);
  return hash.digest('base64');
}
