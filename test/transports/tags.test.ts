import t from 'tap';
import { startInlet } from '../servers/inlet.js';
import { isRefused } from './http/answers.js';

await t.test('tags and their values, in pages', async (t) => {
  const service = await startInlet(t);
  await service.send(
    ...['oslo', 'lyon', 'é 1', 'a b'].map((site) => ({ device: 'd', tags: { site, line: '1' }, fields: { value: 1 } })),
  );
  t.same(await service.getJson('/v1/tags'), { tags: ['line', 'site'] });
  t.same(await service.getJson('/v1/tags/site'), { values: ['a b', 'lyon', 'oslo', 'é 1'], next: null });
  const page = await service.getJson<{ values: string[]; next: string }>('/v1/tags/site?limit=3');
  t.same(page.values, ['a b', 'lyon', 'oslo']);
  t.same(await service.getJson(`/v1/tags/site?limit=3&cursor=${page.next}`), { values: ['é 1'], next: null });
  await isRefused(t, await fetch(`${service.url}/v1/tags/none`), 404, 'not_found');
  await isRefused(t, await fetch(`${service.url}/v1/tags/site?cursor=!`), 400, 'invalid_cursor');
});
