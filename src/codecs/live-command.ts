/** Commands on the live feed: text frames with one JSON object each, held to schemas/live-frames.schema.json. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { Refusal } from '../domain/refusal.js';
import type { LiveCommand, SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { LiveCommands, RefusedCommand } from '../domain/live-command.js';

export class LiveCommandCodec implements LiveCommands {
  readonly #command: ValidateFunction<LiveCommand>;
  readonly #filter: ValidateFunction<SubscriptionFilter>;

  /** @param schemas the shared schemas by name: live-frames and those that it refers to */
  constructor(schemas: Readonly<Record<string, Record<string, unknown>>>) {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, schemas: Object.values(schemas) });
    const liveFrames = schemas['live-frames']!['$id'] as string;
    this.#command = ajv.compile<LiveCommand>({ $ref: `${liveFrames}#/$defs/command` });
    this.#filter = ajv.compile<SubscriptionFilter>({ $ref: `${liveFrames}#/$defs/filter` });
  }

  decode(text: string): LiveCommand | RefusedCommand {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return { id: undefined, refusal: new Refusal('malformed', `the frame is not JSON: ${(error as Error).message}`) };
    }
    if (this.#command(value)) return value;
    const { id, subscribe } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
    const known = Number.isSafeInteger(id) && (id as number) >= 0 ? (id as number) : undefined;
    if (subscribe !== undefined && known !== undefined) {
      const wrong = this.refuseFilter(subscribe);
      if (wrong) return { id: known, refusal: wrong };
    }
    return {
      id: known,
      refusal: new Refusal('malformed', 'a command is {"id":N} with one of subscribe, unsubscribe, ping'),
    };
  }

  refuseFilter(filter: unknown): Refusal | undefined {
    if (this.#filter(filter)) return undefined;
    return new Refusal('invalid_filter', describe(this.#filter.errors![0]!));
  }
}

/** Says where: `history.since must be string`. */
function describe(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const key = (error.params as { additionalProperty?: string }).additionalProperty;
  if (key === undefined) return `${path === '' ? 'the filter' : path} ${error.message}`;
  return `${path === '' ? '' : `${path}: `}${JSON.stringify(key)} is not something that this version can subscribe with`;
}
