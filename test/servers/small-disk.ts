/**
 * A file system of a few MiB in memory, which can be filled, emptied and made read-only. Mounting needs the right to it,
 * which root has.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export class SmallDisk {
  readonly #size: string;
  path = '';

  /** @param size as `mount` takes it */
  constructor(size: string) {
    this.#size = size;
  }

  async mount(): Promise<this> {
    this.path = await mkdtemp(path.join(tmpdir(), 'inlet-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${this.#size},mode=700`, 'tmpfs', this.path]);
    return this;
  }

  async unmount(): Promise<void> {
    execFileSync('umount', ['-l', this.path]);
    await rm(this.path, { recursive: true });
  }

  /** Leaves not a byte. */
  fill(): void {
    try {
      for (;;) appendFileSync(this.#filling, Buffer.alloc(65_536));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Takes away what `fill` wrote. */
  makeRoom(): void {
    rmSync(this.#filling, { force: true });
  }

  remount(mode: 'ro' | 'rw'): void {
    execFileSync('mount', ['-o', `remount,${mode}`, this.path]);
  }

  get #filling(): string {
    return path.join(this.path, 'filling');
  }
}

/** As `influxdIsMissing`: said loudly, and an error where `CI` is set. */
export async function smallDiskIsMissing(suite: string): Promise<boolean> {
  const directory = await mkdtemp(path.join(tmpdir(), 'inlet-disk-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', directory]).status === 0;
  if (isMounted) execFileSync('umount', [directory]);
  await rm(directory, { recursive: true });
  if (isMounted) return false;
  const message = `${suite} DID NOT RUN: mounting a file system is not allowed here`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n\n`);
  return true;
}
