// The same failures as faults.py, from an application in JavaScript with the WSGI convention.

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const plain = [['Content-Type', 'text/plain']];

const ways = {
  '/before': () => {
    throw new Error('broken before the head');
  },
  '/after': async function* (_environ, startResponse) {
    startResponse('200 OK', plain);
    yield 'x'.repeat(1000);
    throw new Error('broken after the head');
  },
  '/text': (_environ, startResponse) => {
    startResponse('200 OK', plain);
    return [42];
  },
  '/silent': () => ['nobody called startResponse'],
  '/slow-head': async (environ) => {
    environ['wsgi.errors'].write(`slow-head is in pid ${process.pid}\n`);
    await later(60_000);
  },
  '/slow-body': async function* (_environ, startResponse) {
    startResponse('200 OK', plain);
    yield `pid ${process.pid}\n`;
    await later(60_000);
  },
  '/endless': async function* (environ, startResponse) {
    startResponse('200 OK', [['Content-Type', 'application/octet-stream']]);
    try {
      for (;;) yield Buffer.alloc(65_536, 'y');
    } finally {
      environ['wsgi.errors'].write('the endless response was closed\n');
    }
  },
  '/upload': async (environ, startResponse) => {
    environ['wsgi.errors'].write('the upload begins\n');
    try {
      while ((await environ['wsgi.input'].read(65_536)).length > 0);
    } catch (error) {
      environ['wsgi.errors'].write(`the upload broke off: ${error.name}\n`);
      throw error;
    }
    startResponse('200 OK', plain);
    return ['complete'];
  },
  '/short': (_environ, startResponse) => {
    startResponse('200 OK', [...plain, ['Content-Length', '1000']]);
    return ['too little'];
  },
  '/bad-header': (_environ, startResponse) => {
    startResponse('200 OK', [['X-Bad', 'a\r\nSet-Cookie: stolen=1']]);
    return [''];
  },
  '/fine': (_environ, startResponse) => {
    startResponse('200 OK', plain);
    return [`fine in pid ${process.pid}`];
  },
};

export function application(environ, startResponse) {
  return ways[environ.PATH_INFO](environ, startResponse);
}
