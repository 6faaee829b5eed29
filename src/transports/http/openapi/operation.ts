/**
 * How a route describes itself: beside its handler, in `config.operation`, where it costs a request nothing. The document
 * at /openapi.json is made of these; a route without one is not in it, and a test asks why.
 */
import type { RefusalCode } from '../../../domain/refusal.js';

/** JSON Schema 2020-12. A `$ref` names a file of `schemas/`, as there: `receipt.schema.json#/$defs/rejection`. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  name: string;
  in: 'query' | 'path';
  description: string;
  schema: Schema;
  /** Goes into the example request. */
  example?: string | number;
}

export interface Answer {
  description: string;
  /** Absent where the answer has no body. */
  schema?: Schema;
  /** Where it is not JSON. */
  mediaType?: string;
  /** Other forms that it may have, by media type. */
  otherForms?: Readonly<Record<string, Schema>>;
  headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  group: 'Readings' | 'InfluxDB' | 'Inventory' | 'History' | 'Live' | 'Operation';
  /** A line for a list. */
  summary: string;
  description?: string;
  parameters?: readonly Parameter[];
  body?: {
    description: string;
    schema: Schema;
    example: unknown;
    optional?: true;
    /** Where it is not JSON. */
    mediaType?: string;
    /** Other forms that it may have, by media type. */
    otherForms?: Readonly<Record<string, { schema: Schema; example?: unknown }>>;
  };
  /** What comes by status; what is refused is in `refusals`. */
  answers: Readonly<Record<number, Answer>>;
  refusals?: readonly RefusalCode[];
  /** Frames of the WebSocket that this address becomes. */
  frames?: { fromClient: Schema; fromServer: Schema };
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

/** A shared schema: `shared('receipt')`, or a definition in it: `shared('answers', 'stats')`. */
export function shared(name: string, definition?: string): Schema {
  return { $ref: `${name}.schema.json${definition === undefined ? '' : `#/$defs/${definition}`}` };
}

/** Comma-separated in the URL, as one text. */
export const listSchema: Schema = { type: 'string' };
