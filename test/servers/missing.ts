/**
 * Says loudly that a suite did not run since its server is not on this machine. Where `CI` is set that is an error: a suite
 * that never runs proves nothing.
 * @returns whether it is missing
 */
export function isMissing(suite: string, program: string, isThere: boolean): boolean {
  if (isThere) return false;
  const message = `${suite} DID NOT RUN: there is no ${program} on this machine`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n\n`);
  return true;
}
