/** POST /v1/readings, as the contract of every way in sees it. */
import type { Problem } from '../../src/domain/generated/problem.js';
import type { Receipt } from '../../src/domain/refusal.js';
import type { Ingress } from '../contracts/ingress/subject.js';

export function httpIngress(url: string): Ingress {
  return {
    refusals: { notUtf8: 'malformed', tooLarge: 'too_large' },
    async send(bytes) {
      const response = await fetch(`${url}/v1/readings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bytes as Uint8Array<ArrayBuffer>,
      });
      const { status } = response;
      const answer: unknown = await response.json();
      if (status !== 202 && status !== 207 && status !== 422) return { refused: (answer as Problem).code };
      const receipt = answer as Receipt;
      const expected = receipt.accepted === 0 ? 422 : receipt.rejected > 0 ? 207 : 202;
      if (status !== expected) throw new Error(`${status} with the receipt ${JSON.stringify(receipt)}`);
      return { receipt };
    },
    async close() {
      // Every batch was a request of its own.
    },
  };
}
