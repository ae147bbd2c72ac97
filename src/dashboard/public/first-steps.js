// Ticks the steps to the first request as they are done, for as long as the page is open and something is left.
const list = document.getElementById('first-steps');
const pause = 3_000;
const mostTries = 400;

for (let tries = 0; tries < mostTries; tries += 1) {
  if (!document.hidden && (await tick())) break;
  await new Promise((resolve) => setTimeout(resolve, pause));
}

/** Returns whether all is done, or cannot be known any more (signed out, say). */
async function tick() {
  const response = await fetch('/dashboard/connect/progress', { redirect: 'error' }).catch(() => null);
  if (!response?.ok) return true;
  const progress = await response.json();
  const steps = [...list.querySelectorAll('[data-step]')];
  for (const step of steps) {
    if (!progress[step.dataset.step] || step.classList.contains('done')) continue;
    step.classList.add('done');
    step.querySelector('.tick').textContent = list.dataset.done;
  }
  return steps.every((step) => step.classList.contains('done'));
}
