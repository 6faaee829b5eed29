/**
 * The least that could take readings from a broker: mqtt.js on one connection, JSON.parse, and the PUBACK at once. How
 * many came is told where our server tells it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectAsync } from 'mqtt';

let accepted = 0;
const client = await connectAsync(process.argv[2]!, { clean: false, clientId: 'bare' });
client.handleMessage = (packet, done) => {
  JSON.parse(packet.payload.toString());
  accepted++;
  done();
};
await client.subscribeAsync('inlet/v1/readings/+', { qos: 1 });

const server = createServer((_, response) => response.end(JSON.stringify({ accepted, rejected: 0 })));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ msg: 'ready', url: `http://127.0.0.1:${port}` })}\n`);
