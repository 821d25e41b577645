import { ask, isCloned } from './observe.js';

const bytes = new TextEncoder().encode('some bytes');

function streamOf(...pieces: readonly string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
}

function formOf(name: string, value: string): FormData {
  const form = new FormData();
  form.set(name, value);
  return form;
}

async function statesOf(response: Response, use: (response: Response) => unknown): Promise<unknown[]> {
  const before = response.bodyUsed;
  const result = await use(response);
  return [before, result, response.bodyUsed, response.body?.locked];
}

class Special extends Response {
  readonly extra: string;
  constructor(body?: ConstructorParameters<typeof Response>[0], init?: ResponseInit) {
    super(body, init);
    this.extra = 'extra';
  }
  get twice(): number {
    return 2 * this.status;
  }
  shout(): Promise<string> {
    return this.text().then((text) => text.toUpperCase());
  }
}

type Loose = new (...given: unknown[]) => Response;
const make = (...given: unknown[]): Response => new (Response as unknown as Loose)(...given);

/** What an application may do with the class Response: name → what comes of it, the same whoever made the class. */
export const responseCases: Readonly<Record<string, () => unknown>> = {
  'no arguments': () => new Response(),
  'undefined, undefined': () => make(undefined, undefined),
  'null, null': () => make(null, null),
  'empty text': () => new Response(''),
  text: () => new Response('text'),
  'text beyond ASCII': () => new Response('café €  \u{1f600} \ud800'),
  'text with a mark of order': () => new Response('\ufefftext'),
  number: () => make(5),
  true: () => make(true),
  object: () => make({ a: 1 }),
  'text object': () => make(new String('text')),
  symbol: () => make(Symbol('body')),
  bytes: () => new Response(bytes),
  'part of bytes': () => new Response(bytes.subarray(5)),
  'no bytes': () => new Response(new Uint8Array(0)),
  Buffer: () => new Response(Buffer.from('buffer')),
  ArrayBuffer: () => new Response(bytes.slice().buffer),
  'empty ArrayBuffer': () => new Response(new ArrayBuffer(0)),
  DataView: () => make(new DataView(bytes.slice().buffer, 2, 3)),
  Uint16Array: () => new Response(new Uint16Array([1, 2])),
  'shared bytes': () => make(new Uint8Array(new SharedArrayBuffer(3))),
  Blob: () => new Response(new Blob(['blob'], { type: 'text/x-blob' })),
  'Blob without type': () => new Response(new Blob(['blob'])),
  URLSearchParams: () => new Response(new URLSearchParams({ a: '1 2' })),
  FormData: async () => (await new Response(formOf('a', '1')).formData()).get('a'),
  stream: () => new Response(streamOf('a', 'b')),
  'stream that is read already': async () => {
    const stream = streamOf('a');
    await stream.getReader().read();
    return make(stream);
  },
  'stream that was read and let go': async () => {
    const stream = streamOf('a', 'b');
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    return make(stream);
  },
  'locked stream': () => {
    const stream = streamOf('a');
    stream.getReader();
    return make(stream);
  },
  'bytes that change later': () => {
    const own = bytes.slice();
    const response = new Response(own);
    own.fill(65);
    return response;
  },
  'buffer that changes later': () => {
    const own = bytes.slice();
    const response = new Response(own.buffer);
    own.fill(65);
    return response;
  },
  'headers that change later': () => {
    const headers: Record<string, string> = { 'X-A': '1' };
    const response = new Response('x', { headers });
    headers['X-A'] = '2';
    headers['X-B'] = '3';
    return response;
  },
  'Headers that change later': () => {
    const headers = new Headers({ a: '1' });
    const response = new Response('x', { headers });
    headers.set('a', '2');
    return [response, response.headers === headers];
  },
  'two of the same headers are apart': () => {
    const headers = { 'X-A': '1' };
    const [first, second] = [new Response('x', { headers }), new Response('x', { headers })];
    first.headers.set('x-a', 'changed');
    first.headers.append('x-c', 'new');
    return [first, second, new Response('x', { headers })];
  },

  'status 201': () => new Response('x', { status: 201, statusText: 'Made' }),
  'status 0': () => new Response('x', { status: 0 }),
  'status 101': () => new Response(null, { status: 101 }),
  'status 199': () => new Response('x', { status: 199 }),
  'status 599': () => new Response('x', { status: 599 }),
  'status 600': () => new Response('x', { status: 600 }),
  'status 200.5': () => new Response('x', { status: 200.5 }),
  'status NaN': () => new Response('x', { status: Number.NaN }),
  'status as text': () => make('x', { status: '404' }),
  'status null': () => make('x', { status: null }),
  'status undefined': () => make('x', { status: undefined }),
  'status beyond 65536': () => new Response('x', { status: 65736 }),
  ...Object.fromEntries(
    [204, 205, 304].flatMap((status) => [
      [`status ${status} with text`, () => new Response('x', { status })],
      [`status ${status} with empty text`, () => new Response('', { status })],
      [`status ${status} with bytes`, () => new Response(bytes, { status })],
      [`status ${status} with a stream`, () => new Response(streamOf('x'), { status })],
      [`status ${status} without body`, () => new Response(null, { status })],
      [`status ${status} undefined body`, () => new Response(undefined, { status })],
      [`status ${status} JSON`, () => Response.json({}, { status })],
    ]),
  ),
  'statusText with a tab': () => new Response('x', { statusText: 'a\tb' }),
  'statusText in latin-1': () => new Response('x', { statusText: 'é' }),
  'statusText beyond': () => new Response('x', { statusText: '€' }),
  'statusText with a line end': () => new Response('x', { statusText: 'a\r\nb' }),
  'statusText with NUL': () => new Response('x', { statusText: 'a\0b' }),
  'statusText number': () => make('x', { statusText: 5 }),
  'statusText undefined': () => make('x', { statusText: undefined }),
  'statusText null': () => make('x', { statusText: null }),
  'init text': () => make('x', 'init'),
  'init number': () => make('x', 5),
  'init function': () => make('x', () => {}),
  'init array': () => make('x', []),
  'init with getters': () =>
    make('x', {
      get status() {
        return 202;
      },
      get headers() {
        return { a: '1' };
      },
    }),

  'headers of a plain object': () =>
    new Response('x', {
      headers: { 'X-Two': '2', 'content-TYPE': 'text/html', Accept: 'a, b', 'x-One': '' },
    }),
  'headers null': () => make('x', { headers: null }),
  'headers text': () => make('x', { headers: 'abc' }),
  'headers number': () => make('x', { headers: 5 }),
  'headers undefined': () => make('x', { headers: undefined }),
  'headers of pairs': () =>
    new Response('x', {
      headers: [
        ['a', '1'],
        ['A', '2'],
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    }),
  'headers of bad pairs': () => make('x', { headers: [['a']] }),
  'headers of a Map': () => make('x', { headers: new Map([['a', '1']]) }),
  'headers of a class': () => {
    class Given {
      own = '1';
      get inherited(): string {
        return '2';
      }
    }
    return make('x', { headers: new Given() });
  },
  'headers without prototype': () =>
    new Response('x', { headers: Object.assign(Object.create(null), { b: '1', a: '2' }) }),
  'headers that are not enumerable': () => {
    const headers = Object.defineProperty({ a: '1' }, 'b', { value: '2', enumerable: false });
    return make('x', { headers });
  },
  'headers with a symbol': () => make('x', { headers: { [Symbol('a')]: '1', b: '2' } }),
  'headers with numbers': () => make('x', { headers: { a: 5, b: -0.5, c: Number.NaN, 7: 'seven' } }),
  'headers with undefined': () => make('x', { headers: { a: undefined } }),
  'headers with null': () => make('x', { headers: { a: null } }),
  'headers with true': () => make('x', { headers: { a: true } }),
  'headers with an array': () => make('x', { headers: { a: ['1', '2'] } }),
  'headers with an object': () => make('x', { headers: { a: { toString: () => 'said' } } }),
  'headers with a symbol as value': () => make('x', { headers: { a: Symbol('v') } }),
  'headers in two cases': () =>
    make('x', { headers: { a: '1', A: '2', 'Set-Cookie': 'a=1', 'set-cookie': 'b=2' } }),
  'header with blanks around': () => make('x', { headers: { a: ' \t1 \t', b: ' ', c: 'in  side' } }),
  'header with line ends around': () => make('x', { headers: { a: '\r\n1\r\n' } }),
  ...Object.fromEntries(
    ['', ' ', 'a b', 'a:', 'é', 'a\n', '(x)', 'a/b', '__proto__', 'constructor', "!#$%&'*+-.^_`|~09AZaz"].map(
      (name) => [`header name ${JSON.stringify(name)}`, () => make('x', { headers: { [name]: 'v' } })],
    ),
  ),
  ...Object.fromEntries(
    ['a\nb', 'a\rb', 'a\0b', 'é', '€', '\x7f', '\x01', 'a\tb', '\x0b', '\xa0'].map((value) => [
      `header value ${JSON.stringify(value)}`,
      () => make('x', { headers: { name: value } }),
    ]),
  ),
  'content type given by the body stays away if there is one': () =>
    new Response('x', { headers: { 'CONTENT-type': '' } }),
  'content type deleted': async () => {
    const response = new Response('x');
    response.headers.delete('content-type');
    return [[...response.headers], await response.clone().blob(), response];
  },
  'content type set late': async () => {
    const response = new Response('a=1');
    response.headers.set('content-type', 'application/x-www-form-urlencoded');
    return (await response.formData()).get('a');
  },
  'fields beside the content type': () =>
    [{ a: '1' }, { z: '1' }, { 'content-typ': '1' }, { 'content-types': '1' }].map(
      (headers) => new Response('x', { headers: headers as unknown as Record<string, string> }),
    ),

  'the same Headers each time': () => {
    const response = new Response('x', { headers: { a: '1' } });
    const { headers } = response;
    headers.set('b', '2');
    void response.body;
    headers.append('b', '3');
    return [response.headers === headers, response.clone(), response];
  },
  'Set-Cookie added twice': () => {
    const response = new Response('x');
    response.headers.append('Set-Cookie', 'a=1');
    response.headers.append('Set-Cookie', 'b=2');
    return [response.headers.getSetCookie(), response.clone(), new Response(response.body, response)];
  },
  'members cannot be set': () => {
    const response = new Response('x');
    for (const name of ['status', 'headers', 'body', 'ok'])
      try {
        Object.assign(response, { [name]: 5 });
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    return response;
  },
  'members can be put over': () => {
    const response = new Response('x');
    Object.defineProperty(response, 'status', { value: 299 });
    return response;
  },

  ...Object.fromEntries(
    (['text', 'json', 'arrayBuffer', 'blob', 'bytes', 'formData'] as const).flatMap((name) => [
      [`${name}()`, () => statesOf(new Response('{"a":1}'), (response) => ask(response, name))],
      [`${name}() of nothing`, () => statesOf(new Response(), (response) => ask(response, name))],
      [`${name}() of bytes`, () => statesOf(new Response(bytes), (response) => ask(response, name))],
      [
        `${name}() of a stream`,
        () => statesOf(new Response(streamOf('1')), (response) => ask(response, name)),
      ],
      [
        `${name}() twice`,
        async () => {
          const response = new Response('1');
          await response.text();
          return ask(response, name);
        },
      ],
      [`${name} of nobody`, () => ask(Response.prototype, name, undefined)],
      [`${name} of the prototype`, () => ask(Response.prototype, name)],
      [`${name} of something else`, () => ask(Response.prototype, name, {})],
    ]),
  ),
  'clone of text': () => statesOf(new Response('x', { headers: { a: '1' } }), (response) => response.clone()),
  'clone of nothing': () => statesOf(new Response(null, { status: 204 }), (response) => response.clone()),
  'clone of a stream': () => statesOf(new Response(streamOf('a')), (response) => response.clone()),
  'clone and both read': async () => {
    const response = new Response('both');
    const copy = response.clone();
    return [await copy.text(), await response.text()];
  },
  'clone after reading': async () => {
    const response = new Response('x');
    await response.text();
    return response.clone();
  },
  'clone has headers of its own': () => {
    const response = new Response('x', { headers: { a: '1' } });
    const copy = response.clone();
    copy.headers.set('a', 'copy');
    response.headers.set('a', 'original');
    return [[...copy.headers], [...response.headers]];
  },
  'tee of the body': async () => {
    const [one, two] = new Response('text').body?.tee() ?? [];
    return [await new Response(one).text(), await new Response(two).text()];
  },
  'the body is the same each time': () => {
    const response = new Response('x');
    const { body } = response;
    return response.body === body;
  },
  'the body is the stream that was given': () => {
    const stream = streamOf('a');
    return new Response(stream).body === stream;
  },
  'bodyUsed after somebody read': async () => {
    const response = new Response('x');
    const reader = response.body?.getReader();
    await reader?.read();
    return response;
  },
  'bodyUsed after somebody read the stream': async () => {
    const stream = streamOf('a');
    const response = new Response(stream);
    await stream.getReader().read();
    return response;
  },
  'read while locked': () => {
    const response = new Response('x');
    response.body?.getReader();
    return response.text();
  },

  'read when it is locked no more': async () => {
    const response = new Response('x');
    const reader = response.body?.getReader();
    const first = await response.text().catch((error: unknown) => String(error));
    reader?.releaseLock();
    return [first, response.body?.locked, await response.text()];
  },
  'clone while locked': () => {
    const response = new Response('x');
    response.body?.getReader();
    return response.clone();
  },
  'read while the stream that was given is locked': () => {
    const stream = streamOf('a');
    const response = new Response(stream);
    stream.getReader();
    return response.text();
  },
  'the body is the same after a try to read it': async () => {
    const response = new Response('x', { headers: { a: '1' } });
    const { body } = response;
    await body?.cancel();
    await response.text().catch(() => {});
    return [response.body === body, response.bodyUsed, response];
  },
  'clone after somebody looked at the body': async () => {
    const response = new Response('x');
    const { body } = response;
    const copy = response.clone();
    return [body === response.body, body?.locked, await copy.text(), await response.text()];
  },
  'two made of one body': async () => {
    const response = new Response('x');
    const second = new Response(response.body);
    const third = new Response(response.body, response);
    return [await second.text(), response.bodyUsed, third.bodyUsed, third];
  },
  'BYOB reader of the body': async () => {
    const reader = (new Response('some text').body as ReadableStream).getReader({ mode: 'byob' });
    const pieces: unknown[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(4));
      pieces.push(done, value);
      if (done) return pieces;
    }
  },
  'pieces of the body': async () => {
    const pieces: unknown[] = [];
    for await (const piece of new Response(bytes).body ?? []) pieces.push(piece, piece.buffer.byteLength);
    for await (const piece of new Response('').body ?? []) pieces.push(piece);
    for await (const piece of new Response('\u00e9\ud800').body ?? [])
      pieces.push(piece, Buffer.isBuffer(piece));
    return pieces;
  },
  'a source of bytes read twice': async () => {
    const response = new Response(bytes);
    const second = new Response(response.body);
    return [await second.arrayBuffer(), response.bodyUsed, bytes];
  },

  'made of another': () => {
    const first = new Response('first', { status: 201, statusText: 'Made', headers: { a: '1' } });
    return new Response(first.body, first);
  },
  'made of another with changed headers': () => {
    const first = new Response('first', { headers: { a: '1' } });
    first.headers.set('a', '2');
    first.headers.append('set-cookie', 'x=1');
    first.headers.append('set-cookie', 'y=2');
    const second = new Response(first.body, first);
    second.headers.set('b', '1');
    return [[...first.headers], second];
  },
  'made of another and other headers': () => {
    const first = new Response('first', { status: 404, headers: { a: '1' } });
    return new Response('second', { ...first, headers: { b: '2' } });
  },
  'made of a body that was read': async () => {
    const first = new Response('first');
    await first.text();
    return new Response(first.body, first);
  },

  'json()': () => Response.json({ a: [1, null] }),
  'json(null)': () => Response.json(null),
  'json(text)': () => Response.json('text'),
  'json(undefined)': () => Response.json(undefined),
  'json without arguments': () => (Response.json as unknown as () => Response)(),
  'json(symbol)': () => Response.json(Symbol('x')),
  'json(function)': () => Response.json(() => {}),
  'json(BigInt)': () => Response.json(5n),
  'json(circle)': () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    return Response.json(circle);
  },
  'json with toJSON': () => Response.json({ toJSON: () => 'said' }),
  'json with init': () =>
    Response.json(
      { a: 1 },
      { status: 201, statusText: 'Made', headers: { 'X-A': '1', 'Content-Type': 'a/b' } },
    ),
  'json with Headers': () => Response.json(1, { headers: new Headers([['set-cookie', 'a=1']]) }),
  'json with a bad status': () => Response.json(1, { status: 999 }),
  'redirect()': () => Response.redirect('http://example.org/a b', 302),
  'redirect(url) alone': () => (Response.redirect as (url: string) => Response)('http://example.org/'),
  'redirect(url, 307)': () => Response.redirect('http://example.org/', 307),
  'redirect(url, 200)': () => Response.redirect('http://example.org/', 200 as 302),
  'redirect(relative)': () => Response.redirect('/relative', 302),
  'redirect is immutable': () => Response.redirect('http://example.org/', 303).headers.set('a', 'b'),
  'error()': () => {
    const response = Response.error();
    return [response.type, response.status, response.body];
  },

  subclass: async () => {
    const special = new Special('text', { headers: { a: '1' } });
    return [
      special.twice,
      special.extra,
      special instanceof Special,
      special instanceof Response,
      special.constructor === Special,
      await special.clone().text(),
      await special.shout(),
    ];
  },
  'statics of a subclass': () => [Special.json(1), Special.json(1) instanceof Special],
  'new.target': () => Reflect.construct(Response, ['x', { status: 201 }], Special),
  'class facts': () =>
    [
      Response.name,
      Response.length,
      Object.getOwnPropertyNames(Response)
        .filter((name) => name !== 'arguments' && name !== 'caller')
        .sort(),
      Response.prototype.constructor === Response,
      Object.getOwnPropertyDescriptor(Response, 'prototype'),
      Response.json.name,
      Response.json.length,
      Response.redirect.length,
      new Response('x').constructor === Response,
      Object.getPrototypeOf(new Response('x')) === Response.prototype,
    ].map((fact) => (typeof fact === 'object' && fact !== null && 'writable' in fact ? fact.writable : fact)),
  'members of the prototype': () =>
    Reflect.ownKeys(Response.prototype).map((key) => {
      const { get, set, value, enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(
        Response.prototype,
        key,
      ) as PropertyDescriptor;
      const shape = (member: unknown) =>
        typeof member === 'function' ? [member.name, member.length] : typeof member;
      return [String(key), shape(get), shape(set), shape(value), enumerable, configurable, writable];
    }),
  'methods are no constructors': () => {
    const method = Response.prototype.text as unknown as new () => unknown;
    return new method();
  },
  'what is added to the prototype': () => {
    Object.defineProperty(Response.prototype, 'added', { configurable: true, get: () => 'added' });
    try {
      return [new Response('x'), Response.error(), Response.json(1)].map(
        (response) => (response as { added?: string }).added,
      );
    } finally {
      Reflect.deleteProperty(Response.prototype, 'added');
    }
  },
  structuredClone: () => isCloned(new Response('x')),
  spread: () => Object.keys({ ...new Response('x') }),
  'in a Proxy': () =>
    new Proxy(new Response('x', { status: 201 }), {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }).text(),
};
