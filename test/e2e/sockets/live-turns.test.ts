// Tests the money of turns in Live sessions: reservations and charges with tools, interruptions and searches.
import { describe, expect, it } from 'vitest';
import {
  answeringLive,
  costOfTurn,
  liveSession,
  liveUsage,
  speech,
  turnMessages,
  turnOf,
} from '../../support/live.ts';
import { chargedRows, LiveScene } from './live-scene.ts';
import { balanceOf, nano, rowsOf, sleep } from './scene.ts';

const scene = new LiveScene();
const text = { generationConfig: { responseModalities: ['TEXT'] } };
const usage = { prompt: 2_000, response: 100 };

describe('a turn', () => {
  it('is charged by the upstream’s figures for audio, thoughts, tool prompts and cached tokens', async () => {
    const used = {
      prompt: 1_500,
      promptAudio: 300,
      response: 90,
      responseAudio: 80,
      thoughts: 28,
      toolPrompt: 40,
      cached: 200,
    };
    scene.script = answeringLive(() => used);
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token);
    client.say(turnOf('Hello'));
    await client.next('turnComplete');
    expect(await scene.closed(client, id, 2)).toMatchObject([
      {
        cost_usd: costOfTurn(used) / 1e9,
        input_tokens: 1_540,
        cached_tokens: 200,
        output_tokens: 118,
        reasoning_tokens: 28,
      },
    ]);
  });

  it('is reserved before it is sent, and the unused part is released', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token, text);
    client.say({ clientContent: { turns: [{ role: 'user', parts: [{ text: 'Not yet.' }] }] } });
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(1);
    client.say(turnOf('Now.'));
    await sleep(200);
    const held = await balanceOf(scene.relay, id);
    expect(held.open_requests).toBe(2);
    // 1,300 tokens of an uncounted prompt and 2,000 of output; the rest is the session's and the client's text.
    expect(nano(held.reserved_usd)).toBeGreaterThan(1_300 * 500 + 2_000 * 2_000);
    expect(nano(held.reserved_usd)).toBeLessThan(1_500 * 500 + 2_000 * 2_000);
    for (const message of turnMessages(usage)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(1);
    expect(await scene.closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(usage) / 1e9 }]);
  });

  it('includes its tool call if the upstream counts both as one turn', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token);
    client.say(turnOf('What is the time?'));
    await sleep(50);
    scene.last().sayBinary({ toolCall: { functionCalls: [{ id: 'c', name: 'now', args: {} }] } });
    await client.next('toolCall');
    client.say({
      tool_response: { function_responses: [{ id: 'c', name: 'now', response: { output: '5' } }] },
    });
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(2);
    for (const message of turnMessages(usage)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    expect(await scene.closed(client, id, 2)).toMatchObject([{ cost_usd: costOfTurn(usage) / 1e9 }]);
  });

  it('is charged when a tool call ends it, and the tool result begins another turn', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token);
    client.say(turnOf('What is the time?'));
    await sleep(50);
    const calling = { prompt: 1_400, response: 12 };
    scene.last().sayBinary({
      toolCall: { functionCalls: [{ id: 'c', name: 'now', args: {} }] },
      usageMetadata: liveUsage(calling),
    });
    await client.next('toolCall');
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(1);
    client.say({
      toolResponse: { functionResponses: [{ id: 'c', name: 'now', response: { output: '5' } }] },
    });
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(2);
    for (const message of turnMessages(usage)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    const rows = await scene.closed(client, id, 3);
    expect(rows.map(({ cost_usd }) => nano(cost_usd)).sort()).toEqual(
      [costOfTurn(calling), costOfTurn(usage)].sort(),
    );
  });

  it('is charged when interrupted, and so is the turn that interrupts it', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token);
    client.say(turnOf('Tell me a story.'));
    await sleep(50);
    scene.last().sayBinary(speech(4_000));
    await client.next('modelTurn');
    client.say(turnOf('No, stop.'));
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(3);
    const cut = { prompt: 1_310, response: 30, responseAudio: 30 };
    scene.last().sayBinary({ serverContent: { interrupted: true } });
    scene.last().sayBinary({ serverContent: { turnComplete: true }, usageMetadata: liveUsage(cut) });
    for (const message of turnMessages(usage)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    await client.next('turnComplete');
    const rows = await scene.closed(client, id, 3);
    expect(rows.map(({ cost_usd }) => nano(cost_usd)).sort()).toEqual(
      [costOfTurn(cut), costOfTurn(usage)].sort(),
    );
  });

  it('costs once if two requests get one answer', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token);
    client.say(turnOf('One'));
    client.say(turnOf('Two'));
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(3);
    for (const message of turnMessages(usage)) scene.last().sayBinary(message);
    await client.next('turnComplete');
    await sleep(200);
    expect((await balanceOf(scene.relay, id)).open_requests).toBe(1);
    expect(await scene.closed(client, id, 2)).toHaveLength(1);
  });

  it('is charged once by a late figure, or by what passed if no figure arrives', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token);
    client.say(turnOf('One'));
    await sleep(50);
    for (const message of turnMessages(null)) scene.last().sayBinary(message);
    scene.last().sayBinary({ usageMetadata: liveUsage(usage) });
    await client.next('turnComplete');
    client.say(turnOf('Two'));
    await sleep(100);
    // Two seconds of speech at 24 kHz: 50 tokens.
    for (let index = 0; index < 4; index++) scene.last().sayBinary(speech(32_000));
    scene.last().sayBinary({ serverContent: { turnComplete: true } });
    await client.next('turnComplete');
    await sleep(3_500);
    const rows = chargedRows(await rowsOf(scene.relay, id, 2));
    expect(rows.map(({ usage_source, status }) => [usage_source, status])).toEqual([
      ['estimated', 200],
      ['upstream', 200],
    ]);
    expect(rows[0]).toMatchObject({ output_tokens: 50 });
    // The rest of the first turn, and the text of the second.
    expect(rows[0]?.input_tokens).toBeGreaterThan(2_100);
    expect(rows[0]?.input_tokens).toBeLessThan(2_150);
    expect(await scene.closed(client, id, 3)).toHaveLength(2);
  });

  it('is charged for its searches', async () => {
    const { id, token } = await scene.relay.token({ quota_usd: 1 });
    const client = await liveSession(scene.relay.url, token, { tools: [{ googleSearch: {} }] });
    client.say(turnOf('What is new?'));
    await sleep(50);
    scene.last().sayBinary({
      serverContent: {
        modelTurn: { parts: [{ text: 'Much.' }] },
        groundingMetadata: { webSearchQueries: ['news', ''] },
      },
    });
    scene.last().sayBinary({ serverContent: { turnComplete: true }, usageMetadata: liveUsage(usage) });
    await client.next('turnComplete');
    const rows = await scene.closed(client, id, 2);
    expect(nano(rows[0]?.cost_usd ?? 0)).toBe(costOfTurn(usage) + 35_000_000);
  });
});
