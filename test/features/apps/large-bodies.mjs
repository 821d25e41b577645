/** Bodies of which every line names its request and its place, and what was wrong with those that came. */

const lineBytes = 32;

function lines(name, size) {
  let text = '';
  for (let at = 0; at < size; at += lineBytes)
    text += `${name.slice(0, 16).padEnd(16)}${String(at).padStart(15)}\n`;
  return Buffer.from(text);
}

export default async function answer(request, response) {
  const { pathname, search } = new URL(request.url, 'http://localhost');
  const [name, size] = search.slice(1).split('.');
  if (request.method === 'POST') {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    response.end(Buffer.concat(pieces).equals(lines(name, Number(size))) ? 'right' : 'wrong');
    return;
  }
  const body = lines(name, Number(size));
  const how = pathname.slice(pathname.lastIndexOf('/'));
  response.writeHead(200, how === '/chunked' ? {} : { 'Content-Length': body.length });
  const step = { '/whole': body.length, '/small': 1_000 }[how] ?? 70_000;
  for (let at = 0; at < body.length; at += step) {
    if (!response.write(body.subarray(at, at + step)))
      await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
  }
  response.end();
}
