/** `npm run soak -- 100000`: the long form of the soak test, in parts, so that one sees what becomes of the memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Service } from '../../../src/app/service.js';
import { readSettings } from '../../../src/config/settings.js';
import { holding, soak } from './soak.js';

const parts = 10;
const connections = Number(process.argv[2] ?? 100_000);
if (!Number.isInteger(connections) || connections < parts) {
  console.error(`npm run soak -- CONNECTIONS: expected an integer of at least ${parts}`);
  process.exit(2);
}

const directory = mkdtempSync(path.join(tmpdir(), 'inlet-soak-'));
const service = new Service(readSettings({ INLET_PORT: '0', INLET_DATA_DIR: directory, INLET_LOG_LEVEL: 'silent' }));
await service.start();
let wrong = 0;
for (let part = 0; part <= parts; part++) {
  const { objects, handles, heapBytes } = await holding(service.url);
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const { rss } = process.memoryUsage();
  console.log(
    `${(part * connections) / parts} connections: heap ${mebibytes(heapBytes)} MiB, resident ${mebibytes(rss)} MiB, ` +
      `${JSON.stringify(objects)} ${JSON.stringify(handles)}`,
  );
  if (part === parts) break;
  const notAsExpected = await soak(service.url, Math.floor(connections / parts));
  for (const line of notAsExpected.slice(0, 10)) console.log(line);
  wrong += notAsExpected.length;
}
await service.stop();
rmSync(directory, { recursive: true });
console.log(`${wrong} ended in another way than they should have`);
process.exit(wrong === 0 ? 0 : 1);
