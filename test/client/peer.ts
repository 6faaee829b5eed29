/**
 * A small service that speaks the wire contract honestly and keeps what it accepts in memory, with faults on demand: it can
 * lose an answer, cut a connection before or after it stored, refuse for a while, and restart.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { WebSocketServer, type WebSocket } from 'ws';
import type { OutgoingReading } from '../../src/client/index.js';

/** `before` and `after` storing: the connection breaks, and nobody tells the device which it was. */
export type Fault =
  | { cut: 'before' | 'after' }
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | { error: string; retryAfterMs?: number }
  | { close: number }
  | { say: unknown };

export class Peer {
  /** The fault for the nth post or frame, from 1, over all connections. */
  faultAt: (n: number) => Fault | undefined = () => undefined;
  /** Readings with a field `bad` are rejected. */
  readonly accepted: OutgoingReading[] = [];
  /** The time between a frame and the ack that covers it and all that came meanwhile. */
  ackDelayMs = 1;
  /** A proxy that lets no WebSocket through. */
  refusesSockets = false;
  maxInFlight = 8;
  maxFrameBytes = 1024 * 1024;
  connections = 0;
  attempts = 0;
  mostInFlight = 0;
  readonly #http: Server = createServer((request, response) => void this.#post(request, response));
  #sockets: WebSocketServer | undefined;
  #port = 0;

  async start(): Promise<void> {
    // A closed one does not open again; each start has its own.
    this.#sockets = new WebSocketServer({ server: this.#http, verifyClient: () => !this.refusesSockets });
    this.#sockets.on('connection', (socket) => this.#stream(socket));
    this.#http.listen(this.#port, '127.0.0.1');
    await once(this.#http, 'listening');
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    this.#sockets?.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What history would show: by identity, the last accepted wins. */
  get stored(): Map<string, OutgoingReading> {
    return new Map(this.accepted.map((reading) => [`${reading.device} ${reading.ts}`, reading]));
  }

  #store(readings: OutgoingReading[]): { accepted: number; rejected: number; results: unknown[] } {
    const results = readings.flatMap((reading, index) =>
      'bad' in reading.fields ? [{ index, code: 'schema', path: '/fields/bad', message: 'must not be' }] : [],
    );
    this.accepted.push(...readings.filter((reading) => !('bad' in reading.fields)));
    return { accepted: readings.length - results.length, rejected: results.length, results };
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/healthz') return void response.end('{}');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body).toString() : body.toString();
    const fault = this.faultAt(++this.attempts);
    if (fault && 'status' in fault) {
      response.writeHead(fault.status, fault.headers).end(JSON.stringify(fault.body ?? {}));
      return;
    }
    if (fault && 'cut' in fault && fault.cut === 'before') return void request.socket.destroy();
    const receipt = this.#store(readingsIn(JSON.parse(text) as OutgoingReading[] | Envelope));
    if (fault) return void request.socket.destroy();
    response.writeHead(receipt.rejected === 0 ? 202 : receipt.accepted === 0 ? 422 : 207);
    response.end(JSON.stringify(receipt));
  }

  #stream(socket: WebSocket): void {
    this.connections++;
    let inFlight = 0;
    let due: { seq: number; accepted: number } | undefined;
    const answer = (frame: unknown): void => socket.send(JSON.stringify(frame));
    const acknowledge = (): void => {
      if (due) answer({ type: 'ack', ...due, rejected: 0 });
      due = undefined;
      inFlight = 0;
    };
    const { maxInFlight, maxFrameBytes } = this;
    answer({ type: 'welcome', version: 1, maxInFlight, maxFrameBytes, pingIntervalMs: 25_000, serverTime: Date.now() });
    socket.on('message', (data: Buffer) => {
      if (socket.readyState !== socket.OPEN) return;
      const { seq, readings } = JSON.parse(data.toString()) as { seq: number; readings: OutgoingReading[] };
      this.mostInFlight = Math.max(this.mostInFlight, ++inFlight);
      const fault = this.faultAt(++this.attempts);
      if (fault && 'cut' in fault) {
        if (fault.cut === 'after') this.#store(readings);
        socket.terminate();
      } else if (fault && 'close' in fault) {
        socket.close(fault.close);
      } else if (fault && 'error' in fault) {
        acknowledge();
        answer({ type: 'error', seq, code: fault.error, message: 'not now', retryAfterMs: fault.retryAfterMs });
      } else if (fault && 'say' in fault) {
        answer(fault.say);
      } else {
        const { accepted, rejected, results } = this.#store(readings);
        if (rejected > 0) {
          acknowledge();
          return answer({ type: 'ack', seq, accepted, rejected, results });
        }
        if (!due) setTimeout(acknowledge, this.ackDelayMs);
        due = { seq, accepted: (due?.accepted ?? 0) + accepted };
      }
    });
  }
}

type Envelope = { device: string; type: string; readings: OutgoingReading[] };

function readingsIn(batch: OutgoingReading[] | Envelope): OutgoingReading[] {
  if (Array.isArray(batch)) return batch;
  const { readings, ...shared } = batch;
  return readings.map((reading) => ({ ...shared, ...reading }));
}
