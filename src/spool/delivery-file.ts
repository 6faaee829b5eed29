/**
 * The delivery state in a file of its own, for stores that cannot keep it beside their rows: JSON, replaced atomically
 * (written aside, synced, renamed, directory synced). A state that is lost or older than the truth only means that some
 * readings are delivered again, which changes nothing.
 */
import path from 'node:path';
import type { DeliveryState } from '../ports/history-store.js';
import type { FileLayer } from './files.js';

const fileName = 'delivery.json';

export async function readDelivery(files: FileLayer, directory: string): Promise<DeliveryState | null> {
  if (!(await files.list(directory)).includes(fileName)) return null;
  const file = await files.open(path.join(directory, fileName));
  try {
    const state = JSON.parse((await file.read(0, await file.size())).toString()) as DeliveryState;
    return Number.isSafeInteger(state.low) && Array.isArray(state.ranges) ? state : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  } finally {
    await file.close();
  }
}

export async function writeDelivery(files: FileLayer, directory: string, state: DeliveryState): Promise<void> {
  const aside = path.join(directory, `${fileName}.new`);
  const file = await files.create(aside);
  try {
    await file.write([Buffer.from(JSON.stringify(state))], 0);
  } finally {
    await file.close();
  }
  await files.rename(aside, path.join(directory, fileName));
  await files.syncDirectory(directory);
}
