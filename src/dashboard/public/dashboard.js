// What of the dashboard needs script: copying. Everything else works without.
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

// On a phone the sections are a row that scrolls: the one that is open is in sight. (scrollIntoView would move the place
// from which the Tab key goes on.)
const sections = document.querySelector('.sidebar nav');
const open = sections?.querySelector('[aria-current="page"]');
if (open) {
  const [row, place] = [sections.getBoundingClientRect(), open.getBoundingClientRect()];
  sections.scrollLeft += place.left + place.width / 2 - row.left - row.width / 2;
}
