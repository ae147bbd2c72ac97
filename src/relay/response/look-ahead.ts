// What a body is, before it is decided which way it goes. Only for bodies that are not declared as event streams.
import { type BodyShape, FramingDetector } from '../../formats/framing-detector.ts';
import { GulpReader } from '../../lib/gulps.ts';

/** The body whole, and what its first bytes say of it. A body that breaks off says nothing: it breaks again when it is read. */
export async function lookAhead(body: ReadableStream): Promise<{ body: ReadableStream; shape: BodyShape }> {
  const [whole, branch] = body.tee();
  const reader = new GulpReader(branch);
  const detector = new FramingDetector();
  let shape: BodyShape | null = null;
  try {
    for (let bytes = await reader.read(); shape === null && bytes !== null; bytes = await reader.read()) {
      shape = detector.push(bytes);
      if (shape !== null) break;
    }
  } catch {
    // See above.
  }
  await reader.cancel();
  return { body: whole, shape: shape ?? detector.end() };
}
