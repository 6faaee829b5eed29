/** V8's own collector of garbage, called when it is wanted. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Of all garbage of this thread; it is gone when this returns. */
export const collectGarbage = runInNewContext('gc') as () => void;
