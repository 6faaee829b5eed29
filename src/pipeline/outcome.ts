import type { Rejection } from '../domain/refusal.js';

/** What became of a batch, in what its sender counts. */
export interface Outcome {
  accepted: number;
  /** What `accepted` came to in readings: fewer where several records make one. */
  readings: number;
  rejected: number;
  /** The first of the rejections. */
  rejections: Rejection[];
}
