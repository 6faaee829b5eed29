/** How much is delivered at once, and how long what waits. */
export interface DeliveryPace {
  /** About 50,000 readings: larger commits cost a store more in stalls than they save. */
  batchBytes: number;
  /** A store likes large batches: a small one waits this long for company, unless somebody waits for it. */
  gatherMs: number;
  /** Waits between attempts: a store that is back is noticed so soon that fresh readings need not wait for it. */
  retry: { firstMs: number; longestMs: number };
  /** What is delivered so long after its arrival is a backlog, … */
  staleMs: number;
  /** … and what arrived within this is delivered ahead of it. */
  freshMs: number;
}

export const usualPace: DeliveryPace = {
  batchBytes: 5 * 1024 * 1024,
  gatherMs: 50,
  retry: { firstMs: 250, longestMs: 2_000 },
  staleMs: 4_000,
  freshMs: 3_000,
};
