/** The client library: devices that send readings, and the live feed that gives them. Runs in Node and in browsers. */
export type { BackoffOptions } from './backoff.js';
export type { BatchFormat, BatchMarks, EncodedBatch } from './batch-format.js';
export type { Token } from './credentials.js';
export {
  DeviceFailed,
  type AnsweredBatch,
  type Device,
  type DeviceEvents,
  type DeviceState,
  type Refused,
  type Retry,
} from './device.js';
export { FallbackDevice, type FallbackDeviceOptions } from './fallback-device.js';
export { FeedClient, type FeedClientOptions, type FeedState } from './feed-client.js';
export { HttpDevice, type HttpDeviceOptions } from './http-device.js';
export type { FeedHandlers, Gap, LiveError, Presence, SubscribeOptions } from './live-messages.js';
export type { MqttConnect, MqttConnection, MqttConnectionEvents } from './mqtt-connection.js';
export { MqttDevice, type MqttDeviceOptions } from './mqtt-device.js';
export type { OutgoingReading } from './outgoing-reading.js';
export { StreamDevice, type StreamDeviceOptions } from './stream-device.js';
export type { Subscription } from './subscription.js';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.js';
