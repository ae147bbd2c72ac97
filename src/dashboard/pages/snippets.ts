// How to call the relay, ready to paste, with this server's address: one snippet for each format, SDK, and tool.
// All read the token from the environment.
import { matchesAny } from '../../lib/wildcard.ts';
import { messages } from '../i18n/messages.ts';

export interface Snippet {
  id: string;
  title: string;
  text: string;
}

/** The models of the examples, in order of preference. */
const usual = {
  openai: ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1'],
  anthropic: ['claude-3-5-sonnet-20241022', 'claude-sonnet-4-20250514'],
  gemini: ['gemini-2.0-flash', 'gemini-2.5-flash'],
};

/** Names that are not chat models. */
const notForChat = /embed|rerank|moderation|whisper|transcribe|tts|audio|realtime|image|dall-e|imagen|veo/;

/**
 * `models`: what the token may use; empty is all. `served`: what channels serve, including wildcards. Each
 * example names a model that can be called: every format reaches every model.
 */
export function snippets(origin: string, models: readonly string[], served: readonly string[]) {
  const fits = (list: readonly string[], name: string) => list.length === 0 || matchesAny(list, name);
  const known = [...Object.values(usual).flat(), ...[...models, ...served].filter(isForChat)];
  const pick = (names: string[]) =>
    [...names, ...known].find((name) => fits(models, name) && fits(served, name)) ??
    [...names, ...known].find((name) => fits(models, name)) ??
    names[0];
  const [openai, anthropic, gemini] = [pick(usual.openai), pick(usual.anthropic), pick(usual.gemini)];
  return {
    curl: curls(origin, openai, anthropic, gemini),
    sdk: sdks(origin, openai, anthropic, gemini),
    tools: tools(origin),
  };
}

function isForChat(name: string): boolean {
  return !name.includes('*') && !notForChat.test(name);
}

type Name = string | undefined;

function curls(origin: string, openai: Name, anthropic: Name, gemini: Name): Snippet[] {
  const json = '-H "Content-Type: application/json"';
  const messages = '"messages": [{"role": "user", "content": "Hello"}]';
  return [
    {
      id: 'curl-openai',
      title: 'curl · OpenAI',
      text: `curl ${origin}/v1/chat/completions \\\n  -H "Authorization: Bearer $RELAY_TOKEN" ${json} \\\n  -d '{"model": "${openai}", ${messages}}'`,
    },
    {
      id: 'curl-anthropic',
      title: 'curl · Anthropic',
      text: `curl ${origin}/v1/messages \\\n  -H "x-api-key: $RELAY_TOKEN" -H "anthropic-version: 2023-06-01" ${json} \\\n  -d '{"model": "${anthropic}", "max_tokens": 256, ${messages}}'`,
    },
    {
      id: 'curl-gemini',
      title: 'curl · Gemini',
      text: `curl "${origin}/v1beta/models/${gemini}:generateContent" \\\n  -H "x-goog-api-key: $RELAY_TOKEN" ${json} \\\n  -d '{"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}'`,
    },
  ];
}

function sdks(origin: string, openai: Name, anthropic: Name, gemini: Name): Snippet[] {
  return [
    {
      id: 'python',
      title: 'Python · openai, anthropic, google-genai',
      text: `import os
from openai import OpenAI
from anthropic import Anthropic
from google import genai

token = os.environ["RELAY_TOKEN"]

print(OpenAI(base_url="${origin}/v1", api_key=token).chat.completions.create(
    model="${openai}", messages=[{"role": "user", "content": "Hello"}]))
print(Anthropic(base_url="${origin}", api_key=token).messages.create(
    model="${anthropic}", max_tokens=256, messages=[{"role": "user", "content": "Hello"}]))
print(genai.Client(api_key=token, http_options={"base_url": "${origin}"}).models.generate_content(
    model="${gemini}", contents="Hello"))`,
    },
    {
      id: 'node',
      title: 'Node · openai, @anthropic-ai/sdk, @google/genai',
      text: `import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';

const token = process.env.RELAY_TOKEN;
const messages = [{ role: 'user', content: 'Hello' }];

const openai = new OpenAI({ baseURL: '${origin}/v1', apiKey: token });
console.log(await openai.chat.completions.create({ model: '${openai}', messages }));

const anthropic = new Anthropic({ baseURL: '${origin}', apiKey: token });
console.log(await anthropic.messages.create({ model: '${anthropic}', max_tokens: 256, messages }));

const gemini = new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: '${origin}' } });
console.log(await gemini.models.generateContent({ model: '${gemini}', contents: 'Hello' }));`,
    },
  ];
}

function tools(origin: string): Snippet[] {
  return [
    {
      id: 'claude-code',
      title: 'Claude Code',
      text: `export ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_AUTH_TOKEN=$RELAY_TOKEN`,
    },
    {
      id: 'openai-tools',
      title: messages().tokens.openaiTools,
      text: `export OPENAI_BASE_URL=${origin}/v1\nexport OPENAI_API_KEY=$RELAY_TOKEN`,
    },
    {
      id: 'gemini-cli',
      title: 'Gemini CLI',
      text: `export GOOGLE_GEMINI_BASE_URL=${origin}\nexport GEMINI_API_KEY=$RELAY_TOKEN`,
    },
  ];
}
