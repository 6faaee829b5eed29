/** What goes over the bus and what does not, since the start. */
export interface BusCounts {
  /** Readings that others were sent as they were accepted. */
  published: number;
  /** Readings of ours that were not sent so: the broker was away, or did not take what came before. Others fetch them. */
  unsent: number;
  /** Readings of others that came as they were accepted. */
  received: number;
  /** Readings of others that had to be fetched. */
  fetched: number;
  /** Gaps that were told, because something could not be had. */
  gaps: number;
  /** Messages that were not of the bus's form. */
  malformed: number;
}

export function noCounts(): BusCounts {
  return { published: 0, unsent: 0, received: 0, fetched: 0, gaps: 0, malformed: 0 };
}
