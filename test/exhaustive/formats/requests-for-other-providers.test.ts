// Requests written for Anthropic and Gemini are valid by the providers' own OpenAPI files, whatever format they
// came from.
import { describe, expect, it } from 'vitest';
import { fitRequest } from '../../../src/formats/answer-edit.ts';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import { geminiGenerate } from '../../../src/formats/gemini-generate/index.ts';
import type { NeutralRequest } from '../../../src/formats/neutral.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { everyRequest } from '../../support/every-request.ts';
import { haveFixtures, reportSkippedReplay } from '../../support/fixtures.ts';
import { conversationOf, requestOf } from '../../support/formats.ts';
import { haveSpecs, reportSkippedSpecs, schemaFaults } from '../../support/provider-schema.ts';
import { fullChatRequest, fullResponsesRequest } from './openai-request-cases.ts';

reportSkippedReplay();
reportSkippedSpecs();

const targets = [
  {
    name: 'anthropic-messages',
    format: anthropicMessages,
    models: ['claude-3-haiku-20240307', 'claude-sonnet-4-5', 'claude-opus-4-8'],
    faults: (body: JsonObject) => schemaFaults('anthropic', 'CreateMessageParams', body),
  },
  {
    name: 'gemini-generate',
    format: geminiGenerate,
    models: ['gemini-2.0-flash', 'gemini-2.5-flash', 'gemini-3-pro'],
    // The model is in the path.
    faults: (body: JsonObject) =>
      schemaFaults('gemini', 'GenerateContentRequest', { model: 'models/m', ...body }),
  },
] as const;

/** Prepares the request as the relay does before it writes for another provider. */
function fitForTarget(request: NeutralRequest, name: (typeof targets)[number]['name']): NeutralRequest {
  return fitRequest(request, conversationOf(name).toolNames, { customTools: false }).request;
}

function readFull(): NeutralRequest[] {
  const context = { model: 'm', stream: true };
  return [
    openaiChat.readRequest(fullChatRequest, context),
    openaiResponses.readRequest(fullResponsesRequest, context),
  ].map(requestOf);
}

describe.skipIf(!haveSpecs).each(targets)(
  'requests written for $name',
  ({ name, format, models, faults }) => {
    it('are valid for everything that OpenAI’s formats can express', () => {
      for (const request of readFull())
        for (const model of models)
          expect(
            faults(format.writeRequest(fitForTarget(request, name), { model, provider: 'x' }).body),
            model,
          ).toEqual([]);
    });

    it.skipIf(!haveFixtures)('are valid for every recorded request of another format', () => {
      const recorded = everyRequest().filter(([, request]) => request.opaque.origin !== name);
      const wrong = recorded.flatMap(([fixture, request]) =>
        models.flatMap((model) => {
          const { body } = format.writeRequest(fitForTarget(request, name), { model, provider: 'x' });
          return faults(body).map((fault) => `${fixture} for ${model}: ${fault}`);
        }),
      );
      console.log(`${recorded.length} recorded requests written as ${name}, for ${models.length} models`);
      expect(wrong).toEqual([]);
      expect(recorded.length).toBeGreaterThan(250);
    });

    it('fail the schema check when they are wrong', () => {
      expect(faults({ messages: [{ role: 'tool' }], contents: 'x' })).not.toEqual([]);
    });
  },
);
