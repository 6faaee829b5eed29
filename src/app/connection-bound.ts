/** How many connections this process can hold. Each is an open file, and the system bounds those. */

/** Open files beside connections: the spool, the store, the catalog, exports, and connections that are turned away. */
const otherFiles = 1_024;
/** Where the system would allow more: an idle connection takes some 10 KiB. */
const mostConnections = 100_000;
/** Where it says nothing, or so little that nothing is left for connections. */
const fewestConnections = 256;

export function connectionBound(): number {
  const files = openFileLimit();
  if (files === undefined) return mostConnections;
  return Math.max(fewestConnections, Math.min(mostConnections, files - otherFiles));
}

/** Node raises the soft limit to the hard one when it starts. */
function openFileLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
