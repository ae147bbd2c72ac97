// Which streams may carry more than words: pictures and sound come in megabytes, and a pipe whose two branches
// buffer apart has no bound for them. Words have the model's longest answer as their bound, some megabytes.
import type { Call } from '../call.ts';
import type { Plan } from '../plan/plan.ts';

const bulkyFields = /"(image_generation|modalities|responseModalities|response_modalities|partial_images)"/;

/** Whether a stream is passed on by hand, which holds the upstream back when the caller reads slowly. */
export function mayBeBulk({ endpoint }: Call, { model, body }: Plan): boolean {
  const { task } = endpoint.format;
  if (task === 'images' || task === 'speech' || task === 'transcription') return true;
  return /image|audio/i.test(model ?? '') || (body.type === 'json' && bulkyFields.test(body.text));
}
