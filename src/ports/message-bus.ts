/** Messages between instances and to other programs, over a broker that may be away. */

export interface BusEvents {
  /** It is connected and subscribed: what the broker has kept comes now. */
  onOnline(): void;
  /** It is not connected any more, or could not be. */
  onOffline(): void;
  onMessage(topic: string, payload: Buffer): void;
}

export interface MessageBus {
  /** Returns at once. A broker that is away is tried again until it is there. */
  start(events: BusEvents): void;
  /** @returns false when nobody gets it: the broker is away, or has not taken what was sent before */
  send(topic: string, payload: Buffer, isKept?: boolean): boolean;
  stop(): Promise<void>;
}
