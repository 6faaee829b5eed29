/** Where accepted readings go once they are durable, and how dashboards get at them. */

/** Readings as they lie in the spool. */
export interface DurableReadings {
  /** Of the first of them. */
  position: number;
  count: number;
  /** Their lines (domain/line.ts). */
  payload: string;
}

export interface Feed {
  /** Called in order of position. */
  publish(readings: DurableReadings): void;
}

/** Absent parts match everything; names are exact or have `*` in them. */
export interface LiveFilter {
  devices?: readonly string[];
  types?: readonly string[];
  /** A reading shows only these fields, and does not come when it has none of them. */
  fields?: readonly string[];
  tags?: Readonly<Record<string, string>>;
}

/** The connection of a subscriber, as the feed sees it. */
export interface Subscriber {
  send(message: string): void;
  /** Bytes that were sent and that the other side has not taken. */
  bufferedBytes(): number;
  /** The other side reads too slowly: its connection is to end. */
  tooSlow(): void;
}

export interface SubscriptionHandle {
  /** Name of the subscription on its connection. */
  readonly name: string;
  /** Where it began: everything accepted from there on will come. */
  readonly cursor: string;
  /** Sends what comes first, then the live readings. Call it when the subscriber knows its name. */
  begin(): void;
  end(): void;
}

export interface LiveFeed extends Feed {
  subscribe(
    subscriber: Subscriber,
    name: string,
    filter: LiveFilter,
    options: { snapshot: boolean },
  ): SubscriptionHandle;
  readonly subscriptionCount: number;
}
