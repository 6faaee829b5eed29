import { deviceCount } from '../shape.js';
import { compare } from './compare.js';
import type { Case } from './case.js';

/** So many that requests share an fsync, as those of a fleet do; a divisor of the devices, so that all send the same. */
export const httpConnections = 125;

export const loadByHttp = loadOn(httpConnections);

export const bareHttp =
  'Bare is Fastify with a parser that calls JSON.parse on the same bodies, and answers 202 with nothing in it.';

export function loadOn(connections: number): string {
  return (
    `${connections} kept-alive connections with ${deviceCount / connections} devices each, one request at a time on ` +
    'each; a batch is a JSON array, a batch of one is the reading itself.'
  );
}

export const httpBatch: Case = {
  name: 'http-batch',
  title: 'Durable HTTP ingest, acked only',
  how: [
    loadByHttp,
    'Ours answers behind the fsync of the spool, and delivers to DuckDB meanwhile as it does in production; what the ' +
      'store has not taken at the end stays in the spool.',
    bareHttp,
  ],
  async run(context) {
    const line = async (batch: number, first: number, then: number) =>
      compare(
        {
          name: `batch ${batch}`,
          unit: 'readings/s',
          targets: [first, then],
          protocol: 'http',
          load: { connections: httpConnections, batch, window: 1 },
          bare: 'fastify-json',
        },
        context,
      );
    return [await line(1, 0.8, 0.9), await line(100, 0.6, 0.75), await line(1000, 0.4, 0.55)];
  },
};
