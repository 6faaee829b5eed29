/** `npm run soak:proxy -- 10`: the long form of the feed's test behind nginx, for so many minutes. */
import { InletProcess } from '../../servers/inlet.js';
import { Nginx } from '../../servers/nginx.js';
import { count, milliseconds, table } from '../../../simulators/terminal.js';
import { complaintsAbout, parts, soakThroughProxy } from './soak.js';

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes >= 0.2)) {
  console.error('npm run soak:proxy -- MINUTES: expected a number of at least 0.2');
  process.exit(2);
}

const partSeconds = Math.round((minutes * 60) / parts.length);
const service = new InletProcess();
const nginx = new Nginx(partSeconds);
let isWell = false;
try {
  await service.start();
  await nginx.start([service.url]);
  const figures = await soakThroughProxy(service, nginx, partSeconds, console.error);
  const { sent, accepted, seconds, forms, streamBreaks } = figures;
  console.log(`${count(sent)} readings in ${seconds.toFixed(0)} s, ${count(accepted - sent)} of them accepted twice.`);
  const head = ['', 'readers', 'received', 'missing', 'again', 'gaps', ...parts, 'longest silence'];
  const rows = forms.map(({ form, readers, received, missing, again, gaps, breaks, longestSilenceMs }) => [
    form,
    ...[readers, received, missing, again, gaps, ...breaks].map(count),
    milliseconds(longestSilenceMs),
  ]);
  const stream = ['/v1/stream, going in', '1', '', '', '', '', ...streamBreaks.map(count), ''];
  console.log(`Connections that ended are counted in each of three parts.\n\n${table([head, ...rows, stream])}\n`);
  for (const complaint of complaintsAbout(figures)) console.log(`NOT AS IT HAS TO BE: ${complaint}`);
  isWell = complaintsAbout(figures).length === 0;
} finally {
  await nginx.end();
  await service.end();
}
process.exit(isWell ? 0 : 1);
