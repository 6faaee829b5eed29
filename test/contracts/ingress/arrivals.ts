import type { Test } from 'tap';
import { storedOf, type OpenedIngress } from './subject.js';

/** Readings that do not say when they were taken get the time of their arrival, each one of its own. */
export async function arrivalContract(t: Test, { service, ingress }: OpenedIngress): Promise<void> {
  const before = BigInt(Date.now()) * 1_000_000n;
  const count = 500;
  const readings = Array.from({ length: count }, (_, a) => ({ fields: { a } }));
  const batch = { device: 'timeless', type: 'arrival', readings };
  t.same(await ingress.send(Buffer.from(JSON.stringify(batch))), { receipt: { accepted: count, rejected: 0 } });
  const again = { ...batch, readings: [{ ts: null, fields: { a: count } }] };
  t.same(await ingress.send(Buffer.from(JSON.stringify(again))), { receipt: { accepted: 1, rejected: 0 } });
  const after = BigInt(Date.now() + 1) * 1_000_000n;

  await service.settled();
  const stored = await storedOf(service, { device: 'timeless', types: 'arrival' });
  const times = stored.map(({ ts }) => BigInt(ts as string));
  t.equal(new Set(times).size, count + 1, 'no two have the same time');
  t.ok(
    times.every((time) => time >= before && time <= after),
    'the times are those of the arrival',
  );
  t.same(
    stored.map(({ a }) => a),
    Array.from({ length: count + 1 }, (_, a) => a),
    'in the order in which they were sent',
  );
}
