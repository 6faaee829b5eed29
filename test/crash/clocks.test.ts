import t from 'tap';
import { clocks } from './cases/clocks.js';
import { faultTest } from './fault-test.js';

faultTest(t, 'wrong clocks: the policy is applied, and the order is that of acceptance', clocks, 1);
