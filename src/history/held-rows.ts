import { refuse } from './parameter.js';

/** Rows of one answer that are held in memory, where it cannot be given out on the way. */
export const maxHeldRows = 200_000;

/** @throws Refusal naming the parameter that asks for so much */
export function refuseTooMany(rows: number, parameter: string): void {
  if (rows > maxHeldRows) {
    refuse(
      parameter,
      `needs more than ${maxHeldRows} rows at once; ask for fewer series, a shorter range or less detail`,
    );
  }
}
