// Ids that a Responses request names. https://platform.openai.com/docs/api-reference/responses/create
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { JsonObject } from '../observation.ts';

/**
 * The previous response, the conversation, referenced items, files, containers and vector stores. Not
 * stored prompts: those belong to the channel's owner, who shares them by telling their ids.
 */
export function responsesReferences(body: JsonObject): string[] {
  const ids = [
    textAt(body, 'previous_response_id'),
    textAt(body, 'conversation') ?? textAt(objectAt(body, 'conversation'), 'id'),
    ...objectsAt(body, 'input').flatMap(itemReferences),
    ...objectsAt(body, 'tools').flatMap(toolReferences),
    ...variableReferences(objectAt(objectAt(body, 'prompt'), 'variables')),
  ];
  return ids.filter((id) => id !== undefined);
}

type Ids = (string | undefined)[];

function itemReferences(item: JsonObject): Ids {
  // The type may be left out: an item of nothing but an id is a reference.
  const reference = item.type === 'item_reference' || (item.type === undefined && item.role === undefined);
  return [
    reference ? textAt(item, 'id') : undefined,
    textAt(item, 'container_id'),
    ...objectsAt(item, 'content').map(fileOf),
    // Outputs of functions and of computer use may hold files and screenshots.
    ...objectsAt(item, 'output').map(fileOf),
    fileOf(objectAt(item, 'output')),
  ];
}

function fileOf(part: JsonObject | undefined): string | undefined {
  return textAt(part, 'file_id');
}

function toolReferences(tool: JsonObject): Ids {
  const container = objectAt(tool, 'container');
  const environment = objectAt(tool, 'environment');
  return [
    // code_interpreter: an id, or files to put into a new container. shell: in its environment.
    textAt(tool, 'container'),
    ...textsAt(container, 'file_ids'),
    textAt(environment, 'container_id'),
    ...textsAt(environment, 'file_ids'),
    ...textsAt(tool, 'vector_store_ids'),
    fileOf(objectAt(tool, 'input_image_mask')),
  ];
}

function variableReferences(variables: JsonObject | undefined): Ids {
  return Object.values(variables ?? {}).map((value) => fileOf(isObject(value) ? value : undefined));
}

function textsAt(value: JsonObject | undefined, key: string): string[] {
  const list = value?.[key];
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : [];
}
