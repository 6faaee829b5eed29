import { getEventListeners } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import t from 'tap';
import { Refusal } from '../../src/domain/refusal.js';
import type { SpoolRecord } from '../../src/ports/spool.js';
import { decodeRecord, parseSegmentName, segmentHeaderBytes } from '../../src/spool/format.js';
import { SegmentedSpool, type SpoolOptions } from '../../src/spool/log.js';
import { until } from '../servers/until.js';
import { MemoryFiles } from './memory-files.js';

const directory = '/spool';

async function open(files: MemoryFiles, options: Partial<SpoolOptions> = {}) {
  const spool = new SegmentedSpool({ directory, maxBytes: 64 * 1024 * 1024, keepBytes: 0, files, ...options });
  const found = await spool.start(null);
  return { spool, found };
}

function append(spool: SegmentedSpool, text: string, count = 1): Promise<number> {
  const { position, durable } = spool.append({
    payload: `${text}\n`,
    count,
    late: false,
    arrivedMs: 1_700_000_000_000,
  });
  return durable.then(() => position);
}

async function readAll(spool: SegmentedSpool, from = 0): Promise<SpoolRecord[]> {
  const all: SpoolRecord[] = [];
  for (let position = from; position < spool.head;) {
    const records = await spool.read(position, 4096);
    if (records.length === 0) break;
    all.push(...records);
    position = records.at(-1)!.position + records.at(-1)!.count;
  }
  return all;
}

function texts(records: readonly SpoolRecord[]): string[] {
  return records.map(({ payload }) => Buffer.from(payload).toString().trimEnd());
}

function deliver(spool: SegmentedSpool, records: SpoolRecord[]): Promise<void> {
  const last = records.at(-1)!;
  const low = last.position + last.count;
  return spool.delivered(records, { low, ranges: [], stored: low, quarantined: 0 }, true);
}

function segments(files: MemoryFiles): string[] {
  return files.names().filter((name) => name.endsWith('.seg'));
}

t.test('what was acknowledged is there after a power cut, and in order', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  const positions = await Promise.all([
    append(spool, 'a', 3),
    append(spool, 'b'),
    append(spool, 'ü "quoted"\nline', 2),
  ]);
  t.same(positions, [0, 3, 4]);
  const { spool: again } = await open(files.afterPowerCut());
  t.equal(again.head, 6);
  t.same(texts(await readAll(again)), ['a', 'b', 'ü "quoted"\nline']);
});

t.test('records are put together in the same memory again and again', async (t) => {
  const { spool } = await open(new MemoryFiles());
  await append(spool, 'first');
  const large = t.capture(Buffer, 'allocUnsafeSlow', (bytes: number) => Buffer.alloc(bytes));
  for (let k = 0; k < 50; k++) await append(spool, `${k}`);
  t.ok(large().length <= 1, 'one beside the one that is being written', { times: large().length });
  t.equal((await readAll(spool)).length, 51);
});

t.test('nothing is acknowledged before the sync has returned, and all who wait share one', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const syncsBefore = files.syncs;
  files.failing = (operation) => (operation === 'sync' ? held : undefined);
  let acknowledged = 0;
  const waiting = Array.from({ length: 100 }, (_, index) => append(spool, `r${index}`).then(() => acknowledged++));
  await pause(20);
  t.equal(acknowledged, 0);
  t.equal(spool.head, 0, 'what is not synced is not readable');
  t.same(await spool.read(0, 1000), []);
  letGo();
  await Promise.all(waiting);
  t.equal(files.syncs, syncsBefore + 1);
  t.equal(spool.head, 100);
});

t.test('a torn tail is cut off wherever it is torn, and the log goes on behind what is whole', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  await append(spool, 'kept');
  const name = segments(files)[0]!;
  const wholeBytes = files.get(name)!.length;
  await append(spool, 'torn');
  const full = files.get(name)!;
  for (let length = wholeBytes + 1; length < full.length; length++) {
    const torn = new MemoryFiles();
    torn.put(name, Buffer.from(full.subarray(0, length)));
    const { spool: again, found } = await open(torn);
    t.equal(found.tornBytes, length - wholeBytes);
    t.same(found.damaged, []);
    t.equal(await append(again, 'next'), 1);
    t.same(texts(await readAll(again)), ['kept', 'next']);
  }
});

t.test('a damaged record costs only itself, is counted, and is never served', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  for (const text of ['first', 'second', 'third']) await append(spool, text);
  const name = segments(files)[0]!;
  const second = files.get(name)!.indexOf('second');
  for (const offset of [0, -20, -52]) {
    const rotten = new MemoryFiles();
    const bytes = Buffer.from(files.get(name)!);
    bytes[second + offset]! ^= 0x10;
    rotten.put(name, bytes);
    const { spool: again, found } = await open(rotten);
    t.match(found.damaged, [{ from: 1, to: 2 }]);
    t.same(texts(await readAll(again)), ['first', 'third']);
    t.equal(again.status().damagedReadings, 1);
    t.equal(again.head, 3);
  }
});

t.test('a record that rots while the service runs is passed over and counted', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  for (const text of ['first', 'second', 'third']) await append(spool, text);
  const bytes = files.get(segments(files)[0]!)!;
  bytes[bytes.indexOf('second')]! ^= 1;
  t.same(texts(await readAll(spool)), ['first', 'third']);
  t.same(texts(await readAll(spool)), ['first', 'third']);
  t.equal(spool.status().damagedReadings, 1, 'once, however often it is met');
});

t.test('bytes that were made for another log do not pass for a record', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  await append(spool, 'first');
  const name = segments(files)[0]!;
  const { key } = parseSegmentName(path.basename(name))!;
  t.ok(decodeRecord(files.get(name)!, segmentHeaderBytes, key));
  t.notOk(decodeRecord(files.get(name)!, segmentHeaderBytes, (key ^ 1) >>> 0));
});

t.test(
  'after a failed sync nothing is acknowledged, positions are given again, and it goes on by itself',
  async (t) => {
    const files = new MemoryFiles();
    const { spool } = await open(files);
    await append(spool, 'before');
    files.failing = (operation) => {
      if (operation === 'sync') throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    };
    await t.rejects(append(spool, 'lost'), { code: 'spool_failed' });
    t.equal(spool.refusal(1)?.code, 'spool_failed');
    files.failing = () => undefined;
    while (spool.refusal(1)) await pause(50);
    t.equal(await append(spool, 'after'), 1);
    t.same(texts(await readAll(spool)), ['before', 'after']);
    for (const survivors of [files.afterKill(), files.afterPowerCut()]) {
      const { spool: again, found } = await open(survivors);
      t.same(
        texts(await readAll(again)),
        ['before', 'after'],
        'the refused record is void, though its bytes are there',
      );
      t.same(found.damaged, []);
    }
  },
);

t.test('a full disk refuses with spool_full and costs nothing that was kept', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  await append(spool, 'before');
  files.failing = (operation) => {
    if (operation === 'write') throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  };
  await t.rejects(append(spool, 'no room'), { code: 'spool_full' });
  await pause(1200);
  t.equal(spool.refusal(1)?.code, 'spool_full', 'still full');
  files.failing = () => undefined;
  while (spool.refusal(1)) await pause(50);
  await append(spool, 'room again');
  t.same(texts(await readAll(spool)), ['before', 'room again']);
  const { spool: again } = await open(files.afterPowerCut());
  t.same(texts(await readAll(again)), ['before', 'room again']);
});

t.test('a disk that the spool has filled itself gets room again from what is delivered', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files, { maxBytes: 512 * 1024, keepBytes: 512 * 1024 });
  for (let index = 0; index < 20; index++) await append(spool, 'x'.repeat(10_000));
  const before = segments(files).length;
  files.failing = (operation, file) => {
    const isFull = segments(files).length === before && file.includes('delivery.json');
    if (operation === 'write' && isFull) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  };
  const all = await readAll(spool);
  await deliver(spool, all.slice(0, 12));
  t.ok(segments(files).length < before, 'what was to be kept has gone');
  const { spool: again } = await open(files.afterPowerCut());
  t.equal(again.delivery.low, 12);
  t.match(again.status(), { pendingReadings: 8, damagedReadings: 0 });
});

t.test('a state of the delivery that cannot be written down is counted all the same', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  await append(spool, 'a', 5);
  files.failing = (_, file) => {
    if (file.includes('delivery.json')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  await t.rejects(deliver(spool, await readAll(spool)), { code: 'EIO' });
  t.match(spool.status(), { pendingReadings: 0, pendingBytes: 0 });
  t.equal(spool.delivery.stored, 5);
  const { spool: again } = await open(files.afterPowerCut());
  t.equal(again.status().pendingReadings, 5, 'delivered again after a restart');
});

t.test('undelivered bytes are bounded, and delivery makes room', async (t) => {
  const { spool } = await open(new MemoryFiles(), { maxBytes: 64 * 1024 });
  const big = 'x'.repeat(1000);
  while (!spool.refusal(1200)) await append(spool, big);
  t.equal(spool.refusal(1200)?.code, 'spool_full');
  t.ok(spool.status().pendingBytes <= 64 * 1024);
  await deliver(spool, await spool.read(0, 32 * 1024));
  t.equal(spool.refusal(1200), undefined);
});

t.test('delivered segments go when they take more than is to be kept, undelivered ones never', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files, { maxBytes: 512 * 1024, keepBytes: 100 * 1024 });
  const big = 'x'.repeat(10_000);
  for (let index = 0; index < 40; index++) await append(spool, big);
  const before = segments(files).length;
  t.ok(before > 4, `${before} segments`);
  const all = await readAll(spool);
  t.equal(all.length, 40);
  await deliver(spool, all.slice(0, 10));
  t.equal(segments(files).length, before, 'little enough is delivered to keep all of it');
  await deliver(spool, all.slice(10));
  t.ok(segments(files).length < before);
  t.ok(spool.status().totalBytes >= 100 * 1024, 'what is to be kept is kept');
  t.ok(spool.tail > 0);
  t.equal((await readAll(spool, spool.tail)).length, 40 - spool.tail);
});

t.test('nobody waits for delivered segments to go, they go oldest first, and a stop waits for them', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files, { maxBytes: 512 * 1024 });
  for (let index = 0; index < 40; index++) await append(spool, 'x'.repeat(10_000));
  const before = segments(files);
  const removed: string[] = [];
  let letGo!: () => void;
  const disk = new Promise<void>((resolve) => (letGo = resolve));
  files.failing = async (operation, file) => {
    if (operation !== 'remove') return;
    await disk;
    removed.push(file);
  };
  await deliver(spool, (await readAll(spool)).slice(0, 14));
  t.same(removed, []);
  t.equal(spool.delivery.low, 14);
  t.ok(spool.tail > 0, 'they are not read any more');
  const stopped = spool.stop();
  letGo();
  await stopped;
  t.ok(removed.length >= 2);
  t.same(removed, before.slice(0, removed.length));
  const { spool: again } = await open(files.afterPowerCut());
  t.match(again.status(), { pendingReadings: 26, damagedReadings: 0 });
});

t.test('a segment that cannot be removed is told of once, keeps its place and goes when it can', async (t) => {
  const files = new MemoryFiles();
  const told: string[] = [];
  const onRemovalFailure = ({ message }: Error) => void told.push(message);
  const { spool } = await open(files, { maxBytes: 512 * 1024, onRemovalFailure });
  for (let index = 0; index < 40; index++) await append(spool, 'x'.repeat(10_000));
  const before = segments(files);
  const all = await readAll(spool);
  files.failing = (operation, file) => {
    if (operation === 'remove' && file.includes(before[0]!)) throw new Error('EBUSY');
  };
  await deliver(spool, all.slice(0, 14));
  await deliver(spool, all.slice(14, 28));
  t.ok(await until(async () => told.length > 0), 'the failure is told');
  t.same(segments(files), before, 'gone without the oldest, the others would leave a hole');
  t.ok(spool.status().totalBytes > 400_000, 'it still takes its bytes');
  files.failing = () => undefined;
  await deliver(spool, all.slice(28));
  t.ok(await until(async () => segments(files).length === 1), 'they have gone');
  t.same(told, ['EBUSY']);
});

t.test('pending, rejected and delivered are the same after a restart', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  await append(spool, 'a', 5);
  spool.countRejected(7);
  await append(spool, 'b', 3);
  await deliver(spool, (await readAll(spool)).slice(0, 1));
  t.match(spool.status(), { pendingReadings: 3 });
  const { spool: again } = await open(files.afterPowerCut());
  t.equal(again.head, 8);
  t.equal(again.rejectedTotal, 7);
  t.equal(again.delivery.low, 5);
  t.match(again.status(), { pendingReadings: 3, oldestPendingMs: 1_700_000_000_000 });
  t.equal(spool.status().pendingBytes, again.status().pendingBytes);
});

t.test('a record that was delivered in part counts with the rest of it only', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  await append(spool, 'a', 5);
  await append(spool, 'b', 3);
  const again = new SegmentedSpool({ directory, maxBytes: 1024 * 1024, keepBytes: 0, files: files.afterKill() });
  await again.start({ low: 2, ranges: [], stored: 2, quarantined: 0 });
  t.equal(again.status().pendingReadings, 6);
  const records = await readAll(again);
  await deliver(again, records.slice(0, 1));
  t.equal(again.status().pendingReadings, 3);
  await deliver(again, records.slice(1));
  t.match(again.status(), { pendingReadings: 0, pendingBytes: 0, oldestPendingMs: null });
});

t.test('who waits for readings is woken by them or by its own signal, and leaves nothing behind', async (t) => {
  const { spool } = await open(new MemoryFiles());
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = spool.untilBeyond(0, signal);
  await append(spool, 'a');
  await waiting;
  const aborted = spool.untilBeyond(10, signal);
  t.equal(getEventListeners(signal, 'abort').length, 1);
  controller.abort();
  await aborted;
  t.equal(getEventListeners(signal, 'abort').length, 0);
});

t.test('a store that is ahead of a lost log makes positions go on behind it', async (t) => {
  const spool = new SegmentedSpool({ directory, maxBytes: 1024 * 1024, keepBytes: 0, files: new MemoryFiles() });
  await spool.start({ low: 1000, ranges: [], stored: 1000, quarantined: 0 });
  t.equal(await append(spool, 'next'), 1000);
  t.equal(spool.status().pendingReadings, 1);
});

t.test(
  'what was delivered ahead is not pending, but for late records, and counts against the room until it is passed',
  async (t) => {
    const files = new MemoryFiles();
    const { spool } = await open(files, { maxBytes: 64 * 1024 });
    const big = 'x'.repeat(10_000);
    for (const late of [false, false, true, false]) {
      await spool.append({ payload: big, count: 2, late, arrivedMs: 1 }).durable;
    }
    const records = await readAll(spool);
    const { pendingBytes } = spool.status();
    const ahead = { low: 0, ranges: [[2, 7] as [number, number]], stored: 3, quarantined: 0 };
    await spool.delivered(records.slice(1), ahead, true);
    const recordBytes = pendingBytes / 4;
    const half = { pendingReadings: 5, pendingBytes: recordBytes * 3 };
    t.match(spool.status(), half, 'the first, the late one, and half of the last');
    t.equal(spool.refusal(64 * 1024 - pendingBytes + 1)?.code, 'spool_full');
    t.equal(spool.refusal(64 * 1024 - pendingBytes), undefined);
    const { spool: again } = await open(files.afterPowerCut(), { maxBytes: 64 * 1024 });
    t.same(again.delivery, ahead);
    t.match(again.status(), half, 'also after a restart');
    t.equal(again.refusal(64 * 1024 - pendingBytes + 1)?.code, 'spool_full');
    await again.delivered(await readAll(again), { low: 8, ranges: [], stored: 8, quarantined: 0 }, true);
    t.match(again.status(), { pendingReadings: 0, pendingBytes: 0, oldestPendingMs: null });
    t.equal(again.refusal(60 * 1024), undefined);
  },
);

t.test('of two deliveries that are reported at once, both count at once, and the state of both is kept', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  for (const text of ['a', 'b', 'c']) await append(spool, text);
  const [first, second, third] = await readAll(spool);
  const ahead = { low: 0, ranges: [[2, 3] as [number, number]], stored: 1, quarantined: 0 };
  const both = { ...ahead, low: 1, stored: 2 };
  const reported = [spool.delivered([third!], ahead, true), spool.delivered([first!], both, true)];
  t.equal(spool.status().pendingReadings, 1);
  await Promise.all(reported);
  t.equal(spool.status().oldestPendingMs, second!.arrivedMs);
  const { spool: again } = await open(files.afterPowerCut());
  t.same(again.delivery, both);
  t.equal(again.status().pendingReadings, 1);
});

t.test('a segment goes only when the state is kept that has passed it', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files, { maxBytes: 64 * 1024 });
  while (segments(files).length < 3) await append(spool, 'x'.repeat(1000));
  const records = await readAll(spool);
  const { head } = spool;
  const ahead = { low: 0, ranges: [[head - 1, head] as [number, number]], stored: 1, quarantined: 0 };
  const inOrder = { low: head, ranges: [], stored: head, quarantined: 0 };
  const { length } = segments(files);
  let kept: string[] = [];
  files.failing = (operation, name) => {
    if (operation === 'rename' && name.includes('delivery')) kept = segments(files);
  };
  await Promise.all([
    spool.delivered(records.slice(-1), ahead, true),
    spool.delivered(records.slice(0, -1), inOrder, true),
  ]);
  t.equal(kept.length, length, 'they were there until the second state was');
  await spool.stop();
  t.equal(segments(files).length, 1);
});

t.test('a store that has a reading ahead of a log that was cut goes on behind it, and the rest is told', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  for (const text of ['a', 'b', 'c']) await append(spool, text, 10);
  const segment = segments(files)[0]!;
  const bytes = files.get(segment)!;
  files.put(segment, bytes.subarray(0, bytes.length - 3));
  const again = new SegmentedSpool({ directory, maxBytes: 1024 * 1024, keepBytes: 0, files });
  await again.start({ low: 5, ranges: [[22, 25]], stored: 8, quarantined: 0 });
  t.equal(again.head, 25);
  t.match(again.status(), { pendingReadings: 17, damagedReadings: 5 });
  t.same(texts(await readAll(again)), ['a', 'b']);
  t.equal(await append(again, 'next'), 25);
});

t.test('a lost delivery state begins with what is left of the log', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files, { maxBytes: 512 * 1024, keepBytes: 0 });
  for (let index = 0; index < 20; index++) await append(spool, 'x'.repeat(10_000));
  await deliver(spool, await readAll(spool));
  const { tail } = spool;
  t.ok(tail > 0);
  await files.remove(path.join(directory, 'delivery.json'));
  const { spool: again } = await open(files.afterKill());
  t.match(again.delivery, { low: tail, stored: tail });
  t.equal(again.status().pendingReadings, 20 - tail);
});

t.test('a segment of a newer format is refused, not misread', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  await append(spool, 'a');
  const bytes = files.get(segments(files)[0]!)!;
  bytes.writeUInt32LE(99, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(16, segmentHeaderBytes), crc32(bytes.subarray(8, 12))), 12);
  await t.rejects(open(files), { message: /format version 99/ });
});

t.test('a refusal is a Refusal, so that every transport can say it in its own form', async (t) => {
  const files = new MemoryFiles();
  const { spool } = await open(files);
  files.failing = () => {
    throw new Error('gone');
  };
  const error: unknown = await append(spool, 'x').catch((reason: unknown) => reason);
  t.ok(error instanceof Refusal);
  await spool.stop();
});
