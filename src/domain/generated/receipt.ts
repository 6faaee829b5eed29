// Generated from schemas/receipt.schema.json; change it there and run `npm run generate`.

export type RejectionCode =
  | 'malformed'
  | 'device_invalid'
  | 'type_invalid'
  | 'ts_invalid'
  | 'ts_out_of_range'
  | 'tags_invalid'
  | 'fields_invalid'
  | 'field_type'
  | 'no_fields'
  | 'schema'
  | 'forbidden'
  | 'too_many_series';

/**
 * The answer to a batch. What it counts as accepted is durable.
 */
export interface Receipt {
  /**
   * The envelope's id, if it had one.
   */
  id?: string;
  accepted: number;
  rejected: number;
  /**
   * Why readings were rejected: the first 100 of them. Absent when none was.
   *
   * @maxItems 100
   */
  results?: Rejection[];
  /**
   * With ack=store: whether the store has the accepted readings by now.
   */
  stored?: boolean;
}
/**
 * Why a single reading was rejected.
 */
export interface Rejection {
  /**
   * Place in the batch, from 0.
   */
  index: number;
  code: RejectionCode;
  /**
   * JSON Pointer (RFC 6901) inside the reading; empty for the reading as a whole.
   */
  path: string;
  /**
   * A sentence for people.
   */
  message: string;
}
