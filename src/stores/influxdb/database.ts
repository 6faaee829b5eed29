/**
 * Makes our database or bucket where it is missing. Who may not make one may well write to the one that is there, so
 * being refused is no failure; what was said is kept for the moment when a write finds nothing.
 */
import { HttpError } from '@influxdata/influxdb-client';
import { excerpt } from './excerpt.js';
import { identifier } from './influxql.js';
import { runStatement, StatementFailed } from './query.js';
import { databaseOf, type InfluxSettings } from './settings.js';
import type { InfluxTransport } from './transport.js';
import type { Version } from './version.js';

export interface Made {
  /** Id of the organisation that the bucket is of, where there are organisations. */
  organisation?: string | undefined;
  /** Why it could not be made. */
  notMade?: string | undefined;
}

/** @throws as the client does, when the server is away */
export async function makeDatabase(
  transport: InfluxTransport,
  settings: InfluxSettings,
  { major }: Version,
): Promise<Made> {
  const name = databaseOf(settings);
  switch (major) {
    case 1:
      // Creating what exists is no error.
      return { notMade: await refusalOf(runStatement(transport, `CREATE DATABASE ${identifier(name)}`)) };
    case 2: {
      const organisation = await findOrganisation(transport, settings.org);
      if (organisation === undefined) return { notMade: 'the organisation is not known, or one of several' };
      return { organisation, notMade: await refusalOf(createBucket(transport, organisation, name)) };
    }
    default:
      // 3.x makes it with the first write.
      return {};
  }
}

/** @returns what the server said when it did not want to; undefined when it did it */
async function refusalOf(making: Promise<void>): Promise<string | undefined> {
  try {
    await making;
    return undefined;
  } catch (error) {
    if (error instanceof StatementFailed || isRefusal(error)) return excerpt(error.message);
    throw error;
  }
}

function isRefusal(error: unknown): error is HttpError {
  return error instanceof HttpError && error.statusCode >= 400 && error.statusCode < 500 && error.statusCode !== 429;
}

async function createBucket(transport: InfluxTransport, organisation: string, name: string): Promise<void> {
  const query = `orgID=${encodeURIComponent(organisation)}&name=${encodeURIComponent(name)}`;
  if (idsIn(await ask(transport, `/api/v2/buckets?${query}`), 'buckets').length > 0) return;
  const bucket = { orgID: organisation, name, retentionRules: [] };
  await transport.transport.request('/api/v2/buckets', bucket, { method: 'POST', headers: json });
}

/** @returns its id; the only one there is, where none is named */
async function findOrganisation(transport: InfluxTransport, name: string | undefined): Promise<string | undefined> {
  const query = name === undefined ? '' : `?org=${encodeURIComponent(name)}`;
  const ids = idsIn(await ask(transport, `/api/v2/orgs${query}`), 'orgs');
  return ids.length === 1 ? ids[0] : undefined;
}

const json = { accept: 'application/json' };

/** @returns nothing for a 404, which 2.x answers when it knows no such name, and for what these credentials may not see */
async function ask(transport: InfluxTransport, path: string): Promise<unknown> {
  try {
    return await transport.transport.request(path, '', { method: 'GET', headers: json });
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

function idsIn(answer: unknown, key: 'orgs' | 'buckets'): string[] {
  const list: unknown = (answer as Record<string, unknown> | undefined)?.[key];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: { id?: unknown } | null) => (typeof entry?.id === 'string' ? [entry.id] : []));
}
