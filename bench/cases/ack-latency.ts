import { appendSync } from '../bare/append-sync.js';
import { ExportReader } from '../export-reader.js';
import { Load, type LoadOptions, type Protocol } from '../load/load.js';
import { longestWarmUpMs } from '../measure.js';
import { amountLine, type Line, type Targets } from '../result.js';
import { ServerProcess } from '../server-process.js';
import { deviceCount, firstTimeMs, readingText, stepMs } from '../shape.js';
import { fillSpool } from '../spool-filler.js';
import { ourProcess, untilStored } from '../subject.js';
import type { Case, CaseContext } from './case.js';
import { httpConnections } from './http-batch.js';
import { mqttLoad } from './mqtt.js';
import { streamLoad } from './stream.js';

const dayMs = 86_400_000;
const shares = [0.5, 0.99] as const;
const p99Targets = [10, 5] as const;
const exportTargets = [2, 1.2] as const;

interface Mouth {
  name: string;
  protocol: Protocol;
  load: Omit<LoadOptions, 'url'>;
}

const mouths: readonly Mouth[] = [
  { name: 'HTTP, batch 1', protocol: 'http', load: { connections: httpConnections, batch: 1, window: 1 } },
  { name: 'HTTP, batch 100', protocol: 'http', load: { connections: httpConnections, batch: 100, window: 1 } },
  { name: 'stream', protocol: 'stream', load: streamLoad },
  { name: 'MQTT', protocol: 'mqtt', load: mqttLoad },
];

interface Percentiles {
  p50: number;
  p99: number;
}

/** One server for all, which has the history that is taken out. */
class Trial {
  readonly #context: CaseContext;
  readonly #server: ServerProcess;
  readonly #directory: string;
  readonly #figures = new Map<string, { unit: string; targets: Targets | null; runs: number[] }>();
  #exportUrl = '';
  /** Each load begins a day later, as no reading may be sent twice. */
  #days = 1;

  constructor(context: CaseContext) {
    this.#context = context;
    this.#directory = context.scratch.next();
    const ours = ourProcess(this.#directory, context.profile);
    const environment = { ...ours.environment, INLET_MQTT_LISTEN: '127.0.0.1:0' };
    this.#server = new ServerProcess({ ...ours, environment });
  }

  get lines(): Line[] {
    return [...this.#figures].map(([name, { unit, targets, runs }]) => amountLine(name, unit, targets, runs));
  }

  async start(): Promise<void> {
    const { readings, say } = this.#context;
    const filled = await fillSpool(this.#directory, Infinity, 0, readings);
    await this.#server.start();
    await untilStored(this.#server);
    const toMs = firstTimeMs + Math.ceil(filled / deviceCount) * stepMs;
    this.#exportUrl = `${this.#server.url}/v1/history?types=machine&from=${firstTimeMs}&to=${toMs}&format=csv`;
    say(`an export has ${filled} rows`);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  syncAlone(batch: number): void {
    const { scratch, seconds } = this.#context;
    const record = Buffer.from(Array.from({ length: batch }, (_, at) => readingText(at, at, firstTimeMs)).join('\n'));
    const tookMs = appendSync(scratch.next(), record, seconds).sort((a, b) => a - b);
    const [p50, p99] = shares.map((share) => tookMs[Math.ceil(tookMs.length * share) - 1]!);
    this.#add(`fdatasync alone, batch ${batch}: p50`, 'ms', null, p50!);
    this.#add(`fdatasync alone, batch ${batch}: p99`, 'ms', null, p99!);
  }

  async measure({ name, protocol, load: options }: Mouth): Promise<void> {
    const url = protocol === 'mqtt' ? this.#server.mqttUrl : this.#server.url;
    const load = new Load(protocol, { ...options, url, fromMs: firstTimeMs + this.#days++ * dayMs });
    const reader = new ExportReader(this.#exportUrl);
    try {
      await load.start();
      const half = (await this.#fullSpeed(load)) / 2;
      const quiet = await this.#paced(load, half, options.batch);
      await load.during(reader.start());
      const exporting = await this.#paced(load, half, options.batch);
      this.#tell(name, half, quiet, exporting, reader);
    } finally {
      // The server goes after them, whatever went wrong.
      await reader.stop();
      await load.stop();
    }
  }

  #tell(name: string, half: number, quiet: Percentiles, exporting: Percentiles, { bytes, ends }: ExportReader): void {
    this.#context.say(
      `  ${name}: ${Math.round(half)} readings/s, p50 ${quiet.p50.toFixed(2)}, p99 ${quiet.p99.toFixed(2)} ms; p99 ` +
        `${exporting.p99.toFixed(2)} ms in an export, of which ${(bytes / 1e6).toFixed(0)} MB came (${ends} to the end)`,
    );
    this.#add(`${name}: p50`, 'ms', null, quiet.p50);
    this.#add(`${name}: p99`, 'ms', p99Targets, quiet.p99);
    this.#add(`${name}: p99 during an export`, 'ms', null, exporting.p99);
    this.#add(`${name}: p99 during an export, against without`, 'x', exportTargets, exporting.p99 / quiet.p99);
  }

  /** @returns readings a second */
  async #fullSpeed(load: Load): Promise<number> {
    const milliseconds = this.#context.seconds * 1000;
    await load.runFor(Math.min(longestWarmUpMs, milliseconds));
    const { acked } = load;
    const startedAtMs = performance.now();
    await load.runFor(milliseconds);
    const rate = ((load.acked - acked) / (performance.now() - startedAtMs)) * 1000;
    await this.#hold(load);
    return rate;
  }

  async #paced(load: Load, readingsPerSecond: number, batch: number): Promise<Percentiles> {
    const milliseconds = this.#context.seconds * 1000;
    load.pace(readingsPerSecond / batch);
    await load.runFor(Math.min(longestWarmUpMs, milliseconds));
    const before = load.latencies.counts();
    await load.runFor(milliseconds);
    const [p50, p99] = load.latencies.since(before, shares);
    await this.#hold(load);
    return { p50: p50!, p99: p99! };
  }

  /** What full speed has piled up is not to be in the way of what comes next. */
  async #hold(load: Load): Promise<void> {
    load.hold();
    await load.during(untilStored(this.#server));
  }

  #add(name: string, unit: string, targets: Targets | null, value: number): void {
    const figure = this.#figures.get(name) ?? { unit, targets, runs: [] };
    figure.runs.push(value);
    this.#figures.set(name, figure);
  }
}

export const ackLatency: Case = {
  name: 'ack-latency',
  title: 'How long an acknowledgement takes at half load',
  how: [
    'Half load is half of what the same connections reached flat out just before: HTTP and stream as in the other cases, ' +
      `MQTT to our own listener on ${mqttLoad.connections} connections with up to ${mqttLoad.window} messages under way. Messages are sent at ` +
      'that rate whether or not answers come, a share each millisecond, and a time counts from the millisecond in which a ' +
      'message was to be sent. Load and server share the machine.',
    'Then the same while all readings that were stored before (10 M) are taken out as CSV, again and again; the readings ' +
      'that are sent have later times.',
    'fdatasync alone is a loop that appends the same readings to a file beside and calls fdatasync, while nothing else goes on.',
  ],
  async run(context) {
    const trial = new Trial(context);
    try {
      await trial.start();
      for (let run = 0; run < context.pairs; run++) {
        for (const batch of [1, 100]) trial.syncAlone(batch);
        for (const mouth of mouths) await trial.measure(mouth);
      }
      return trial.lines;
    } finally {
      await trial.stop();
    }
  },
};
