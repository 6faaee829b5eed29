import t from 'tap';
import { store } from './cases/store.js';
import { faultTest } from './fault-test.js';

faultTest(t, 'a store that is away, slow or in a mood costs nothing, and one bad line only itself', store, 1);
