// Channels where script runs. The list: rows are moved by dragging or with the arrow keys, and their priorities follow;
// nothing is saved but by the form's button. The form: the models of the provider are searched and selected together.
const table = document.getElementById('channels');
const note = document.getElementById('order-note');
const rowsNow = () => [...(table?.tBodies[0]?.rows ?? [])];
const priorityOf = (row) => row.querySelector('input[name^="priority-"]');
const priorityIn = (row) => Number(priorityOf(row).value);

/** The fewest changes that make the order true: the moved row goes between its neighbours, and those above make room. */
function follow(moved) {
  const rows = rowsNow();
  const place = rows.indexOf(moved);
  const above = rows[place - 1];
  const below = rows[place + 1];
  if (below === undefined) {
    priorityOf(moved).value = above === undefined ? priorityIn(moved) : priorityIn(above) - 1;
  } else if (above !== undefined && priorityIn(above) === priorityIn(below)) {
    priorityOf(moved).value = priorityIn(below);
  } else {
    priorityOf(moved).value = priorityIn(below) + 1;
    const room = above === undefined ? 0 : priorityIn(moved) - priorityIn(above) + 1;
    if (room > 0) for (const row of rows.slice(0, place)) priorityOf(row).value = priorityIn(row) + room;
  }
  note.textContent = `${moved.dataset.name}: ${place + 1} / ${rows.length}. ${note.dataset.moved}`;
}

for (const row of rowsNow()) {
  const grip = row.querySelector('.grip');
  grip.hidden = rowsNow().length < 2;
  grip.addEventListener('keydown', (event) => {
    const step = { ArrowUp: 'previousElementSibling', ArrowDown: 'nextElementSibling' }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const other = row[step];
    if (other === null) return;
    if (event.key === 'ArrowUp') other.before(row);
    else other.after(row);
    grip.focus();
    follow(row);
  });
  grip.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    grip.focus();
    grip.setPointerCapture(event.pointerId);
    row.classList.add('dragged');
    let hasMoved = false;
    const move = ({ clientY }) => {
      const over = rowsNow().find((other) => {
        const { top, bottom } = other.getBoundingClientRect();
        return other !== row && clientY >= top && clientY < bottom;
      });
      if (over === undefined) return;
      hasMoved = true;
      if (rowsNow().indexOf(over) < rowsNow().indexOf(row)) over.before(row);
      else over.after(row);
    };
    const end = () => {
      grip.removeEventListener('pointermove', move);
      row.classList.remove('dragged');
      if (hasMoved) follow(row);
    };
    grip.addEventListener('pointermove', move);
    grip.addEventListener('lostpointercapture', end, { once: true });
  });
}

const tools = document.querySelector('[data-found]');
if (tools) {
  const labels = [...tools.closest('fieldset').querySelectorAll('label')];
  const search = tools.querySelector('input');
  tools.hidden = false;
  search.addEventListener('input', () => {
    const wanted = search.value.trim().toLowerCase();
    for (const label of labels) label.hidden = !label.textContent.toLowerCase().includes(wanted);
  });
  // Enter would send the form.
  search.addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault());
  for (const button of tools.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      for (const label of labels.filter(({ hidden }) => !hidden))
        label.querySelector('input').checked = button.dataset.select === 'all';
    });
  }
}
