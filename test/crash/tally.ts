/** What came of a fault: how often it was tried, and what was lost, doubled or wrong. */
import type { Stats } from '../../src/ports/operations.js';
import type { Judgement } from './oracle.js';

const keptProblems = 20;

export class Tally {
  tries = 0;
  acked = 0;
  lost = 0;
  doubled = 0;
  wrong = 0;
  /** From the start of the process to its ready line, each time. */
  readonly readyAgainMs: number[] = [];
  readonly problems: string[] = [];

  add({ lost, doubled, wrong, problems }: Judgement): void {
    this.lost += lost;
    this.doubled += doubled;
    this.wrong += wrong;
    this.note(...problems);
  }

  /** What does not hold is wrong. */
  expect(holds: boolean, otherwise: string): void {
    if (holds) return;
    this.wrong++;
    this.note(otherwise);
  }

  expectConservation({ received, accepted, rejected, stored, quarantined, discarded, pending }: Stats): void {
    this.expect(received === accepted + rejected, `received ${received} = ${accepted} + ${rejected}`);
    const sum = stored + quarantined + discarded + pending;
    this.expect(
      accepted === sum,
      `accepted ${accepted} = stored ${stored} + quarantined ${quarantined} + discarded ${discarded} + pending ${pending}`,
    );
  }

  note(...problems: string[]): void {
    this.problems.push(...problems.slice(0, keptProblems - this.problems.length));
  }

  /** Takes the other's counts into this one. */
  join(other: Tally): void {
    this.tries += other.tries;
    this.acked += other.acked;
    this.lost += other.lost;
    this.doubled += other.doubled;
    this.wrong += other.wrong;
    this.readyAgainMs.push(...other.readyAgainMs);
    this.note(...other.problems);
  }

  get isClean(): boolean {
    return this.lost + this.doubled + this.wrong + this.problems.length === 0;
  }
}
