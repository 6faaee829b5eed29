/** Which InfluxDB a server is, by how it names itself: `1.6.7~rc0`, `1.8.10`, `v2.7.11`, `3.8.0`. */
export interface Version {
  major: number;
  minor: number;
}

/** @returns undefined for what names no version */
export function parseVersion(text: unknown): Version | undefined {
  const match = typeof text === 'string' ? /^v?(\d+)\.(\d+)/.exec(text) : null;
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

/** 1.8 was the first with an endpoint of 2.x. */
export function hasV2Write({ major, minor }: Version): boolean {
  return major > 1 || minor >= 8;
}
