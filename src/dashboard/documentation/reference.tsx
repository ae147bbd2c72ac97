// The reference of the management API, from the OpenAPI document that it serves, with forms to try its operations.
import type { FC } from 'hono/jsx';
import { managementApi } from '../api/management-api.ts';
import type { ManagementServices } from '../api/services.ts';
import { messages } from '../i18n/messages.ts';

const texts = () => messages().docs.reference;

/** What the page shows of a JSON schema. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  default?: unknown;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface OpenApiOperation {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { description?: string }>;
}

interface OpenApiDocument {
  paths: Record<string, Record<string, OpenApiOperation>>;
  components?: { schemas?: Record<string, Schema> };
}

/** A row of a table: a parameter, or a field of the body. */
interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  meaning: string;
}

interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  parameters: Field[];
  body: Field[];
  responses: { status: string; meaning: string }[];
}

/** The operations by tag. */
export interface ApiReference {
  groups: { id: string; name: string; operations: Operation[] }[];
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** Reads the document of this version of the API. */
export async function referenceOf(services: ManagementServices): Promise<ApiReference> {
  const response = await managementApi(services).request('http://reference/openapi.json');
  const document = (await response.json()) as OpenApiDocument;
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined
        ? []
        : [{ tag: operation.tags?.[0] ?? 'relay', path, method, operation }];
    }),
  );
  const byTag = Map.groupBy(operations, ({ tag }) => tag);
  const groups = [...byTag].map(([name, all]) => ({
    id: name.replace(/\W+/g, '-'),
    name: name.charAt(0).toUpperCase() + name.slice(1),
    operations: all.map(({ path, method, operation }) => operationOf(document, path, method, operation)),
  }));
  return { groups };
}

function operationOf(
  document: OpenApiDocument,
  path: string,
  method: string,
  operation: OpenApiOperation,
): Operation {
  const body = operation.requestBody?.content?.['application/json']?.schema;
  return {
    id: `${method}${path.replace(/\W+/g, '-')}`.replace(/-$/, ''),
    method: method.toUpperCase(),
    path: `/api${path}`,
    summary: [operation.summary, operation.description].filter(Boolean).join(' '),
    parameters: (operation.parameters ?? []).map(({ name, required = false, description, schema = {} }) => ({
      name,
      type: typeOf(document, schema),
      isRequired: required,
      meaning: description ?? schema.description ?? '',
    })),
    body: body === undefined ? [] : fieldsOf(document, body),
    responses: Object.entries(operation.responses ?? {}).map(([status, { description = '' }]) => ({
      status,
      meaning: description,
    })),
  };
}

/** Nested objects are shown as `limits.rpm`, up to this depth. */
const deepestField = 2;

function fieldsOf(document: OpenApiDocument, schema: Schema, prefix = '', depth = 1): Field[] {
  const { properties = {}, required = [], allOf = [] } = resolved(document, schema);
  const own = Object.entries(properties).flatMap(([name, property]) => {
    const whole = resolved(document, property);
    const field = {
      name: prefix + name,
      type: typeOf(document, property),
      isRequired: required.includes(name),
      meaning: property.description ?? whole.description ?? '',
    };
    const nested =
      depth < deepestField && whole.properties !== undefined
        ? fieldsOf(document, whole, `${prefix}${name}.`, depth + 1)
        : [];
    return [field, ...nested];
  });
  return [...allOf.flatMap((part) => fieldsOf(document, part, prefix, depth)), ...own];
}

function resolved({ components }: OpenApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.split('/').pop();
  return name === undefined ? schema : (components?.schemas?.[name] ?? {});
}

function typeOf(document: OpenApiDocument, schema: Schema): string {
  const { type, enum: values, items, anyOf, oneOf } = resolved(document, schema);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  const options = anyOf ?? oneOf;
  if (options !== undefined) return [...new Set(options.map((one) => typeOf(document, one)))].join(' | ');
  if (type === 'array') return `${items === undefined ? 'any' : typeOf(document, items)}[]`;
  return [type ?? 'any'].flat().join(' | ');
}

interface ReferenceFacts {
  reference: ApiReference;
  origin: string;
  /** Somebody is signed in. */
  canTry: boolean;
}

export const Reference: FC<ReferenceFacts> = ({ reference, origin, canTry }) => (
  <>
    <h1>{texts().title}</h1>
    <p>
      {texts().lead} <a href="/api/openapi.json">{texts().document}</a> ·{' '}
      <a href="/docs/management-api">{texts().guide}</a>
    </p>
    {canTry ? null : (
      <p>
        <a href="/dashboard/login">{texts().signIn}</a>
      </p>
    )}
    {reference.groups.map(({ id, name, operations }) => (
      <>
        <h2 id={id}>{name}</h2>
        {operations.map((operation) => (
          <OperationDetails operation={operation} origin={origin} canTry={canTry} />
        ))}
      </>
    ))}
  </>
);

const OperationDetails: FC<{ operation: Operation; origin: string; canTry: boolean }> = (facts) => {
  const { operation, origin, canTry } = facts;
  const { id, method, path, summary, parameters, body, responses } = operation;
  return (
    <details class="operation" id={id}>
      <summary>
        <code class={`method ${method.toLowerCase()}`}>{method}</code> <code>{path}</code>{' '}
        <span class="quiet">{withCode(summary)}</span>
      </summary>
      {parameters.length === 0 ? null : <FieldTable title={texts().parameters} fields={parameters} />}
      {body.length === 0 ? null : <FieldTable title={texts().body} fields={body} />}
      <h3>{texts().responses}</h3>
      <ul>
        {responses.map(({ status, meaning }) => (
          <li>
            <code>{status}</code> {withCode(meaning)}
          </li>
        ))}
      </ul>
      <pre tabindex={0} data-language="sh">
        <code>{curlOf(operation, origin)}</code>
      </pre>
      {canTry ? <TryIt operation={operation} /> : null}
    </details>
  );
};

const FieldTable: FC<{ title: string; fields: readonly Field[] }> = ({ title, fields }) => (
  <>
    <h3>{title}</h3>
    <div class="facts-table" tabindex={0}>
      <table>
        <thead>
          <tr>
            <th>{texts().name}</th>
            <th>{texts().type}</th>
            <th>{texts().meaning}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ name, type, isRequired, meaning }) => (
            <tr>
              <td>
                <code>{name}</code> {isRequired ? <small>{texts().required}</small> : null}
              </td>
              <td>
                <code>{type}</code>
              </td>
              <td>{withCode(meaning)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </>
);

/** Texts of the document mark code as Markdown does. */
const withCode = (text: string) =>
  text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part));

function curlOf({ method, path, body }: Operation, origin: string): string {
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  const json = body.length === 0 ? '' : ` \\\n  -H 'Content-Type: application/json' -d '{}'`;
  return `curl${verb} ${origin}${path} \\\n  -H "Authorization: Bearer $ADMIN_KEY"${json}`;
}

/** docs.js sends it. Parameters of the path are in braces, to be replaced. */
const TryIt: FC<{ operation: Operation }> = ({ operation: { id, method, path, body } }) => (
  <form class="try" data-method={method} hidden>
    <strong>{texts().tryIt}</strong>
    <p class="quiet">{texts().tryHelp}</p>
    <label>
      {texts().query}
      <input name="path" value={path} required autocomplete="off" />
    </label>
    {body.length === 0 && method !== 'POST' && method !== 'PUT' && method !== 'PATCH' ? null : (
      <label>
        {texts().bodyText}
        <textarea name="body" rows={4} spellcheck={false}>
          {'{}'}
        </textarea>
      </label>
    )}
    <button type="submit" class={method === 'GET' ? '' : 'secondary'}>
      {texts().send}
    </button>
    <output id={`answer-${id}`} aria-label={texts().answer}></output>
  </form>
);
