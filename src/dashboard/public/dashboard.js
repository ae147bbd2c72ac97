// What script adds to every page: copying, one submission per press, local times, and keyboard shortcuts.
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy);
    const text = 'value' in source ? source.value : source.textContent;
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.copied;
    } catch {
      // No clipboard (an address without https, say): the person copies what is selected now.
      if ('select' in source) source.select();
      else getSelection().selectAllChildren(source);
    }
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}

// A button that was pressed says that it is busy until the answer is there, and what it sends is sent once, however often
// Enter is pressed meanwhile: two tokens would be made, and one of them never shown. A page that is come back to is not.
const sent = new Set();
document.addEventListener('submit', (event) => {
  if (event.defaultPrevented) return;
  if (sent.has(event.target)) return event.preventDefault();
  if (event.target.method === 'post') {
    sent.add(event.target);
    // After stopping the browser, the form can be sent again.
    setTimeout(() => sent.delete(event.target), 5_000);
  }
  event.submitter?.setAttribute('aria-busy', 'true');
});
addEventListener('pageshow', () => {
  sent.clear();
  for (const button of document.querySelectorAll('button[aria-busy]')) button.removeAttribute('aria-busy');
});

// A page is not left by accident while what was typed in its form is not saved.
const guarded = document.querySelector('form[data-guard]');
let isDirty = false;
if (guarded) {
  document.addEventListener('input', (event) => {
    if (event.target.form === guarded) isDirty = true;
  });
  document.addEventListener('submit', () => {
    isDirty = false;
  });
  addEventListener('beforeunload', (event) => {
    if (isDirty) event.preventDefault();
  });
}

// One check box for all rows of a list.
for (const all of document.querySelectorAll('input[data-check-all]')) {
  all.hidden = false;
  all.addEventListener('change', () => {
    for (const box of all.closest('table').querySelectorAll('td input[type="checkbox"]'))
      box.checked = all.checked;
  });
}

// Times in the browser's zone. The page has them in UTC, which stays in the tooltip with how long ago it was.
const lang = document.documentElement.lang;
const ages = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const two = (number) => String(number).padStart(2, '0');

function ageOf(at) {
  const seconds = (at - Date.now()) / 1_000;
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return ages.format(Math.round(seconds / length), unit);
}

function localText(at, parts) {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).slice(0, parts).join(':');
  return `${day} ${time}`;
}

function showLocalTimes() {
  for (const element of document.querySelectorAll('time[data-parts]')) {
    const at = new Date(element.dateTime);
    element.dataset.utc ??= element.textContent;
    element.title = `${element.dataset.utc} UTC · ${ageOf(at)}`;
    element.textContent = localText(at, Number(element.dataset.parts));
    const age = element.nextElementSibling;
    if (age?.matches('.age')) age.textContent = ageOf(at);
  }
}

showLocalTimes();
// For rows that the live log has added.
document.addEventListener('rows-added', showLocalTimes);
setInterval(showLocalTimes, 30_000);
const zone = document.getElementById('zone');
if (zone) zone.textContent = zone.dataset.local;

// Shortcuts of one character can be switched off (WCAG 2.2, 2.1.4).
const shortcuts = document.getElementById('shortcuts');
const use = document.getElementById('use-shortcuts');
const openShortcuts = document.getElementById('show-shortcuts');
const settingName = 'oo8-shortcuts';
if (shortcuts) {
  use.checked = localStorage.getItem(settingName) !== 'off';
  use.addEventListener('change', () => localStorage.setItem(settingName, use.checked ? 'on' : 'off'));
  openShortcuts.hidden = false;
  openShortcuts.addEventListener('click', () => shortcuts.showModal());
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (!use.checked || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector('main [data-search], main input[type="search"]');
    if (event.key === '/' && search) search.focus();
    else if (event.key === '?') shortcuts.showModal();
    else return;
    event.preventDefault();
  });
}
