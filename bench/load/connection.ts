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
  /** The connection may have room: now is the time to send. */
  hasRoom(connection: Connection): void;
  took(milliseconds: number, messages: number): void;
  answered(messages: number): void;
}

/** Messages that were to be sent at the same time, as far as they are not answered. */
interface Burst {
  messages: number;
  dueAtMs: number;
}

export class Connection {
  readonly #url: URL;
  readonly #talk: Talk;
  readonly #traffic: Traffic;
  #socket: Socket | undefined;
  readonly #underWay: Burst[] = [];
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
    if (opening === undefined) this.#traffic.hasRoom(this);
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

  /** Sends so many, or as many as the window has room for. @returns how many */
  send(most: number, dueAtMs: number): number {
    const messages = Math.min(most, this.#free);
    if (messages === 0) return 0;
    this.#free -= messages;
    this.#underWay.push({ messages, dueAtMs });
    for (const piece of this.#talk.take(messages)) this.#socket!.write(piece);
    return messages;
  }

  #read(chunk: Buffer): void {
    const { answered, rest } = this.#talk.read(this.#rest + chunk.toString('latin1'));
    this.#rest = rest;
    this.#free += answered;
    if (answered > 0) {
      this.#time(answered);
      this.#traffic.answered(answered);
    }
    // The end of the opening answers nothing, and lets the first messages go.
    if (answered > 0 || rest === '') this.#traffic.hasRoom(this);
  }

  /** Answers come in the order of the messages. */
  #time(answered: number): void {
    const now = performance.now();
    for (let rest = answered; rest > 0;) {
      const burst = this.#underWay[0]!;
      const messages = Math.min(rest, burst.messages);
      this.#traffic.took(now - burst.dueAtMs, messages);
      rest -= messages;
      burst.messages -= messages;
      if (burst.messages === 0) this.#underWay.shift();
    }
  }
}
