/** How fast each format is decoded, against JSON: bytes to a batch, one thread, nothing else. */
import { Codecs } from '../../src/codecs/codecs.js';
import { Refusal } from '../../src/domain/refusal.js';
import { encodeReadings, formats, mediaTypes, type Format, type FormatReading } from '../../simulators/format.js';
import { ratioLine, type Line, type Pair, type Run, type Targets } from '../result.js';
import { deviceCount, firstTimeMs, readingText, stepMs } from '../shape.js';
import type { Case, CaseContext } from './case.js';

const batch = 100;
const batches = 100;
const targets: Readonly<Record<Exclude<Format, 'json'>, Targets>> = {
  ndjson: [0.3, 0.8],
  senml: [0.3, 0.5],
  'senml-cbor': [0.3, 0.5],
  line: [0.5, 0.8],
};

export const formatCase: Case = {
  name: 'formats',
  title: 'Decoding each format, against JSON',
  how: [
    `Bodies of ${batch} readings of ${deviceCount} devices are decoded, again and again, in one thread: bytes to a batch, as the pipeline gets it.`,
    'Bare is the JSON of the same readings, decoded in turn by the same service. SenML has no tags, so its bodies have none.',
  ],
  async run({ pairs, seconds, say }: CaseContext): Promise<Line[]> {
    const codecs = new Codecs({ clock: { now: () => Date.now() }, lineDeviceTags: ['host', 'device'] });
    const bodies = new Map(formats.map((format) => [format, bodiesOf(format)]));
    const rate = (format: Format) => measure(codecs, format, bodies.get(format)!, seconds / 2);
    for (const format of formats) rate(format);
    return Object.entries(targets).map(([format, target]) => {
      const measured: Pair[] = [];
      for (let pair = 0; pair < pairs; pair++) {
        measured.push({ ours: rate(format as Format), bare: rate('json') });
      }
      say(`${format} done`);
      return ratioLine(format, 'readings/s', target, measured);
    });
  },
};

function bodiesOf(format: Format): Buffer[] {
  return Array.from({ length: batches }, (_, number) => {
    const readings = Array.from({ length: batch }, (_, index) => {
      const device = (number * batch + index) % deviceCount;
      const step = Math.floor((number * batch + index) / deviceCount);
      return JSON.parse(readingText(device, step, firstTimeMs + step * stepMs)) as FormatReading;
    });
    return Buffer.from(encodeReadings(format, readings).bytes);
  });
}

function measure(codecs: Codecs, format: Format, bodies: readonly Buffer[], seconds: number): Run {
  const codec = codecs.find(mediaTypes[format])!;
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  let readings = 0;
  while (performance.now() - startedMs < seconds * 1000) {
    for (const body of bodies) {
      const decoded = codec.decode(body, { numbered: false }, 10_000);
      if (decoded instanceof Refusal) throw decoded;
      readings += decoded.readings.length;
    }
  }
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(startedCpu);
  return { rate: readings / elapsedSeconds, cpuSecondsPerMillion: (user + system) / readings, loadBusy: 0 };
}
