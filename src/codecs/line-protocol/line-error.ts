/** What is wrong with a line, and where. Thrown as the quickest way out of its parts; caught where lines are walked over. */
export class LineError {
  /** Place in the text that is read, from 0. */
  readonly at: number;
  readonly message: string;

  constructor(at: number, message: string) {
    this.at = at;
    this.message = message;
  }
}
