// The playground where script runs: a conversation that goes straight from this page to the model endpoint, and streams. A
// token of one's own is named; the server makes a secret of an hour for it, which stays in this page's memory.
import { showMarkdown } from './markdown.js';
import { codeFor, errorOf, requestFor, requestText, textOfEvent } from './playground-formats.js';

const form = document.getElementById('playground');
const texts = JSON.parse(form.dataset.texts);
const byId = (id) => document.getElementById(id);
const [turnList, trouble, send, stop, prompt, images, file, fresh] = [
  'turns',
  'trouble',
  'send',
  'stop',
  'field-prompt',
  'images',
  'image',
  'fresh',
].map(byId);
const limits = { rawCharacters: 200_000, imageBytes: 5_000_000, images: 8, logTries: 20 };

/** The turns so far: `{ role, text, images }`. */
let turns = [];
/** The images of the next turn, as data: URLs. */
let attached = [];
/** The secret of a token of one's own, and when it ends. */
let minted = { id: '', secret: '', endsAt: 0 };

for (const part of document.querySelectorAll('.with-script')) part.hidden = false;

const milliseconds = (ms) => (ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
const whole = (number) => number.toLocaleString('en-US');

function fail(text) {
  trouble.textContent = text;
  trouble.hidden = false;
}

function element(tag, { className, text } = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
}

/** The form's fields as a chat; `secret` stands for the token. */
function chatOf(secret, sent) {
  const fields = Object.fromEntries(new FormData(form));
  const number = (text) => (text === '' ? undefined : Number(text));
  return {
    token: secret,
    model: fields.model.trim(),
    turns: sent,
    system: fields.system,
    temperature: number(fields.temperature),
    maxTokens: number(fields.max_tokens),
    effort: fields.effort,
  };
}

const formatOf = () => form.elements.format.value;

/** The value to send: of the chosen token, made by the server, or the pasted one. Throws what is wrong. */
async function secretOf() {
  const id = form.elements.token_id?.value ?? '';
  if (id === '') {
    const pasted = form.elements.token.value.replace(/\s+/g, '');
    // A header cannot say it (a hint, with its `…`).
    if (!/^[!-~]+$/.test(pasted)) throw texts.wrongToken;
    return pasted;
  }
  if (minted.id === id && minted.endsAt - Date.now() > 60_000) return minted.secret;
  const response = await fetch(`/api/tokens/${encodeURIComponent(id)}/playground-secret`, { method: 'POST' });
  const answer = await response.json();
  if (!response.ok) throw answer.detail;
  minted = { id, secret: answer.secret, endsAt: Date.parse(answer.expires_at) };
  return minted.secret;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const question = { role: 'user', text: prompt.value, images: attached };
  const leave = new AbortController();
  stop.onclick = () => leave.abort();
  begin();
  let shown;
  try {
    const secret = await secretOf();
    showTurn(question);
    shown = showTurn({ role: 'assistant', text: '' });
    const answer = await exchange(secret, [...turns, question], shown, leave.signal);
    turns = [...turns, question, { role: 'assistant', text: answer }];
    prompt.value = '';
    attached = [];
    showImages();
  } catch (error) {
    // The question stays in its field; what did not work is no part of the conversation.
    if (shown?.text === '') for (const turn of [shown.item, shown.item.previousElementSibling]) turn.remove();
    else if (shown) turns = [...turns, question, { role: 'assistant', text: shown.text }];
    fail(error?.name === 'AbortError' ? texts.stopped : String(error?.message ?? error));
  }
  end();
});

/** Sends the conversation, and shows the answer as it comes. Returns its text. Throws what is wrong. */
async function exchange(secret, sent, shown, signal) {
  const format = formatOf();
  const request = requestFor(format, chatOf(secret, sent), true);
  byId('request').textContent = requestText(request, secret);
  byId('raw').textContent = '';
  const times = { started: performance.now(), first: null };
  const response = await fetch(request.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...request.headers },
    body: JSON.stringify(request.body),
    signal,
  });
  const requestId = response.headers.get('x-request-id');
  try {
    if (!response.ok) throw errorText(await response.text());
    await readStream(response.body, textOfEvent[format], shown, times);
    return shown.text;
  } finally {
    const total = performance.now() - times.started;
    shown.caption.textContent = [request.body.model ?? form.elements.model.value, milliseconds(total)].join(
      ' · ',
    );
    if (requestId !== null) showCost(requestId, shown, times, total);
  }
}

async function readStream(stream, textIn, shown, times) {
  const raw = byId('raw');
  let rest = '';
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    if (raw.textContent.length < limits.rawCharacters) raw.textContent += text;
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const data = line.startsWith('data:') ? line.slice(5).trim() : '';
      if (!data.startsWith('{')) continue;
      const event = JSON.parse(data);
      const error = errorOf(event);
      if (error !== undefined) throw error;
      shown.text += textIn(event);
    }
    if (shown.text !== '') times.first ??= performance.now() - times.started;
    draw(shown);
  }
}

/** Draws at most once a frame, however fast text comes. */
function draw(shown) {
  if (shown.isDrawing) return;
  shown.isDrawing = true;
  requestAnimationFrame(() => {
    shown.isDrawing = false;
    showMarkdown(shown.body, shown.text);
  });
}

function errorText(text) {
  byId('raw').textContent = text;
  try {
    const value = JSON.parse(text);
    byId('raw').textContent = JSON.stringify(value, null, 2);
    return errorOf(value) ?? text;
  } catch {
    // Not JSON: it is shown as it is.
    return text;
  }
}

/** Adds what the log says of the request, as soon as it is there: its cost is exact. */
async function showCost(requestId, shown, times, total) {
  const id = form.elements.token_id?.value;
  const list = `/api/logs?limit=20${id ? `&token=${encodeURIComponent(id)}` : ''}`;
  for (let tries = 0; tries < limits.logTries; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const response = await fetch(list);
    if (!response.ok) return;
    const row = (await response.json()).data.find((one) => one.id === requestId);
    if (row === undefined) continue;
    const link = element('a', { text: texts.inLog });
    link.href = `/dashboard/logs/${encodeURIComponent(requestId)}`;
    shown.caption.textContent = `${figuresOf(row, times, total).join(' · ')} · `;
    shown.caption.append(link);
    return;
  }
}

function figuresOf({ served_model, model, cost_usd, input_tokens, output_tokens }, { first }, total) {
  const usd = cost_usd?.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 9 });
  const writingMs = first === null ? 0 : total - first;
  const speed = output_tokens / (writingMs / 1_000);
  return [
    served_model ?? model,
    milliseconds(total),
    ...(first === null ? [] : [`${texts.firstByte} ${milliseconds(first)}`]),
    `${texts.tokens} ${whole(input_tokens)} / ${whole(output_tokens)}`,
    ...(writingMs > 100 && output_tokens > 0 ? [`${whole(Math.round(speed))} ${texts.perSecond}`] : []),
    usd === undefined ? texts.noPrice : `$${usd}`,
  ];
}

/** Adds a turn to the page. */
function showTurn({ role, text, images: shownImages = [] }) {
  const body = element('div', { className: 'said' });
  const caption = element('small', { className: 'caption' });
  const item = element('li', { className: role }, body, caption);
  if (role === 'user') body.textContent = text;
  else body.textContent = texts.waiting;
  for (const url of shownImages) body.append(imageOf(url));
  turnList.append(item);
  item.scrollIntoView({ block: 'nearest' });
  return { item, body, caption, text, isDrawing: false };
}

function imageOf(url) {
  const image = element('img');
  image.src = url;
  image.alt = texts.image;
  return image;
}

function begin() {
  trouble.hidden = true;
  send.setAttribute('aria-busy', 'true');
  send.disabled = true;
  stop.hidden = false;
}

function end() {
  send.removeAttribute('aria-busy');
  send.disabled = false;
  stop.hidden = true;
  prompt.focus();
}

prompt.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (!send.disabled) form.requestSubmit(send);
});

fresh.addEventListener('click', () => {
  turns = [];
  attached = [];
  turnList.replaceChildren();
  trouble.hidden = true;
  showImages();
  prompt.focus();
});

file.addEventListener('change', async () => {
  await attach([...file.files]);
  file.value = '';
});
prompt.addEventListener('paste', (event) => {
  const pasted = [...event.clipboardData.files].filter(({ type }) => type.startsWith('image/'));
  if (pasted.length === 0) return;
  event.preventDefault();
  attach(pasted);
});

async function attach(files) {
  for (const one of files) {
    if (!/^image\/(png|jpeg|webp|gif)$/.test(one.type) || one.size > limits.imageBytes)
      fail(texts.wrongImage);
    else if (attached.length < limits.images) attached = [...attached, await dataUrlOf(one)];
  }
  showImages();
}

function dataUrlOf(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function showImages() {
  images.replaceChildren(
    ...attached.map((url, index) => {
      const remove = element('button', { className: 'outline small', text: texts.removeImage });
      remove.type = 'button';
      remove.addEventListener('click', () => {
        attached = attached.filter((_, other) => other !== index);
        showImages();
      });
      return element('span', {}, imageOf(url), remove);
    }),
  );
}

for (const button of document.querySelectorAll('button[data-code]')) {
  button.addEventListener('click', async () => {
    const next = { role: 'user', text: prompt.value, images: attached };
    const sent = prompt.value === '' && turns.length > 0 ? turns.slice(0, -1) : [...turns, next];
    const code = codeFor(location.origin, formatOf(), chatOf('', sent))[button.dataset.code];
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(code);
      button.textContent = texts.copied;
      setTimeout(() => {
        button.textContent = label;
      }, 2_000);
    } catch {
      // No clipboard (an address without https, say): the code is shown where requests are.
      byId('request').textContent = code;
      byId('request').closest('details').open = true;
    }
  });
}
