/** What dashboards say on the live feed. */
import type { LiveCommand } from './generated/live-frames.js';
import type { Refusal } from './refusal.js';

export interface RefusedCommand {
  /** Of the command, where it could be read. */
  id: number | undefined;
  refusal: Refusal;
}

export interface LiveCommands {
  decode(text: string): LiveCommand | RefusedCommand;
  /** What is wrong with a filter, saying where; undefined when nothing is. */
  refuseFilter(filter: unknown): Refusal | undefined;
}
