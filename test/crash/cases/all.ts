/** The rows of the table, in its order. */
import type { FaultCase } from '../fault-case.js';
import { bitRot } from './bit-rot.js';
import { clocks } from './clocks.js';
import { diskFull } from './disk-full.js';
import { flood } from './flood.js';
import { fsync } from './fsync.js';
import { kill } from './kill.js';
import { lostAcks } from './lost-acks.js';
import { mqtt } from './mqtt.js';
import { powerCut } from './power-cut.js';
import { store } from './store.js';

export const faultCases: readonly FaultCase[] = [
  kill,
  powerCut,
  bitRot,
  diskFull,
  fsync,
  store,
  lostAcks,
  mqtt,
  clocks,
  flood,
];
