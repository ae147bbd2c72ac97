// The playground where script runs: the request goes straight from this page to the model endpoint, and its answer is
// shown as it streams. The token stays in the form's field. What it cost, and what the relay itself took of the time, is
// the log's to say: its row is there a moment after the end.
const form = document.getElementById('playground');
const outcome = document.getElementById('outcome');
const [answer, raw, shown, trouble, figures, inLog, send, stop] = [
  'answer',
  'raw',
  'request',
  'trouble',
  'figures',
  'in-log',
  'send',
  'stop',
].map((id) => document.getElementById(id));
const wires = JSON.parse(form.dataset.wires);
const blanks = JSON.parse(form.dataset.blanks);
const mostRawCharacters = 200_000;

/** The words of an event, by format. */
const wordsOf = {
  openai: (event) => event.choices?.[0]?.delta?.content ?? '',
  responses: (event) => (event.type === 'response.output_text.delta' ? event.delta : ''),
  anthropic: (event) => event.delta?.text ?? '',
  gemini: (event) => (event.candidates?.[0]?.content?.parts ?? []).map((part) => part.text ?? '').join(''),
};

/** The message of an event that is an error; undefined for other events. */
const errorOf = (event) => event.error?.message ?? event.response?.error?.message;

const figure = (name, text) => {
  document.getElementById(`figure-${name}`).textContent = text;
};
const milliseconds = (ms) => (ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
const fail = (text) => {
  trouble.textContent = text;
  trouble.hidden = false;
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  const leave = new AbortController();
  stop.onclick = () => leave.abort();
  begin();
  const started = performance.now();
  let requestId = null;
  try {
    const token = fields.token.replace(/\s+/g, '');
    const { path, headers, body } = filled(wires[fields.format], {
      ...fields,
      model: fields.model.trim(),
      token,
    });
    const secret = (value) => value.replace(token, '$RELAY_TOKEN');
    const heads = Object.entries(headers).map(([name, value]) => `${name}: ${secret(value)}`);
    shown.textContent = [`POST ${path}`, ...heads, '', JSON.stringify(body, null, 2)].join('\n');
    // A header cannot say it (a hint, with its `…`).
    if (!/^[!-~]*$/.test(token)) throw outcome.dataset.wrongToken;
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: leave.signal,
    });
    requestId = response.headers.get('x-request-id');
    figure('status', response.status);
    answer.textContent = '';
    if (response.ok) await showStream(response.body, wordsOf[fields.format]);
    else showError(await response.text());
  } catch (error) {
    if (error.name === 'AbortError') fail(outcome.dataset.stopped);
    else fail(String(error));
  }
  figure('total', milliseconds(performance.now() - started));
  end();
  if (requestId !== null) await showCost(requestId);
});

function begin() {
  for (const place of [raw, shown, trouble]) place.textContent = '';
  answer.textContent = outcome.dataset.waiting;
  trouble.hidden = true;
  figures.hidden = false;
  inLog.hidden = true;
  for (const name of ['status', 'total', 'first', 'own', 'tokens', 'cost']) figure(name, '–');
  send.setAttribute('aria-busy', 'true');
  send.disabled = true;
  stop.hidden = false;
}

function end() {
  if (answer.textContent === outcome.dataset.waiting) answer.textContent = '';
  send.removeAttribute('aria-busy');
  send.disabled = false;
  stop.hidden = true;
}

/** The server's request with the form's fields in its blanks. */
function filled({ path, headers, body }, { token, model, prompt }) {
  const values = { [blanks.model]: model, [blanks.prompt]: prompt };
  return {
    path: path.replace(blanks.model, () => encodeURIComponent(model)),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace(blanks.token, () => token)]),
    ),
    body: JSON.parse(JSON.stringify(body), (_name, value) => values[value] ?? value),
  };
}

/** Appends the words of each event as it comes, and all of it as it is. */
async function showStream(stream, wordsIn) {
  let rest = '';
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    if (raw.textContent.length < mostRawCharacters) raw.textContent += text;
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const data = line.startsWith('data:') ? line.slice(5).trim() : '';
      if (!data.startsWith('{')) continue;
      const event = JSON.parse(data);
      const error = errorOf(event);
      if (error === undefined) answer.textContent += wordsIn(event);
      else fail(error);
    }
  }
}

function showError(text) {
  raw.textContent = text;
  let message = text;
  try {
    const value = JSON.parse(text);
    raw.textContent = JSON.stringify(value, null, 2);
    message = value.error?.message ?? text;
  } catch {
    // Not JSON: it is shown as it is.
  }
  fail(message);
}

/** What the log says of the request, as soon as it is there. */
async function showCost(requestId) {
  inLog.href = `/dashboard/logs/${encodeURIComponent(requestId)}`;
  inLog.hidden = false;
  for (let tries = 0; tries < 20; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const response = await fetch(`/api/logs/${encodeURIComponent(requestId)}`);
    if (response.status === 404) continue;
    if (!response.ok) return;
    showRow(await response.json());
    return;
  }
  figure('cost', outcome.dataset.late);
}

function showRow({ cost_usd, input_tokens, output_tokens, ttfb_ms, attempts }) {
  figure('tokens', `${input_tokens.toLocaleString('en-US')} / ${output_tokens.toLocaleString('en-US')}`);
  const cost = cost_usd?.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 9 });
  figure('cost', cost === undefined ? outcome.dataset.noPrice : `$${cost}`);
  if (ttfb_ms === null) return;
  figure('first', milliseconds(ttfb_ms));
  const upstreams = attempts.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  if (attempts.length > 0) figure('own', milliseconds(Math.max(0, ttfb_ms - upstreams)));
}
