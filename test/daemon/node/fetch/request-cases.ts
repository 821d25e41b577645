import { ask, isCloned } from './observe.js';

/** A request as it comes from a client. */
export interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  /** Name, value, …, beside Host. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

const form = ['Content-Type', 'application/x-www-form-urlencoded'];
const post: Sent = { method: 'POST', body: 'a=1&b=2', headers: form };
const json: Sent = { method: 'PUT', body: '{"a":1}' };

async function statesOf(request: Request, use: (request: Request) => unknown): Promise<unknown[]> {
  const before = request.bodyUsed;
  const result = await use(request);
  return [before, result, request.bodyUsed, request.body?.locked];
}

/** What an application may do with the request that it is called with: name → the request, and what comes of it. */
export const requestCases: Readonly<Record<string, readonly [Sent, (request: Request) => unknown]>> = {
  'GET as it is': [{}, (request) => request],
  'HEAD as it is': [{ method: 'HEAD' }, (request) => request],
  'POST as it is': [post, (request) => request],
  'POST without body': [{ method: 'POST', body: '' }, (request) => request],
  'OPTIONS *': [{ method: 'OPTIONS', target: '*' }, (request) => request],
  'another method': [{ method: 'PROPFIND' }, (request) => request],
  'a method in small letters': [{ method: 'get' }, (request) => request],
  'patch in small letters': [{ method: 'patch' }, (request) => request],
  'a method that is none': [{ method: 'A B' }, (request) => request],
  fields: [
    {
      headers: ['X-B', '2', 'x-a', '1', 'X-B', '3', 'Cookie', 'a=1', 'Cookie', 'b=2', 'X-Latin', 'caf\u00e9'],
    },
    (request) => [request, request.headers.get('X-b'), request.headers.has('cookie'), request.headers],
  ],
  'fields are the same object each time': [
    {},
    (request) => {
      const { headers } = request;
      return [request.headers === headers, request.clone().headers === headers];
    },
  ],
  'fields can be changed': [
    { headers: ['X-A', '1'] },
    (request) => {
      request.headers.set('x-a', '2');
      request.headers.append('x-b', '3');
      const copy = request.clone();
      request.headers.delete('x-b');
      return [copy, request, new Request(request), new Request('http://other/', request)];
    },
  ],
  'Set-Cookie of a client': [
    { headers: ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'] },
    (request) => [request, request.clone(), request.headers.getSetCookie()],
  ],
  ...Object.fromEntries(
    (['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData'] as const).flatMap((name) => [
      [`${name}() of GET`, [{}, (request: Request) => statesOf(request, (it) => ask(it, name))] as const],
      [
        `${name}() of a form`,
        [post, (request: Request) => statesOf(request, (it) => ask(it, name))] as const,
      ],
      [`${name}() of JSON`, [json, (request: Request) => statesOf(request, (it) => ask(it, name))] as const],
      [
        `${name}() of what is not UTF-8`,
        [
          { method: 'POST', body: '\xef\xbb\xbf"\xff\xc3"', headers: form },
          (request: Request) => statesOf(request, (it) => ask(it, name)),
        ] as const,
      ],
      [
        `${name}() after text()`,
        [
          post,
          async (request: Request) => {
            await request.text();
            return ask(request, name);
          },
        ] as const,
      ],
      [
        `${name}() while text() reads`,
        [
          post,
          async (request: Request) => {
            const text = request.text();
            const second = await ask(request, name).catch((error: unknown) => String(error));
            return [await text, second];
          },
        ] as const,
      ],
      [
        `text() after ${name}()`,
        [
          json,
          async (request: Request) => {
            await ask(request, name).catch(() => {});
            return request.text();
          },
        ] as const,
      ],
      [`${name} of nobody`, [{}, () => ask(Request.prototype, name, undefined)] as const],
      [`${name} of the prototype`, [{}, () => ask(Request.prototype, name)] as const],
    ]),
  ),
  'bodyUsed at once': [
    post,
    (request) => {
      const text = request.text();
      return [request.bodyUsed, request.body?.locked, text];
    },
  ],
  'body of GET': [{}, (request) => [request.body, request.bodyUsed]],
  'body by its stream': [
    post,
    async (request) => {
      let length = 0;
      for await (const piece of request.body ?? []) length += piece.length;
      return [length, request.bodyUsed];
    },
  ],
  'body is the same each time': [
    post,
    (request) => {
      const { body } = request;
      return request.body === body;
    },
  ],
  'body after text()': [
    post,
    async (request) => {
      await request.text();
      return [request.body instanceof ReadableStream, request.body?.locked, request.bodyUsed];
    },
  ],
  'tee of the body': [
    post,
    async (request) => {
      const [one, two] = request.body?.tee() ?? [];
      return [await new Response(one).text(), await new Response(two).text()];
    },
  ],
  'an answer with the body of the request': [post, (request) => new Response(request.body)],
  'text() while locked': [
    post,
    (request) => {
      request.body?.getReader();
      return request.text();
    },
  ],
  clone: [
    post,
    async (request) => {
      const copy = request.clone();
      return [await copy.text(), await request.text(), copy.url, copy.method];
    },
  ],
  'clone of GET': [{}, (request) => [request.clone(), request]],
  'clone after reading': [
    post,
    async (request) => {
      await request.text();
      return request.clone();
    },
  ],
  'a copy': [post, (request) => new Request(request)],
  'a copy uses up the body': [post, (request) => [new Request(request), request.bodyUsed]],
  'a copy with another method': [
    {},
    (request) => new Request(request, { method: 'DELETE', headers: { a: '1' } }),
  ],
  'a copy with another body': [post, (request) => new Request(request, { body: 'other' })],
  'a copy with another address': [post, (request) => new Request('http://other.example/', request)],
  'a copy of what was read': [
    post,
    async (request) => {
      await request.text();
      return new Request(request);
    },
  ],
  'a copy of a copy': [
    { headers: ['X-A', '1'] },
    (request) => new Request(new Request(request, { headers: { a: '2' } })),
  ],
  'fetch of an address that cannot be': [
    {},
    (request) => fetch(new Request(request, { mode: 'no-such' as 'cors' })),
  ],
  'fetch without arguments': [{}, () => (fetch as unknown as () => unknown)()],
  'fetch of undefined': [{}, () => fetch(undefined as unknown as string)],
  'its signal': [
    {},
    (request) => {
      const { signal } = request;
      return [
        signal instanceof AbortSignal,
        signal.aborted,
        request.signal === signal,
        request.clone().signal === signal,
      ];
    },
  ],
  'members cannot be set': [
    {},
    (request) => {
      const names = ['url', 'method', 'headers', 'body'];
      return names.map((name) => Reflect.set(request, name, 'x'));
    },
  ],
  'members can be put over': [
    {},
    (request) => {
      Object.defineProperty(request, 'url', { value: 'http://put/over' });
      return request;
    },
  ],
  'class facts': [
    post,
    (request) => [
      request instanceof Request,
      request.constructor === Request,
      Object.getPrototypeOf(request) === Request.prototype,
      Request.name,
      Request.length,
      Object.getOwnPropertyNames(Request).sort(),
      fetch.name,
      fetch.length,
      Object.keys(globalThis).includes('fetch'),
      Object.keys(globalThis).includes('Request'),
    ],
  ],
  'the class without new': [{}, () => (Request as unknown as () => unknown)()],
  'the class without arguments': [{}, () => new (Request as unknown as new () => unknown)()],
  'the class with undefined': [
    {},
    () => new (Request as unknown as new (input: unknown) => unknown)(undefined),
  ],
  'the class with an address': [{}, () => new Request('http://h/x?y#z', { headers: { a: '1' } })],
  'the class with a bad address': [{}, () => new Request('/relative')],
  'a class of its own': [
    post,
    async (request) => {
      class Own extends Request {
        get short(): string {
          return `${this.method} ${this.url}`;
        }
      }
      const own = new Own(request);
      return [own.short, own instanceof Own, own instanceof Request, await own.text()];
    },
  ],
  'members of the prototype': [
    {},
    () =>
      Reflect.ownKeys(Request.prototype).map((key) => {
        const { get, value, enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(
          Request.prototype,
          key,
        ) as PropertyDescriptor;
        const shape = (member: unknown) =>
          typeof member === 'function' ? [member.name, member.length] : typeof member;
        return [String(key), shape(get), shape(value), enumerable, configurable, writable];
      }),
  ],
  structuredClone: [{}, (request) => isCloned(request)],
  spread: [{}, (request) => Object.keys({ ...request })],
  ...Object.fromEntries(
    [
      'example.org',
      'EXAMPLE.org:80',
      'example.org:443',
      'example.org:08080',
      'example.org:65536',
      'example.org.',
      '[::1]:8080',
      '[0:0::1]',
      '[::g]',
      '127.1',
      '0x7f.0.0.1:81',
      '1.2.3.4.5',
      '256.1.1.1',
      'xn--bcher-kva.example',
      'xn--a',
      'b\u00fccher.example',
      'user@example.org',
      'a b',
      'a/b',
      'a?b',
      'a#b',
      'a%41',
      '..',
      '.',
      '-',
      'a..b',
      '',
      ':80',
      'example.org:',
      'under_score',
    ].map((host) => [`Host: ${host}`, [{ host }, (request: Request) => [request.url, request]] as const]),
  ),
};
