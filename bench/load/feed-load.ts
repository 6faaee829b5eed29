/** The thread of `FeedReaders`. It looks at as little of what comes as it can: both servers are read by it. */
import { parentPort, workerData } from 'node:worker_threads';
import { mark, timeDigits } from '../shape.js';
import { Counter } from './counter.js';
import { maxAgeMs, type ReadersCommand, type ReadersTask } from './feed-readers.js';
import { IdleSockets } from './idle-sockets.js';
import { payloadsOf } from './payloads.js';

const port = parentPort!;
const { url, delivered: shared, ages: sharedAges } = workerData as ReadersTask;
const delivered = new Counter(shared);
const ages = new Int32Array(sharedAges);
const markByte = mark.charCodeAt(0);
const timeKey = Buffer.from('"ts":');
const opened: IdleSockets[] = [];

function takePayload(bytes: Buffer): void {
  let count = 0;
  for (let at = bytes.indexOf(markByte); at >= 0; at = bytes.indexOf(markByte, at + 1)) count++;
  if (count > 0) delivered.add(count);
  // Of a chunk the last whole time stands for all of it.
  const key = bytes.lastIndexOf(timeKey, -(timeKey.length + timeDigits));
  if (key < 0) return;
  const from = key + timeKey.length;
  const ageMs = Date.now() - Number(bytes.toString('latin1', from, from + timeDigits));
  ages[Math.min(maxAgeMs, Math.max(0, ageMs))]!++;
}

port.on('message', (command: ReadersCommand) => {
  void obey(command).then(() => {
    port.postMessage('done');
    if (command === 'close') port.close();
  });
});

async function obey(command: ReadersCommand): Promise<void> {
  if (command === 'close') {
    for (const sockets of opened) sockets.close();
    return;
  }
  const sockets = new IdleSockets(url, command.path, () => payloadsOf(takePayload));
  opened.push(sockets);
  await sockets.open(command.open);
  if (!command.isReading) sockets.pause();
}
