// The live log: asks for the newest rows again and again and adds those that are not there yet, until it is paused. It
// rests while nobody looks at the page.
const button = document.getElementById('live');
const note = document.getElementById('live-note');
const everyMs = 2_000;
const mostRows = 200;
let timer;
let added = 0;

button.hidden = false;
button.addEventListener('click', () => {
  const isLive = button.getAttribute('aria-pressed') === 'true';
  button.setAttribute('aria-pressed', String(!isLive));
  button.textContent = isLive ? button.dataset.start : button.dataset.stop;
  clearTimeout(timer);
  if (!isLive) look();
});

async function look() {
  if (document.visibilityState === 'visible') await addRows().catch(() => undefined);
  if (button.getAttribute('aria-pressed') === 'true') timer = setTimeout(look, everyMs);
}

async function addRows() {
  const response = await fetch(button.dataset.address);
  // To the login: the session is over.
  if (response.redirected) location.reload();
  if (!response.ok) return;
  const fresh = document.createElement('template');
  fresh.innerHTML = `<table>${await response.text()}</table>`;
  const table = document.getElementById('log');
  const rows = [...fresh.content.querySelectorAll('tbody')].filter(({ id }) => !document.getElementById(id));
  if (rows.length === 0) return;
  for (const row of rows) row.classList.add('fresh');
  table.tHead.after(...rows);
  document.dispatchEvent(new Event('rows-added'));
  for (const row of [...table.tBodies].slice(mostRows)) row.remove();
  document.querySelector('.empty')?.remove();
  added += rows.length;
  note.textContent = `${added} ${note.dataset.added}`;
}
