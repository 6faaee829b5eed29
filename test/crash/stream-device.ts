/** A device on `/v1/stream` with several frames on their way, which knows exactly what was acknowledged. */
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { BatchLedger } from './batch-ledger.js';
import type { ProofBatch } from './oracle.js';

const window = 8;

interface Frame {
  type: string;
  seq?: number;
  accepted?: number;
  rejected?: number;
  code?: string;
}

export class StreamDevice {
  readonly #socket: WebSocket;
  readonly #load: BatchLedger;
  /** By `seq`, in the order in which they were sent. */
  readonly #open = new Map<number, ProofBatch>();
  #seq = 0;
  #wake: () => void = () => undefined;

  constructor(url: string, load: BatchLedger) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`);
    this.#load = load;
  }

  /** Ends when the connection has. */
  async run(): Promise<void> {
    const socket = this.#socket;
    socket.on('error', () => socket.terminate());
    const closed = new Promise<'closed'>((resolve) => void socket.once('close', () => resolve('closed')));
    const welcomed = new Promise<'welcomed'>((resolve) => void socket.once('message', () => resolve('welcomed')));
    socket.on('message', (text: Buffer) => this.#take(JSON.parse(text.toString()) as Frame));
    socket.once('close', () => this.#wake());
    if ((await Promise.race([welcomed, closed])) === 'welcomed') await this.#send();
    if (socket.readyState === WebSocket.OPEN) socket.close();
    await closed;
    this.#load.broke([...this.#open.values()]);
    this.#open.clear();
  }

  end(): void {
    this.#wake();
  }

  async #send(): Promise<void> {
    const socket = this.#socket;
    const { restMs } = this.#load;
    while (socket.readyState === WebSocket.OPEN && (!this.#load.isEnding || this.#open.size > 0)) {
      if (this.#open.size < window && !this.#load.isEnding) {
        const batch = this.#load.take();
        this.#open.set(++this.#seq, batch);
        socket.send(JSON.stringify({ seq: this.#seq, readings: batch.readings }));
        await pause(restMs);
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  #take(frame: Frame): void {
    if (frame.type === 'ack') this.#acked(frame);
    else if (frame.type === 'error') {
      const batch = this.#open.get(frame.seq!)!;
      this.#open.delete(frame.seq!);
      this.#load.refused(batch, frame.code!);
    }
    this.#wake();
  }

  /** One ack covers every frame up to its `seq`, and its counts are theirs. */
  #acked({ seq, accepted, rejected }: Frame): void {
    const covered = [...this.#open].filter(([one]) => one <= seq!);
    const readings = covered.reduce((sum, [, batch]) => sum + batch.entries.length, 0);
    if (rejected !== 0 || accepted !== readings)
      this.#load.problems.push(`an ack up to ${seq} says ${accepted} accepted, ${rejected} rejected of ${readings}`);
    for (const [one, batch] of covered) {
      this.#open.delete(one);
      this.#load.acked(batch);
    }
  }
}
