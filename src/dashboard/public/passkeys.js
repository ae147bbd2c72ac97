// Passkeys: the browser's own part between two calls of ours. Where it knows none, its buttons stay hidden.
const canUse =
  typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

async function post(path, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  throw new Error(said.error ?? said.errors?.[0]?.message ?? said.detail ?? String(response.status));
}

const actions = {
  async login() {
    const { options, state } = await post('/dashboard/login/passkey/options');
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    const { next } = await post('/dashboard/login/passkey', { state, response: credential.toJSON() });
    location.assign(next);
  },
  async add(form) {
    const { options, state } = await post('/api/passkeys/options');
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = await navigator.credentials.create({ publicKey });
    await post('/api/passkeys', {
      name: form.elements.passkey_name.value,
      state,
      response: credential.toJSON(),
    });
    location.reload();
  },
};

for (const form of canUse ? document.querySelectorAll('form[data-passkey]') : []) {
  form.hidden = false;
  const alert = form.querySelector('[role=alert]');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    alert.hidden = true;
    form.setAttribute('aria-busy', 'true');
    try {
      await actions[form.dataset.passkey](form);
    } catch (error) {
      // Closing the browser's own window cancels.
      if (error.name !== 'NotAllowedError' && error.name !== 'AbortError') {
        alert.textContent = error.name === 'InvalidStateError' ? alert.dataset.known : error.message;
        alert.hidden = false;
      }
    } finally {
      form.removeAttribute('aria-busy');
    }
  });
}
