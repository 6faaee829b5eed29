import t from 'tap';
import { fsync } from './cases/fsync.js';
import { faultTest } from './fault-test.js';

faultTest(t, 'nothing is acknowledged before its fsync has returned, nor when that failed', fsync, 1);
