// Tells streams of pictures and sound from streams of words. Media come in megabytes, and a pipe whose two branches buffer separately does not
// bound them; words are bounded by the model's longest answer.
import type { Call } from '../call.ts';
import type { Plan } from '../plan/plan.ts';

const mediaFields = /"(image_generation|modalities|responseModalities|response_modalities|partial_images)"/;

/** Whether a stream may carry media: JavaScript passes it on then, which holds the upstream back when the caller reads slowly. */
export function mayHaveMedia({ endpoint }: Call, { model, body }: Plan): boolean {
  const { task } = endpoint.format;
  if (task === 'images' || task === 'speech' || task === 'transcription') return true;
  return /image|audio/i.test(model ?? '') || (body.type === 'json' && mediaFields.test(body.text));
}
