// The configuration of workerd: the relay, and services that replace Cloudflare's stores. They are Miniflare's own
// plugin Workers, connected as in Miniflare, so a state folder of `wrangler dev` opens unchanged.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { HostManifest } from './bundle.ts';
import { type CapnpValue, capnpText, Embedded, Enumerant } from './capnp-text.ts';

type Struct = { readonly [member: string]: CapnpValue | undefined };

/** One relay of a configuration. Tests run two on one set of ledgers; `npm start` runs one. */
export interface RelayOptions {
  readonly manifest: HostManifest;
  readonly variables: Readonly<Record<string, string>>;
  /** Addresses with ports, each of which gets a listener. */
  readonly addresses: readonly string[];
  /** The unix socket over which the supervisor controls this relay. */
  readonly controlSocket: string;
  /** The unix socket of the proxy that makes new connections (new-connections.ts). Absent: no proxy. */
  readonly newConnectionsSocket?: string;
  /** Comma-separated addresses and ranges of reverse proxies; empty trusts none. */
  readonly trustedProxy: string;
  /** Name of the relay's service: `relay` unless there are several. */
  readonly service?: string;
  /** Another relay's service whose Durable Objects this one uses, instead of its own. */
  readonly ledgersOf?: string;
}

/**
 * Without a limit, V8 lets the young generation grow to 32 MB per isolate, and there are five isolates. Measured
 * 2026-11-30 after the same load: 427 MB of workerd without, 289 MB with 8. There is no heap limit: a body of 60
 * MB ends a process that has a limit of 128 MB.
 */
const v8Flags = ['--max-semi-space-size=8'];

/** Returns the configuration that serves the relays on the stores of the state folder. */
export function relayConfig(stateDirectory: string, relays: readonly RelayOptions[]): string {
  const [first] = relays;
  if (first === undefined) throw new Error('a configuration needs a relay');
  return configText(
    [
      ...relays.map(relayService),
      ...assetServices(first.manifest),
      ...storeServices(stateDirectory),
      { name: 'do:storage', disk: { path: join(stateDirectory, 'v3/do'), writable: true } },
      ...networks(),
      ...relays.flatMap(newConnections),
    ],
    relays.flatMap(relaySockets),
  );
}

function configText(services: Struct[], sockets: Struct[]): string {
  const config = { services, sockets, v8Flags, extensions: [{ modules: miniflareModules }] };
  return `using Workerd = import "/workerd/workerd.capnp";\nconst config :Workerd.Config = ${capnpText(config)};\n`;
}

function relayService(options: RelayOptions): Struct {
  const { manifest, service = 'relay', ledgersOf } = options;
  const classes = manifest.durableObjects.map(({ className }) => ({
    className,
    enableSql: true,
    uniqueKey: `${manifest.name}-${className}`,
  }));
  const worker = {
    compatibilityDate: manifest.compatibilityDate,
    compatibilityFlags: manifest.compatibilityFlags,
    modules: manifest.modules.map((name) => ({ name, esModule: new Embedded(`/${name}`) })),
    bindings: relayBindings(options),
    ...(ledgersOf === undefined && { durableObjectNamespaces: classes }),
    durableObjectStorage: { localDisk: 'do:storage' },
  };
  return { name: service, worker };
}

function relayBindings(options: RelayOptions): Struct[] {
  const { manifest, variables, trustedProxy, ledgersOf } = options;
  const texts = { ...manifest.variables, ...variables, TRUSTED_PROXY: trustedProxy };
  return [
    ...Object.entries(texts).map(([name, text]) => ({ name, text })),
    ...manifest.databases.map(databaseBinding),
    ...manifest.keyValueStores.map(({ binding, id }) => ({
      name: binding,
      kvNamespace: { name: 'kv:entry', props: namespaceProps(id) },
    })),
    ...manifest.buckets.map(({ binding, id }) => ({
      name: binding,
      r2Bucket: { name: 'r2:entry', props: namespaceProps(id) },
    })),
    ...manifest.durableObjects.map(({ binding, className }) => ({
      name: binding,
      durableObjectNamespace: { className, ...(ledgersOf !== undefined && { serviceName: ledgersOf }) },
    })),
    ...(manifest.assets === null ? [] : [{ name: manifest.assets.binding, service: 'assets' }]),
    ...newConnections(options).map(({ name: service }) => ({ name: 'NEW_CONNECTIONS', service })),
    { name: 'PUBLIC_NETWORK', service: 'public-internet' },
  ];
}

function relaySockets({ addresses, controlSocket, service = 'relay' }: RelayOptions): Struct[] {
  return [
    ...addresses.map((address, index) => ({ name: `${service}-${index}`, address, http: {}, service })),
    {
      name: `${service}-control`,
      address: `unix:${controlSocket}`,
      http: {},
      service: { name: service, entrypoint: 'HostControl' },
    },
  ];
}

type DatabaseBinding = HostManifest['databases'][number];

function databaseBinding({ binding, id }: DatabaseBinding): Struct {
  const fetcher = { name: 'fetcher', service: { name: 'd1:entry', props: namespaceProps(id) } };
  return { name: binding, wrapped: { moduleName: 'cloudflare-internal:d1-api', innerBindings: [fetcher] } };
}

function namespaceProps(id: string): Struct {
  return { json: JSON.stringify({ MINIFLARE_NAMESPACE: id }) };
}

/** Miniflare's simulators of stores: an entry Worker, and a Durable Object class that keeps the data. Date and flags are Miniflare's. */
const simulators = {
  d1: { name: 'd1', entry: 'd1/entry', object: 'd1/database', className: 'D1DatabaseObject' },
  kv: {
    name: 'kv',
    entry: 'shared/object-entry',
    object: 'kv/namespace',
    className: 'KVNamespaceObject',
  },
  r2: { name: 'r2', entry: 'shared/object-entry', object: 'r2/bucket', className: 'R2BucketObject' },
} as const;
const simulatorDate = '2023-07-24';

function storeServices(stateDirectory: string): Struct[] {
  return Object.values(simulators).flatMap((one) => simulator(stateDirectory, one));
}

function simulator(
  stateDirectory: string,
  { name, entry, object, className }: (typeof simulators)[keyof typeof simulators],
): Struct[] {
  const namespace = { serviceName: `${name}:object`, className };
  const entryWorker = {
    compatibilityDate: simulatorDate,
    compatibilityFlags: name === 'd1' ? ['enhanced_error_serialization'] : [],
    modules: [miniflareWorker(entry)],
    bindings: [{ name: 'MINIFLARE_OBJECT', durableObjectNamespace: namespace }],
  };
  const objectWorker = {
    compatibilityDate: simulatorDate,
    compatibilityFlags: ['nodejs_compat', 'experimental'],
    modules: [miniflareWorker(object)],
    durableObjectNamespaces: [{ className, uniqueKey: `miniflare-${className}` }],
    durableObjectStorage: { localDisk: `${name}:storage` },
    bindings: [{ name: 'MINIFLARE_BLOBS', service: `${name}:storage` }],
  };
  return [
    { name: `${name}:entry`, worker: entryWorker },
    { name: `${name}:object`, worker: objectWorker },
    { name: `${name}:storage`, disk: { path: join(stateDirectory, 'v3', name), writable: true } },
  ];
}

function assetServices({ assets }: HostManifest): Struct[] {
  if (assets === null) return [];
  const files = {
    compatibilityDate: simulatorDate,
    compatibilityFlags: ['nodejs_compat'],
    modules: [miniflareWorker('assets/assets-kv')],
    bindings: [
      { name: 'MINIFLARE_BLOBS', service: 'assets:storage' },
      { name: 'ASSETS_REVERSE_MAP', json: assets.files },
    ],
  };
  const worker = {
    compatibilityDate: '2024-07-31',
    compatibilityFlags: ['nodejs_compat', 'enable_ctx_exports'],
    modules: [miniflareWorker('assets/assets')],
    bindings: [
      { name: 'ASSETS_KV_NAMESPACE', kvNamespace: 'assets:files' },
      { name: 'ASSETS_MANIFEST', data: new Embedded(`/${assets.manifestFile}`) },
      { name: 'CONFIG', json: assets.config },
    ],
  };
  return [
    { name: 'assets', worker },
    { name: 'assets:files', worker: files },
    { name: 'assets:storage', disk: { path: assets.directory } },
  ];
}

function miniflareWorker(path: string): Struct {
  // The extension's modules resolve beside it: a name with a folder would look for them there.
  return { name: `${basename(path)}.js`, esModule: new Embedded(`/${path}.worker.js`) };
}

/** Modules that Miniflare's Workers import by these names. */
const miniflareModules = [
  { name: 'miniflare:shared', esModule: new Embedded('/shared/index.worker.js') },
  { name: 'miniflare:zod', esModule: new Embedded('/shared/zod.worker.js') },
];

/**
 * For upstreams private addresses are allowed: the operator decides which hosts channels point to (an Ollama at localhost, for example).
 * Webhooks go through a network that has public addresses only.
 */
function networks(): Struct[] {
  const tlsOptions = { trustBrowserCas: true, trustedCertificates: trustedCertificates() };
  return [
    { name: 'internet', network: { allow: ['public', 'private', '240.0.0.0/4'], tlsOptions } },
    { name: 'public-internet', network: { allow: ['public'], tlsOptions } },
  ];
}

function newConnections({ newConnectionsSocket: socket, service = 'relay' }: RelayOptions): Struct[] {
  if (socket === undefined) return [];
  // In this style the request contains the whole URL.
  return [
    {
      name: `${service}-new-connections`,
      external: { address: `unix:${socket}`, http: { style: new Enumerant('proxy') } },
    },
  ];
}

/** NODE_EXTRA_CA_CERTS counts here as in Node; on Windows workerd finds no certificates by itself. Both as in Miniflare. */
function trustedCertificates(): string[] {
  const certificates = process.platform === 'win32' ? [...rootCertificates] : [];
  const path = process.env.NODE_EXTRA_CA_CERTS;
  if (!path) return certificates;
  try {
    const blocks = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
    return [...certificates, ...(readFileSync(path, 'utf8').match(blocks) ?? [])];
  } catch {
    // Node itself warns of a file that it cannot read, and continues without it.
    return certificates;
  }
}
