import t from 'tap';
import { startInlet } from '../servers/inlet.js';
import { LiveClient } from './live-client.js';

t.setTimeout(60_000);

await t.test(
  'a subscriber that does not read is closed; memory is bounded, and the others get everything',
  async (t) => {
    const service = await startInlet(t);
    const readers = await Promise.all([1, 2, 3].map(() => LiveClient.open(t, service.url)));
    const stuck = await Promise.all([1, 2, 3, 4, 5].map(() => LiveClient.open(t, service.url)));
    for (const client of [...readers, ...stuck]) await client.subscribe({});
    for (const client of stuck) client.socket.pause();
    const [batches, perBatch] = [150, 100];
    const text = 'x'.repeat(1000);
    const before = await service.residentBytes();
    let most = 0;
    const sent = (async () => {
      for (let k = 0; k < batches; k++) {
        await service.send(
          ...Array.from({ length: perBatch }, (_, j) => ({ device: 'd1', fields: { n: k * perBatch + j, text } })),
        );
        if (k % 10 === 0) most = Math.max(most, await service.residentBytes());
      }
    })();
    const seen = await Promise.all(readers.map((client) => client.readings(batches * perBatch)));
    await sent;
    for (const { readings } of seen) {
      t.ok(
        readings.every(({ fields }, n) => fields['n'] === n),
        'a reader has them all, in order',
      );
    }
    t.ok(most - before < 250 * 1024 * 1024, 'memory is bounded', { grown: most - before });
    t.equal((await service.stats()).subscriptions, readers.length, 'those that do not read have no subscription left');
    for (const client of stuck) {
      client.socket.resume();
      let message = await client.next();
      while (message.closed === undefined) message = await client.next();
      t.ok(message.closed === 4413 || message.closed === 1006, 'and are told why where that can be sent', message);
    }
  },
);
