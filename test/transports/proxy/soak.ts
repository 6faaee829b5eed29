/**
 * The live feed through nginx under a steady load, in three parts of the same length: before nginx reloads; behind that, while
 * the old workers keep what they have; and behind their end, when everything that they had is cut and has to come back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { InletProcess } from '../../servers/inlet.js';
import type { Nginx } from '../../servers/nginx.js';
import { until } from '../../servers/until.js';
import { byPolls, overEvents, overSocket } from './forms.js';
import { Load } from './load.js';
import { Reader } from './reader.js';

export const readersOfForm = 4;
const query = 'devices=soak-*';
const forms = [
  ['WebSocket', overSocket],
  ['server-sent events', overEvents],
  ['long polls', byPolls],
] as const;
const catchUpMs = 30_000;
/** The old workers' time begins with the reload: a little before its end the second part is over. */
const beforeTheCutMs = 500;

export const parts = ['before the reload', 'old workers live on', 'after their end'] as const;

/** All readers of a form together. */
export interface FormFigures {
  form: string;
  readers: number;
  received: number;
  missing: number;
  /** Came again, because a device had no answer and sent again. */
  again: number;
  gaps: number;
  /** Connections that ended, in each part. */
  breaks: number[];
  longestSilenceMs: number;
}

export interface SoakFigures {
  seconds: number;
  sent: number;
  /** By the service; more than was sent where a device had no answer and sent again. */
  accepted: number;
  /** Of the stream that readings go in by, in each part. */
  streamBreaks: number[];
  forms: FormFigures[];
}

/** @param nginx in front of the service; its old workers end their connections `partSeconds` after a reload */
export async function soakThroughProxy(
  service: InletProcess,
  nginx: Nginx,
  partSeconds: number,
  say: (text: string) => void = () => undefined,
): Promise<SoakFigures> {
  const load = new Load(service, nginx);
  const readers = forms.flatMap(([form, session]) =>
    Array.from({ length: readersOfForm }, () => new Reader(form, session(nginx.url, query))),
  );
  await Promise.all(readers.map((reader) => reader.start()));
  await load.start();
  for (const reader of readers) reader.listen();
  const startedAtMs = performance.now();
  const partMs = partSeconds * 1000;
  let partEndsAtMs = startedAtMs + partMs;
  const breaks: { stream: number; readers: number[] }[] = [];
  for (const [index, part] of parts.entries()) {
    const streamBefore = load.streamBreaks;
    const before = readers.map((reader) => reader.breaks);
    if (index === 1) {
      await nginx.reload();
      partEndsAtMs = performance.now() + partMs - beforeTheCutMs;
    }
    await pause(partEndsAtMs - performance.now());
    partEndsAtMs += partMs;
    breaks.push({
      stream: load.streamBreaks - streamBefore,
      readers: readers.map((reader, k) => reader.breaks - before[k]!),
    });
    say(`${part}: ${load.total} readings were sent, ${sum(breaks.at(-1)!.readers)} readers' connections ended`);
  }
  const accepted = await load.stop();
  const seconds = (performance.now() - startedAtMs) / 1000;
  await until(async () => readers.every(({ received }) => received >= accepted), catchUpMs);
  await Promise.all(readers.map((reader) => reader.stop()));
  return {
    seconds,
    sent: load.total,
    accepted,
    streamBreaks: breaks.map(({ stream }) => stream),
    forms: forms.map(([form]) => {
      const isOwn = readers.map((reader) => reader.form === form);
      const own = readers.filter((_, k) => isOwn[k]);
      return {
        form,
        readers: own.length,
        received: sum(own.map(({ received }) => received)),
        missing: sum(own.map((reader) => reader.missing(load.sent))),
        again: sum(own.map(({ again }) => again)),
        gaps: sum(own.map(({ gaps }) => gaps)),
        breaks: breaks.map((part) => sum(part.readers.filter((_, k) => isOwn[k]))),
        longestSilenceMs: Math.round(Math.max(...own.map(({ longestSilenceMs }) => longestSilenceMs))),
      };
    }),
  };
}

/** What was not as it has to be: each reader gets what was accepted, once. */
export function complaintsAbout({ sent, accepted, forms }: SoakFigures): string[] {
  const wrong = forms.filter(
    ({ readers, received, missing, again, gaps }) =>
      received !== accepted * readers || again !== (accepted - sent) * readers || missing + gaps > 0,
  );
  return wrong.map((figures) => `of ${sent} sent and ${accepted} accepted: ${JSON.stringify(figures)}`);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
