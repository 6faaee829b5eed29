// Generated from schemas/config.schema.json; change it there and run `npm run generate`.

/**
 * Every setting, as the text that its environment variable has. x-kind says how the text is read: text and secret as they are (a secret is never shown), choice (one of enum), boolean (0 or 1), list (comma-separated), integer, bytes (an integer or one with KiB, MiB or GiB) and duration (a number with ms, s, m, h or d; or 0). x-minimum and x-maximum bound the value that was read (bytes in bytes, durations in milliseconds). x-available is false for what this version does not have yet: setting it is refused rather than ignored.
 */
export interface Environment {
  /**
   * Address to listen on. One that is not loopback needs INLET_ACCESS_FILE or INLET_INSECURE.
   */
  INLET_HOST?: string;
  /**
   * Port to listen on; 0 picks a free one, and the ready line says which.
   */
  INLET_PORT?: string;
  /**
   * Directory of the spool, the embedded store, the quarantine and the catalog. Made when it is not there.
   */
  INLET_DATA_DIR?: string;
  /**
   * Where history lives: the embedded DuckDB or an InfluxDB.
   */
  INLET_STORE?: 'duckdb' | 'influxdb';
  /**
   * InfluxDB's address; versions 1, 2 and 3 are told apart by asking.
   */
  INLET_INFLUX_URL?: string;
  /**
   * InfluxDB 2 and 3: API token.
   */
  INLET_INFLUX_TOKEN?: string;
  /**
   * InfluxDB 2: organisation.
   */
  INLET_INFLUX_ORG?: string;
  /**
   * InfluxDB 2: bucket.
   */
  INLET_INFLUX_BUCKET?: string;
  /**
   * InfluxDB 1: user.
   */
  INLET_INFLUX_USERNAME?: string;
  /**
   * InfluxDB 1: password.
   */
  INLET_INFLUX_PASSWORD?: string;
  /**
   * InfluxDB 1 and 3: database.
   */
  INLET_INFLUX_DATABASE?: string;
  /**
   * DuckDB: readings older than this are deleted; 0 keeps them for ever. InfluxDB keeps its own policy.
   */
  INLET_RETENTION?: string;
  /**
   * MQTT broker to take readings from, and to share live readings with other instances by: mqtt://HOST:PORT or mqtts://HOST:PORT, with USER:PASSWORD@ before the host where it asks for them.
   */
  INLET_MQTT_URL?: string;
  /**
   * Address and port of Inlet's own MQTT listener, such as 127.0.0.1:1883. Port 0 picks a free one, and the ready line says which. An address that is not loopback needs INLET_ACCESS_FILE or INLET_INSECURE.
   */
  INLET_MQTT_LISTEN?: string;
  /**
   * 1 also publishes each accepted reading at the broker of INLET_MQTT_URL, for other programs: as JSON to inlet/v1/live/DEVICE/TYPE.
   */
  INLET_MQTT_REPUBLISH?: '0' | '1';
  /**
   * Line protocol: the first of these tags that a line has names its device.
   */
  INLET_LINE_DEVICE_TAGS?: string;
  /**
   * SenML: what of base name and name is the device. base: the base name, and the name is the field; split: all before the last separator of both together, and the field is what follows; whole: both together, and the field is value.
   */
  INLET_SENML_NAMES?: 'base' | 'split' | 'whole';
  /**
   * SenML: the characters that part a device from a field in a name; -, :, ., / and _ may be. One at the end of a base name is not part of the device.
   */
  INLET_SENML_SEPARATORS?: string;
  /**
   * JSON file of tokens and roles. Without one everything is open, on loopback only.
   */
  INLET_ACCESS_FILE?: string;
  /**
   * 1 allows a service without credentials on any host, with a warning at each start.
   */
  INLET_INSECURE?: '0' | '1';
  /**
   * PEM file of the certificate, for HTTPS and WSS.
   */
  INLET_TLS_CERT?: string;
  /**
   * PEM file of the certificate's key.
   */
  INLET_TLS_KEY?: string;
  /**
   * Comma-separated origins whose pages may use the service from a browser. Not set: its own pages only.
   */
  INLET_ALLOWED_ORIGINS?: string;
  /**
   * What the spool may hold for a store that is away; beyond it, readings are refused.
   */
  INLET_SPOOL_MAX_BYTES?: string;
  /**
   * Delivered readings that the spool keeps, so that live feeds can go on from a cursor.
   */
  INLET_SPOOL_KEEP_BYTES?: string;
  /**
   * Largest body or frame as sent, and eight times that once decompressed; for NDJSON the largest line.
   */
  INLET_MAX_BODY_BYTES?: string;
  /**
   * Most readings in one batch.
   */
  INLET_MAX_BATCH_READINGS?: string;
  /**
   * Taken in and not yet acknowledged, over all connections.
   */
  INLET_MAX_INFLIGHT_BYTES?: string;
  /**
   * Directory of the reading types' schemas.
   */
  INLET_SCHEMA_DIR?: string;
  /**
   * The least important messages that are logged.
   */
  INLET_LOG_LEVEL?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  [k: string]: unknown;
}
