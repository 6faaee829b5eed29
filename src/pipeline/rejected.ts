/** The quickest way out of a reading that is wrong, deep inside its parts. Caught where the batch is walked over. */
import type { RejectionCode } from '../domain/refusal.js';

export class Rejected {
  readonly code: RejectionCode;
  readonly path: string;
  readonly message: string;

  constructor(code: RejectionCode, path: string, message: string) {
    this.code = code;
    this.path = path;
    this.message = message;
  }
}
