/**
 * The bytes of a segment. All integers are little-endian and unsigned; u64 values stay below 2^53.
 *
 *     segment = header record*                      file name: first position (16 digits), "-", key (8 hex digits), ".seg"
 *
 *     header (32 bytes)                             record (52 bytes + payload)
 *      0  8  "INLETSPL"                              0 u32  "IREC"
 *      8 u32 format version, 1                       4 u32  CRC-32 of bytes 8 to the end of the payload
 *     12 u32 CRC-32 of bytes 8 to 11, 16 to 31        8 u32  payload bytes
 *     16 u64 first position                         12 u32  readings in the payload
 *     24 u64 rejected in all until then             16 u64  position of the first of them
 *                                                   24 u64  rejected in all until then
 *                                                   32 u64  head of the log that was durable when this was written
 *                                                   40 u64  time of arrival, ms
 *                                                   48 u32  flags: 1 = late
 *                                                   52      payload, normalized lines (domain/line.ts), UTF-8
 *
 * The key is a random number, one for the whole log, with which every CRC of a record begins. So nobody who sends readings
 * can put bytes into one that would pass for a record where a damaged segment is searched for the next whole one.
 */
import { crc32 } from 'node:zlib';

export const formatVersion = 1;
export const segmentHeaderBytes = 32;
export const recordHeaderBytes = 52;
const segmentMagic = Buffer.from('INLETSPL', 'latin1');
export const recordMagic = Buffer.from('IREC', 'latin1');
const recordMagicNumber = recordMagic.readUInt32LE(0);
const lateFlag = 1;

export interface RecordHeader {
  payloadBytes: number;
  count: number;
  position: number;
  rejectedTotal: number;
  durableHead: number;
  arrivedMs: number;
  late: boolean;
}

export interface SegmentName {
  firstPosition: number;
  key: number;
}

export function segmentName({ firstPosition, key }: SegmentName): string {
  return `${String(firstPosition).padStart(16, '0')}-${key.toString(16).padStart(8, '0')}.seg`;
}

/** @returns undefined for another kind of file */
export function parseSegmentName(name: string): SegmentName | undefined {
  const match = /^(\d{16})-([0-9a-f]{8})\.seg$/.exec(name);
  return match ? { firstPosition: Number(match[1]), key: Number.parseInt(match[2]!, 16) } : undefined;
}

export function encodeSegmentHeader(firstPosition: number, rejectedTotal: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(header);
  header.writeUInt32LE(formatVersion, 8);
  writeU64(header, firstPosition, 16);
  writeU64(header, rejectedTotal, 24);
  header.writeUInt32LE(headerChecksum(header), 12);
  return header;
}

export type SegmentHeader =
  | { state: 'ok'; firstPosition: number; rejectedTotal: number }
  | { state: 'damaged' }
  | { state: 'newer'; version: number };

export function decodeSegmentHeader(bytes: Buffer): SegmentHeader {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(segmentMagic)) return { state: 'damaged' };
  // Every version keeps these 32 bytes and their checksum, so that a flipped bit does not pass for a newer format.
  if (headerChecksum(bytes) !== bytes.readUInt32LE(12)) return { state: 'damaged' };
  const version = bytes.readUInt32LE(8);
  if (version > formatVersion) return { state: 'newer', version };
  return { state: 'ok', firstPosition: readU64(bytes, 16), rejectedTotal: readU64(bytes, 24) };
}

function headerChecksum(bytes: Buffer): number {
  return crc32(bytes.subarray(16, segmentHeaderBytes), crc32(bytes.subarray(8, 12)));
}

/**
 * Writes a record whose payload already lies at `at + recordHeaderBytes`.
 * @returns the offset behind it
 */
export function sealRecord(bytes: Buffer, at: number, header: RecordHeader, key: number): number {
  const end = at + recordHeaderBytes + header.payloadBytes;
  bytes.writeUInt32LE(recordMagicNumber, at);
  bytes.writeUInt32LE(header.payloadBytes, at + 8);
  bytes.writeUInt32LE(header.count, at + 12);
  writeU64(bytes, header.position, at + 16);
  writeU64(bytes, header.rejectedTotal, at + 24);
  writeU64(bytes, header.durableHead, at + 32);
  writeU64(bytes, header.arrivedMs, at + 40);
  bytes.writeUInt32LE(header.late ? lateFlag : 0, at + 48);
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, end), key), at + 4);
  return end;
}

/** @returns the header of the record at `at`, or undefined when there is no whole and undamaged record there */
export function decodeRecord(bytes: Buffer, at: number, key: number): RecordHeader | undefined {
  if (at + recordHeaderBytes > bytes.length || bytes.readUInt32LE(at) !== recordMagicNumber) return undefined;
  const payloadBytes = bytes.readUInt32LE(at + 8);
  const end = at + recordHeaderBytes + payloadBytes;
  if (end > bytes.length || crc32(bytes.subarray(at + 8, end), key) !== bytes.readUInt32LE(at + 4)) return undefined;
  return {
    payloadBytes,
    count: bytes.readUInt32LE(at + 12),
    position: readU64(bytes, at + 16),
    rejectedTotal: readU64(bytes, at + 24),
    durableHead: readU64(bytes, at + 32),
    arrivedMs: readU64(bytes, at + 40),
    late: (bytes.readUInt32LE(at + 48) & lateFlag) !== 0,
  };
}

/** Header and payload. */
export function recordLength(header: RecordHeader): number {
  return recordHeaderBytes + header.payloadBytes;
}

/** The bytes that the record at `at` claims, unchecked: how far to read before `decodeRecord` can tell. */
export function claimedRecordBytes(bytes: Buffer, at: number): number {
  return recordHeaderBytes + bytes.readUInt32LE(at + 8);
}

// Twice as fast as the bigint methods of Buffer.
function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value >>> 0, at);
  bytes.writeUInt32LE(Math.floor(value / 4_294_967_296), at + 4);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 4_294_967_296;
}
