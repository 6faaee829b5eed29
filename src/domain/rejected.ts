/**
 * Why a reading is not taken: codecs put it in the place of a reading that they cannot read, and the pipeline throws it as
 * the quickest way out of one that is wrong, deep inside its parts, to where the batch is walked over.
 */
import type { RejectionCode } from './refusal.js';

export class Rejected {
  readonly code: RejectionCode;
  /** JSON Pointer within what was sent. */
  readonly path: string;
  readonly message: string;

  constructor(code: RejectionCode, path: string, message: string) {
    this.code = code;
    this.path = path;
    this.message = message;
  }
}
