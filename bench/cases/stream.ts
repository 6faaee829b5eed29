import { compare } from './compare.js';
import type { Case } from './case.js';

export const streamLoad = { connections: 64, batch: 1, window: 64 } as const;
const { connections, window } = streamLoad;

export const stream: Case = {
  name: 'stream',
  title: 'Durable ingest over WebSocket, a reading a frame',
  how: [
    `${connections} connections with ${window} frames under way on each; frames are numbered and masked.`,
    'Ours answers behind the fsync of the spool, with one ack for all frames that became durable together, and delivers ' +
      'to DuckDB meanwhile.',
    'Bare is `ws` alone: JSON.parse and an answer for each frame.',
  ],
  async run(context) {
    const line = await compare(
      {
        name: 'frames of 1 reading',
        unit: 'frames/s',
        targets: [1, 1.3],
        protocol: 'stream',
        load: streamLoad,
        bare: 'ws-json',
      },
      context,
    );
    return [line];
  },
};
