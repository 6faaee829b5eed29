/** The two that are compared: our server as it runs in production, and the bare one. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../src/config/settings.js';
import type { Scratch } from './scratch.js';
import { ServerProcess } from './server-process.js';

export interface Stats {
  accepted: number;
  rejected: number;
  stored: number;
  pending: number;
  oldestPendingMs: number | null;
}

const askPendingEveryMs = 200;

/** Ends when the store has all that was taken in. @returns how many readings it has taken */
export async function untilStored(server: ServerProcess): Promise<number> {
  for (;;) {
    const stats = (await (await fetch(`${server.url}/v1/stats`)).json()) as Stats;
    if (stats.pending === 0) return stats.stored;
    await pause(askPendingEveryMs);
  }
}

export interface Subject {
  readonly server: ServerProcess;
  stop(): Promise<void>;
}

/** What `npm start` gives to node. The bare servers get it too, so that neither has another heap. */
const nodeArguments = /\bnode((?: --\S+)*) /.exec(startScript())?.[1]?.trim().split(' ').filter(Boolean) ?? [];

function startScript(): string {
  const { scripts } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start;
}

const ourProgram = new URL('../src/main.js', import.meta.url);

export class OurServer implements Subject {
  readonly server: ServerProcess;
  readonly #directory: string;

  /**
   * @param profile directory for CPU profiles, if they are wanted
   * @param extraArguments for node
   * @param settings beside those that every run has
   */
  constructor(
    scratch: Scratch,
    profile: string | undefined,
    extraArguments: string[] = [],
    settings: Record<string, string> = {},
  ) {
    this.#directory = scratch.next();
    const ours = ourProcess(this.#directory, profile);
    this.server = new ServerProcess({
      ...ours,
      environment: { ...ours.environment, ...settings },
      nodeArguments: [...ours.nodeArguments, ...extraArguments],
    });
  }

  get directory(): string {
    return this.#directory;
  }

  async stats(): Promise<Stats> {
    const response = await fetch(new URL('/v1/stats', this.server.url));
    return (await response.json()) as Stats;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Everything as it is by default, but for where it listens and keeps its data. */
export function ourProcess(directory: string, profile?: string) {
  return {
    program: ourProgram,
    environment: { INLET_PORT: '0', INLET_DATA_DIR: directory, INLET_LOG_LEVEL: 'warn' },
    nodeArguments: [...nodeArguments, ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])],
  };
}

export class BareServer implements Subject {
  readonly server: ServerProcess;

  constructor(
    program: 'fastify-json' | 'ws-json' | 'influx-points' | 'ws-fan-out',
    extraArguments: string[] = [],
    programArguments: string[] = [],
  ) {
    this.server = new ServerProcess({
      program: new URL(`./bare/${program}.js`, import.meta.url),
      programArguments,
      nodeArguments: [...nodeArguments, ...extraArguments],
    });
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}
