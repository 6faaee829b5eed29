import t from 'tap';
import { testCases } from './case-group.js';

t.setTimeout(600_000);

await testCases(t, 'live');
