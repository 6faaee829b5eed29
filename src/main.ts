/** The server: reads its settings, starts, says where it is, and stops in good order when it is told to. */
import { SettingError, readSettings, type Settings } from './config/settings.js';
import { environment } from './config/environment.js';
import { tuneHeaps } from './app/heap.js';
import { Service } from './app/service.js';

const exitCodes = { failed: 1, wrongSetting: 2 } as const;
/** Everything has to be closed by then; what still hangs is cut. */
const stopWithinMs = 9_500;

function settingsOrExit(): Readonly<Settings> {
  try {
    return readSettings(environment());
  } catch (error) {
    return exitBecause(error);
  }
}

function exitBecause(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error)}\n`);
  process.exit(error instanceof SettingError ? exitCodes.wrongSetting : exitCodes.failed);
}

const settings = settingsOrExit();
tuneHeaps();
const service = new Service(settings);
let isStopping = false;

async function stop(signal: NodeJS.Signals): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  service.log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(exitCodes.failed), stopWithinMs).unref();
  await service.stop();
  process.exit(0);
}

process.on('SIGTERM', (signal) => void stop(signal));
process.on('SIGINT', (signal) => void stop(signal));

if (settings.insecure) {
  service.log.warn({ host: settings.host }, 'INLET_INSECURE=1: anybody who reaches this address can write and read');
}
try {
  await service.start();
} catch (error) {
  exitBecause(error);
}
// Programs wait for this line, so it does not depend on the log level.
process.stdout.write(
  `${JSON.stringify({ level: 30, time: Date.now(), msg: 'ready', url: service.url, mqtt: service.mqttUrl, store: settings.store })}\n`,
);
