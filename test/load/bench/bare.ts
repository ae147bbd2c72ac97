// The baseline of the relay: the least that a Worker can do for the same request.
interface BareEnv {
  UPSTREAM: string;
}

export default {
  fetch(request: Request, env: BareEnv): Promise<Response> {
    const { pathname } = new URL(request.url);
    return fetch(env.UPSTREAM + pathname, { method: 'POST', headers: request.headers, body: request.body });
  },
};
