import { ackLatency } from './ack-latency.js';
import { bus } from './bus.js';
import type { Case } from './case.js';
import { deliverDuckDb } from './deliver-duckdb.js';
import { durableCost } from './durable-cost.js';
import { deliverInflux } from './deliver-influx.js';
import { fanOut } from './fan-out.js';
import { formatCase } from './formats.js';
import { history } from './history.js';
import { httpBatch } from './http-batch.js';
import { httpSustained } from './http-sustained.js';
import { idle } from './idle.js';
import { mqtt } from './mqtt.js';
import { outage } from './outage.js';
import { naive } from './naive.js';
import { resume } from './resume.js';
import { slowReader } from './slow-reader.js';
import { start } from './start.js';
import { stream } from './stream.js';
import { streamVsHttp } from './stream-vs-http.js';
import { wireBytes } from './wire-bytes.js';

/** By what they are about. The tests run each group in a file of its own. */
export const caseGroups = {
  ingest: [httpBatch, httpSustained, durableCost, stream, streamVsHttp, mqtt, ackLatency, formatCase, wireBytes],
  live: [bus, fanOut, slowReader, resume, idle],
  stores: [start, history, deliverDuckDb, outage, naive, deliverInflux],
} satisfies Record<string, readonly Case[]>;

export const allCases: readonly Case[] = Object.values(caseGroups).flat();
