/**
 * How many connections may be open at once. One more is told so, with 503, when it asks for something; when too many of
 * those that are to be told stay open as well, the next are cut without a word. Without a bound the process would run
 * out of open files, and the spool needs them.
 */
import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { Refusal } from '../../domain/refusal.js';
import { sendRefusal } from './problem.js';

/** Connections beyond the bound that are kept open to be told. */
const toBeTold = 256;
const retryAfterMs = 5_000;

export function limitConnections(app: FastifyInstance, maxConnections: number): void {
  let open = 0;
  const surplus = new Set<Socket>();
  function closed(this: Socket): void {
    open--;
    surplus.delete(this);
  }
  // Over TLS a request comes from the socket within.
  app.server.on(app.server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (++open > maxConnections) surplus.add(socket);
    socket.once('close', closed);
  });
  app.server.maxConnections = maxConnections + toBeTold;
  app.addHook('onRequest', (request, reply, done) => {
    if (surplus.size === 0 || !surplus.has(request.raw.socket)) return done();
    const detail = `${maxConnections} connections are open, and more are not taken`;
    void sendRefusal(reply.header('connection', 'close'), new Refusal('too_many_connections', detail, retryAfterMs));
  });
}
