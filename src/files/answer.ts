import type { Readable } from 'node:stream';
import type { HeaderList } from '../http/index.js';
import type { EntityTagParts } from './entity-tag.js';
import type { MediaRules } from './media.js';

export interface FileRequest {
  /** GET, HEAD and POST are served; the caller has answered every other method. */
  readonly method: string;
  readonly headers: HeaderList;
  /** Absolute byte string of an existing regular file. */
  readonly filename: string;
  /** How its type, encoding and language are found; absent: by the widely known types. */
  readonly media?: MediaRules;
  /** What its ETag is made of; absent: size and time. */
  readonly entityTag?: EntityTagParts;
}

export interface FileAnswer {
  /** 200, 206, 304, 403, 404, 412, 416 or 500. */
  readonly status: number;
  readonly headers: HeaderList;
  /** The media type, where the headers do not tell it: 304. */
  readonly type?: string;
  /** Both absent: no body (HEAD, 304, …) or, from 400 on, the caller's error page. */
  readonly body?: Readable;
  /** The body, where it is in memory; not to be changed. */
  readonly content?: Buffer;
  /** What the error log shall say. */
  readonly reason?: string;
}

export type ServeFile = (request: FileRequest) => FileAnswer | Promise<FileAnswer>;
