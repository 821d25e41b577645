import type { IncomingMessage, ServerResponse } from 'node:http';

const { basename }: typeof import('node:path') = require('node:path');

let seen: number = 0;

module.exports = function application(request: IncomingMessage, response: ServerResponse): void {
  seen += 1;
  response.setHeader('Content-Type', 'text/plain');
  response.end(`${basename(__filename)} ${request.method} ${seen > 0}`);
};
