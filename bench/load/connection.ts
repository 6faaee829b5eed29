/** One raw socket of a load. What it sends and how it reads the answers is the protocol's. */
import { connect, type Socket } from 'node:net';

/** Reads what has arrived. @returns how many messages it answers, and what of it is not complete yet */
export interface Progress {
  answered: number;
  rest: string;
}

export interface Talk {
  /** Sent first; undefined when the first message may be sent at once. */
  opening: string | undefined;
  /** @throws when an answer is not the acknowledgement that was expected */
  read(text: string): Progress;
  /** The next `count` messages. */
  take(count: number): Buffer[];
}

export interface Traffic {
  window: number;
  /** Whether messages may be sent now. */
  mayGo(): boolean;
  answered(messages: number): void;
}

export class Connection {
  readonly #url: URL;
  readonly #talk: Talk;
  readonly #traffic: Traffic;
  #socket: Socket | undefined;
  #free: number;
  #rest = '';

  constructor(url: URL, talk: Talk, traffic: Traffic) {
    this.#url = url;
    this.#talk = talk;
    this.#traffic = traffic;
    this.#free = traffic.window;
  }

  start(): void {
    const socket = connect(Number(this.#url.port), this.#url.hostname);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('close', () => {
      if (this.#socket === socket) throw new Error('the server closed a connection');
    });
    const { opening } = this.#talk;
    if (opening === undefined) this.fill();
    else socket.write(opening);
  }

  /** Ends the connection; nothing may be under way. */
  stop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  get isIdle(): boolean {
    return this.#free === this.#traffic.window;
  }

  /** Sends what the window has room for. */
  fill(): void {
    if (!this.#traffic.mayGo() || this.#free === 0) return;
    const pieces = this.#talk.take(this.#free);
    this.#free = 0;
    for (const piece of pieces) this.#socket!.write(piece);
  }

  #read(chunk: Buffer): void {
    const { answered, rest } = this.#talk.read(this.#rest + chunk.toString('latin1'));
    this.#rest = rest;
    this.#free += answered;
    if (answered > 0) this.#traffic.answered(answered);
    // The end of the opening answers nothing, and lets the first messages go.
    if (answered > 0 || rest === '') this.fill();
  }
}
