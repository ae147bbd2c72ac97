// OpenAI's list of models. It has no pages.

/** `created` is unknown to a relay: 0. */
export function openaiModel(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'openopen8-relay' };
}

/** All models in OpenAI's shape. */
export function openaiList(ids: readonly string[]): object {
  return { object: 'list', data: ids.map(openaiModel) };
}
