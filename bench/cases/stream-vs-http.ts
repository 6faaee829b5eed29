import { flatOut, inPairs } from '../measure.js';
import { describePair } from '../report.js';
import { ratioLine } from '../result.js';
import { OurServer } from '../subject.js';
import { underLoad } from './compare.js';
import type { Case } from './case.js';
import { httpConnections } from './http-batch.js';
import { streamLoad } from './stream.js';

export const streamVsHttp: Case = {
  name: 'stream-vs-http',
  title: 'A reading a frame against a reading a request',
  how: [
    `${streamLoad.connections} streams with ${streamLoad.window} frames under way on each, against ${httpConnections} ` +
      'kept-alive HTTP connections with one request at a time on each; one reading in each frame and request.',
    'Both are our server, which answers behind the fsync of the spool and delivers to DuckDB meanwhile.',
  ],
  async run({ pairs, seconds, scratch, profile, say }) {
    const unit = 'readings/s';
    const byHttp = { connections: httpConnections, batch: 1, window: 1 };
    const measured = await inPairs(
      pairs,
      async () =>
        underLoad(new OurServer(scratch, profile), { protocol: 'stream', load: streamLoad, seconds }, flatOut),
      async () => underLoad(new OurServer(scratch, profile), { protocol: 'http', load: byHttp, seconds }, flatOut),
      (pair) => say(`  ${describePair(pair, unit)}`),
    );
    return [ratioLine('frames against requests', unit, [3, 5], measured)];
  },
};
