import type { ReadableStream } from 'node:stream/web';
import type { Pairs } from '../../../wire/index.js';
import type { RequestFacts } from '../environ.js';
import type { RequestBody } from '../request-body.js';
import type { Outcome } from '../stream.js';
import { GenuineHeaders, GenuineRequest } from './genuine.js';
import { hostedUrl, originOf, unparsedUrl } from './hosted-url.js';
import { LazySignal } from './lazy-signal.js';
import { type LightMembers, type LightState, lightState } from './light-members.js';
import { matchFields } from './match-fields.js';
import { readableBody, readWholeBody } from './read-body.js';

/** Those that a Request says as they are given; others are refused or written otherwise. */
const plainMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** One request as it came from the front end, as long as the application asks for nothing that only a genuine Request can say. */
export class LightRequest implements LightState<Request> {
  readonly #facts: RequestFacts;
  readonly #fields: Pairs;
  /** Undefined: it has none. */
  readonly #body: RequestBody | undefined;
  readonly #host: string | undefined;
  #url: string | undefined;
  #headers: Headers | undefined;
  #genuine: Request | undefined;
  #signal: LazySignal | undefined;
  #hasLeft = false;
  #isRead = false;
  #isBodyWanted = false;

  constructor(facts: RequestFacts, fields: Pairs, body: RequestBody) {
    const { method } = facts;
    this.#facts = facts;
    this.#fields = fields;
    this.#body = body.ended || method === 'GET' || method === 'HEAD' ? undefined : body;
    this.#host = findHost(fields);
  }

  /**
   * What the application gets: a genuine Request where a light one might not say the same.
   * @throws TypeError if the standard has no Request for it.
   */
  toRequest(): Request {
    if (!plainMethods.has(this.method) || originOf(this.#facts, this.#host) === undefined)
      return this.genuine();
    return new LightObject(this);
  }

  /** The answer is out, or nobody waits for it. */
  end(outcome: Outcome, body: RequestBody): void {
    if (outcome !== 'ended') {
      this.#hasLeft = true;
      this.#signal?.abort();
    } else if (!this.#isBodyWanted) body.discard();
  }

  get method(): string {
    return this.#facts.method;
  }

  get url(): string {
    if (this.#url === undefined) {
      const origin = originOf(this.#facts, this.#host);
      this.#url =
        origin === undefined ? unparsedUrl(this.#facts, this.#host) : hostedUrl(origin, this.#facts);
    }
    return this.#url;
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new GenuineHeaders();
      for (let at = 0; at + 1 < this.#fields.length; at += 2)
        this.#headers.append(this.#fields[at] as string, this.#fields[at + 1] as string);
    }
    return this.#headers;
  }

  get body(): Request['body'] {
    return this.#body === undefined ? null : this.genuine().body;
  }

  get bodyUsed(): boolean {
    return this.#body !== undefined && (this.#genuine?.bodyUsed ?? this.#isRead);
  }

  /** The whole body, which counts as used from now on; undefined if the genuine Request has to be asked for it. */
  readBody(): Promise<Buffer> | undefined {
    if (this.#body === undefined || this.#genuine !== undefined || this.#isRead) return undefined;
    this.#isRead = true;
    this.#isBodyWanted = true;
    return readWholeBody(this.#body);
  }

  genuine(): Request {
    this.#genuine ??= this.#makeGenuine();
    matchFields(this.#genuine.headers, this.headers);
    return this.#genuine;
  }

  #makeGenuine(): Request {
    const signal = new LazySignal();
    const request = new GenuineRequest(this.url, {
      method: this.method,
      headers: this.headers,
      ...(signal.early === undefined ? {} : { signal: signal.early }),
      ...(this.#body === undefined ? {} : { body: this.#bodyOf(this.#body), duplex: 'half' }),
    } as RequestInit);
    signal.belongTo(request);
    this.#signal = signal;
    if (this.#hasLeft) signal.abort();
    // What was read here was read there.
    if (this.#isRead) void request.arrayBuffer();
    return request;
  }

  #bodyOf(body: RequestBody): string | ReadableStream {
    if (this.#isRead) return '';
    return readableBody(body, () => {
      this.#isBodyWanted = true;
    });
  }
}

const decoder = new TextDecoder();

/** What a light Request answers without becoming a genuine one. */
export const lightRequestMembers: LightMembers<LightRequest> = {
  method: (state) => state.method,
  url: (state) => state.url,
  headers: (state) => state.headers,
  body: (state) => state.body,
  bodyUsed: (state) => state.bodyUsed,
  text: (state) => state.readBody()?.then((bytes) => decoder.decode(bytes)) ?? state.genuine().text(),
  json: (state) =>
    state.readBody()?.then((bytes) => JSON.parse(decoder.decode(bytes)) as unknown) ?? state.genuine().json(),
  arrayBuffer: (state) =>
    state.readBody()?.then((bytes) => new Uint8Array(bytes).buffer) ?? state.genuine().arrayBuffer(),
};

interface LightObject {
  [lightState]: LightRequest;
}

function LightObjectConstructor(this: LightObject, state: LightRequest): void {
  this[lightState] = state;
}
LightObjectConstructor.prototype = GenuineRequest.prototype;
const LightObject = LightObjectConstructor as unknown as new (state: LightRequest) => Request;

function findHost(fields: Pairs): string | undefined {
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') return fields[at + 1];
  }
  return undefined;
}
