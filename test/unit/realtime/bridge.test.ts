// Tests the limits of the bridge between two sockets and its frame queue, with sockets that only record.
import { describe, expect, it } from 'vitest';
import { Bridge, type BridgeHandlers, type SessionEnd } from '../../../src/realtime/bridge.ts';
import { realtimeLimits } from '../../../src/realtime/limits.ts';

/** A socket's interface as in the runtime. */
class RememberingSocket extends EventTarget {
  binaryType = 'blob';
  readonly sent: unknown[] = [];
  closed: [code?: number, reason?: string] | null = null;
  accept(): void {}
  send(frame: unknown): void {
    this.sent.push(frame);
  }
  close(...closing: [code?: number, reason?: string]): void {
    this.closed ??= closing;
  }
  receive(data: string): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
  end(code: number): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '' }));
  }
}

function bridgeWith(handlers: Partial<BridgeHandlers> = {}) {
  const [client, upstream] = [new RememberingSocket(), new RememberingSocket()];
  const ends: SessionEnd[] = [];
  const bridge = new Bridge(client as never, {
    checkFrame: (frame) => ({ outcome: 'pass', frame }),
    observeFrame: () => undefined,
    reconnect: async () => null,
    refusesRelay: () => false,
    refusalIn: () => null,
    refusedEvent: () => null,
    ended: (end) => ends.push(end),
    ...handlers,
  });
  return {
    bridge,
    client,
    upstream,
    ends,
    attach: (socket = upstream) => bridge.attach(socket as never, null),
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('frames that wait for the upstream', () => {
  it('are queued up to the limit, and sent in order', () => {
    const { client, upstream, attach, ends } = bridgeWith();
    const half = 'x'.repeat(realtimeLimits.backlogBytes / 2);
    client.receive(half);
    client.receive(half);
    attach();
    expect(upstream.sent).toEqual([half, half]);
    expect(ends).toEqual([]);
  });

  it('end the session above the limit', () => {
    const { client, ends } = bridgeWith();
    client.receive('x'.repeat(realtimeLimits.backlogBytes));
    client.receive('y');
    expect(client.closed).toEqual([1009, 'backlog_exceeded']);
    expect(ends).toEqual([{ by: 'relay', errorCode: 'request_too_large' }]);
  });
});

it('queues frames behind one that is still being checked', async () => {
  const decided = Promise.withResolvers<void>();
  const { client, upstream, attach } = bridgeWith({
    checkFrame: (frame) =>
      frame === 'slow'
        ? decided.promise.then(() => ({ outcome: 'pass', frame }))
        : { outcome: 'pass', frame },
  });
  attach();
  for (const frame of ['one', 'slow', 'two', 'three']) client.receive(frame);
  expect(upstream.sent).toEqual(['one']);
  decided.resolve();
  await turn();
  expect(upstream.sent).toEqual(['one', 'slow', 'two', 'three']);
});

describe('an upstream that goes away before its first frame', () => {
  it.each([
    [realtimeLimits.replayedBytes, true],
    [realtimeLimits.replayedBytes + 1, false],
  ])('is replaced after receiving %i bytes: %s', async (bytes, isReplaced) => {
    const next = new RememberingSocket();
    const { client, upstream, attach, ends } = bridgeWith({ reconnect: async () => next as never });
    attach();
    client.receive('x'.repeat(bytes));
    upstream.end(1006);
    await turn();
    expect(next.sent).toHaveLength(isReplaced ? 1 : 0);
    expect(ends).toEqual(isReplaced ? [] : [{ by: 'upstream', errorCode: 'upstream_lost' }]);
  });

  it('is not replaced after it has sent a frame', async () => {
    const next = new RememberingSocket();
    const { client, upstream, attach } = bridgeWith({ reconnect: async () => next as never });
    attach();
    upstream.receive('{"type":"session.created"}');
    upstream.end(1006);
    await turn();
    expect(client.closed).toEqual([1011, 'upstream_lost']);
  });

  it('is replaced if its first frame refuses the relay, but not for a later one', async () => {
    const next = new RememberingSocket();
    const refusal = { code: 3000, reason: 'no' };
    const { client, upstream, attach } = bridgeWith({
      reconnect: async () => next as never,
      refusalIn: (frame) => (frame === 'no' ? refusal : null),
    });
    attach();
    client.receive('one');
    upstream.receive('no');
    upstream.receive('more');
    await turn();
    expect([upstream.closed, next.sent, client.sent]).toEqual([[3000, 'no'], ['one'], []]);
    for (const frame of ['yes', 'no']) next.receive(frame);
    expect(client.sent).toEqual(['yes', 'no']);
  });

  it('queues the client’s frames in the meantime', async () => {
    const [found, next] = [Promise.withResolvers<never>(), new RememberingSocket()];
    const { client, upstream, attach } = bridgeWith({ reconnect: () => found.promise });
    attach();
    client.receive('one');
    upstream.end(1006);
    client.receive('two');
    found.resolve(next as never);
    await turn();
    expect(next.sent).toEqual(['one', 'two']);
  });
});

it('ends once, whichever side ends first', () => {
  const { client, upstream, attach, ends } = bridgeWith();
  attach();
  client.end(4321);
  upstream.end(1000);
  client.end(1000);
  expect(ends).toEqual([{ by: 'client', errorCode: null }]);
  expect(upstream.closed).toEqual([4321, '']);
});
