// Runs one of the project's programs: `node scripts/run.mjs simulators/simulate --devices 5`.
import path from 'node:path';
import { prepare, root } from './prepare.mjs';

const [program, ...rest] = process.argv.slice(2);
const development = !/^(src|simulators)\//.test(program);
await prepare({ development });
const file = path.join(root, 'dist', `${program}.js`);
process.argv = [process.argv[0], file, ...rest];
await import(file);
