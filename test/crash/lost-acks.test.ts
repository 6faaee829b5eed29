import t from 'tap';
import { lostAcks } from './cases/lost-acks.js';
import { faultTest } from './fault-test.js';

faultTest(t, 'a client whose acks are lost sends everything again, and it is stored once', lostAcks, 1);
