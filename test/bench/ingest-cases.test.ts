import t from 'tap';
import { testCases } from './case-group.js';

await testCases(t, 'ingest');
