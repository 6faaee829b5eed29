/** How to reach an InfluxDB: 1.x by user, password and database, 2.x and 3.x by token, organisation and bucket. */
export interface InfluxSettings {
  url: string;
  token?: string | undefined;
  org?: string | undefined;
  bucket?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  database?: string | undefined;
  /** Each wait for more of a query's answer may take this long; a write as long, or 12 s if that is less. */
  timeoutMs: number;
}

export const defaultDatabase = 'telemetry';

/**
 * The bucket of 2.x and the database of 1.x and 3.x are one thing under two names: the one that was named. Both settings
 * have the same default; where both were named, the database counts.
 */
export function databaseOf({ database, bucket }: InfluxSettings): string {
  const named = [database, bucket].find((name) => name !== undefined && name !== defaultDatabase);
  return named ?? defaultDatabase;
}
