import type { Batch } from '../domain/batch.js';
import type { Receipt, Rejection } from '../domain/refusal.js';

/** What became of a batch, in what its sender counts. */
export interface Outcome {
  accepted: number;
  /** What `accepted` came to in readings: fewer where several records make one. */
  readings: number;
  rejected: number;
  /** The first of the rejections. */
  rejections: Rejection[];
}

export function receiptOf(batch: Batch, { accepted, rejected, rejections }: Outcome): Receipt {
  const receipt: Receipt = { accepted, rejected };
  if (batch.id !== undefined) receipt.id = batch.id;
  if (rejected > 0) receipt.results = rejections;
  return receipt;
}
