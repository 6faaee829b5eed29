/** A service whose store is away and whose spool is full, until the store comes. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { startInlet, type InletProcess } from '../../servers/inlet.js';

export interface FullService {
  service: InletProcess;
  /** From now on the store takes everything. */
  storeComes: () => void;
}

const filling = { device: 'filling', fields: { text: 'x'.repeat(1000) } };

export async function startFull(t: Test, environment: Record<string, string>): Promise<FullService> {
  let isThere = false;
  // Enough of InfluxDB for one who only writes.
  const store = createServer((request, response) => {
    request.resume().on('end', () => {
      if (!isThere) response.writeHead(503).end();
      else if (request.url?.startsWith('/query')) response.end('{"results":[{"statement_id":0}]}');
      else response.writeHead(204, { 'x-influxdb-version': '1.8.10' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(store, 'listening');
  t.teardown(() => {
    store.close();
    store.closeAllConnections();
  });
  const service = await startInlet(t, {
    INLET_STORE: 'influxdb',
    INLET_INFLUX_URL: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
    INLET_SPOOL_MAX_BYTES: '16 KiB',
    INLET_MAX_BODY_BYTES: '8 KiB',
    ...environment,
  });
  while ((await service.post(filling)).status === 202);
  return { service, storeComes: () => void (isThere = true) };
}
