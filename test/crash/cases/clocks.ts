import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { readPages } from '../../../simulators/history.js';
import type { FaultCase } from '../fault-case.js';
import { JudgedService } from '../judged-service.js';
import { walkSpool } from '../spool-walk.js';
import type { Tally } from '../tally.js';

const hourMs = 3_600_000;
const backMs = 2 * hourMs;
const rounds = 6;
const readingsOfRound = 10;

export const clocks: FaultCase = {
  name: 'clocks',
  fault: 'clocks',
  how:
    'devices whose clock stands in 1970 or in 2100, drifts, or jumps back by an hour; a service whose clock is set back by two ' +
    'hours while it runs, and is behind after kill -9 and a start; readings without a time; a correction after the jump',
  unit: 'wrong times',
  share: 0.5,
  async run({ until, seed, say }, tally) {
    for (let number = 0; number === 0 || Date.now() < until; number++) {
      await oneLife(tally, seed + number);
      say(`${tally.tries} wrong times`);
    }
    return [];
  },
};

async function oneLife(tally: Tally, seed: number): Promise<void> {
  const service = new JudgedService(tally, seed, {});
  const { inlet, load } = service;
  try {
    await inlet.start(clockSettings);
    const heard = listen(inlet.url);
    load.begin(inlet.url);
    await service.untilAcked();
    await load.end();
    await impossibleTimes(service);
    const device = new Device(service);
    for (let round = 0; round < rounds; round++) {
      if (round === rounds / 2) await setServiceBack(service);
      await device.send(round);
    }
    await service.waitUntil('all is heard live', () => heard.length >= device.sent);
    await inlet.settled();
    await service.killAndStart({ ...clockSettings, CLOCK_IS_BACK: '1' });
    load.begin(inlet.url);
    await device.send(rounds);
    await service.untilAcked();
    await load.end();
    await device.judge(heard);
    await service.judge();
    const accepted: number[] = [];
    await walkSpool(inlet.dataDirectory, 0, (line) => {
      const [, order] = /^clock,.* n=(\d+(?:\.\d+)?)/.exec(line) ?? [];
      if (order !== undefined) accepted.push(Number(order));
    });
    tally.expect(isCounting(accepted, device.sent), `order in the spool: ${accepted.join(' ')}`);
  } finally {
    await load.end();
    await inlet.end();
  }
}

const preload = fileURLToPath(new URL('../shift-clock.js', import.meta.url));
const clockSettings = { NODE_OPTIONS: `--import=${preload}`, CLOCK_BACK_MS: `${backMs}` };

async function impossibleTimes({ inlet, tally }: JudgedService): Promise<void> {
  for (const ts of [0, 1000, Date.UTC(1970, 11, 31), Date.UTC(2100, 0, 1), Date.now() + 25 * hourMs]) {
    const answer = await inlet.post({ device: 'c', type: 'clock', ts, fields: { n: -1 } });
    const { results } = (await answer.json()) as { results?: { code: string }[] };
    const isRefused = answer.status === 422 && results?.[0]?.code === 'ts_out_of_range';
    tally.expect(isRefused, `time ${ts} was answered ${answer.status} ${JSON.stringify(results)}`);
    tally.tries++;
  }
}

/** What is 23 hours ahead is taken by a clock that is right, and not by one that is two hours behind. */
async function setServiceBack({ inlet, tally }: JudgedService): Promise<void> {
  const ahead = async () =>
    (await inlet.post({ device: 'c', type: 'ahead', ts: Date.now() + 23 * hourMs, fields: { v: 1 } })).status;
  tally.expect((await ahead()) === 202, 'what is 23 hours ahead is refused');
  process.kill(inlet.pid, 'SIGUSR2');
  let status = 202;
  for (let tries = 0; status === 202 && tries < 200; tries++) status = await ahead();
  tally.expect(status === 422, `what is 25 hours ahead of the service was answered ${status}`);
  tally.tries++;
}

/** Sends one after the other, with the number of each in it, so that the order of acceptance is known. */
class Device {
  readonly #service: JudgedService;
  /** By time: the newest value there. */
  readonly #expected = new Map<number, number>();
  #withoutTime = 0;
  sent = 0;

  constructor(service: JudgedService) {
    this.#service = service;
  }

  /** A round drifts by 1 % and jumps back by an hour; each corrects the first reading of all. */
  async send(round: number): Promise<void> {
    const { inlet, tally } = this.#service;
    const beginMs = firstMs + round * 600_000 - (round % 3 === 2 ? hourMs : 0);
    for (let k = 0; k < readingsOfRound; k++) {
      const ts = k === 0 ? firstMs - 1 : beginMs + Math.floor(k * 1010);
      const n = this.sent++;
      this.#expected.set(ts, n);
      await inlet.send({ device: 'c', type: 'clock', ts, fields: { n } });
      tally.tries++;
    }
    const nameless = Array.from({ length: readingsOfRound }, () => ({
      device: 'c',
      type: 'untimed',
      fields: { v: round },
    }));
    await inlet.send(...nameless);
    this.#withoutTime += nameless.length;
  }

  async judge(heard: readonly number[]): Promise<void> {
    const { inlet, tally } = this.#service;
    await inlet.settled();
    const rows = await allRows(inlet.url, 'clock');
    const wrong = rows.filter(({ ts, n }) => this.#expected.get(Number(ts)) !== n);
    tally.lost += Math.max(0, this.#expected.size - rows.length);
    tally.doubled += Math.max(0, rows.length - this.#expected.size);
    tally.wrong += wrong.length;
    if (wrong.length > 0) tally.note(`stored wrong: ${JSON.stringify(wrong.slice(0, 3))}`);
    const untimed = await allRows(inlet.url, 'untimed');
    tally.expect(
      untimed.length === this.#withoutTime,
      `${untimed.length} without a time, ${this.#withoutTime} were sent`,
    );
    tally.expect(isCounting(heard, heard.length), `order heard live: ${heard.join(' ')}`);
  }
}

const firstMs = Date.UTC(2024, 0, 1);

async function allRows(url: string, type: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  const range = { types: type, from: `${firstMs - hourMs * 3}`, to: `${Date.now() + hourMs * 24}` };
  for await (const { columns, rows } of readPages(url, range)) {
    for (const cells of rows) found.push(Object.fromEntries(columns.map((column, at) => [column, cells[at]])));
  }
  return found;
}

/** The numbers of the device's readings, as a subscriber hears them, until the service is killed. */
function listen(url: string): number[] {
  const heard: number[] = [];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live?types=clock`);
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer) => {
    const { readings } = JSON.parse(data.toString()) as { readings?: { fields: { n: number } }[] };
    for (const { fields } of readings ?? []) heard.push(fields.n);
  });
  return heard;
}

/** 0, 1, 2 and so on. */
function isCounting(numbers: readonly number[], length: number): boolean {
  return numbers.length === length && numbers.every((number, index) => number === index);
}
