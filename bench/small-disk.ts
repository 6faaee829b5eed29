/**
 * A file system in memory that has room for next to nothing, until it is made to grow: a store on it refuses as on a full
 * disk. Mounting takes root.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const smallSize = '4m';

export class SmallDisk {
  readonly #directory: string;
  readonly #unmount = () => void spawnSync('umount', ['-l', this.#directory]);

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns whether this process may mount */
  mount(): boolean {
    mkdirSync(this.#directory, { recursive: true });
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${smallSize}`, 'tmpfs', this.#directory]);
    if (status !== 0) return false;
    // Nothing outlives a benchmark that is interrupted.
    process.on('exit', this.#unmount);
    return true;
  }

  grow(size: string): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.#directory]);
  }

  unmount(): void {
    this.#unmount();
    process.off('exit', this.#unmount);
  }
}
