// What the Worker uses of Node's modules, which workerd has under `nodejs_compat`. The types of Node itself would bring its globals
// with them (`process`, `__dirname`, a `Buffer` without an import), and the Worker's code is checked without those.

declare module 'node:buffer' {
  type Encoding = 'utf8' | 'latin1' | 'hex' | 'base64' | 'base64url';

  export interface Buffer<Bytes extends ArrayBufferLike = ArrayBufferLike> extends Uint8Array<Bytes> {
    toString(encoding?: Encoding, start?: number, end?: number): string;
    subarray(start?: number, end?: number): Buffer<Bytes>;
    indexOf(value: string | number | Uint8Array, from?: number): number;
    readFloatLE(offset: number): number;
    copy(target: Uint8Array, targetStart?: number, sourceStart?: number, sourceEnd?: number): number;
  }

  export const Buffer: {
    alloc(size: number): Buffer<ArrayBuffer>;
    allocUnsafe(size: number): Buffer<ArrayBuffer>;
    from(text: string, encoding?: Encoding): Buffer<ArrayBuffer>;
    from<Bytes extends ArrayBufferLike>(buffer: Bytes, offset?: number, length?: number): Buffer<Bytes>;
    from(bytes: Uint8Array | readonly number[]): Buffer<ArrayBuffer>;
    concat(parts: readonly Uint8Array[]): Buffer<ArrayBuffer>;
    byteLength(text: string, encoding?: Encoding): number;
  };
}

declare module 'node:crypto' {
  import type { Buffer } from 'node:buffer';

  interface Digest {
    update(data: string | Uint8Array): Digest;
    digest(encoding: 'hex' | 'base64' | 'base64url'): string;
  }

  export function createHash(algorithm: 'sha256'): Digest;
  export function createHmac(algorithm: 'sha256', key: string | Uint8Array): Digest;
  /** Throws when the lengths differ. */
  export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean;
  export function randomBytes(size: number): Buffer<ArrayBuffer>;
  export function scrypt(
    password: string,
    salt: Uint8Array,
    keyBytes: number,
    cost: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
    callback: (error: Error | null, key: Buffer<ArrayBuffer>) => void,
  ): void;
}

declare module 'node:zlib' {
  import type { Buffer } from 'node:buffer';

  /** Decoders throw a RangeError when the output is longer than `maxOutputLength`. */
  type Decode = (bytes: Uint8Array, options?: { maxOutputLength?: number }) => Buffer<ArrayBuffer>;

  export const gunzipSync: Decode;
  export const inflateSync: Decode;
  export const inflateRawSync: Decode;
  export const brotliDecompressSync: Decode;
  export const zstdDecompressSync: Decode;
  export function deflateRawSync(data: string | Uint8Array): Buffer<ArrayBuffer>;
}
