/**
 * Where our server keeps its data while it is measured: on the disk of the project, since a fsync in a temporary directory
 * may cost nothing. Gone when the benchmark ends.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../src/config/settings.js';

export class Scratch {
  readonly #parent: string;
  #directory = '';
  #made = 0;

  constructor(parent: string = path.join(projectRoot, 'data')) {
    this.#parent = parent;
  }

  start(): void {
    mkdirSync(this.#parent, { recursive: true });
    this.#directory = mkdtempSync(path.join(this.#parent, 'bench-'));
    process.on('exit', this.#remove);
  }

  stop(): void {
    this.#remove();
    process.off('exit', this.#remove);
  }

  readonly #remove = () => rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });

  /** A name for a directory that is not there yet. */
  next(): string {
    return path.join(this.#directory, String(this.#made++));
  }
}
