import { htmlEscape } from './html-escape.js';
import { reasonPhrase } from './reason-phrase.js';

export interface ErrorPageOptions {
  /** In place of the usual name of the status, in plain text. */
  readonly phrase?: string;
  /** A sentence of its own, in plain text. */
  readonly hint?: string;
  /** Named in the pages of 405 and 501. */
  readonly method?: string;
  /** The line below a rule (ServerSignature). */
  readonly signature?: Signature;
  /** ServerAdmin: whom the page of 500 names. */
  readonly admin?: string;
  /** Status with which the page that was to be shown (ErrorDocument) failed in turn. */
  readonly secondStatus?: number;
}

/** What the server says of itself. */
export interface Signature {
  readonly software: string;
  readonly name: string;
  readonly port: number;
  /** Makes the name a link to write to. */
  readonly admin?: string;
}

/** The page sent with an error for which nobody else has a body. It echoes nothing of the URL. Content type: text/html. */
export function errorPage(status: number, options: ErrorPageOptions): string {
  const phrase = htmlEscape(options.phrase || reasonPhrase(status) || 'Error');
  const { method = 'used', signature, admin, secondStatus, hint } = options;
  const second =
    secondStatus === undefined
      ? ''
      : `<p>Additionally, the page that was to tell you so could not be shown: ${secondStatus} ${reasonPhrase(secondStatus)}.</p>\n`;
  const more = hint === undefined ? '' : `<p>${htmlEscape(hint)}</p>\n`;
  const footer = signature === undefined ? '' : `<hr>\n<address>${formatSignature(signature)}</address>\n`;
  return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<title>${status} ${phrase}</title>
</head><body>
<h1>${phrase}</h1>
<p>${explain(status, htmlEscape(method), admin)}</p>
${more}${second}${footer}</body></html>
`;
}

function formatSignature({ software, name, port, admin }: Signature): string {
  const server = htmlEscape(name);
  const named = admin === undefined ? server : `<a href="mailto:${htmlEscape(admin)}">${server}</a>`;
  return `${htmlEscape(software)} Server at ${named} Port ${port}`;
}

function explain(status: number, method: string, admin: string | undefined): string {
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return 'What you asked for is at another address, which the Location header of this answer names.';
    case 400:
      return 'This server did not understand what your browser sent.';
    case 401:
      return 'You have to sign in to see this, and what you sent did not let you in.';
    case 403:
      return 'You are not allowed to see this.';
    case 404:
      return 'There is nothing at this address.';
    case 405:
      return `The method ${method} cannot be used at this address.`;
    case 408:
      return 'The request did not arrive in time.';
    case 411:
      return 'A request to this address has to say how long its body is.';
    case 412:
      return 'A condition that the request set is not met.';
    case 413:
      return 'The request is larger than this server accepts.';
    case 414:
      return 'The address is longer than this server accepts.';
    case 416:
      return 'None of the ranges that were asked for exists.';
    case 417:
      return 'This server cannot do what the Expect header asks for.';
    case 421:
      return 'This connection is not meant for the host that the request names.';
    case 431:
      return 'The header of the request is larger than this server accepts.';
    case 500:
      return `Something went wrong on this server. Its error log tells the administrator${admin === undefined ? '' : ` (${htmlEscape(admin)})`} more.`;
    case 501:
      return `This server does not know the method ${method}.`;
    case 502:
      return 'The application behind this server gave no valid answer.';
    case 503:
      return 'The application behind this server cannot be reached for the moment. Please try again later.';
    case 504:
      return 'The application behind this server did not answer in time.';
    default:
      return 'The request could not be answered.';
  }
}
