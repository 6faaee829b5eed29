/**
 * Where a server takes line protocol:
 *
 *     before 1.8    /write?db=DATABASE
 *     1.8 and on    /api/v2/write?bucket=DATABASE/&precision=ns         (the database's default retention policy)
 *     2.x, 3.x      /api/v2/write?org=ORG&bucket=BUCKET&precision=ns
 *
 * A user and a password are no token: with them 2.x and 3.x are asked as a 1.x, at the endpoint that they keep for that.
 */
import { databaseOf, type InfluxSettings } from './settings.js';
import { hasV2Write, type Version } from './version.js';

/** @param organisation its id, where the settings do not name one */
export function writePath(version: Version, settings: InfluxSettings, organisation?: string): string {
  const database = databaseOf(settings);
  if (!hasV2Write(version) || (version.major >= 2 && hasOnlyUser(settings))) return `/write?${query({ db: database })}`;
  if (version.major === 1) return `/api/v2/write?${query({ bucket: `${database}/`, precision: 'ns' })}`;
  return `/api/v2/write?${query({ ...ownerOf(settings, organisation), bucket: database, precision: 'ns' })}`;
}

/** Where 2.x deletes by tag. */
export function deletePath(settings: InfluxSettings, organisation?: string): string {
  return `/api/v2/delete?${query({ ...ownerOf(settings, organisation), bucket: databaseOf(settings) })}`;
}

function ownerOf({ org }: InfluxSettings, organisation: string | undefined): Record<string, string> {
  return org === undefined && organisation !== undefined ? { orgID: organisation } : { org: org ?? '' };
}

export function hasOnlyUser({ token, username }: InfluxSettings): boolean {
  return token === undefined && username !== undefined;
}

function query(parameters: Record<string, string>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
