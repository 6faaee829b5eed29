/**
 * The least that could take our HTTP bodies: Fastify, JSON.parse, 202. No logger, no hooks, no schema, nothing kept.
 * Reading the body as one buffer was faster here than Fastify's way over strings and its safer parser.
 */
import fastify from 'fastify';

const app = fastify({ logger: false, bodyLimit: 16 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_, body, done) => {
  done(null, JSON.parse(body.toString('utf8')) as unknown);
});
app.post('/v1/readings', (_, reply) => {
  reply.code(202).send();
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ msg: 'ready', url })}\n`);
