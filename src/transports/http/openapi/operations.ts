import { shared, type Operation } from './operation.js';

export const getHealth: Operation = {
  group: 'Operation',
  summary: 'Whether the process lives',
  answers: { 200: { description: 'It does.', schema: shared('answers', 'health') } },
};

export const getReadiness: Operation = {
  group: 'Operation',
  summary: 'Whether readings are taken',
  description: 'A store that is away does not make the service unready while the spool has room.',
  answers: {
    200: { description: 'They are.', schema: shared('answers', 'ready') },
    503: {
      description: 'They are not, and why.',
      schema: shared('answers', 'unready'),
      headers: { 'Retry-After': 'Seconds to wait before asking again.' },
    },
  },
};

export const getStats: Operation = {
  group: 'Operation',
  summary: 'What became of the readings',
  description:
    'The sums close in every answer: received = accepted + rejected, accepted = stored + quarantined + discarded + pending.',
  answers: { 200: { description: 'The figures.', schema: shared('answers', 'stats') } },
};

export const getMetrics: Operation = {
  group: 'Operation',
  summary: 'The figures for Prometheus',
  answers: { 200: { description: 'Text exposition format.', schema: { type: 'string' }, mediaType: 'text/plain' } },
};

export const getOpenApi: Operation = {
  group: 'Operation',
  summary: 'This document',
  answers: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
};

export const getAsyncApi: Operation = {
  group: 'Operation',
  summary: 'The WebSockets and MQTT topics',
  description: 'Every frame and message in both directions, and why the server ends a connection.',
  answers: { 200: { description: 'AsyncAPI 3.0.', schema: { type: 'object' } } },
};

export const getDocs: Operation = {
  group: 'Operation',
  summary: 'This document as a page',
  answers: { 200: { description: 'HTML.', schema: { type: 'string' }, mediaType: 'text/html' } },
};
