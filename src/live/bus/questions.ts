/** What this instance asks the others, until they have answered. */
import { randomInt } from 'node:crypto';
import { Away } from '../source.js';
import { encodeFetch, type Answer } from './message.js';

/** How long an answer may take. */
const patienceMs = 2_000;
/** Questions without an answer; one more is not asked. */
const maxOpen = 64;

interface Question {
  answered: (answer: Answer) => void;
  failed: (error: Error) => void;
  timer: NodeJS.Timeout;
}

export class Questions {
  readonly #instance: string;
  readonly #send: (to: string, payload: Buffer) => boolean;
  readonly #open = new Map<number, Question>();
  // An answer to a question of before a restart must not be taken for one of now.
  #lastId = randomInt(2 ** 40);

  constructor(instance: string, send: (to: string, payload: Buffer) => boolean) {
    this.#instance = instance;
    this.#send = send;
  }

  /** @throws Away */
  async ask(instance: string, from: number, maxBytes: number): Promise<Answer> {
    const id = ++this.#lastId;
    if (this.#open.size >= maxOpen) throw new Away('too much is asked already');
    return new Promise((answered, failed) => {
      const timer = setTimeout(() => this.#fail(id), patienceMs);
      this.#open.set(id, { answered, failed, timer });
      if (!this.#send(instance, encodeFetch({ id, to: this.#instance, from, maxBytes }))) this.#fail(id);
    });
  }

  take(answer: Answer): void {
    const question = this.#open.get(answer.id);
    if (!question) return;
    this.#open.delete(answer.id);
    clearTimeout(question.timer);
    question.answered(answer);
  }

  /** Nobody answers any more. */
  failAll(): void {
    for (const id of this.#open.keys()) this.#fail(id);
  }

  #fail(id: number): void {
    const question = this.#open.get(id);
    if (!question) return;
    this.#open.delete(id);
    clearTimeout(question.timer);
    question.failed(new Away('an instance does not answer'));
  }
}
