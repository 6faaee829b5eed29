/** `npm run simulate`: devices as a program. `--help` says what it takes. */
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Device } from '../src/client/index.js';
import { help, readArguments, WrongArgument, type Settings } from './arguments.js';
import { fleetDevice, fleetPlan, fleetReadings } from './fleet.js';
import { hasTypes } from './format.js';
import { play, type Plan, type Planned } from './play.js';
import { Recorder } from './recorder.js';
import { replayPlan } from './replay.js';
import { survey, WrongFile } from './replay-file.js';
import { Tally } from './tally.js';
import { count, printable, Progress, quantiles } from './terminal.js';
import { openDevice } from './transport.js';

/** How long what is on its way may take, after the last reading was sent and after Ctrl-C. */
const drainMs = 30_000;
const interruptedDrainMs = 5000;

interface Run {
  total: number;
  title: string;
  plans: { device: string; plan: Plan }[];
}

async function planRun({ source, protocol, url, format }: Settings): Promise<Run> {
  const startMs = Date.now();
  const sent = (plan: Plan) => (hasTypes(format) || protocol === 'http' ? plan : ofDefaultType(plan));
  if (source.kind === 'replay') {
    const seen = await survey(source.file);
    const title = `${source.device} replays ${count(seen.rows)} readings over ${protocol} to ${url}`;
    return {
      total: seen.rows,
      title,
      plans: [{ device: source.device, plan: sent(replayPlan(source, seen, startMs)) }],
    };
  }
  const { devices, profile, rateHz } = source;
  const title = `${count(devices)} × ${profile}, ${rateHz} readings/s each, over ${protocol} to ${url}`;
  const plans = Array.from({ length: devices }, (_, index) => {
    return { device: fleetDevice(profile, index), plan: sent(fleetPlan(source, index, startMs)) };
  });
  return { total: fleetReadings(source), title, plans };
}

async function* ofDefaultType(plan: Plan): AsyncGenerator<Planned> {
  for await (const { dueMs, reading } of plan) yield { dueMs, reading: { ...reading, type: 'telemetry' } };
}

/** @returns the exit code */
async function simulate(settings: Settings): Promise<number> {
  const { total, title, plans } = await planRun(settings);
  const tally = new Tally();
  const recorder = settings.record === undefined ? undefined : new Recorder(settings.record);
  await recorder?.start();
  const interrupted = new AbortController();
  // Every device listens to it.
  setMaxListeners(0, interrupted.signal);
  process.on('SIGINT', () => (interrupted.signal.aborted ? process.exit(130) : interrupted.abort()));

  console.log(title);
  const progress = new Progress(total, [tally]);
  progress.start();
  const startedAtMs = performance.now();
  const devices = plans.map(({ device }) => openDevice(device, settings, tally, recorder));
  const sending = plans.map(({ plan }, at) => sendAll(plan, devices[at]!, settings.batch, tally, interrupted.signal));
  await settled(sending, interrupted.signal);
  const elapsedMs = performance.now() - startedAtMs;
  progress.stop();
  for (const device of devices) device.stop();
  await recorder?.stop();
  console.log(summary(tally, elapsedMs));
  return tally.isWhole ? 0 : 1;
}

/** Plays the plan and waits for the answers. A device that failed has told the tally what is still open. */
async function sendAll(plan: Plan, device: Device, batch: number, tally: Tally, signal: AbortSignal): Promise<void> {
  try {
    await play(plan, device, batch, tally, signal);
    await Promise.race([device.flush(), pause(drainMs, undefined, { ref: false })]);
  } catch (error) {
    tally.trouble = error instanceof Error ? error.message : String(error);
  }
}

/** Waits for all, or for a short time after Ctrl-C. */
async function settled(sending: Promise<void>[], signal: AbortSignal): Promise<void> {
  const interruption = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => setTimeout(resolve, interruptedDrainMs).unref());
  });
  await Promise.race([Promise.all(sending), interruption]);
}

function summary(tally: Tally, elapsedMs: number): string {
  const { sent, acked, rejected, refused, resent, open, latencies, trouble } = tally;
  const lines = [
    `  sent      ${count(sent)} in ${(elapsedMs / 1000).toFixed(1)} s, ${count(Math.round((acked * 1000) / elapsedMs))} acked readings/s`,
    `  acked     ${count(acked)}${tally.isWhole ? ', all of them' : ''}`,
    `  rejected  ${count(rejected + refused)}`,
    `  resent    ${count(resent)}`,
    `  latency   ${quantiles(latencies)}`,
  ];
  if (open > 0) lines.push(`  ${count(open)} without an answer`);
  if (trouble !== undefined && !tally.isWhole) lines.push(`  last trouble: ${printable(trouble)}`);
  return lines.join('\n');
}

async function main(args: string[]): Promise<number> {
  try {
    const settings = readArguments(args);
    if (settings === 'help') {
      console.log(help);
      return 0;
    }
    return await simulate(settings);
  } catch (error) {
    if (!(error instanceof WrongArgument) && !(error instanceof WrongFile)) throw error;
    console.error(`${error.message}\nnpm run simulate -- --help tells what there is.`);
    return 2;
  }
}

process.exit(await main(process.argv.slice(2)));
