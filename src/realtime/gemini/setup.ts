// The model in a Live session's first message: `{"setup": {"model": "models/…"}}`. Pure.
import { objectOf, textOf } from '../../formats/gemini-generate/members.ts';
import type { JsonObject } from '../../lib/json.ts';
import { memberText, replaceMember, topLevelMembers } from '../../lib/json-members.ts';

const prefix = 'models/';

/** Returns the model's name as channels and tokens have it, or undefined if the message names none. */
export function modelOfSetup(message: JsonObject): string | undefined {
  return textOf(objectOf(message, 'setup'), 'model')?.replace(prefix, '');
}

/** The upstream's name of the model, written as the client writes its own. */
export function modelNamed(setup: JsonObject, upstreamModel: string): string {
  const bare = upstreamModel.replace(prefix, '');
  return textOf(setup, 'model')?.startsWith(prefix) ? prefix + bare : bare;
}

/** The text with that model wherever it names one, should it name several. Else as it was, byte for byte. */
export function withSetupModel(text: string, model: string): string {
  const setups = topLevelMembers(text).filter(({ key }) => key === 'setup');
  return setups.reduceRight((result, member) => {
    const setup = memberText(text, member);
    if (!setup.startsWith('{')) return result;
    const renamed = replaceMember(setup, 'model', JSON.stringify(model));
    return result.slice(0, member.valueStart) + renamed + result.slice(member.valueEnd);
  }, text);
}
