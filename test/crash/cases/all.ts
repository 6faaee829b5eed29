/** The rows of the table, in its order. */
import type { FaultCase } from '../fault-case.js';
import { bitRot } from './bit-rot.js';
import { kill } from './kill.js';
import { powerCut } from './power-cut.js';

export const faultCases: readonly FaultCase[] = [kill, powerCut, bitRot];
