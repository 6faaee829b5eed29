/** Devices, tags and schemas: what the catalog knows. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Refusal } from '../../../domain/refusal.js';
import type { FieldValue } from '../../../domain/reading.js';
import type { DeviceRemoval } from '../../../pipeline/device-removal.js';
import type { Inventory, NewestField, ReadingType } from '../../../ports/catalog.js';
import { deleteDevice, getDevice, getLatest, getSchema, listDevices, listSchemas } from '../openapi/inventory.js';
import { sendRefusal } from '../problem.js';
import { cursorBehind, readPage } from './page.js';

interface DevicesQuery {
  prefix?: string;
  limit?: string;
  cursor?: string;
}

export function inventoryRoutes(
  app: FastifyInstance,
  rooms: { inventory: Inventory; readingTypes: ReadingType[]; removal: DeviceRemoval },
): void {
  const { inventory, readingTypes, removal } = rooms;

  app.get<{ Querystring: DevicesQuery }>('/v1/devices', { config: { operation: listDevices } }, async (request) => {
    const { prefix = '', limit, cursor } = request.query;
    const { count, after } = readPage(limit, cursor);
    const found = inventory.devices({ prefix, after, limit: count + 1 });
    const devices = found.slice(0, count);
    return { devices, next: found.length > count ? cursorBehind(devices.at(-1)!.device) : null };
  });

  app.get<{ Params: { device: string } }>(
    '/v1/devices/:device',
    { config: { operation: getDevice } },
    async (request, reply) => {
      return inventory.device(request.params.device) ?? unknownDevice(reply);
    },
  );

  app.delete<{ Params: { device: string } }>(
    '/v1/devices/:device',
    { config: { operation: deleteDevice } },
    async (request, reply) => {
      const { device } = request.params;
      if (!inventory.device(device)) return unknownDevice(reply);
      await removal.remove(device);
      return reply.code(204).send();
    },
  );

  app.get<{ Params: { device: string } }>(
    '/v1/devices/:device/latest',
    { config: { operation: getLatest } },
    async (request, reply) => {
      const { device } = request.params;
      if (!inventory.device(device)) return unknownDevice(reply);
      const series = [...inventory.newest(device)].map(({ series: { type, tags }, fields }) => ({
        type,
        tags,
        ts: Math.max(...fields.map(({ ms }) => ms)),
        fields: Object.fromEntries(fields.map(latestField)),
      }));
      return { device, series };
    },
  );

  app.get('/v1/schemas', { config: { operation: listSchemas } }, async () => ({
    schemas: readingTypes.map(({ name, schema, fields }) => ({
      type: name,
      title: schema['title'] ?? name,
      description: schema['description'] ?? '',
      fields,
    })),
  }));

  app.get<{ Params: { type: string } }>(
    '/v1/schemas/:type',
    { config: { operation: getSchema } },
    async (request, reply) => {
      const type = readingTypes.find(({ name }) => name === request.params.type);
      return type?.schema ?? sendRefusal(reply, new Refusal('not_found', 'there is no schema for this type'));
    },
  );
}

function latestField({ name, value, ms }: NewestField): [string, { value: number | boolean | string; ts: number }] {
  return [name, { value: jsonValue(value), ts: ms }];
}

function jsonValue(value: FieldValue): number | boolean | string {
  return typeof value === 'bigint' ? value.toString() : value;
}

function unknownDevice(reply: FastifyReply): FastifyReply {
  return sendRefusal(reply, new Refusal('not_found', 'this device has never sent a reading'));
}
