/**
 * Why a reading is not taken: codecs put it in the place of a reading that they cannot read, and the pipeline throws it as
 * the quickest way out of one that is wrong, deep inside its parts, to where the batch is walked over.
 */
import { clipped } from './clipped.js';
import { maxMessageCharacters, type RejectionCode } from './refusal.js';

/** Names that are allowed are far shorter; one that is not may be as long as a body. */
const maxPathCharacters = 256;

export class Rejected {
  readonly code: RejectionCode;
  /** JSON Pointer within what was sent. */
  readonly path: string;
  readonly message: string;

  constructor(code: RejectionCode, path: string, message: string) {
    this.code = code;
    this.path = clipped(path, maxPathCharacters);
    this.message = clipped(message, maxMessageCharacters);
  }
}
