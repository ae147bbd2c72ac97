// Tests one rerank endpoint over three kinds of upstreams: each gets its own format, the caller always `results`
// of `{index, relevance_score, document?}`.
import { describe, expect, it } from 'vitest';
import type { SdkWorld } from '../../support/sdk-world.ts';

const documents = ['Berlin is in Germany.', { text: 'Paris is in France.' }, '北京在中国。'];
const texts = ['Berlin is in Germany.', 'Paris is in France.', '北京在中国。'];

interface RerankRequest {
  top_n?: number;
  top_k?: number;
  return_documents?: boolean;
  documents: unknown[];
  model: string;
}

interface Ranking {
  results: { index: number; relevance_score: number; document?: unknown }[];
  data?: unknown;
}

interface Upstream {
  provider: string;
  path: string;
  answer(body: RerankRequest): unknown;
}

const ranked = (limit: number | undefined) =>
  [2, 0, 1].slice(0, limit ?? 3).map((index, rank) => ({ index, relevance_score: 0.9 - rank / 10 }));

const upstreams: readonly Upstream[] = [
  {
    provider: 'cohere',
    path: '/v2/rerank',
    answer: (body) => ({
      id: 'one',
      results: ranked(body.top_n),
      meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
    }),
  },
  {
    provider: 'jina',
    path: '/v1/rerank',
    answer: (body) => ({
      model: body.model,
      usage: { total_tokens: 42 },
      results: ranked(body.top_n).map(({ index, relevance_score }) => ({
        index,
        relevance_score,
        ...(body.return_documents !== false && { document: { text: texts[index] } }),
      })),
    }),
  },
  {
    provider: 'voyage',
    path: '/v1/rerank',
    answer: (body) => ({
      object: 'list',
      data: ranked(body.top_k).map(({ index, relevance_score }) => ({
        relevance_score,
        index,
        ...(body.return_documents && { document: texts[index] }),
      })),
      model: body.model,
      usage: { total_tokens: 42 },
    }),
  },
];

/** Defines the tests; `world` exists when they run. */
export function rerankTests(world: () => SdkWorld): void {
  describe.each(upstreams.map((one) => [one.provider, one] as const))(
    'rerank over %s',
    (provider, { path, answer }) => {
      async function rerank(options: object) {
        const { relay, token, upstream } = world();
        upstream.handler = (request, response) => {
          const body = JSON.stringify(answer(JSON.parse(request.body.toString())));
          response.writeHead(200, { 'content-type': 'application/json' }).end(body);
        };
        const response = await fetch(`${relay.url}/v1/rerank`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          body: JSON.stringify({
            model: `own-${provider}`,
            query: 'capital of China',
            documents,
            ...options,
          }),
        });
        const received = upstream.received.at(-1);
        const sent = JSON.parse(received?.body.toString() ?? '{}') as RerankRequest;
        return { status: response.status, body: (await response.json()) as Ranking, sent, received };
      }

      it('ranks all documents', async () => {
        const { status, body, received } = await rerank({});
        expect(status).toBe(200);
        expect(received?.path).toBe(path);
        expect(received?.headers.authorization).toBe('Bearer own-key');
        expect(body.results.map(({ index }) => index)).toEqual([2, 0, 1]);
        expect(body.results[0]?.relevance_score).toBe(0.9);
        expect(body.data).toBeUndefined();
      });

      it('sends documents in the form that the upstream accepts', async () => {
        const { sent } = await rerank({});
        expect(sent.documents).toEqual(provider === 'jina' ? documents : texts);
      });

      it('limits the results with top_n, or the upstream’s own parameter for it', async () => {
        const { body, sent } = await rerank({ top_n: 2 });
        expect(body.results).toHaveLength(2);
        expect([sent.top_n, sent.top_k]).toEqual(provider === 'voyage' ? [undefined, 2] : [2, undefined]);
      });

      it('returns documents if requested, and passes the option only to upstreams that know it', async () => {
        const { body, sent } = await rerank({ return_documents: true, top_n: 1 });
        expect(body.results).toEqual([{ index: 2, relevance_score: 0.9, document: { text: texts[2] } }]);
        expect(sent.return_documents).toBe(provider === 'cohere' ? undefined : true);
      });

      it('returns no documents if declined', async () => {
        const { body } = await rerank({ return_documents: false });
        expect(body.results.every((result) => !('document' in result))).toBe(true);
      });
    },
  );

  it('serves rerank at Cohere’s own path', async () => {
    const { relay, token } = world();
    const response = await fetch(`${relay.url}/v2/rerank`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ model: 'rerank-v3.5', query: 'Paris', documents: texts }),
    });
    expect(((await response.json()) as Ranking).results[0]?.index).toBe(1);
  });
}
