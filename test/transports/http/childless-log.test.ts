import pino from 'pino';
import t from 'tap';
import { childlessLog } from '../../../src/transports/http/childless-log.js';

await t.test('what is said of a request is in the log, with its error, and has not made a child of the log', (t) => {
  const lines: string[] = [];
  const log = childlessLog(pino({ level: 'warn' }, { write: (line) => void lines.push(line) }));
  const child = log.child({ reqId: 'req-1' });
  t.equal(child, log);
  child.info({}, 'not at this level');
  child.error({ err: new Error('a bug'), method: 'GET', url: '/v1/stats' }, 'a request failed');
  t.equal(lines.length, 1);
  t.match(JSON.parse(lines[0]!), { err: { message: 'a bug' }, url: '/v1/stats', msg: 'a request failed' });
  t.end();
});
