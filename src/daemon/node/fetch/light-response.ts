import { type FieldList, readFields } from './field-list.js';
import { GenuineResponse } from './genuine.js';
import { LightBody, readBody } from './light-body.js';
import { type LightMembers, type LightState, lightState, lightStateOf, likeMember } from './light-members.js';
import { matchFields } from './match-fields.js';

/** Statuses that have no body (Fetch standard, "null body status"), of those that a Response may have. */
const nullBodyStatuses = new Set([204, 205, 304]);
const plainStatusText = /^[\x20-\x7e]*$/;

/** What a Response was made of, as long as nobody asks for more. */
export class LightResponse implements LightState<Response> {
  readonly status: number;
  readonly statusText: string;
  readonly #fields: FieldList;
  readonly #body: LightBody | undefined;
  #headers: Headers | undefined;
  #genuine: Response | undefined;

  constructor(status: number, statusText: string, fields: FieldList, body: LightBody | undefined) {
    this.status = status;
    this.statusText = statusText;
    this.#fields = fields;
    this.#body = body;
  }

  get headers(): Headers {
    this.#headers ??= this.#fields.toHeaders();
    return this.#headers;
  }

  /** Undefined if somebody has had the Headers object, and may have changed it. */
  get fields(): FieldList | undefined {
    return this.#headers === undefined ? this.#fields : undefined;
  }

  get body(): Response['body'] {
    if (this.#genuine !== undefined) return this.#genuine.body;
    return this.#body?.stream ?? null;
  }

  get bodyUsed(): boolean {
    return this.#genuine?.bodyUsed ?? this.#body?.isUsed ?? false;
  }

  /** The genuine one, if it was made. */
  get known(): Response | undefined {
    return this.#genuine;
  }

  /** Another one each time as long as somebody reads the body, or has read it: then it can only say that. */
  genuine(): Response {
    const body = this.#body;
    if (this.#genuine === undefined && body !== undefined && !body.isUsable) {
      const unusable = new GenuineResponse('', this);
      if (body.isUsed) unusable.body?.cancel().catch(() => {});
      else unusable.body?.getReader();
      return unusable;
    }
    this.#genuine ??= new GenuineResponse((body?.given as string | undefined) ?? null, this);
    matchFields(this.#genuine.headers, this.headers);
    return this.#genuine;
  }

  /** The whole body, which counts as used then; null if there is none, undefined if it has to be read. */
  takeBody(): string | Uint8Array | null | undefined {
    if (this.#genuine !== undefined) return undefined;
    return this.#body === undefined ? null : this.#body.take();
  }
}

/** What a light Response answers without becoming a genuine one. */
export const lightResponseMembers: LightMembers<LightResponse> = {
  type: () => 'default',
  url: () => '',
  redirected: () => false,
  status: (state) => state.status,
  ok: (state) => state.status >= 200 && state.status <= 299,
  statusText: (state) => state.statusText,
  headers: (state) => state.headers,
  body: (state) => state.body,
  bodyUsed: (state) => state.bodyUsed,
};

/** The state of a light Response, and of one only on which nothing was put that would speak in its place. */
export function lightResponseOf(value: object): LightResponse | undefined {
  if (Object.getPrototypeOf(value) !== GenuineResponse.prototype) return undefined;
  if (Object.hasOwn(value, 'headers') || Object.hasOwn(value, 'body')) return undefined;
  return lightStateOf<LightResponse>(value);
}

interface LightObject {
  [lightState]: LightResponse;
}

/** Stands in the place of `globalThis.Response`: what it makes is light where it can be, and genuine otherwise. */
export function createResponseClass(): typeof Response {
  const LightClass = ResponseConstructor as unknown as typeof Response & { prototype: Response };
  LightClass.prototype = GenuineResponse.prototype;
  const { json, redirect, error } = lightStatics;
  for (const [key, value] of Object.entries({ json, redirect, error })) {
    const descriptor = Object.getOwnPropertyDescriptor(GenuineResponse, key);
    const genuine = descriptor?.value as object;
    Object.defineProperty(LightClass, key, { ...descriptor, value: likeMember(value, genuine) });
  }
  Object.defineProperty(LightClass, 'prototype', { writable: false });
  return likeMember(LightClass, GenuineResponse);
}

function ResponseConstructor(this: LightObject, ...given: [body?: unknown, init?: unknown]): unknown {
  if (new.target === undefined)
    throw new TypeError("Class constructor Response cannot be invoked without 'new'");
  const state = readResponse(given[0], given[1]);
  if (state === undefined) return Reflect.construct(GenuineResponse, given, new.target);
  this[lightState] = state;
  return undefined;
}

/** For what was read and checked already. */
function LightObjectConstructor(this: LightObject, state: LightResponse): void {
  this[lightState] = state;
}
LightObjectConstructor.prototype = GenuineResponse.prototype;
const LightObject = LightObjectConstructor as unknown as new (state: LightResponse) => Response;

const lightStatics = {
  json(...given: Parameters<typeof Response.json>): Response {
    const head = readHead(given[1], true);
    const text = head === undefined ? undefined : (JSON.stringify(given[0]) as string | undefined);
    if (head === undefined || text === undefined) return Reflect.apply(GenuineResponse.json, this, given);
    const fields = head.fields.withType('application/json');
    return new LightObject(new LightResponse(head.status, head.statusText, fields, new LightBody(text)));
  },
  redirect(...given: Parameters<typeof Response.redirect>): Response {
    return Reflect.apply(GenuineResponse.redirect, this, given);
  },
  error(): Response {
    return GenuineResponse.error();
  },
};

/** Undefined for what only the genuine constructor knows to read, or to refuse. */
function readResponse(given: unknown, init: unknown): LightResponse | undefined {
  const hasBody = given !== undefined && given !== null;
  const head = readHead(init, hasBody);
  if (head === undefined) return undefined;
  const { status, statusText, fields } = head;
  if (!hasBody) return new LightResponse(status, statusText, fields, undefined);
  const body = readBody(given);
  if (body === undefined) return undefined;
  const typed = typeof given === 'string' ? fields.withType('text/plain;charset=UTF-8') : fields;
  return new LightResponse(status, statusText, typed, body);
}

interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly fields: FieldList;
}

const plainFields = readFields(undefined);
const plainHead: Head | undefined = plainFields && { status: 200, statusText: '', fields: plainFields };

/** Reads the second argument of the constructor. */
function readHead(init: unknown, hasBody: boolean): Head | undefined {
  if (init === undefined || init === null) return plainHead;
  if (typeof init !== 'object') return undefined;
  const { status = 200, statusText = '' } = init as { status?: unknown; statusText?: unknown };
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    return undefined;
  if (hasBody && nullBodyStatuses.has(status)) return undefined;
  if (typeof statusText !== 'string' || !plainStatusText.test(statusText)) return undefined;
  const fields = lightResponseOf(init)?.fields ?? readFields((init as ResponseInit).headers);
  return fields === undefined ? undefined : { status, statusText, fields };
}
