// Tests the classification of Live API messages, whose bulk is not parsed; the model of a setup; usages.
import { describe, expect, it } from 'vitest';
import { frameLike } from '../../../src/realtime/frames.ts';
import { modelNamed, modelOfSetup, withSetupModel } from '../../../src/realtime/gemini/client-frames.ts';
import { LiveConversation } from '../../../src/realtime/gemini/conversation.ts';
import { readFrame } from '../../../src/realtime/gemini/frames.ts';
import { usageOfTurn } from '../../../src/realtime/gemini/upstream-frames.ts';

const data = 'A'.repeat(2_000);
const pcm = '"mimeType":"audio/pcm;rate=16000"';

describe.each([
  ['text', (text: string) => text],
  ['binary', (text: string) => frameLike(new ArrayBuffer(0), text)],
] as const)('a %s frame', (_, frameOf) => {
  it.each([
    [`{"realtimeInput":{"audio":{"data":"${data}",${pcm}}}}`, 'input-audio'],
    [
      `{"realtime_input": {"audio": {"data": "${data}", "mime_type": "audio/pcm;rate=16000"}}}`,
      'input-audio',
    ],
    [`{"realtimeInput":{"audio":{${pcm},"data":"${data}"}}}`, 'input-audio'],
    [`{"realtimeInput":{"mediaChunks":[{${pcm},"data":"${data}"}]}}`, 'input-audio'],
    [`{"realtime_input":{"media_chunks":[{"data":"${data}",${pcm}}]}}`, 'input-audio'],
    [
      `{\n  "serverContent": {\n    "modelTurn": {\n      "parts": [\n        {\n          "inlineData": {\n            "mimeType": "audio/pcm;rate=16000",\n            "data": "${data}"\n          }\n        }\n      ]\n    }\n  }\n}\n`,
      'output-audio',
    ],
  ])('with audio only is bulk: %s', (text, kind) => {
    expect(readFrame(frameOf(text))).toEqual({
      outcome: 'bulk',
      kind,
      characters: 2_000,
      mimeType: 'audio/pcm;rate=16000',
    });
  });

  it.each([
    `{"realtimeInput":{"video":{"data":"${data}","mimeType":"image/jpeg"}}}`,
    `{"realtimeInput":{"mediaChunks":[{"mimeType":"image/jpeg","data":"${data}"}]}}`,
  ])('with an image only is bulk: %s', (text) => {
    expect(readFrame(frameOf(text))).toMatchObject({ outcome: 'bulk', kind: 'input-video' });
  });

  it.each([
    // Anything beside a piece of media is read.
    `{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"${data}"}}]},"turnComplete":true}}`,
    `{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"${data}"}}]}},"usageMetadata":{"promptTokenCount":1}}`,
    `{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"${data}"}},{"text":"x"}]}}}`,
    `{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"image/png","data":"${data}"}}]}}}`,
    `{"realtimeInput":{"audio":{"data":"${data}"}},"clientContent":{"turnComplete":true}}`,
    `{"realtimeInput":{"audio":{"data":"AAAA"},"text":"${'x'.repeat(500)}"}}`,
    `{"usageMetadata":{"promptTokenCount":1},"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"A"}}]}}}`,
    '{"setup":{"model":"models/x"}}',
    '{"\\u0073etup":{}}',
  ])('with more than media is parsed: %s', (text) => {
    expect(readFrame(frameOf(text))).toEqual({ outcome: 'message', message: JSON.parse(text) });
  });

  it.each(['', '[]', 'null', '"x"', '{"setup":', '{"realtimeInput":{"audio":{"data":"AAAA'])(
    'without a message passes unread: %j',
    (text) => {
      expect(readFrame(frameOf(text))).toEqual({ outcome: 'opaque' });
    },
  );
});

describe('the model of a setup', () => {
  it('is read with or without its prefix, in either spelling', () => {
    expect(modelOfSetup({ setup: { model: 'models/a/b' } })).toBe('a/b');
    expect(modelOfSetup({ setup: { model: 'a' } })).toBe('a');
    for (const message of [{}, { setup: {} }, { setup: { model: 7 } }, { setup: 'models/a' }])
      expect(modelOfSetup(message)).toBeUndefined();
    expect(modelNamed({ model: 'models/a' }, 'models/b')).toBe('models/b');
    expect(modelNamed({ model: 'a' }, 'models/b')).toBe('b');
  });

  it('is replaced in place, wherever it is, without any other change', () => {
    const text =
      '{ "setup":{"model":"models/mine","n":1e400,"model":"models/mine"}, "\\u0073etup" : {"x":[{"model":"models/mine"}],"model":"models/mine"} }';
    expect(withSetupModel(text, 'models/theirs')).toBe(
      '{ "setup":{"model":"models/theirs","n":1e400,"model":"models/theirs"}, "\\u0073etup" : {"x":[{"model":"models/mine"}],"model":"models/theirs"} }',
    );
    expect(withSetupModel(text, 'models/mine')).toBe(text);
  });
});

describe('a Live API usage', () => {
  it('includes every kind of token: thoughts as output, tool prompts as input', () => {
    expect(
      usageOfTurn({
        promptTokenCount: 1_197,
        responseTokenCount: 37,
        totalTokenCount: 1_234,
        thoughtsTokenCount: 28,
        toolUsePromptTokenCount: 10,
        cachedContentTokenCount: 50,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 1_100 },
          { modality: 'AUDIO', tokenCount: 90 },
          { modality: 'VIDEO', tokenCount: 7 },
        ],
        cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 20 }],
        responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 37 }],
      }),
    ).toMatchObject({
      inputTokens: 1_207,
      inputAudioTokens: 90,
      inputVideoTokens: 7,
      cachedTokens: 50,
      cachedAudioTokens: 20,
      outputTokens: 65,
      outputAudioTokens: 37,
      reasoningTokens: 28,
    });
  });

  it('may name candidates instead of responses, as Vertex does, or may be missing', () => {
    expect(usageOfTurn({ promptTokenCount: 5, candidatesTokenCount: 7 })).toMatchObject({
      inputTokens: 5,
      outputTokens: 7,
    });
    expect(usageOfTurn({ trafficType: 'ON_DEMAND' })).toBeNull();
    expect(usageOfTurn({})).toBeNull();
  });
});

describe('a Live API conversation', () => {
  it('reads its setup in either spelling', () => {
    const one = new LiveConversation();
    one.setUp({
      generation_config: { response_modalities: ['TEXT'], max_output_tokens: 100 },
      realtime_input_config: { automatic_activity_detection: { disabled: true } },
    });
    expect(one.respondsToSpeech).toBe(false);
    expect(one.measure().most).toMatchObject({ outputTokens: 100, outputAudioTokens: 0 });
    const other = new LiveConversation();
    other.setUp({ model: 'models/x' });
    expect(other.respondsToSpeech).toBe(true);
    expect(other.measure().most).toMatchObject({ outputTokens: 4_096, outputAudioTokens: 4_096 });
  });

  it('measures new content since the last usage on top of the whole context', () => {
    const conversation = new LiveConversation();
    conversation.setUp({});
    const before = conversation.measure().input.inputTokens;
    // Two seconds of audio, an image and 25 bytes of text.
    conversation.addBlob('audio/pcm;rate=16000', (64_000 * 4) / 3);
    conversation.addContent({ parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] });
    conversation.addText('x'.repeat(25));
    const { input } = conversation.measure();
    expect(input.inputTokens - before).toBe(50 + 258 + 10);
    expect(input).toMatchObject({ inputAudioTokens: 50, inputVideoTokens: 258 });
    const usage = usageOfTurn({ promptTokenCount: 900, responseTokenCount: 100 });
    if (usage !== null) conversation.counted(usage);
    expect(conversation.measure().input.inputTokens).toBe(1_000);
  });

  it('reserves more than its estimate if it resumes another session or searches', () => {
    for (const setup of [{ sessionResumption: { handle: 'h' } }, { tools: [{ googleSearch: {} }] }]) {
      const conversation = new LiveConversation();
      conversation.setUp(setup);
      const { input, typicalInput } = conversation.measure();
      expect(input.inputTokens).toBeGreaterThanOrEqual(typicalInput.inputTokens + 8_000);
    }
    const fresh = new LiveConversation();
    fresh.setUp({ sessionResumption: {} });
    expect(fresh.measure().input).toEqual(fresh.measure().typicalInput);
  });
});
