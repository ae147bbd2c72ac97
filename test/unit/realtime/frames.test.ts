// Tests the classification of frames, whose bulk is not parsed.
import { describe, expect, it } from 'vitest';
import { usageOf } from '../../../src/formats/usage.ts';
import { closingForClient, closingForUpstream, closingOfError } from '../../../src/realtime/close-codes.ts';
import { responseMeasure } from '../../../src/realtime/openai/bound.ts';
import { Conversation } from '../../../src/realtime/openai/conversation.ts';
import { readFrame, responseIdOf } from '../../../src/realtime/openai/events.ts';
import { withUpstreamModel, withUpstreamTranscriber } from '../../../src/realtime/openai/models.ts';
import { usageOfResponse, usageOfTranscription } from '../../../src/realtime/openai/usage.ts';

describe('a frame', () => {
  it.each([
    ['{"type":"input_audio_buffer.append","audio":"AAAA"}', 'input-audio', 4],
    [
      '{"type":"response.output_audio.delta","event_id":"e","response_id":"r","delta":"AAAAAAAA"}',
      'output-audio',
      8,
    ],
    ['{"event_id":"e","type":"response.audio.delta","response_id":"r","delta":"AA"}', 'output-audio', 2],
    [' { "type" : "response.text.delta" , "delta" : "abc" }', 'output-text', 3],
    ['{"type":"response.output_audio_transcript.delta","delta":""}', 'output-text', 0],
    // Servers that sort members put the type last.
    ['{"delta":"a \\"b\\"","response_id":"r","type":"response.text.delta"}', 'output-text', 5],
    ['{"audio":"AAAA","type":"input_audio_buffer.append"}', 'input-audio', 4],
  ])('is bulk if it is %s', (frame, kind, characters) => {
    expect(readFrame(frame)).toMatchObject({ outcome: 'bulk', kind, characters });
  });

  it.each(['', '[]', '{}', '{"type":1}', 'null', '{"type":"response.create"'])(
    'is passed unread if it is %j',
    (frame) => {
      expect(readFrame(frame)).toEqual({ outcome: 'opaque' });
    },
  );

  it('is an event wherever its type is, escaped or not', () => {
    expect(readFrame('{"event_id":"a","response":{},"type":"response.create"}')).toMatchObject({
      type: 'response.create',
    });
    expect(readFrame('{"\\u0074ype":"response.\\u0063reate"}')).toMatchObject({ type: 'response.create' });
    expect(readFrame(new ArrayBuffer(3))).toEqual({ outcome: 'opaque' });
    const binary = new TextEncoder().encode(' {"type":"response.create"}').buffer as ArrayBuffer;
    expect(readFrame(binary)).toMatchObject({ type: 'response.create' });
    expect(responseIdOf('{"type":"x","response_id" : "resp_1"}')).toBe('resp_1');
  });
});

it('replaces the model of a session in place without any other change', () => {
  const frame =
    '{ "type":"session.update", "session" : {"a":1e400, "model":"mine","model":"mine"} ,"n":9007199254740993}';
  expect(withUpstreamModel(frame, 'theirs')).toBe(frame.replaceAll('"mine"', '"theirs"'));
});

it('replaces the transcription model of a session in place', () => {
  const frame =
    '{"session":{"n":1e400,"audio":{ "input":{"transcription":{"model": "mine","x":[]}}},"input_audio_transcription":{"model":"mine"}}}';
  expect(withUpstreamTranscriber(frame, 'theirs')).toBe(frame.replaceAll('"mine"', '"theirs"'));
  for (const without of ['{"session":{"audio":null}}', '{"session":{"input_audio_transcription":{}}}', '{}'])
    expect(withUpstreamTranscriber(without, 'theirs')).toBe(without);
});

describe('a close frame', () => {
  it.each([
    [1000, { code: 1000, reason: 'r' }, { code: 1000, reason: 'r' }],
    [4999, { code: 4999, reason: 'r' }, { code: 4999, reason: 'r' }],
    [1005, null, null],
    [1006, { code: 1011, reason: 'upstream_lost' }, { code: 1001, reason: '' }],
    [1015, { code: 1011, reason: 'upstream_lost' }, { code: 1001, reason: '' }],
    [1014, { code: 1014, reason: 'r' }, { code: 1014, reason: 'r' }],
    [3000, { code: 3000, reason: 'r' }, { code: 3000, reason: 'r' }],
    // Close codes that no endpoint may send: a socket closed with one stays open.
    [0, { code: 1011, reason: 'upstream_closed_0' }, { code: 1001, reason: '' }],
    [999, { code: 1011, reason: 'upstream_closed_999' }, { code: 1001, reason: '' }],
    [1004, { code: 1011, reason: 'upstream_closed_1004' }, { code: 1001, reason: '' }],
    [1016, { code: 1011, reason: 'upstream_closed_1016' }, { code: 1001, reason: '' }],
    [2999, { code: 1011, reason: 'upstream_closed_2999' }, { code: 1001, reason: '' }],
    [5000, { code: 1011, reason: 'upstream_closed_5000' }, { code: 1001, reason: '' }],
  ])('becomes a close with %i', (code, forClient, forUpstream) => {
    expect(closingForClient({ code, reason: 'r' })).toEqual(forClient);
    expect(closingForUpstream({ code, reason: 'r' })).toEqual(forUpstream);
  });

  it('has a reason of at most 123 bytes, cut between characters', () => {
    const reason = closingForClient({ code: 4000, reason: 'ä'.repeat(100) })?.reason ?? '';
    expect(reason).toBe('ä'.repeat(61));
    expect(closingForClient({ code: 4000, reason: 'a'.repeat(123) })?.reason).toBe('a'.repeat(123));
  });

  it('is recognized in the platform’s error for a broken socket', () => {
    expect(closingOfError({ message: 'protocolError.statusCode = 1009; too large' }).code).toBe(1009);
    expect(closingOfError({ message: 'Network connection lost.' })).toEqual({ code: 1006, reason: '' });
  });
});

describe('a realtime usage', () => {
  it('includes every kind of token in the beta, GA and xAI formats', () => {
    const details = {
      text_tokens: 50,
      audio_tokens: 40,
      image_tokens: 10,
      cached_tokens: 30,
      cached_tokens_details: { audio_tokens: 5 },
    };
    const usage = {
      input_tokens: 100,
      output_tokens: 60,
      input_token_details: details,
      output_token_details: { audio_tokens: 45, reasoning_tokens: 2 },
    };
    const read = {
      inputTokens: 100,
      cachedTokens: 30,
      inputAudioTokens: 40,
      cachedAudioTokens: 5,
      inputImageTokens: 10,
      outputTokens: 60,
      outputAudioTokens: 45,
      reasoningTokens: 2,
    };
    expect(usageOfResponse({ type: 'response.done', response: { usage } })).toMatchObject(read);
    expect(usageOfResponse({ type: 'response.done', response: { usage: {} }, usage })).toMatchObject(read);
    expect(usageOfResponse({ type: 'response.done', response: { usage: null } })).toBeNull();
    expect(usageOfResponse({ type: 'response.done' })).toBeNull();
  });

  it('of a transcript is in tokens or in seconds', () => {
    expect(usageOfTranscription({ usage: { type: 'duration', seconds: 1.5 } })).toMatchObject({
      audioMilliseconds: 1_500,
    });
    expect(usageOfTranscription({ usage: { input_tokens: 3, output_tokens: 4 } })).toMatchObject({
      inputTokens: 3,
      outputTokens: 4,
    });
    expect(usageOfTranscription({})).toBeNull();
  });
});

describe('a realtime conversation', () => {
  it('reads its settings in the GA and the beta format', () => {
    const ga = new Conversation(false);
    expect(ga.respondsToSpeech).toBe(true);
    ga.applySession({
      output_modalities: ['text'],
      max_output_tokens: 100,
      audio: {
        input: {
          turn_detection: { type: 'server_vad', create_response: false },
          transcription: { model: 'w' },
          format: { type: 'audio/pcmu' },
        },
      },
    });
    expect(ga).toMatchObject({
      respondsToSpeech: false,
      speaks: false,
      mostOutputTokens: 100,
      transcriptionModel: 'w',
      inputBytesPerSecond: 8_000,
    });
    const beta = new Conversation(false);
    beta.applySession({
      modalities: ['text', 'audio'],
      max_response_output_tokens: 'inf',
      turn_detection: null,
      input_audio_transcription: { model: 'w' },
      output_audio_format: 'g711_ulaw',
    });
    expect(beta).toMatchObject({
      respondsToSpeech: false,
      speaks: true,
      mostOutputTokens: null,
      transcriptionModel: 'w',
      outputBytesPerSecond: 8_000,
    });
    beta.applySession({ voice: 'alloy' });
    expect(beta).toMatchObject({ respondsToSpeech: false, transcriptionModel: 'w' });
    beta.applySession({ turn_detection: { type: 'semantic_vad' }, input_audio_transcription: null });
    expect(beta).toMatchObject({ respondsToSpeech: true, transcriptionModel: null });
  });

  it('measures audio without a transcript: only speech if the upstream detects it', () => {
    const conversation = new Conversation(true);
    conversation.addAudio(64_000);
    expect(conversation.untranscribedMs).toBe(1_000);
    conversation.speech('began', 200);
    conversation.speech('ended', 500);
    conversation.speech('began', 900);
    expect(conversation.untranscribedMs).toBe(300);
    conversation.transcribed();
    expect(conversation.untranscribedMs).toBe(0);
    expect(conversation.unreported.audioSeconds).toBe(1);
  });
});

describe('a realtime response', () => {
  const words = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x'.repeat(3_000) }] };
  const bare = responseMeasure(new Conversation(false));

  it('reserves for the input inside it', () => {
    for (const own of [{ input: [words] }, { instructions: 'x'.repeat(3_000) }, { tools: [words] }]) {
      const { input } = responseMeasure(new Conversation(false), own);
      expect(input.inputTokens).toBeGreaterThan(bare.input.inputTokens + 700);
    }
    const audio = { content: [{ type: 'input_audio', audio: 'A'.repeat(640_000) }] };
    const { input } = responseMeasure(new Conversation(false), { input: [audio] });
    expect(input.inputAudioTokens).toBe(100);
  });

  it('may have another modality than the session and a higher limit', () => {
    const conversation = new Conversation(false);
    conversation.applySession({ output_modalities: ['text'], max_output_tokens: 10 });
    expect(responseMeasure(conversation).most.outputAudioTokens).toBe(0);
    const spoken = responseMeasure(conversation, { output_modalities: ['audio'], max_output_tokens: 50 });
    expect(spoken.most).toMatchObject({ outputTokens: 50, outputAudioTokens: 50 });
  });

  it('is estimated without the conversation if it has its own input, and reserved with it', () => {
    const conversation = new Conversation(false);
    conversation.counted(usageOf({ inputTokens: 9_000, outputTokens: 1_000 }));
    const { input, typicalInput } = responseMeasure(conversation, { input: [] });
    expect([input.inputTokens, typicalInput.inputTokens]).toEqual([10_000, 600]);
  });
});
