/** What is known of another instance, and how it is asked: whether it is there, how far it is, and what it accepted. */
import type { Clock } from '../../ports/clock.js';
import { Away, type MemorySource, type PeerSource, type Progress } from '../source.js';
import type { BusCounts } from './counts.js';
import type { LineCheck } from './line-check.js';
import type { Answer, Status, Stretch } from './message.js';
import type { Questions } from './questions.js';

export interface ContactRooms {
  questions: Questions;
  check: LineCheck;
  counts: BusCounts;
  clock: Clock;
}

/** One that says nothing for so long is away; it says something every ten seconds. */
const silenceMs = 35_000;

export class Contact implements PeerSource {
  readonly name: string;
  readonly #rooms: ContactRooms;
  #head = 0;
  #tail = 0;
  #low = 0;
  #isOnline = false;
  #heardMs: number;

  constructor(name: string, rooms: ContactRooms) {
    this.name = name;
    this.#rooms = rooms;
    this.#heardMs = rooms.clock.now();
  }

  get tail(): number {
    return this.#tail;
  }

  get head(): number {
    return this.#head;
  }

  get progress(): Progress {
    return { head: this.#head, low: this.#low };
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** When it was heard last. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** It says how far it is. */
  hear(status: Status): void {
    this.#heardMs = this.#rooms.clock.now();
    this.#note(status, status.state === 'online');
  }

  /** It sends what it has accepted. @returns the lines; undefined when they are not of the form */
  take({ from, count, lines }: Stretch): string | undefined {
    this.#heardMs = this.#rooms.clock.now();
    this.#isOnline = true;
    const text = this.#checked(count, lines);
    if (text !== undefined) this.#head = Math.max(this.#head, from + count);
    return text;
  }

  /** There is somebody of that name. */
  appear(): void {
    this.#isOnline = true;
  }

  /** It, or the broker, has gone. */
  away(): void {
    this.#isOnline = false;
  }

  /** It was set back, or has less than it said. */
  isAt(head: number): void {
    this.#head = head;
  }

  /** To be called about every second. */
  lookAtTheClock(): void {
    if (this.#rooms.clock.now() - this.#heardMs > silenceMs) this.away();
  }

  async ask(): Promise<Progress> {
    await this.question(this.#head, 0);
    return this.progress;
  }

  async read(from: number, maxBytes: number): ReturnType<MemorySource['read']> {
    const answer = await this.question(from, maxBytes);
    return answer.count === 0 ? [] : [{ position: answer.from, count: answer.count, payload: answer.lines }];
  }

  /** Where it is now, even if that is less than it said before. @throws Away */
  async askAnew(): Promise<number> {
    return (await this.#rooms.questions.ask(this.name, this.#head, 0)).head;
  }

  /** @throws Away */
  async question(from: number, maxBytes: number): Promise<Answer & { text: string }> {
    const { questions, clock } = this.#rooms;
    if (!this.#isOnline) throw new Away('an instance is away');
    const answer = await questions.ask(this.name, from, maxBytes).catch((error: unknown) => {
      // Whatever else it sends says that it is there again.
      this.away();
      throw error;
    });
    this.#heardMs = clock.now();
    this.#note(answer, true);
    const text = answer.count > 0 ? this.#checked(answer.count, answer.lines) : '';
    if (text === undefined) throw new Away('an answer is not of the form');
    return { ...answer, text };
  }

  #checked(count: number, { buffer, byteOffset, byteLength }: Uint8Array): string | undefined {
    const { check, counts } = this.#rooms;
    const text = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
    if (check.areGood(text, count)) return text;
    counts.malformed++;
    return undefined;
  }

  #note({ head, tail, low }: Progress & { tail: number }, isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#head = Math.max(this.#head, head);
    this.#tail = Math.max(this.#tail, tail);
    this.#low = Math.max(this.#low, low);
  }
}
