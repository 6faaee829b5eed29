/** A real Mosquitto for tests, in a directory of its own under the system's temporary one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { hasMosquitto, MosquittoProcess, type MosquittoSettings } from '../../bench/servers/mosquitto.js';
import { isMissing } from './missing.js';

/** A broker that runs until the test is over. */
export async function startMosquitto(t: Test, settings: MosquittoSettings = {}): Promise<MosquittoProcess> {
  const directory = await mkdtemp(path.join(tmpdir(), 'inlet-mosquitto-'));
  const mosquitto = new MosquittoProcess(directory, settings);
  t.teardown(async () => {
    await mosquitto.kill9();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  await mosquitto.start();
  return mosquitto;
}

export function mosquittoIsMissing(suite: string): boolean {
  return isMissing(suite, 'mosquitto', hasMosquitto());
}
