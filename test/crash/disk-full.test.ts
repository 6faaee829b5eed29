import t from 'tap';
import { faultTest } from './fault-test.js';
import { diskFull } from './cases/disk-full.js';

faultTest(t, 'on a full disk nothing is acknowledged, and it goes on by itself when there is room', diskFull, 12);
