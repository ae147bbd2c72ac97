// What script adds to the documentation: copying, remembered tabs, a search without a request per key, and forms that try
// operations of the management API.
const labels = document.querySelector('.docs');
const languageKey = 'oo8_example';

// On a phone the list of pages begins folded.
if (matchMedia('(max-width: 768px)').matches) document.querySelector('.docs .pages')?.removeAttribute('open');

for (const block of document.querySelectorAll('.document pre[data-language]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy outline secondary';
  button.textContent = labels.dataset.copy;
  button.addEventListener('click', async () => {
    const text = block.querySelector('code').textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = labels.dataset.copied;
    } catch {
      getSelection().selectAllChildren(block.querySelector('code'));
    }
    setTimeout(() => {
      button.textContent = labels.dataset.copy;
    }, 2000);
  });
  block.append(button);
}

// One choice of language for every example, on every page.
function remembered() {
  try {
    return localStorage.getItem(languageKey);
  } catch {
    return null;
  }
}

function choose(language) {
  for (const input of document.querySelectorAll('.tabs > input')) {
    if (input.value === language) input.checked = true;
  }
}

choose(remembered());
for (const input of document.querySelectorAll('.tabs > input')) {
  input.addEventListener('change', () => {
    choose(input.value);
    try {
      localStorage.setItem(languageKey, input.value);
    } catch {
      // Without storage the choice holds for this page.
    }
  });
}

// The search: the index comes once, with the first key.
const query = document.getElementById('docs-query');
const hits = document.getElementById('docs-hits');
let index;

function found(entries, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return entries
    .map((entry) => {
      const heading = `${entry.title} ${entry.section}`.toLowerCase();
      const body = entry.text.toLowerCase();
      const fits = words.every((word) => heading.includes(word) || body.includes(word));
      return { entry, body, rank: fits ? words.filter((word) => heading.includes(word)).length : -1 };
    })
    .filter(({ rank }) => rank >= 0)
    .sort((one, other) => other.rank - one.rank)
    .slice(0, 30)
    .map(({ entry, body }) => {
      const at = Math.min(
        ...words.map((word) => body.indexOf(word)).filter((place) => place >= 0),
        body.length,
      );
      return { ...entry, excerpt: entry.text.slice(Math.max(0, at - 53), at + 107) };
    });
}

function showHits(list) {
  const items = list.map(({ href, title, section, excerpt }) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = href;
    link.textContent = section === '' ? title : `${title} · ${section}`;
    link.addEventListener('click', () => {
      hits.hidden = true;
    });
    const text = document.createElement('small');
    text.textContent = excerpt;
    item.append(link, document.createElement('br'), text);
    return item;
  });
  const content = document.createElement(items.length === 0 ? 'p' : 'ul');
  if (items.length === 0) content.textContent = hits.dataset.none;
  else content.append(...items);
  hits.replaceChildren(content);
}

query?.addEventListener('input', async () => {
  const text = query.value.trim();
  hits.hidden = text === '';
  if (text === '') return;
  index ??= fetch('/docs/search.json').then((response) => (response.ok ? response.json() : []));
  const entries = await index;
  if (query.value.trim() === text) showHits(found(entries, text));
});

// Operations of the management API, with the session of the reader.
for (const form of document.querySelectorAll('form.try')) {
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { method } = form.dataset;
    const body = form.elements.body?.value;
    const output = form.querySelector('output');
    const shown = document.createElement('pre');
    try {
      const response = await fetch(form.elements.path.value, {
        method,
        ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      shown.textContent = `${response.status}\n${indented(text)}`;
    } catch (error) {
      shown.textContent = String(error);
    }
    output.replaceChildren(shown);
  });
}

function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// A link to an operation opens it.
function openTarget() {
  const target = location.hash === '' ? null : document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener('hashchange', openTarget);
openTarget();
