/**
 * Tells subscriptions that asked for it which devices come and go. A device matches when one of its series does, by its name,
 * type and tags; which fields are asked for does not matter. All changes of one turn go out as one message for all that
 * have the same filter.
 */
import type { SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { LiveMessage } from '../ports/feed.js';
import type { DevicePresence, DeviceSeries, PresenceChange } from '../ports/presence.js';
import { CompiledFilter } from './filter.js';
import { FilterIndex, type Indexed } from './filter-index.js';
import { presenceMessage } from './message.js';
import { endOfMessage } from './selected.js';
import type { SeriesDirectory } from './series.js';

/** Who is told; a subscription's view. */
export interface PresenceListener {
  take(message: LiveMessage): void;
}

/** Views with one filter, and what they are to be told. */
export class Watch implements Indexed {
  readonly key: string;
  readonly filter: CompiledFilter;
  serial = 0;
  readonly views = new Set<PresenceListener>();
  #texts: string[] = [];
  /** Of each text: the number of the change. */
  #changes: number[] = [];

  constructor(key: string, filter: CompiledFilter) {
    this.key = key;
    this.filter = filter;
  }

  /** @returns whether it is the first of this turn */
  add(text: string, change: number): boolean {
    this.#changes.push(change);
    return this.#texts.push(text) === 1;
  }

  deliver(): void {
    const texts = this.#texts;
    const changes = this.#changes;
    this.#texts = [];
    this.#changes = [];
    for (let from = 0; from < texts.length;) {
      const to = endOfMessage(texts, from);
      const message = presenceMessage(texts.slice(from, to), changes[to - 1]!);
      for (const view of this.views) view.take(message);
      from = to;
    }
  }
}

export class PresenceDesk {
  readonly #directory: SeriesDirectory;
  readonly #index = new FilterIndex<Watch>();
  readonly #watches = new Map<string, Watch>();
  #touched: Watch[] = [];

  constructor(directory: SeriesDirectory) {
    this.#directory = directory;
  }

  /** @returns whether there is somebody to deliver it to */
  tell(change: PresenceChange): boolean {
    if (this.#watches.size === 0) return false;
    const text = presenceText(change);
    for (const watch of this.#concerned(change)) if (watch.add(text, change.change)) this.#touched.push(watch);
    return this.#touched.length > 0;
  }

  deliver(): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const watch of touched) watch.deliver();
  }

  /** From now on the view is told of changes. @returns what to `leave` */
  enter(view: PresenceListener, { devices, types, tags }: SubscriptionFilter): Watch {
    const key = JSON.stringify([devices, types, tags && Object.entries(tags)]);
    let watch = this.#watches.get(key);
    if (!watch) {
      const filter = new CompiledFilter({
        ...(devices && { devices }),
        ...(types && { types }),
        ...(tags && { tags }),
      });
      this.#watches.set(key, (watch = new Watch(key, filter)));
      this.#index.add(watch);
    }
    watch.views.add(view);
    return watch;
  }

  leave(view: PresenceListener, watch: Watch): void {
    watch.views.delete(view);
    if (watch.views.size > 0 || this.#watches.get(watch.key) !== watch) return;
    this.#watches.delete(watch.key);
    this.#index.remove(watch);
  }

  /** With a new series: those that the device did not match without it. */
  #concerned({ series, added }: PresenceChange): Iterable<Watch> {
    const found = new Set(this.#index.everything);
    for (const one of series) if (one !== added) this.#collect(one, found);
    if (!added) return found;
    const newly = new Set<Watch>();
    this.#collect(added, newly);
    for (const watch of found) newly.delete(watch);
    return newly;
  }

  #collect({ prefix }: DeviceSeries, into: Set<Watch>): void {
    const { named, others } = this.#index.matchesOf(this.#directory.of(prefix));
    for (const watch of named?.audiences ?? []) into.add(watch);
    for (const watch of others.audiences) into.add(watch);
  }
}

/** A device's name needs no escapes in JSON. */
export function presenceText({ device, state, at }: DevicePresence): string {
  return `{"device":"${device}","state":"${state}","at":${at}}`;
}
