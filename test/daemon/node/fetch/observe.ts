import { inspect } from 'node:util';

/** What there is to see of a value, or of the error that came in its place: equal for what nobody can tell apart. */
export async function observe(make: () => unknown): Promise<unknown> {
  let made: unknown;
  try {
    made = make();
  } catch (error) {
    return { atOnce: describeError(error) };
  }
  try {
    return await describeValue(await made);
  } catch (error) {
    return describeError(error);
  }
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: error };
  return { error: error.name, message: error.message, isTypeError: error instanceof TypeError };
}

async function describeValue(value: unknown): Promise<unknown> {
  if (value instanceof Response) return describeResponse(value);
  if (value instanceof Request) return describeRequest(value);
  if (value instanceof Headers) return [...value];
  if (value instanceof Blob) return { blob: await value.text(), type: value.type };
  if (value instanceof FormData) return { form: [...value] };
  if (value instanceof ArrayBuffer) return { buffer: [...new Uint8Array(value)] };
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (value instanceof ReadableStream) return { stream: value.locked };
  if (Array.isArray(value)) return Promise.all(value.map(describeValue));
  return value;
}

async function describeResponse(response: Response): Promise<unknown> {
  return {
    status: response.status,
    statusText: response.statusText,
    ok: response.ok,
    type: response.type,
    url: response.url,
    redirected: response.redirected,
    printed: print(response),
    keys: Object.keys(response),
    inJson: JSON.stringify(response),
    tag: Object.prototype.toString.call(response),
    ...(await describeContent(response)),
  };
}

async function describeRequest(request: Request): Promise<unknown> {
  const { method, url, cache, credentials, destination, integrity, keepalive, mode, redirect } = request;
  return {
    values: { method, url, cache, credentials, destination, integrity, keepalive, mode, redirect },
    referrer: [request.referrer, request.referrerPolicy, request.duplex],
    isAborted: request.signal.aborted,
    printed: print(request),
    keys: Object.keys(request),
    inJson: JSON.stringify(request),
    tag: Object.prototype.toString.call(request),
    ...(await describeContent(request)),
  };
}

/** Without what depends on when it is looked at, and how names of fields are written that were put in late. */
function print(value: object): string {
  return inspect(value)
    .toLowerCase()
    .replace(/state: '\w+'/, '');
}

async function describeContent(from: Response | Request): Promise<unknown[] | object> {
  const before = { headers: [...from.headers], bodyUsed: from.bodyUsed, hasBody: from.body !== null };
  if (from.bodyUsed || from.body?.locked === true) return before;
  return { ...before, text: await from.text(), usedThen: from.bodyUsed };
}

/** A pseudo-random number in [0, below), the same row for the same seed. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Calls a method that older Nodes, or their types, may not have; `other` is another `this`. */
export function ask(of: object, name: string, ...other: readonly unknown[]): Promise<unknown> {
  const method = Reflect.get(of, name) as () => Promise<unknown>;
  return Reflect.apply(method, other.length === 0 ? of : other[0], []);
}

/** Newer Nodes refuse to clone those objects, older ones make an empty object of them: either will do. */
export function isCloned(value: object): boolean {
  try {
    return Object.keys(structuredClone(value)).length === 0;
  } catch (error) {
    return error instanceof DOMException && error.name === 'DataCloneError';
  }
}
