import t from 'tap';
import { noCounts } from '../../../src/live/bus/counts.js';
import { Outgoing } from '../../../src/live/bus/outgoing.js';
import { DurableLines } from '../../../src/pipeline/durable-lines.js';

t.test('what was published goes out as it was, though its memory is used again before', async (t) => {
  const sent: string[] = [];
  const counts = noCounts();
  const outgoing = new Outgoing((payload) => sent.push(payload.toString()) > 0, counts);
  const memory = Buffer.alloc(64);
  for (const [position, value] of ['1', '2'].entries()) {
    const line = `m,device=d v=${value} 1700000000000000000\n`;
    const lines = new DurableLines(position, 1, memory.subarray(0, memory.write(line)));
    outgoing.publish(lines);
    lines.published();
  }
  memory.fill('x');
  outgoing.flush();
  t.same(sent, ['{"from":0,"count":2}\nm,device=d v=1 1700000000000000000\nm,device=d v=2 1700000000000000000\n']);
  t.equal(counts.published, 2);
});
