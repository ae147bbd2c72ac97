// The playground where script runs: the request goes straight from this page to the model endpoint, and its answer is
// shown as it streams. The token stays in the form's field.
const form = document.getElementById('playground');
const answer = document.getElementById('answer');
const shown = document.getElementById('request');
const maxTokens = 512;

const wires = {
  openai: ({ token, model, prompt }) => ({
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${token}` },
    body: {
      model,
      stream: true,
      max_completion_tokens: maxTokens,
      messages: [{ role: 'user', content: prompt }],
    },
    textOf: (event) => event.choices?.[0]?.delta?.content ?? '',
  }),
  anthropic: ({ token, model, prompt }) => ({
    path: '/v1/messages',
    headers: { 'x-api-key': token, 'anthropic-version': '2023-06-01' },
    body: { model, stream: true, max_tokens: maxTokens, messages: [{ role: 'user', content: prompt }] },
    textOf: (event) => event.delta?.text ?? '',
  }),
  gemini: ({ token, model, prompt }) => ({
    path: `/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
    headers: { 'x-goog-api-key': token },
    body: {
      contents: [{ role: 'user', parts: [{ text: prompt }] }],
      generationConfig: { maxOutputTokens: maxTokens },
    },
    textOf: (event) => (event.candidates?.[0]?.content?.parts ?? []).map((part) => part.text ?? '').join(''),
  }),
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  const { path, headers, body, textOf } = wires[fields.format]({ ...fields, token: fields.token.trim() });
  shown.textContent = `POST ${path}\n\n${JSON.stringify(body, null, 2)}`;
  answer.textContent = answer.dataset.waiting;
  const started = performance.now();
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const head = `${response.status} · ${Math.round(performance.now() - started)} ms · ${response.headers.get('x-request-id')}\n\n`;
    if (!response.ok) answer.textContent = head + (await response.text());
    else await showStream(response.body, head, textOf);
  } catch (error) {
    answer.textContent = String(error);
  }
});

/** Appends the words of each event as it comes. */
async function showStream(stream, head, textOf) {
  answer.textContent = head;
  let rest = '';
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const data = line.startsWith('data:') ? line.slice(5).trim() : '';
      if (data.startsWith('{')) answer.textContent += textOf(JSON.parse(data));
    }
  }
}
