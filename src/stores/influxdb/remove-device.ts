/**
 * Deletes all readings of a device:
 *
 *     1.x                     DROP SERIES WHERE "device" = 'boiler-7'      (DELETE would leave the series in the index)
 *     2.x                     POST /api/v2/delete  {"start":…,"stop":…,"predicate":"device=\"boiler-7\""}
 *     2.x with only a user    DELETE WHERE "device" = 'boiler-7'           (its /query knows no DROP SERIES)
 *     3.x                     has no way to delete rows
 */
import { deviceCondition, identifier } from './influxql.js';
import { runStatement } from './query.js';
import type { Server } from './server.js';
import { databaseOf, type InfluxSettings } from './settings.js';
import type { InfluxTransport } from './transport.js';
import { deletePath, hasOnlyUser } from './write-path.js';

/** All that InfluxDB can keep. */
const always = { start: '1677-09-21T00:12:44Z', stop: '2262-04-11T23:47:16Z' };

/** @throws as the client does, and StatementFailed */
export async function removeDevice(
  transport: InfluxTransport,
  settings: InfluxSettings,
  { major, organisation }: Server,
  device: string,
): Promise<'removed' | 'not supported'> {
  if (major > 2) return 'not supported';
  if (major === 2 && !hasOnlyUser(settings)) {
    const body = { ...always, predicate: `device=${identifier(device)}` };
    const options = { method: 'POST', headers: { accept: 'application/json' } };
    await transport.transport.request(deletePath(settings, organisation), body, options);
    return 'removed';
  }
  const verb = major === 2 ? 'DELETE' : 'DROP SERIES';
  await runStatement(transport, `${verb} WHERE ${deviceCondition(device)}`, databaseOf(settings));
  return 'removed';
}
