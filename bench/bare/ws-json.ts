/**
 * The least that could take our stream's frames: `ws`, JSON.parse, and an answer to each frame in the form of our acks,
 * so that both are read by the same client. No heartbeat, no compression, no UTF-8 check, nothing kept.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  skipUTF8Validation: true,
  clientTracking: false,
});
server.on('connection', (socket) => {
  socket.on('message', (data: Buffer) => {
    const { seq } = JSON.parse(data.toString('utf8')) as { seq: number };
    socket.send(`{"type":"ack","seq":${seq},"accepted":1,"rejected":0}`);
  });
});
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ msg: 'ready', url: `http://127.0.0.1:${port}` })}\n`);
